"""The input example of a model: what forms start with and what servers try a version with."""

from typing import Any

import numpy as np
import pandas as pd

_QUANTILES = [0.5, 0.01, 0.99]
_FEW = 20


def input_example(features: Any) -> Any:  # noqa: ANN401
    """Three made-up rows: the medians of numbers and dates, then their 1 % and 99 % quantiles, and
    the most frequent of few different values.

    Every user of the page sees the example, so it must not be a real row. Each value is taken from
    its own column, and a row of medians or of extremes of ten columns is no row of the data. Free
    text is left empty. A form gets a typical default from it, and the range of the training data
    without its outliers.
    """
    if isinstance(features, pd.DataFrame):
        columns = {name: _typical(column) for name, column in features.items()}
        return pd.DataFrame(columns).astype(features.dtypes)
    if isinstance(features, np.ndarray) and features.dtype.kind in "fiu":
        return np.quantile(features, _QUANTILES, axis=0, method="nearest")
    raise TypeError(
        "an input example can be made of a DataFrame or an array of numbers: give input_example"
    )


def _typical(column: pd.Series) -> list[Any]:
    is_ordered = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_dtype(column)
    if is_ordered and not pd.api.types.is_bool_dtype(column):
        return column.quantile(_QUANTILES, interpolation="nearest").to_list()
    frequent = column.value_counts().index
    if not 0 < len(frequent) <= _FEW:
        return [""] * 3 if pd.api.types.is_string_dtype(column) else [None] * 3
    return [frequent[min(place, len(frequent) - 1)] for place in range(3)]
