"""The Open Inference Protocol: the client that is generated from its definition against the running
server, and what it says of tensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import models as samples
import numpy as np
import pandas as pd
import pytest
from conftest import Serving
from local_models import load
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema, TensorSpec
from model_server.errors import InputError
from model_server.inference_tensors import HEAD_LENGTH, answer
from model_server.loaded_model import LoadedModel
from models import Models
from open_inference.openapi import InferenceRequest
from open_inference.openapi.client import OpenInferenceClient
from open_inference.openapi.core import ApiError
from processes import Server, model_server
from python_models import Mirror

pytestmark = pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated")


@pytest.fixture(scope="module")
def iris(
    tracking: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Serving, Any, pd.DataFrame]]:
    """A classifier of three labels, the model itself, and rows for it."""
    model, rows = samples.classifier()
    models = Models(tracking.url, "iris")
    version = models.promote(models.add(model, rows))
    server = model_server(tmp_path_factory.mktemp("iris"), tracking.url, "iris")
    server.start()
    serving = Serving(server)
    serving.wait_for(version)
    yield serving, model, rows
    server.stop()


@pytest.fixture
def client(iris: tuple[Serving, Any, pd.DataFrame]) -> OpenInferenceClient:
    return OpenInferenceClient(base_url=iris[0].server.url)


def column(name: str, values: list[Any], kind: str = "FP64") -> dict[str, Any]:
    return {"name": name, "shape": [len(values)], "datatype": kind, "data": values}


def matrix(rows: pd.DataFrame, kind: str = "FP64") -> dict[str, Any]:
    values = rows.to_numpy().ravel().tolist()
    return {"name": "x", "shape": list(rows.shape), "datatype": kind, "data": values}


def test_the_definitions_own_client_finds_the_model(
    client: OpenInferenceClient, iris: tuple[Serving, Any, pd.DataFrame]
) -> None:
    client.check_server_liveness()
    client.check_server_readiness()
    client.check_model_version_readiness("iris", "1")
    assert client.read_server_metadata().name == "model_server"
    for found in (
        client.read_model_metadata("iris"),
        client.read_model_version_metadata("iris", "1"),
    ):
        assert (found.name, found.versions, found.platform) == ("iris", ["1"], "mlflow_pyfunc")
        assert found.inputs
        assert found.outputs
        described = [(one.name, one.datatype, one.shape) for one in found.inputs]
        assert described == [(name, "FP64", [-1]) for name in iris[2].columns]
        assert [one.name for one in found.outputs] == ["output-0"]


def test_a_tensor_for_each_column_or_one_for_all(
    client: OpenInferenceClient, iris: tuple[Serving, Any, pd.DataFrame]
) -> None:
    _, _, rows = iris
    nested = {**matrix(rows), "data": rows.to_numpy().tolist()}
    for inputs in (
        [column(name, rows[name].tolist()) for name in reversed(rows.columns)],
        [{**column(name, rows[name].tolist()), "shape": [3, 1]} for name in rows.columns],
        [matrix(rows)],
        [nested],
    ):
        request = InferenceRequest.parse_obj({"id": "42", "inputs": inputs})
        result = client.model_infer("iris", request=request)
        assert (result.id, result.model_name, result.model_version) == ("42", "iris", "1")
        (output,) = result.outputs
        assert (output.name, output.shape, output.datatype) == ("output-0", [3], "BYTES")
        assert output.data.__root__ == ["setosa"] * 3


def test_binary_tensors_as_tritons_client_sends_them(
    iris: tuple[Serving, Any, pd.DataFrame],
) -> None:
    """It names no content type, and asks for every output in binary."""
    serving, model, rows = iris
    raw = rows.to_numpy(np.float64).tobytes()
    sent = matrix(rows) | {"parameters": {"binary_data_size": len(raw)}}
    del sent["data"]
    document = {"inputs": [sent], "outputs": [{"name": "probabilities"}, {"name": "output-0"}]}
    head = json.dumps({**document, "parameters": {"binary_data_output": True}}).encode()
    response = serving.http.post(
        "/v2/models/iris/versions/1/infer",
        content=head + raw,
        headers={HEAD_LENGTH: str(len(head))},
    )
    assert response.status_code == 200, response.text
    length = int(response.headers[HEAD_LENGTH])
    shares, labels = json.loads(response.content[:length])["outputs"]
    size = shares["parameters"]["binary_data_size"]
    values = np.frombuffer(response.content[length : length + size]).reshape(shares["shape"])
    np.testing.assert_allclose(values, model.predict_proba(rows), rtol=1e-6)
    assert response.content[length + size :] == b"\x06\0\0\0setosa" * 3
    assert (labels["datatype"], labels["shape"]) == ("BYTES", [3])
    route = "/v2/models/{name}/versions/{version}/infer"
    counted = f'model_server_http_requests_total{{route="{route}",status="200"}}'
    assert serving.metric(counted) == 1


def test_what_is_not_served_is_said_in_the_protocols_words(
    client: OpenInferenceClient, iris: tuple[Serving, Any, pd.DataFrame]
) -> None:
    serving, _, rows = iris
    request = InferenceRequest.parse_obj({"inputs": [matrix(rows)]})
    with pytest.raises(ApiError) as other:
        client.model_infer("wine", request=request)
    assert other.value.body == {"error": "The model 'wine' is not served; iris is."}
    with pytest.raises(ApiError) as old:
        client.model_version_infer("iris", "7", request=request)
    assert old.value.status_code == 404
    assert "version 1 is. Leave the version out" in str(old.value.body)
    bad = serving.http.post("/v2/models/iris/infer", json={"inputs": []})
    assert (bad.status_code, list(bad.json())) == (400, ["error"])


def test_a_server_without_a_model_is_alive_but_not_ready(
    models: Models, start_server: Callable[..., Serving]
) -> None:
    client = OpenInferenceClient(base_url=start_server(models).server.url)
    client.check_server_liveness()
    for ask in (client.check_server_readiness, lambda: client.read_model_metadata(models.name)):
        with pytest.raises(ApiError) as refused:
            ask()
        assert refused.value.status_code == 503
        assert list(refused.value.body) == ["error"]


# Without HTTP from here on.


def ask(model: LoadedModel, *inputs: dict[str, Any], **more: object) -> list[dict[str, Any]]:
    body = json.dumps({"inputs": inputs, **more}).encode()
    return json.loads(answer(model, None, body).body)["outputs"]


def mirror(path: Path, *specs: ColSpec | TensorSpec) -> LoadedModel:
    """A model that answers with what it got."""
    signature = ModelSignature(Schema(list(specs)))
    mlflow.pyfunc.save_model(path, python_model=Mirror(), signature=signature, pip_requirements=[])
    return load(path)


COLUMNS = (
    ColSpec(DataType.double, "area"),
    ColSpec(DataType.long, "rooms"),
    ColSpec(DataType.string, "city"),
    ColSpec(DataType.boolean, "lift"),
    ColSpec(DataType.double, "age", required=False),
)


def house(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    tensors = {
        "area": column("area", [50.5, 70]),
        "rooms": column("rooms", [2**60, 3], "INT64"),
        "city": column("city", ["Bern", "Zürich"], "BYTES"),
        "lift": column("lift", [True, False], "BOOL"),
        **changed,
    }
    return list(tensors.values())


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return mirror(tmp_path_factory.mktemp("houses") / "m", *COLUMNS)


def test_every_type_arrives_and_returns_unchanged(houses: LoadedModel) -> None:
    outputs = {one["name"]: one for one in ask(houses, *house())}
    assert {name: (one["datatype"], one["data"]) for name, one in outputs.items()} == {
        "area": ("FP64", [50.5, 70.0]),
        "rooms": ("INT64", [2**60, 3]),
        "city": ("BYTES", ["Bern", "Zürich"]),
        "lift": ("BOOL", [True, False]),
    }


def test_a_missing_value_of_an_optional_column_is_null(houses: LoadedModel) -> None:
    outputs = ask(houses, *house(age=column("age", [None, 3])))
    assert outputs[-1] == {"name": "age", "shape": [2], "datatype": "FP64", "data": [None, 3.0]}


def test_all_types_in_binary(houses: LoadedModel) -> None:
    raw = [
        np.array([50.5, 70], "<f4").tobytes(),
        np.array([-1, 3], "<i2").tobytes(),
        b"\x04\0\0\0Bern\x00\0\0\0",
        b"\x01\x00",
    ]
    kinds = ("FP32", "INT16", "BYTES", "BOOL")
    inputs = [
        {
            "name": spec.name,
            "shape": [2],
            "datatype": kind,
            "parameters": {"binary_data_size": len(data)},
        }
        for spec, kind, data in zip(COLUMNS[:4], kinds, raw, strict=True)
    ]
    outputs = [{"name": "city", "parameters": {"binary_data": True}}, {"name": "rooms"}]
    head = json.dumps({"inputs": inputs, "outputs": outputs}).encode()
    made = answer(houses, len(head), head + b"".join(raw))
    length = int(made.headers[HEAD_LENGTH])
    city, rooms = json.loads(made.body[:length])["outputs"]
    assert city["parameters"] == {"binary_data_size": 12}
    assert made.body[length:] == raw[2]
    assert rooms["data"] == [-1, 3]
    with pytest.raises(InputError, match="The body has 3 bytes more than its tensors"):
        answer(houses, len(head), head + b"".join(raw) + b"abc")
    with pytest.raises(InputError, match="binary_data_size is 2, and 1 bytes are left"):
        answer(houses, len(head), (head + b"".join(raw))[:-1])


@pytest.mark.parametrize(
    ("name", "changed", "reason"),
    [
        ("area", column("area", ["a", "b"]), "'area': the tensor of float64 needs numbers"),
        ("area", column("area", [1, 2], "FP128"), "'area': datatype must be one of BOOL, INT8"),
        ("rooms", column("rooms", [1.5, 2], "INT64"), "needs whole numbers, not 1.5"),
        ("rooms", column("rooms", [300, 2], "UINT8"), "a value is out of the range of UINT8"),
        ("rooms", column("rooms", [-1, 2], "UINT64"), "a value is out of the range of UINT64"),
        ("rooms", column("rooms", [1e300, 2], "INT64"), "a value is out of the range of INT64"),
        ("rooms", column("rooms", [1.5, 2]), "Column 'rooms', row 1: a whole number is required"),
        ("city", column("city", [1, 2], "BYTES"), "'city': the tensor of str needs strings"),
        ("area", {**column("area", [1, 2]), "shape": [3]}, "has 3 values, and 2 were sent"),
        ("area", {**column("area", [1, 2]), "shape": [1, 2]}, r"a column has \[rows\] or"),
        ("area", {**column("area", [1, 2]), "shape": [-1]}, "shape must be a list of sizes"),
        ("area", {**column("area", [1, 2]), "data": 5}, "data must be a list, not 5"),
        ("area", column("area", [1]), "column 'rooms' has 2 values and 'area' has 1"),
        ("area", column("Area", [1, 2]), "Missing column 'area'; the model does not know 'Area'"),
        ("area", column("city", [1, 2]), "inputs: tensor 'city' is there twice"),
        ("area", {"shape": [2]}, "each tensor must be an object with a name"),
    ],
)
def test_a_tensor_at_fault_is_named(
    houses: LoadedModel, name: str, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        ask(houses, *house(**{name: changed}))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"outputs": [{"name": "price"}]}, "there is no 'price'; there is area, rooms, city, lift"),
        ({"outputs": [{"name": "probabilities"}]}, "The model has no probabilities"),
        ({"outputs": ["area"]}, "outputs must be a list of objects with a name"),
        ({"outputs": [{"name": "area"}] * 2}, "output 'area' is there twice"),
        ({"id": 42}, "id must be a string, not 42"),
        ({"parameters": [1]}, "parameters must be an object"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(
    houses: LoadedModel, more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        ask(houses, *house(), **more)


def test_tensors_by_any_name_or_by_their_own(tmp_path: Path) -> None:
    one = mirror(tmp_path / "one", TensorSpec(np.dtype("float32"), (-1, 2, 2)))
    sent = {"name": "x", "shape": [1, 2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}
    (output,) = ask(one, sent)
    assert (output["shape"], output["data"]) == ([1, 2, 2], [1, 2, 3, 4])
    assert output["datatype"] == "FP32"
    two = mirror(
        tmp_path / "two",
        TensorSpec(np.dtype("int64"), (-1,), "a"),
        TensorSpec(np.dtype("float64"), (-1, 2), "b"),
    )
    b = {"name": "b", "shape": [1, 2], "datatype": "FP64", "data": [[0.5, 1.5]]}
    outputs = ask(two, column("a", [7], "INT64"), b)
    assert {one["name"]: one["data"] for one in outputs} == {"a": [7], "b": [0.5, 1.5]}
