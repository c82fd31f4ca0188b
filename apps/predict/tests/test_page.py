import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block
from stub import DIABETES, EVERY_TYPE, StubModelServer, described

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


def first_table(part: Block) -> list[dict[str, str]]:
    """The lines of the first table in a part of the page."""
    text = next(one.value for one in part.markdown if one.value.startswith("| "))
    header, _, *lines = (
        [cell.strip() for cell in row.split("|")[1:-1]] for row in text.split("\n")
    )
    return [dict(zip(header, line, strict=True)) for line in lines]


def enter(page: AppTest, label: str, text: str) -> None:
    """Types into a field."""
    next(field for field in [*page.text_input, *page.text_area] if field.label == label).input(text)


def press(page: AppTest, label: str) -> AppTest:
    page = next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def test_the_form_has_one_input_per_column_filled_from_the_example(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    assert {field.label: field.value for field in page.text_input} == {
        "age": "51",
        "sex": "1",
        "bmi": "23.5",
        "blood_pressure": "101.0",
    }
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

    page.checkbox[0].uncheck()
    enter(page, "city", "<b>Basel</b>")
    enter(page, "discount (optional)", "0.2")
    page.selectbox[0].set_value("no")
    page.datetime_input[0].set_value(datetime(2026, 2, 1, 12))
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
    enter(page, "age", "60")
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


def test_values_outside_the_training_range_are_pointed_out(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = DIABETES | {"ranges": {"bmi": [18.0, 42.2]}}
    page = open_page(server.url)
    assert "18 to 42.20 in the training data" in page.text_input[2].help
    enter(page, "bmi", "60")
    press(page, "Predict")
    assert "bmi 60 is outside 18 to 42.20" in texts(page)
    enter(page, "bmi", "42.2")
    assert "outside" not in texts(press(page, "Predict"))


def test_a_model_that_knows_no_range_gives_no_hint(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    enter(page, "bmi", "4000")
    assert "outside" not in texts(press(page, "Predict"))


@pytest.mark.parametrize(("text", "sent"), [("31,5", 31.5), (" 31.5", 31.5), ("-0,125", -0.125)])
def test_a_decimal_comma_is_accepted(
    server: StubModelServer, open_page: Open, text: str, sent: float
) -> None:
    page = open_page(server.url)
    enter(page, "bmi", text)
    press(page, "Predict")
    assert asked(server)["bmi"] == sent


@pytest.mark.parametrize(
    ("model", "label", "told"),
    [
        (DIABETES, "age", "age: the value is missing."),
        (DIABETES, "bmi", "bmi: the value is missing."),
        (EVERY_TYPE, "since", "since: the value is missing."),
    ],
)
def test_a_required_field_that_is_cleared_is_reported(
    server: StubModelServer, open_page: Open, model: dict[str, Any], label: str, told: str
) -> None:
    server.model = model
    page = open_page(server.url)
    if label == "since":
        page.datetime_input[0].set_value(None)
    else:
        enter(page, label, "")
    assert told in texts(press(page, "Predict"))
    assert server.requests == []


def test_metrics_and_a_version_that_did_not_load_are_shown(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = DIABETES | {
        "load_error": {"version": "4", "reason": "No module named 'xgboost'", "at": "now"}
    }
    page = open_page(server.url)
    shown = first_table(page.sidebar)
    assert {line["metric"]: line["value"] for line in shown} == {
        "cv_rmse": "56.50",
        "holdout_r2": "0.54",
        "holdout_rmse": "49.46",
    }
    assert "Version 4 could not be loaded; version 3 keeps answering." in texts(page)
    assert page.sidebar.code[0].value == "No module named 'xgboost'"


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            {"version": "4", "reason": "it is broken."},
            "Version 4 could not be loaded; v",
        ),
        ({"version": "4", "reason": "", "state": "loading"}, "Version 4 is still being loaded; v"),
        (
            {"version": None, "reason": "no such model", "state": "missing"},
            "diabetes-progression is no longer in the model registry; v",
        ),
        (
            {"version": None, "reason": "HTTPConnectionPool(host='mlflow')"},
            "The model registry cannot be reached right now; v",
        ),
        (
            {"version": "4", "reason": "HTTPConnectionPool", "state": "unreachable"},
            "The model registry cannot be reached right now; v",
        ),
    ],
)
def test_the_reason_why_a_newer_version_does_not_answer_is_shown(
    server: StubModelServer, open_page: Open, problem: dict[str, Any], told: str
) -> None:
    server.model = DIABETES | {"load_error": problem}
    shown = texts(open_page(server.url))
    assert f"{told}ersion 3 keeps answering." in shown
    assert "None" not in shown
    assert "HTTPConnectionPool" not in shown


def test_a_registry_that_is_slow_once_is_not_reported(
    server: StubModelServer, open_page: Open
) -> None:
    fault = {"version": None, "state": "unreachable", "reason": "HTTPConnectionPool"}
    now = datetime.now(UTC)
    server.model = DIABETES | {"load_error": fault | {"at": now.isoformat()}}
    assert "registry" not in texts(open_page(server.url))
    server.model = DIABETES | {
        "load_error": fault | {"at": (now - timedelta(minutes=2)).isoformat()}
    }
    assert "The model registry cannot be reached right now" in texts(open_page(server.url))


def test_a_refusal_is_shown_in_the_servers_words(server: StubModelServer, open_page: Open) -> None:
    page = open_page(server.url)
    server.refusal = "Column 'age', row 1: a whole number is required"
    press(page, "Predict")
    assert server.refusal in texts(page)
    assert not page.metric


def test_a_missing_model_is_reported_and_the_page_continues_when_there_is_one(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = None
    page = open_page(server.url)
    assert "There is no model yet." in texts(page)
    assert "No version of diabetes-progression has the alias champion" in texts(page)
    assert not page.text_input

    server.model = DIABETES
    page.run()
    assert len(page.text_input) == 4
    assert "no model yet" not in texts(page)


def test_a_server_that_is_down_and_comes_back(server: StubModelServer, open_page: Open) -> None:
    page = open_page(server.url)
    server.stop()
    page.run()
    assert "The model server cannot be reached." in texts(page)
    assert "version 3, server unavailable" in texts(page)
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


def test_a_server_that_is_down_from_the_start(server: StubModelServer, open_page: Open) -> None:
    server.stop()
    page = open_page(server.url)
    assert "This page continues automatically as soon as it answers." in texts(page)
    assert not page.text_input


def test_markup_in_names_stays_text(server: StubModelServer, open_page: Open) -> None:
    server.model = DIABETES | {
        "signature": {
            "inputs": [{"name": "<img src=x> :red[*a*]", "type": "double", "required": True}],
            "outputs": [],
        },
        "input_example": None,
    }
    page = open_page(server.url)
    assert page.text_input[0].label == r"\<img src=x\> \:red\[\*a\*\]"


def asked(server: StubModelServer) -> dict[str, Any]:
    """The row of the last request."""
    body = server.requests[-1]
    return dict(zip(body["columns"], body["data"][0], strict=True))


def filled(
    server: StubModelServer, open_page: Open, kind: str, value: object, required: bool = True
) -> AppTest:
    """The page of a model with one column, with that value in its example."""
    example = {"columns": ["x"], "data": [[value]]}
    server.model = described([("x", kind, required)], example)
    return open_page(server.url)


@pytest.mark.parametrize(
    ("kind", "value", "predicted"),
    [
        ("long", 123456789012345678, 123456789012345678),
        ("long", -(2**63), -(2**63)),
        ("long", 51.0, 51),
        ("double", 1e300, 1e300),
        ("double", 5e-324, 5e-324),
        ("double", 10**25, 1e25),
        ("boolean", 1, True),
        ("boolean", 0.0, False),
        ("string", 3, "3"),
        ("string", "two\nlines", "two\nlines"),
        ("string", "x" * 5000, "x" * 5000),
        ("binary", "AAEC", "AAEC"),
        ("datetime", "2026-01-31", "2026-01-31T00:00:00"),
        ("datetime", "2026-01-31 12:30:00", "2026-01-31T12:30:00"),
        ("datetime", 1769817600000, "2026-01-31T00:00:00"),
        ("datetime", "2026-01-31T12:30:15", "2026-01-31T12:30:15"),
        ("datetime", "2026-01-31T00:00:00+02:00", "2026-01-31T00:00:00+02:00"),
        ("datetime", "2026-01-31T00:00:00.123456789", "2026-01-31T00:00:00.123456789"),
        ("datetime", "9999-12-31T00:00:00", "9999-12-31T00:00:00"),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_what_the_example_holds_is_what_is_predicted(
    server: StubModelServer,
    open_page: Open,
    kind: str,
    value: object,
    predicted: object,
    required: bool,
) -> None:
    press(filled(server, open_page, kind, value, required), "Predict")
    assert asked(server) == {"x": predicted}
    assert type(asked(server)["x"]) is type(predicted)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("double", float("nan")),
        ("double", float("inf")),
        ("double", 10**400),
        ("double", "abc"),
        ("double", [1]),
        ("double", None),
        ("long", 51.5),
        ("long", 10**30),
        ("datetime", "yesterday"),
        ("datetime", -(10**18)),
        ("datetime", None),
    ],
)
def test_an_example_that_does_not_fit_its_column_leaves_the_field_empty(
    server: StubModelServer, open_page: Open, kind: str, value: object
) -> None:
    page = press(filled(server, open_page, kind, value), "Predict")
    assert "x: the value is missing." in texts(page)
    assert server.requests == []


@pytest.mark.parametrize(
    ("kind", "value", "start"),
    [("boolean", None, False), ("string", None, ""), ("string", {"a": 1}, "")],
)
def test_a_column_that_may_be_empty_starts_so_without_an_example(
    server: StubModelServer, open_page: Open, kind: str, value: object, start: object
) -> None:
    press(filled(server, open_page, kind, value), "Predict")
    assert asked(server) == {"x": start}


def test_small_and_large_numbers_can_be_read_in_their_fields(
    server: StubModelServer, open_page: Open
) -> None:
    example = {"columns": ["a", "b"], "data": [[0.00002, 1e300]]}
    server.model = described([("a", "double", True), ("b", "double", True)], example)
    assert [field.value for field in open_page(server.url).text_input] == ["2e-05", "1e+300"]


def test_text_in_a_field_for_a_number_is_refused_with_the_columns_name(
    server: StubModelServer, open_page: Open
) -> None:
    page = filled(server, open_page, "long", 123456789012345678)
    page.text_input[0].set_value("12a")
    press(page, "Predict")
    assert "x: the value '12a' is not a whole number written in digits." in texts(page)
    page.text_input[0].set_value(" 123456789012345679 ")
    press(page, "Predict")
    assert asked(server) == {"x": 123456789012345679}


def test_a_new_version_with_another_type_has_a_field_of_that_type(
    server: StubModelServer, open_page: Open
) -> None:
    page = filled(server, open_page, "double", 1.5)
    for kind, value in [("long", 7), ("string", "a"), ("long", 2**60), ("boolean", True)]:
        server.model = described([("x", kind, True)], {"columns": ["x"], "data": [[value]]})
        press(page.run(), "Predict")
        assert asked(server) == {"x": value}


def test_any_name_of_a_column_has_its_field(server: StubModelServer, open_page: Open) -> None:
    names = [0, 1, "", " ", "é ñ 日本", "prediction", "model_version", "answer", "-", "a'b\"c"]
    server.model = described([(name, "double", True) for name in names])
    page = open_page(server.url)
    assert len(page.text_input) == len(names)
    for field in page.text_input:
        field.input("1")
    press(page, "Predict")
    assert list(asked(server)) == [str(name) for name in names]


def test_a_model_with_many_columns_has_a_table(server: StubModelServer, open_page: Open) -> None:
    names = [f"c{place}" for place in range(598)]
    example = {"columns": [*names, "text"], "data": [[*range(598), "a"]]}
    inputs = [*((name, "double", True) for name in names), ("text", "string", True)]
    server.model = described([*inputs, ("more", "long", False)], example)
    page = open_page(server.url)
    assert not page.text_input
    assert page.dataframe[0].value["column"].tolist() == [*names, "text", "more"]
    press(page, "Predict")
    assert asked(server) == {**{name: float(name[1:]) for name in names}, "text": "a"}


def test_an_empty_cell_of_the_table_is_named(server: StubModelServer, open_page: Open) -> None:
    server.model = described([(f"c{place}", "double", True) for place in range(200)])
    page = press(open_page(server.url), "Predict")
    assert "c0: the value is missing." in texts(page)


@pytest.mark.parametrize(
    ("inputs", "reason", "body"),
    [
        (
            [{"name": None, "type": kind, "required": True} for kind in ("double", "string")],
            "columns of this model have no names",
            {"dataframe_split": {"data": [[0, "text"]]}},
        ),
        (
            [{"name": "it's", "type": "double", "required": True}] * 2,
            "has the column it's more than once",
            {"dataframe_split": {"columns": ["it's", "it's"], "data": [[0, 0]]}},
        ),
    ],
)
def test_a_model_without_a_form_shows_a_request_that_works(
    server: StubModelServer,
    open_page: Open,
    inputs: list[dict[str, Any]],
    reason: str,
    body: dict[str, Any],
) -> None:
    server.model = DIABETES | {"input_example": None, "signature": {"inputs": inputs}}
    page = open_page(server.url)
    assert reason in texts(page)
    assert not page.text_input
    assert not page.text_input
    command = shlex.split(page.code[0].value)
    assert command[:2] == ["curl", "$MODEL_SERVING_URL/invocations"]
    assert json.loads(command[command.index("-d") + 1]) == body


@pytest.mark.parametrize("names", [[None], ["a", "b"]])
def test_a_tensor_too_large_for_a_form_has_a_request_of_its_shape(
    server: StubModelServer,
    open_page: Open,
    names: list[str | None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tensor = {"type": "tensor(float64)", "required": True, "shape": [-1, 100, 60]}
    zeros = [[[0.0] * 60] * 100]
    columns = [{"name": name, **tensor} for name in names]
    server.model = DIABETES | {"signature": {"inputs": columns}, "input_example": None}
    page = open_page(server.url)
    assert "have too many values for a form" in texts(page)
    assert not page.text_input
    command = shlex.split(page.code[0].value)
    capsys.readouterr()
    exec(command[command.index("-c") + 1])
    inputs = dict.fromkeys(names, zeros) if names[0] else zeros
    assert json.loads(capsys.readouterr().out) == {"inputs": inputs}
    assert command[-2:] == ["-d", "@request.json"]


@pytest.mark.parametrize("signature", [None, {}, {"inputs": []}, {"inputs": None}])
def test_a_model_without_columns_says_what_to_do(
    server: StubModelServer, open_page: Open, signature: dict[str, Any] | None
) -> None:
    server.model = DIABETES | {"signature": signature}
    page = open_page(server.url)
    assert "log it with an input_example or a signature" in texts(page)
    assert not page.code
