"""Inputs and predictions of every kind that a signature knows."""

from collections.abc import Callable
from typing import Any

import pytest
from prediction_app.columns import BadValueError, Column
from prediction_app.nested import pretty, read_json, sample
from streamlit.testing.v1 import AppTest
from stub import DIABETES, StubModelServer, described
from test_many import upload
from test_page import asked, enter, first_table, press, texts

Open = Callable[[str], AppTest]
TEXTS = {"type": "array", "items": {"type": "string"}}
ADDRESS = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "required": True},
        "tags": TEXTS | {"required": False},
    },
}


def array(items: str | dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items if isinstance(items, dict) else {"type": items}}


def mapping(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "map", "values": values}


def unnamed(kind: str, shape: list[int] | None = None) -> dict[str, Any]:
    """A model of one input without a name."""
    column = {"name": None, "type": kind, "required": True, "shape": shape}
    return DIABETES | {"signature": {"inputs": [column], "outputs": []}, "input_example": None}


def test_nested_columns_are_json_filled_from_the_example(
    server: StubModelServer, open_page: Open
) -> None:
    example = {"columns": ["address", "x"], "data": [[{"city": "Zürich", "tags": ["a"]}, 1.5]]}
    columns = [("address", ADDRESS, True), ("x", "double", True), ("more", array("long"), False)]
    server.model = described(columns, example)
    page = open_page(server.url)
    assert [area.value for area in page.text_area] == ['{"city": "Zürich", "tags": ["a"]}', ""]
    press(page, "Predict")
    assert asked(server) == {"address": {"city": "Zürich", "tags": ["a"]}, "x": 1.5}

    enter(page, "address", '{"city": 5}')
    assert "address: the value needs text at city, not 5." in texts(press(page, "Predict"))
    enter(page, "address", '{"city": "Bern",}')
    assert "is not JSON: Expecting property name" in texts(press(page, "Predict"))
    enter(page, "address", "")
    assert "address: the value is missing." in texts(press(page, "Predict"))
    assert len(server.requests) == 1


