"""The same requests at MLflow's own scoring server: the same answer, or a difference that the
documentation lists."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests_to_compare as requests
from local_models import Answer, ask, load
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import scoring_server
from mlflow.types.schema import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema
from model_server.loaded_model import LoadedModel
from python_models import Echo
from sklearn.linear_model import LinearRegression
from starlette.testclient import TestClient

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "model-server-http.md"


def sklearn(path: Path, frame: pd.DataFrame | np.ndarray) -> None:
    values = np.asarray(frame)
    model = LinearRegression().fit(values, values @ [1000, 1])
    signature = infer_signature(frame, model.predict(values))
    mlflow.sklearn.save_model(
        model, path, signature=signature, serialization_format="skops", pip_requirements=[]
    )


def python(path: Path, *columns: ColSpec, params: ParamSchema | None = None) -> None:
    signature = ModelSignature(Schema(list(columns)), Schema([ColSpec(DataType.string)]), params)
    mlflow.pyfunc.save_model(path, python_model=Echo(), signature=signature, pip_requirements=[])


FRAME = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [10.0, 30.0, 20.0]})
SAVE: dict[str, Callable[[Path], None]] = {
    "doubles": lambda path: sklearn(path, FRAME),
    "mixed": lambda path: python(
        path,
        ColSpec(DataType.string, "city"),
        ColSpec(DataType.long, "rooms"),
        ColSpec(DataType.boolean, "lift"),
        ColSpec(DataType.datetime, "built"),
        ColSpec(DataType.double, "area", required=False),
        ColSpec(DataType.long, "age", required=False),
    ),
    "text": lambda path: python(
        path, ColSpec(DataType.string, "city"), ColSpec(DataType.long, "n", required=False)
    ),
    "tensor": lambda path: sklearn(path, FRAME.to_numpy()),
    "params": lambda path: python(
        path,
        ColSpec(DataType.double, "x"),
        params=ParamSchema(
            [ParamSpec("factor", DataType.double, 2.0), ParamSpec("top", DataType.long, 3)]
        ),
    ),
    "numbered": lambda path: sklearn(path, FRAME.set_axis([1, 0], axis=1)),
    "nested": lambda path: python(path, ColSpec(Array(DataType.double), "v")),
}


@pytest.fixture(scope="module", params=SAVE)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, TestClient, LoadedModel]:
    """A model in MLflow's server and in this one."""
    path = tmp_path_factory.mktemp("models") / request.param
    SAVE[request.param](path)
    theirs = TestClient(
        scoring_server.init(mlflow.pyfunc.load_model(str(path))), raise_server_exceptions=False
    )
    return request.param, theirs, load(path)


def ask_mlflow(server: TestClient, sent: requests.Sent) -> Answer:
    response = server.post(
        "/invocations", content=sent.body, headers={"Content-Type": sent.media_type}
    )
    if response.status_code != 200:
        return Answer(response.status_code, response.text)
    return Answer(200, json.loads(response.text)["predictions"])


def same(ours: Answer, theirs: Answer) -> bool:
    """Equal predictions, or refused by both; JSON's null is MLflow's NaN."""
    if ours.status != 200 or theirs.status != 200:
        return ours.status // 100 == theirs.status // 100
    return len(ours.predictions) == len(theirs.predictions) and all(
        a == b or (a is None and math.isnan(b)) or (isinstance(a, float) and math.isclose(a, b))
        for a, b in zip(ours.predictions, theirs.predictions, strict=True)
    )


# Each difference as the documentation words it, and the requests that show it, by model.
DIFFERENCES: dict[str, dict[str, list[str]]] = {
    "Text, booleans and numbers are not converted into each other.": {
        "doubles": [
            f"{form} with a {wrong}"
            for form in ("dataframe_records", "instances", "inputs")
            for wrong in ("number as text", "boolean")
        ],
        "mixed": ["city 7", 'rooms "3"', "rooms true", "lift 1", 'lift "true"'],
        "tensor": [
            f"{form}, {wrong}"
            for form in ("inputs", "instances")
            for wrong in ("number as text", "boolean")
        ],
    },
    "Whole numbers are neither cut off nor wrapped around.": {
        "mixed": ["rooms 3.5", f"rooms {2**63}"]
    },
    "A missing value in a required column is refused.": {
        "mixed": ["city null", "lift null", "built null"]
    },
    "A missing value in an optional column of whole numbers is accepted.": {
        "mixed": ["age null"],
        "text": ["1 of two empty"],
    },
    "Dates are ISO 8601.": {
        "mixed": ['built "03.02.2001"', 'built "01/02/2001"', 'built "now"', 'built ""']
    },
    "Dates with an offset are accepted in every form.": {
        "mixed": ['built "2001-02-03T04:05:06Z"', 'built "2001-02-03T04:05:06+02:00"']
    },
    "Numbers in date columns are milliseconds.": {"mixed": ["built 981173106000"]},
    "CSV is accepted for models with dates or tensors.": {
        "mixed": [
            *(f'city "{word}" in CSV' for word in ("NA", "", "null", "007")),
            'rooms "3" in CSV',
            'lift "true" in CSV',
            'built "2001-02-03" in CSV',
            'built "2001-02-03 04:05" in CSV',
            'built "2001-02-03T04:05:06.789" in CSV',
            'built "2001-02-03T04:05:06Z" in CSV',
            'built "2001-02-03T04:05:06+02:00" in CSV',
            "CSV",
            "empty area",
            "empty age",
        ],
        "tensor": ["CSV"],
    },
    "Text in CSV is the text itself.": {
        "text": ["'NA' in CSV", "'null' in CSV", "'nan' in CSV", "'' in CSV"]
    },
    "A CSV row has as many values as the header.": {"doubles": ["CSV, one value too many"]},
    "A name occurs once.": {"doubles": ["key twice", "CSV, column twice"]},
    "Spaces around a name do not count.": {"doubles": ["CSV, spaces in the header"]},
    "Columns that are named by numbers work.": {
        "numbered": ["records", "inputs", "split", "split by text", "CSV"]
    },
}


def test_mlflow_answers_the_same_or_the_difference_is_listed(
    pair: tuple[str, TestClient, LoadedModel],
) -> None:
    name, theirs, ours = pair
    different = {}
    for sent in requests.ALL[name]():
        answers = ask(ours, sent.body, sent.media_type), ask_mlflow(theirs, sent)
        if not same(*answers):
            different[sent.name] = answers
    listed = {sent for models in DIFFERENCES.values() for sent in models.get(name, [])}
    assert different.keys() == listed, different


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_documentation_lists_the_difference(difference: str) -> None:
    section = PAGE.read_text().split("## Differences from `mlflow models serve`")[1]
    assert f"- **{difference}**" in section.split("\n## ")[0]
