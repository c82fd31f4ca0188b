"""The baseline is plain numbers that describe every row, whatever the columns are like."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from data import load_data
from numpy.typing import ArrayLike

from training import baseline

ROWS = 500
_RANDOM = np.random.default_rng(7)
COLUMNS = {
    "normal": _RANDOM.normal(size=ROWS),
    "skewed": _RANDOM.lognormal(3, 2, ROWS),
    "mostly zero": np.where(_RANDOM.random(ROWS) < 0.9, 0.0, _RANDOM.random(ROWS)),
    "whole": _RANDOM.integers(0, 1000, ROWS),
    "few": _RANDOM.choice([1, 2, 5], ROWS),
    "constant": np.full(ROWS, 3.25),
    "tiny": np.full(ROWS, 5e-324),
    "huge": _RANDOM.normal(size=ROWS) * 1e300,
    "boolean": _RANDOM.random(ROWS) < 0.3,
    "half missing": np.where(_RANDOM.random(ROWS) < 0.5, np.nan, _RANDOM.normal(size=ROWS)),
    "all missing": np.full(ROWS, np.nan),
    "nullable": pd.array([1, None] * (ROWS // 2), dtype="Int64"),
}


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (np.arange(1000), [0, 999]),
        ([5, np.nan, 2], [2, 5]),
        ([True, True], [1, 1]),
        ([np.nan], None),
    ],
)
def test_the_smallest_and_the_largest_value_are_kept(
    values: ArrayLike, known: list[float] | None
) -> None:
    found = baseline(pd.DataFrame({"x": values}))["baseline"]["features"]["x"]
    assert found.get("range") == known


def bins_of(column: object) -> tuple[list[float], list[int]]:
    found = baseline(pd.DataFrame({"x": column}))["baseline"]["features"]["x"]
    return found["edges"], found["counts"]


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_row_is_counted_once_in_the_bin_it_lies_in(name: str) -> None:
    edges, counts = bins_of(COLUMNS[name])
    values = pd.Series(COLUMNS[name]).to_numpy(dtype=float, na_value=np.nan)
    bounds = [-np.inf, *edges, np.inf]
    expected = [int(((values > low) & (values <= high)).sum()) for low, high in pairwise(bounds)]
    assert counts == [*expected, int(np.isnan(values).sum())]
    assert sum(counts) == ROWS
    assert edges == sorted(set(edges))
    assert len(edges) <= 11


def test_a_continuous_column_is_cut_at_its_deciles() -> None:
    edges, counts = bins_of(np.arange(1000))
    assert edges == pytest.approx([99.9, 199.8, 299.7, 399.6, 499.5, 599.4, 699.3, 799.2, 899.1])
    assert counts == [100] * 10 + [0]


def test_few_values_get_a_bin_each_and_what_was_never_seen_gets_its_own() -> None:
    edges, counts = bins_of([1, 2, 2, 5])
    assert edges == [0.5, 1.5, 3.5, 5.5]
    assert counts == [0, 1, 2, 1, 0, 0]


def test_a_constant_column_tells_other_values_apart() -> None:
    edges, counts = bins_of([3.25] * 10)
    assert edges[0] < 3.25 < edges[1]
    assert counts == [0, 10, 0, 0]


def test_text_has_no_quantiles() -> None:
    features = pd.DataFrame({"city": ["Bern", "Lyon"], "rooms": [1, 2]})
    assert list(baseline(features)["baseline"]["features"]) == ["rooms"]


def test_predictions_are_kept_where_they_are_decimal_numbers() -> None:
    features = pd.DataFrame({"x": [1.0, 2.0, 3.0]})

    def kept(predictions: object) -> object:
        return baseline(features, predictions)["baseline"].get("predictions")

    quantiles = [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0]
    assert kept([1.0, 2.0, 3.0]) == {"quantiles": pytest.approx(quantiles)}
    assert kept(np.array([[1.0], [2.0], [3.0]])) == {"quantiles": pytest.approx(quantiles)}
    assert kept([1.0, np.nan, 3.0])["quantiles"][-1] == 3.0
    assert [kept(["a", "b", "a"]), kept([0, 1, 0]), kept(np.eye(3)), kept(None)] == [None] * 4


def test_it_is_plain_json_and_small_enough_to_travel_with_the_model() -> None:
    data = load_data()
    text = json.dumps(baseline(data.x_train, data.y_train.astype(float)), allow_nan=False)
    assert len(text) < 4000
    assert list(json.loads(text)["baseline"]["features"]) == list(data.x_train.columns)


def test_columns_without_names_are_refused() -> None:
    with pytest.raises(TypeError, match="needs the features as a pandas DataFrame"):
        baseline(np.eye(3))  # type: ignore[arg-type]