def test_a_nested_column_without_an_example_starts_with_one_that_can_be_predicted(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = described([("address", ADDRESS, True)])
    press(open_page(server.url), "Predict")
    assert asked(server) == {"address": {"city": "text", "tags": ["text"]}}


def test_nested_columns_of_a_file_are_json_in_their_cells(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = described([("vector", array("double"), True)])
    page = upload(open_page(server.url), 'vector\n"[1, 2.5]"\n[x]\n')
    assert "Column vector, row 2 (line 3): the value is not JSON" in texts(page)
    press(upload(page, 'vector\n"[1, 2.5]"\n'), "Predict 1 row")
    assert server.requests[0]["data"] == [[[1, 2.5]]]


@pytest.mark.parametrize(
    ("schema", "good", "bad", "told"),
    [
        (array("double"), "[1, 2.5]", '[1, "2"]', 'needs a number at [1], not "2"'),
        (array("long"), "[1]", "[true]", "needs a whole number at [0], not true"),
        (array(TEXTS), '[["a"], []]', '["a"]', 'needs a list at [0], not "a"'),
        (array("datetime"), '["2026-01-31"]', "[5]", "needs a date as text at [0], not 5"),
        (mapping({"type": "double"}), '{"a": 1}', '{"a": null}', "a number at a, not null"),
        (mapping(array("boolean")), '{"a": [true]}', "[]", "needs an object, not []"),
        (ADDRESS, '{"city": "x", "tags": null}', '{"tags": []}', "lacks city"),
        (ADDRESS, '{"city": "x"}', '{"city": "x", "zip": 1}', "has zip, which is none of"),
        (array(ADDRESS), '[{"city": "x"}]', '[{"city": 1}]', "needs text at [0].city, not 1"),
        (
            {"type": "any"},
            '{"a": [1, "a", null]}',
            "nothing",
            "JSON: Expecting value at line 1",
        ),
        (array("double"), "[]", "[NaN]", "holds NaN, which is not a number in JSON"),
        (None, '{"a": 1}', "[", "is not JSON"),
    ],
)
def test_json_is_checked_against_its_type(
    schema: dict[str, Any] | None, good: str, bad: str, told: str
) -> None:
    column = Column("x", "nested", schema=schema)
    read_json(column, good)
    read_json(column, pretty(sample(column)))
    with pytest.raises(BadValueError) as caught:
        read_json(column, bad)
    assert told in str(caught.value)


def test_a_value_nested_too_deeply_is_refused() -> None:
    with pytest.raises(BadValueError, match="nested too deeply"):
        read_json(Column("x", "Any"), "[" * 200_000)


def test_long_json_has_lines_that_read_back_the_same() -> None:
    value = {"words": ["long"] * 30, "rows": [[1] * 40, [2] * 40], "short": {"a": 1}}
    text = pretty(value)
    assert max(map(len, text.splitlines())) < 300
    assert len(text.splitlines()) == 8
    assert read_json(Column("x", "Any"), text) == value


def test_a_tensor_starts_with_zeros_of_its_shape(server: StubModelServer, open_page: Open) -> None:
    server.model = unnamed("tensor(float32)", [-1, 2, 3])
    server.body = {"predictions": [[0.5], [0.75]]}
    page = open_page(server.url)
    press(page, "Predict")
    assert server.requests[-1] == {"inputs": [[[0.0] * 3] * 2]}
    enter(page, "Input", "[[[1,2,3],[4,5]]]")
    assert "needs a list of 3 at [0][1], not one of 2." in texts(press(page, "Predict"))
    enter(page, "Input", "[[[1,2,3],[4,5,6]], [[1,2,3],[4,5,6]]]")
    press(page, "Predict")
    assert [line["value"] for line in first_table(page.main)] == ["0.50", "0.75"]
    assert "Many from a CSV" not in [tab.label for tab in page.tabs]


def test_named_tensors_go_in_together(server: StubModelServer, open_page: Open) -> None:
    tensors = [
        {"name": name, "type": kind, "required": True, "shape": [-1, 2]}
        for name, kind in (("ids", "tensor(int64)"), ("mask", "tensor(bool)"))
    ]
    server.model = DIABETES | {"signature": {"inputs": tensors}, "input_example": None}
    server.body = {"predictions": {"logits": [[0.5]]}}
    page = press(open_page(server.url), "Predict")
    assert server.requests[-1] == {"inputs": {"ids": [[0, 0]], "mask": [[False, False]]}}
    assert (page.metric[0].label, page.metric[0].value) == ("Logits", "0.50")


def test_a_model_of_one_unnamed_input_takes_a_list(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = unnamed("string")
    server.body = {"predictions": ["fine"]}
    page = open_page(server.url)
    enter(page, "Input", "how are you")
    press(page, "Predict")
    assert server.requests[-1] == {"inputs": ["how are you"]}
    assert page.metric[0].value == "fine"
    server.model = unnamed("long")
    assert "Input: the value is missing." in texts(press(open_page(server.url), "Predict"))


def test_params_start_with_their_defaults_and_are_sent(
    server: StubModelServer, open_page: Open
) -> None:
    params = [
        {"name": "temperature", "type": "double", "default": 0.5, "shape": None},
        {"name": "stop", "type": "string", "default": ["."], "shape": [-1]},
        {"name": "seed", "type": "long", "default": None, "shape": None},
    ]
    server.model = DIABETES | {"signature": DIABETES["signature"] | {"params": params}}
    page = open_page(server.url)
    enter(page, "temperature", "0,9")
    press(page, "Predict")
    assert server.params == {"temperature": 0.9, "stop": ["."]}
    enter(page, "temperature", "hot")
    assert "temperature: the value 'hot' is not a number." in texts(press(page, "Predict"))


def test_texts_that_repeat_in_the_example_can_be_chosen_or_typed(
    server: StubModelServer, open_page: Open
) -> None:
    example = {"columns": ["plan", "note"], "data": [["pro", "a"], ["basic", "b"], ["pro", "c"]]}
    server.model = described([("plan", "string", True), ("note", "string", True)], example)
    page = open_page(server.url)
    assert (page.selectbox[0].options, page.selectbox[0].value) == (["basic", "pro"], "pro")
    assert [field.label for field in page.text_input] == ["note"]
    page.selectbox[0].set_value("basic")
    press(page, "Predict")
    assert asked(server) == {"plan": "basic", "note": "a"}


@pytest.mark.parametrize(
    ("prediction", "label", "shown"),
    [
        (1.25, "Disease progression", "1.25"),
        ([1.25], "Disease progression", "1.25"),
        ({"risk": [0.25]}, "Risk", "0.25"),
        ("setosa", "Disease progression", "setosa"),
        (True, "Disease progression", "True"),
        (None, "Disease progression", "none"),
        (12345678, "Disease progression", "12,345,678"),
    ],
)
def test_one_value_is_shown_large(
    server: StubModelServer, open_page: Open, prediction: object, label: str, shown: str
) -> None:
    server.body = {"predictions": [prediction]}
    page = press(open_page(server.url), "Predict")
    assert (page.metric[0].label, page.metric[0].value) == (label, shown)


@pytest.mark.parametrize("outputs", [[], [{"name": None, "type": "double", "required": True}]])
def test_a_model_without_output_names_says_prediction(
    server: StubModelServer, open_page: Open, outputs: list[Any]
) -> None:
    server.model = DIABETES | {"signature": DIABETES["signature"] | {"outputs": outputs}}
    assert press(open_page(server.url), "Predict").metric[0].label == "Prediction"


def test_a_long_text_is_shown_as_text(server: StubModelServer, open_page: Open) -> None:
    text = "A *long* answer.\n" * 5
    server.body = {"predictions": [text]}
    page = press(open_page(server.url), "Predict")
    assert page.text[0].value == text.strip()
    assert not page.metric


@pytest.mark.parametrize(
    ("prediction", "names"),
    [
        ({"low": 1.5, "high": None}, ["low", "high"]),
        ([1.5, None], ["y1", "y2"]),
        ([1.5, None, "a"], ["output 1", "output 2", "output 3"]),
    ],
)
def test_several_outputs_are_a_table(
    server: StubModelServer, open_page: Open, prediction: object, names: list[str]
) -> None:
    outputs = [{"name": name, "type": "double", "required": True} for name in ("y1", "y2")]
    server.model = DIABETES | {"signature": DIABETES["signature"] | {"outputs": outputs}}
    server.body = {"predictions": [prediction]}
    page = press(open_page(server.url), "Predict")
    shown = first_table(page.main)
    assert [line["output"] for line in shown] == names
    assert [line["value"] for line in shown[:2]] == ["1.50", "none"]


@pytest.mark.parametrize(
    ("prediction", "label"),
    [({"a": 0.25, "b": 0.75}, None), ({"label": "b", "odds": {"a": 0.25, "b": 0.75}}, "b")],
)
def test_numbers_that_add_up_to_one_are_bars_the_largest_first(
    server: StubModelServer, open_page: Open, prediction: object, label: str | None
) -> None:
    server.body = {"predictions": [prediction]}
    page = press(open_page(server.url), "Predict")
    assert bars(page) == [("b: **75.0%**", 75), ("a: **25.0%**", 25)]
    assert [metric.value for metric in page.metric] == ([label] if label else [])


def test_a_classifier_is_asked_for_the_probabilities_of_its_classes(
    server: StubModelServer, open_page: Open
) -> None:
    server.model = DIABETES | {"classes": [0, 1]}
    server.body = {"predictions": [1], "probabilities": [[0.25, 0.75]], "classes": [0, 1]}
    page = press(open_page(server.url), "Predict")
    assert page.metric[0].value == "1"
    assert bars(page) == [("class 1: **75.0%**", 75), ("class 0: **25.0%**", 25)]
    press(upload(page, "age,sex,bmi,blood_pressure\n50,1,20,80\n"), "Predict 1 row")
    shown = page.dataframe[0].value.iloc[0].to_dict()
    assert shown["prediction"] == 1
    assert (shown["probability_0"], shown["probability_1"]) == (0.25, 0.75)


@pytest.mark.parametrize(
    ("outputs", "shares", "names"),
    [
        (["rain", "wind", "snow"], [0.75, 0.5, 0.25], ["rain", "wind", "snow"]),
        (["0", "1", "2"], [0.75, 0.5, 0.25], ["label 0", "label 1", "label 2"]),
        ([None], [0.75, 0.5, 0.25], ["label 0", "label 1", "label 2"]),
        ([None], [0.5, 0.25, 0.25], ["class 0", "class 1", "class 2"]),
    ],
)
def test_labels_that_a_library_only_counts_have_the_names_of_the_signature(
    server: StubModelServer,
    open_page: Open,
    outputs: list[str | None],
    shares: list[float],
    names: list[str],
) -> None:
    columns = [{"name": name, "type": "long", "required": True} for name in outputs]
    signature = DIABETES["signature"] | {"outputs": columns}
    server.model = DIABETES | {"classes": [0, 1, 2], "signature": signature}
    server.body = {"predictions": [[1, 1, 0]], "probabilities": [shares], "classes": [0, 1, 2]}
    page = press(open_page(server.url), "Predict")
    assert [text.partition(": ")[0] for text, _ in bars(page)] == names


def test_of_many_classes_the_most_probable_are_shown(
    server: StubModelServer, open_page: Open
) -> None:
    classes = [f"c{place}" for place in range(100)]
    server.model = DIABETES | {"classes": classes}
    server.body = {"predictions": ["c1"], "probabilities": [[0.01] * 100], "classes": classes}
    page = press(open_page(server.url), "Predict")
    assert len(bars(page)) == 10
    assert "The 10 most probable of 100 classes." in texts(page)


def bars(page: AppTest) -> list[tuple[str, int]]:
    return [(bar.proto.text, bar.proto.value) for bar in page.get("progress")]
