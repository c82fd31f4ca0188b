"""What a model saw in training, in numbers small enough to log with it, to measure drift later.

Needs nothing of the rest of this package, so your own training code can use it, too.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

_DECILES = np.linspace(0, 1, 11)
_FEW = 10


def baseline(features: pd.DataFrame, predictions: ArrayLike | None = None) -> dict[str, Any]:
    """Metadata for `log_model(..., metadata=baseline(x_train, model.predict(x_train)))`.

    Every numeric or boolean column is cut into bins at its deciles, or one bin per value where it
    has at most ten, and the training rows in each are counted; missing values are counted apart.
    The smallest and the largest value are kept as its range.
    Other columns are left out. Of the predictions the deciles are kept, if they are plain decimal
    numbers, one per row: labels and whole numbers have no range to speak of.
    """
    if not isinstance(features, pd.DataFrame):
        raise TypeError(
            "baseline needs the features as a pandas DataFrame: drift is measured by column name"
        )
    known: dict[str, Any] = {
        "version": 1,
        "features": {
            str(name): _bins(column.to_numpy(dtype=float, na_value=np.nan))
            for name, column in features.items()
            if pd.api.types.is_numeric_dtype(column) and len(column)
        },
    }
    values = _decimals(predictions)
    if values.size:
        known["predictions"] = {"quantiles": np.quantile(values, _DECILES).tolist()}
    return {"baseline": known}


def _bins(values: np.ndarray) -> dict[str, Any]:
    """Edges e1 < e2 < …, the rows in (-∞, e1], (e1, e2], …, (en, ∞), and missing, and the range."""
    there = values[np.isfinite(values)]
    edges = _edges(there)
    counts = np.bincount(np.searchsorted(edges, there), minlength=len(edges) + 1)
    missing = len(values) - len(there)
    known = {"edges": edges.tolist(), "counts": [*counts.tolist(), missing]}
    return known | ({"range": [float(there.min()), float(there.max())]} if there.size else {})


def _edges(values: np.ndarray) -> np.ndarray:
    distinct = np.unique(values)
    if not distinct.size:
        return distinct
    if distinct.size <= _FEW:
        # Separate bins for values below and above: an unseen category must show.
        middles = distinct[:-1] + np.diff(distinct) / 2
        margin = np.diff(distinct).min() / 2 if middles.size else max(abs(distinct[0]), 1.0) / 1e6
        return np.unique([distinct[0] - margin, *middles, distinct[-1] + margin])
    return np.unique(np.quantile(values, _DECILES[1:-1]))


def _decimals(predictions: ArrayLike | None) -> np.ndarray:
    values = np.asarray([] if predictions is None else predictions)
    if values.dtype.kind != "f" or values.ndim == 0 or values.size != len(values):
        return np.array([])
    return values[np.isfinite(values)].astype(float)
