from collections.abc import Callable
from datetime import datetime

from streamlit.testing.v1 import AppTest
from stub import DIABETES, EVERY_TYPE, StubModelServer

Open = Callable[[str], AppTest]


def texts(page: AppTest) -> str:
    """Everything a visitor reads, without Markdown's backslashes."""
    kinds = (
        page.title,
        page.caption,
        page.markdown,
        page.info,
        page.warning,
        page.error,
        page.success,
    )
    return "\n".join(str(one.value) for kind in kinds for one in kind).replace("\\", "")


def press(page: AppTest, label: str) -> AppTest:
    page = next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def test_the_form_has_one_input_per_column_filled_from_the_example(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    fields = {field.key: field for field in page.number_input}
    assert {key: field.value for key, field in fields.items()} == {
        "field-age": 51,
        "field-sex": 1,
        "field-bmi": 23.5,
        "field-blood_pressure": 101.0,
    }
    assert isinstance(fields["field-age"].value, int)
    assert "18 to 42.20 in the example data" in fields["field-bmi"].help
    assert page.title[0].value == "Diabetes progression"


def test_every_type_of_column_has_its_input(server: StubModelServer, open_page: Open) -> None:
    server.model = EVERY_TYPE
    page = open_page(server.url)
    press(page, "Predict")
    sent = dict(zip(server.requests[0]["columns"], server.requests[0]["data"][0], strict=True))
    assert sent == {
        "count": 2,
        "weight": 1.5,
        "is_new": True,
        "city": "Bern",
        "since": "2026-01-31T00:00:00",
    }

    page.checkbox(key="field-is_new").uncheck()
    page.text_input(key="field-city").set_value("<b>Basel</b>")
    page.number_input(key="field-discount").set_value(0.2)
    page.selectbox(key="field-insured").set_value("no")
    page.datetime_input(key="field-since").set_value(datetime(2026, 2, 1, 12))
    press(page, "Predict")
    sent = dict(zip(server.requests[1]["columns"], server.requests[1]["data"][0], strict=True))
    assert sent == {
        "count": 2,
        "weight": 1.5,
        "is_new": False,
        "city": "<b>Basel</b>",
        "since": "2026-02-01T12:00:00",
        "discount": 0.2,
        "insured": False,
    }


def test_a_prediction_is_shown_with_the_version_that_answered(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    assert not page.metric
    page.number_input(key="field-age").set_value(60)
    press(page, "Predict")
    assert page.metric[0].label == "Disease progression"
    assert page.metric[0].value == "185.50"
    assert "Answered by **diabetes-progression** version **3** (champion)" in texts(page)
    assert server.requests[0]["data"] == [[60, 1, 23.5, 101.0]]


def test_a_new_version_is_noticed_and_an_old_answer_keeps_its_version(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    press(page, "Predict")
    server.model = DIABETES | {"version": "4"}
    page.run()
    assert "version 4" in texts(page)
    assert "Answered by **diabetes-progression** version **3**" in texts(page)
    press(page, "Predict")
    assert "Answered by **diabetes-progression** version **4** (champion)" in texts(page)


def test_values_outside_the_example_range_are_pointed_out(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    page.number_input(key="field-bmi").set_value(60.0)
    press(page, "Predict")
    assert "bmi 60 is outside 18 to 42.20" in texts(page)


def test_metrics_and_a_version_that_did_not_load_are_shown(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = DIABETES | {
        "load_error": {"version": "4", "reason": "No module named 'xgboost'", "at": "now"}
    }
    page = open_page(server.url)
    shown = page.sidebar.table[0].value
    assert dict(zip(shown["metric"], shown["value"], strict=True)) == {
        "cv_rmse": "56.50",
        "holdout_r2": "0.54",
        "holdout_rmse": "49.46",
    }
    assert "Version 4 could not be loaded: No module named 'xgboost'" in texts(page)
    assert "Version 3 keeps answering" in texts(page)


def test_a_refusal_is_shown_in_the_servers_words(server: StubModelServer, open_page: Open) -> None:
    page = open_page(server.url)
    server.refusal = "Column 'age', row 1: a whole number is required"
    press(page, "Predict")
    assert server.refusal in texts(page)
    assert not page.metric


def test_no_model_is_said_plainly_and_the_page_goes_on_when_there_is_one(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = None
    page = open_page(server.url)
    assert "There is no model yet." in texts(page)
    assert "No version of diabetes-progression has the alias champion" in texts(page)
    assert not page.number_input

    server.model = DIABETES
    page.run()
    assert len(page.number_input) == 4
    assert "no model yet" not in texts(page)


def test_a_server_that_is_away_and_back_again(server: StubModelServer, open_page: Open) -> None:
    page = open_page(server.url)
    server.stop()
    page.run()
    assert "The model server cannot be reached." in texts(page)
    assert "version 3, away" in texts(page)
    press(page, "Predict")
    assert "Please try again in a moment." in texts(page)
    assert not page.metric

    again = StubModelServer(server.server_port)
    try:
        press(page, "Predict")
        assert page.metric[0].value == "176.50"
        assert "cannot be reached" not in texts(page)
    finally:
        again.stop()


def test_a_server_that_is_away_from_the_start(server: StubModelServer, open_page: Open) -> None:
    server.stop()
    page = open_page(server.url)
    assert "This page goes on by itself as soon as it answers." in texts(page)
    assert not page.number_input


def test_markup_in_names_stays_text(server: StubModelServer, open_page: Open) -> None:
    server.model = DIABETES | {
        "signature": {
            "inputs": [{"name": "<img src=x> :red[*a*]", "type": "double", "required": True}],
            "outputs": [],
        },
        "input_example": None,
    }
    page = open_page(server.url)
    assert page.number_input[0].label == r"\<img src=x\> \:red\[\*a\*\]"


def test_a_model_without_signature_says_what_to_do(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = DIABETES | {"signature": None}
    page = open_page(server.url)
    assert "This model has no signature" in texts(page)
