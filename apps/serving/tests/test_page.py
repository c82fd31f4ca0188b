"""What the prediction page makes of a model's description is a request that the model takes."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import mlflow
import models as samples
import pytest
from local_models import Answer, ask, load
from mlflow.models import ModelSignature, infer_signature
from mlflow.types.schema import (
    Array,
    ColSpec,
    DataType,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
)
from model_server.loaded_model import LoadedModel
from prediction_app.columns import request_data
from prediction_app.model import Model, parse_model
from prediction_app.nested import pretty, sample
from prediction_app.values import from_text
from python_models import Echo
from test_python_models import EXAMPLES, Count, Greet, Shout, Table, Year

ADDRESS = Object([Property("city", DataType.string), Property("rooms", Array(DataType.long))])


def read(model: LoadedModel) -> Model:
    """The model as the page reads it from `GET /model`."""
    return parse_model(json.loads(json.dumps({"name": "m", "version": "1", **model.description})))


def predicted(model: LoadedModel, texts: dict[str, str] | None = None) -> Answer:
    """What the page gets for the example, or a made-up value, and what is typed over it."""
    page = read(model)
    row: dict[str, Any] = {}
    for column in page.inputs:
        start = page.examples[0][column.name] if page.examples else None
        typed = (texts or {}).get(column.name)
        text = pretty(sample(column)) if typed is None else typed
        row[column.name] = start if typed is None and start else from_text(column, text)
    params = {"params": page.defaults} if page.params else {}
    return ask(model, request_data(page.inputs, [row]) | params)


def test_a_table_and_an_array(tmp_path: Path) -> None:
    named, unnamed = tmp_path / "named", tmp_path / "unnamed"
    options = {"pip_requirements": samples.REQUIREMENTS}
    example = samples.FEATURES.head(3)
    mlflow.sklearn.save_model(samples.linear(), named, input_example=example, **options)
    model, rows = samples.on_arrays()
    mlflow.sklearn.save_model(model, unnamed, signature=infer_signature(rows), **options)
    assert predicted(load(named)).predictions == pytest.approx(
        samples.linear().predict(samples.FEATURES.head(1))
    )
    text = json.dumps(rows.tolist())
    assert predicted(load(unnamed), {"": text}).predictions == pytest.approx(model.predict(rows))


@pytest.mark.parametrize(
    ("hinted", "text", "answer"),
    [
        (Shout, "hey", "HEY"),
        (Greet, '{"name": "Ada", "age": 36}', "Ada 36"),
        (Count, '{"a": 1, "b": 2}', 3),
        (Year, "2026-01-31", 2026),
        (Table, "2.5", 2.5),
    ],
)
def test_type_hints(tmp_path: Path, hinted: type, text: str, answer: object) -> None:
    mlflow.pyfunc.save_model(
        tmp_path / "m", python_model=hinted(), input_example=EXAMPLES[hinted], pip_requirements=[]
    )
    model = load(tmp_path / "m")
    name = read(model).inputs[0].name
    assert predicted(model, {name: text}) == Answer(200, [answer])


def test_nested_columns_and_params(tmp_path: Path) -> None:
    params = ParamSchema(
        [
            ParamSpec("factor", DataType.double, 2.0),
            ParamSpec("since", DataType.datetime, datetime.datetime(2026, 1, 31)),
        ]
    )
    signature = ModelSignature(Schema([ColSpec(ADDRESS, "at")]), None, params)
    mlflow.pyfunc.save_model(
        tmp_path / "m", python_model=Echo(), signature=signature, pip_requirements=[]
    )
    answer = predicted(load(tmp_path / "m"), {"at": '{"city": "Bern", "rooms": [1]}'})
    assert "'city': 'Bern', 'rooms': [1]" in answer.predictions[0]
