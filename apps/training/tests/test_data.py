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


def test_the_input_example_starts_typical_and_spans_the_training_range() -> None:
    rows = load_data().x_train
    example = input_example(rows)
    assert (example.min() == rows.min()).all()
    assert (example.max() == rows.max()).all()
    first = example.iloc[0]
    assert ((first >= rows.quantile(0.2)) & (first <= rows.quantile(0.8))).all()
    assert example.dtypes.equals(rows.dtypes)
