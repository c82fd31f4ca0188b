"""The input example is typical, spans the training data, and is no real row."""

import numpy as np
import pandas as pd
import pytest
from data import load_data

from training import input_example


def test_it_starts_typical_and_spans_the_usual_range() -> None:
    rows = load_data().x_train
    example = input_example(rows)
    assert example.dtypes.equals(rows.dtypes)
    assert (example.iloc[0] == rows.median()).all()
    low, high = example.min(), example.max()
    assert ((rows >= low) & (rows <= high)).mean().min() > 0.97
    assert (low < high).all()


def test_it_shows_no_patient() -> None:
    data = load_data()
    patients = {tuple(row) for rows in (data.x_train, data.x_test) for row in rows.to_numpy()}
    assert patients.isdisjoint(tuple(row) for row in input_example(data.x_train).to_numpy())


def test_it_knows_missing_values_and_keeps_codes_as_they_are() -> None:
    rows = pd.DataFrame({"ward": [1, 1, 4, 4], "weight": [60.0, float("nan"), 80.0, 90.0]})
    example = input_example(rows)
    assert set(example["ward"]) <= {1, 4}
    assert example.notna().all(axis=None)


def test_few_different_words_are_kept_and_free_text_is_not() -> None:
    rows = pd.DataFrame(
        {
            "city": ["Bern", "Lyon", "Bern"] * 10,
            "note": [f"patient {index} was here" for index in range(30)],
            "smoker": [True, False, False] * 10,
            "since": pd.date_range("2026-01-01", periods=30),
            "plan": pd.Categorical(["gold", "silver", "silver"] * 10),
        }
    )
    example = input_example(rows)
    assert example.dtypes.equals(rows.dtypes)
    assert list(example["city"]) == ["Bern", "Lyon", "Lyon"]
    assert list(example["note"]) == ["", "", ""]
    assert not example["smoker"].iloc[0]
    assert example["plan"].iloc[0] == "silver"
    assert example["since"].is_unique


def test_an_array_of_any_shape_is_summed_up_place_by_place() -> None:
    images = np.random.default_rng(1).integers(0, 255, (50, 4, 4), dtype=np.uint8)
    example = input_example(images)
    assert (example.shape, example.dtype) == ((3, 4, 4), images.dtype)
    assert (example[1] <= example[2]).all()


def test_what_has_no_columns_is_refused_with_the_way_out() -> None:
    with pytest.raises(TypeError, match="give input_example"):
        input_example(["some", "text"])
