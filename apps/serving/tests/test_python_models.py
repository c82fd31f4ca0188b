"""Python models: type hints, parameters, missing whole numbers, nested types."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pydantic
import pytest
from local_models import Answer, ask, load
from mlflow.models import ModelSignature
from mlflow.types.schema import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
)
from model_server.loaded_model import LoadedModel
from model_server.protocol import read_json
from model_server.signature import sample
from python_models import Echo


class Person(pydantic.BaseModel):
    name: str
    age: int | None = None


class Shout(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


class Greet(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Person]) -> list[str]:
        return [f"{one.name} {one.age}" for one in model_input]


class Count(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[dict[str, int]]) -> list[int]:
        return [sum(one.values()) for one in model_input]


class Year(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[datetime.datetime]) -> list[int]:
        return [moment.year for moment in model_input]


class Table(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: pd.DataFrame) -> list[float]:
        return model_input["x"].tolist()


EXAMPLES: dict[type[mlflow.pyfunc.PythonModel], Any] = {
    Shout: ["hey"],
    Greet: [{"name": "Ada", "age": 36}],
    Count: [{"a": 1}],
    Year: [datetime.datetime(2026, 1, 31)],
    Table: pd.DataFrame({"x": [1.5]}),
}


@pytest.fixture(scope="module")
def hinted(tmp_path_factory: pytest.TempPathFactory) -> dict[type, tuple[LoadedModel, Path]]:
    """A model of each hint, with the folder that it was saved in."""
    loaded = {}
    for model, example in EXAMPLES.items():
        path = tmp_path_factory.mktemp("hinted") / "model"
        mlflow.pyfunc.save_model(
            path, python_model=model(), input_example=example, pip_requirements=[]
        )
        loaded[model] = load(path), path
    return loaded


@pytest.mark.parametrize("model", EXAMPLES)
def test_a_model_with_hints_predicts_its_own_example(
    hinted: dict[type, tuple[LoadedModel, Path]], model: type
) -> None:
    loaded, path = hinted[model]
    loaded.try_out(read_json((path / "serving_input_example.json").read_bytes()))


@pytest.mark.parametrize("model", EXAMPLES)
def test_a_model_with_hints_predicts_a_row_made_from_its_signature(
    hinted: dict[type, tuple[LoadedModel, Path]], model: type
) -> None:
    loaded, path = hinted[model]
    loaded.try_out(sample(mlflow.models.Model.load(str(path)).signature.inputs))


@pytest.mark.parametrize(
    ("model", "document", "predictions"),
    [
        (Shout, {"inputs": ["a", "b"]}, ["A", "B"]),
        (Shout, {"instances": ["a"]}, ["A"]),
        (Greet, {"inputs": [{"name": "Ada"}]}, ["Ada None"]),
        (Greet, {"dataframe_records": [{"name": "Ada", "age": 36}]}, ["Ada 36"]),
        (Count, {"inputs": [{"a": 1, "b": 2}]}, [3]),
        (Year, {"inputs": ["2026-01-31T12:00:00"]}, [2026]),
        (Table, {"dataframe_split": {"columns": ["x"], "data": [[2.5]]}}, [2.5]),
    ],
)
def test_hinted_models_answer(
    hinted: dict[type, tuple[LoadedModel, Path]], model: type, document: object, predictions: object
) -> None:
    assert ask(hinted[model][0], document) == Answer(200, predictions)


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (Shout, {"inputs": [1, 2]}),
        (Shout, {"inputs": "a"}),
        (Shout, {"inputs": None}),
        (Shout, {"inputs": {"a": 1}}),
        (Shout, {"dataframe_split": {"columns": ["x"], "data": [["a"]]}}),
        (Greet, {"inputs": [{"age": 3}]}),
        (Greet, {"inputs": [5]}),
        (Count, {"inputs": [{"a": "x"}]}),
        (Year, {"inputs": ["soon"]}),
        (Table, {"dataframe_records": [{"y": 1}]}),
    ],
)
def test_what_does_not_fit_the_hint_is_the_requests_fault(
    hinted: dict[type, tuple[LoadedModel, Path]], model: type, document: object
) -> None:
    status, reason = ask(hinted[model][0], document)
    assert (status, len(reason) < 400) == (400, True), reason


def test_csv_is_not_for_lists_of_values(hinted: dict[type, tuple[LoadedModel, Path]]) -> None:
    status, reason = ask(hinted[Shout][0], b"x\na\n", "text/csv")
    assert (status, "send JSON with the field inputs" in reason) == (400, True)


def echo(path: Path, *columns: ColSpec, params: ParamSchema | None = None) -> LoadedModel:
    signature = ModelSignature(Schema(list(columns)), None, params)
    mlflow.pyfunc.save_model(path, python_model=Echo(), signature=signature, pip_requirements=[])
    return load(path)


def test_a_missing_whole_number_reaches_the_model(tmp_path: Path) -> None:
    model = echo(tmp_path / "m", ColSpec(DataType.long, "id", required=False))
    assert ask(model, {"inputs": [{"id": 2**53 + 1}]}).predictions == [f"[('id', {2**53 + 1})] "]
    rows = ask(model, {"inputs": [{"id": None}, {"id": 7}]}).predictions
    assert rows == ["[('id', nan)] ", "[('id', 7.0)] "]
    assert ask(model, b"id,x\n7,\n,\n", "text/csv").predictions == rows[::-1]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_a_python_model_gets_numbered_columns_in_their_order(
    tmp_path: Path, order: list[int]
) -> None:
    model = echo(tmp_path / "m", *(ColSpec(DataType.long, number) for number in order))
    row = {str(number): number * 10 for number in order}
    assert ask(model, {"inputs": [row]}).predictions == ["[(0, 0), (1, 10), (2, 20)] "]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Array(DataType.long), [1, 2], ["x"]),
        (Array(Array(DataType.double)), [[1.5]], [1.5]),
        (Object([Property("a", DataType.string)]), {"a": "x"}, {"b": 1}),
        (Map(DataType.string), {"k": "x"}, {"k": 1}),
        (AnyType(), {"anything": [1, None]}, None),
    ],
)
def test_nested_types(tmp_path: Path, kind: object, good: object, bad: object) -> None:
    model = echo(tmp_path / "m", ColSpec(kind, "v"))
    assert ask(model, {"dataframe_records": [{"v": good}]}).predictions == [f"[('v', {good})] "]
    if bad is not None:
        assert ask(model, {"dataframe_records": [{"v": bad}]}).status == 400
    for document in (
        {"dataframe_records": [{"w": good}]},
        {"dataframe_records": [5]},
        {"dataframe_records": 5},
        {"dataframe_split": {"columns": ["v"], "data": [[]]}},
        {"dataframe_split": []},
        {"instances": [{"v": 1}, 5]},
        {"inputs": "x"},
    ):
        assert ask(model, document).status == 400, document


PARAMS = ParamSchema(
    [
        ParamSpec("factor", DataType.double, 2.0),
        ParamSpec("labels", DataType.string, ["a"], shape=(-1,)),
    ]
)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 200),
        ({"factor": 5}, 200),
        ({"labels": ["z"]}, 200),
        ({"unknown": 1}, 200),
        ({"factor": "five"}, 400),
        ({"labels": "a"}, 400),
        ([1], 400),
        ("x", 400),
    ],
)
def test_params(tmp_path: Path, params: object, status: int) -> None:
    model = echo(tmp_path / "m", ColSpec(DataType.double, "x"), params=PARAMS)
    assert ask(model, {"inputs": [{"x": 1}], "params": params}).status == status
