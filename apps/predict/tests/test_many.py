from collections.abc import Callable

import pandas as pd
import pytest
from prediction_app.batch import BadFileError, predict_all, read_csv, template, to_rows
from prediction_app.client import ModelServer
from prediction_app.model import parse_model
from streamlit.testing.v1 import AppTest
from stub import DIABETES, EVERY_TYPE, StubModelServer
from test_page import press, texts

Open = Callable[[str], AppTest]
MODEL = parse_model(DIABETES)
GOOD = "id,age,sex,bmi,blood_pressure\n007,50,1,20.0,80\n008,60,2,30.5,90.25\n"


def upload(page: AppTest, content: str) -> AppTest:
    page.file_uploader[0].set_value(("patients.csv", content.encode(), "text/csv"))
    page.run()
    assert not page.exception
    return page


def test_a_batch_goes_round_trip(server: StubModelServer, open_page: Open) -> None:
    page = upload(open_page(server.url), GOOD)
    assert "The model does not use id; it is kept in the result." in texts(page)
    press(page, "Predict 2 rows")
    assert "2 rows predicted by version 3." in texts(page)
    assert page.dataframe[0].value["prediction"].tolist() == [151.0, 182.75]
    assert server.requests[0]["data"] == [[50, 1, 20.0, 80.0], [60, 2, 30.5, 90.25]]
    assert any(one.label == "Download the predictions" for one in page.download_button)


def test_the_result_is_the_file_with_two_more_columns(server: StubModelServer) -> None:
    result = predict_all(ModelServer(server.url), MODEL, read_csv(GOOD.encode()))
    assert result.to_csv(index=False) == (
        "id,age,sex,bmi,blood_pressure,prediction,model_version\n"
        "007,50,1,20.0,80,151.0,3\n"
        "008,60,2,30.5,90.25,182.75,3\n"
    )


def test_a_large_file_goes_in_several_requests_in_order(server: StubModelServer) -> None:
    frame = pd.DataFrame({"age": range(12_000), "sex": 1, "bmi": 2, "blood_pressure": 3}, dtype=str)
    seen: list[float] = []
    result = predict_all(ModelServer(server.url), MODEL, frame, seen.append)
    assert result["prediction"].tolist() == [age + 6.0 for age in range(12_000)]
    assert len(server.requests) == 3
    assert seen == pytest.approx([5 / 12, 10 / 12, 1.0])


def test_a_wrong_column_is_named_on_the_page(server: StubModelServer, open_page: Open) -> None:
    page = upload(open_page(server.url), "age,gender,bmi,blood_pressure\n50,1,20,80\n")
    assert "The file lacks the column sex." in texts(page)
    assert "It has the columns age, gender, bmi, blood_pressure." in texts(page)
    assert not any(button.label.startswith("Predict 1") for button in page.button)
    assert server.requests == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("age;sex\n1;2\n", "separated by semicolons"),
        ("age,sex,bmi,blood_pressure\n", "no rows"),
        ("", "not a CSV"),
        ("a,b\n1,2\n1,2,3\n", "not a CSV"),
        (
            "age,sex,bmi,blood_pressure\n50,1,20,80\n50.5,1,20,80\n",
            "Column age, row 2: the value '50.5' is not a whole number.",
        ),
        (
            "age,sex,bmi,blood_pressure\n50,1,,80\n",
            "Column bmi, row 1: the value is missing.",
        ),
        (
            "age,sex,bmi,blood_pressure\n50,1,heavy,80\n",
            "Column bmi, row 1: the value 'heavy' is not a number.",
        ),
        (
            "age,sex,bmi,blood_pressure\n50,1,NaN,80\n",
            "Column bmi, row 1: the value 'NaN' is not a finite number.",
        ),
    ],
)
def test_a_fault_in_a_file_is_one_plain_sentence(content: str, fault: str) -> None:
    with pytest.raises(BadFileError) as caught:
        to_rows(MODEL, read_csv(content.encode()))
    assert fault in str(caught.value)


def test_a_file_in_another_encoding_is_refused() -> None:
    with pytest.raises(BadFileError, match="not UTF-8"):
        read_csv("straße\nZürich\n".encode("latin-1"))


def test_many_faults_are_counted_not_listed() -> None:
    rows = "50,1,heavy,80\n" * 12
    with pytest.raises(BadFileError) as caught:
        to_rows(MODEL, read_csv(f"age,sex,bmi,blood_pressure\n{rows}".encode()))
    assert len(caught.value.faults) == 6
    assert "7 more values" in caught.value.faults[-1]


@pytest.mark.parametrize("description", [DIABETES, EVERY_TYPE])
def test_the_example_file_can_be_predicted_as_it_is(description: dict) -> None:
    model = parse_model(description)
    rows = to_rows(model, read_csv(template(model).encode()))
    assert len(rows) == len(model.examples)
    assert rows[0] == model.examples[0]
