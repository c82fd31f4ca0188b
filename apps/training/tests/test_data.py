"""The example's data set and its candidates."""

from candidates import trial
from data import TARGET, load_data


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


def test_the_same_index_is_the_same_trial_and_no_two_are_alike() -> None:
    first = [trial(index) for index in range(100)]
    assert first == [trial(index) for index in range(100)]
    assert len({repr(candidate) for candidate in first}) == len(first)
    for candidate in first:
        candidate.build()
