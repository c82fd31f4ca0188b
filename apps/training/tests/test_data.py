import pandas as pd

from training import TARGET, input_example, load_data


def test_the_data_is_in_real_units_with_words_for_columns() -> None:
    data = load_data()
    assert list(data.x_train) == [
        "age",
        "sex",
        "bmi",
        "blood_pressure",
        "total_cholesterol",
        "ldl",
        "hdl",
        "cholesterol_ratio",
        "log_triglycerides",
        "glucose",
    ]
    assert TARGET not in data.x_train
    assert (len(data.x_train), len(data.x_test)) == (353, 89)
    assert data.x_train["age"].between(18, 80).all()
    assert set(data.x_train["sex"]) == {1, 2}


def test_the_split_is_the_same_every_time() -> None:
    assert load_data().x_test.equals(load_data().x_test)


def test_the_input_example_starts_typical_and_spans_the_usual_range() -> None:
    rows = load_data().x_train
    example = input_example(rows)
    assert example.dtypes.equals(rows.dtypes)
    assert (example.iloc[0] == rows.median()).all()
    low, high = example.min(), example.max()
    assert ((rows >= low) & (rows <= high)).mean().min() > 0.97
    assert (low < high).all()


def test_the_input_example_shows_no_patient() -> None:
    data = load_data()
    patients = {tuple(row) for rows in (data.x_train, data.x_test) for row in rows.to_numpy()}
    assert patients.isdisjoint(tuple(row) for row in input_example(data.x_train).to_numpy())


def test_the_input_example_knows_missing_values_and_keeps_codes_as_they_are() -> None:
    rows = pd.DataFrame({"ward": [1, 1, 4, 4], "weight": [60.0, float("nan"), 80.0, 90.0]})
    example = input_example(rows)
    assert set(example["ward"]) <= {1, 4}
    assert example.notna().all(axis=None)
