"""What a model must bring to be served, and what `/model` shows of it."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import Model, ModelSignature, infer_signature
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse
from mlflow.types.schema import (
    Array,
    ColSpec,
    DataType,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)
from model_server.baseline import NO_BASELINE, read_baseline
from model_server.decoder import compile_decoder
from model_server.errors import LoadError
from model_server.signature import (
    describe_example,
    describe_signature,
    required_signature,
    sample,
)
from python_models import Echo

from training import baseline


def saved(path: Path, **options: object) -> Model:
    mlflow.pyfunc.save_model(path, python_model=Echo(), pip_requirements=[], **options)
    return Model.load(str(path))


@pytest.mark.parametrize(
    "column",
    [pd.array([1, None], dtype="Int64"), pd.to_datetime(["2026-01-31T12:00:00Z"] * 2)],
    ids=["missing whole number", "date with a zone"],
)
def test_a_signature_that_mlflow_dropped_is_explained(tmp_path: Path, column: object) -> None:
    model = saved(tmp_path / "model", input_example=pd.DataFrame({"x": column}))
    with pytest.raises(LoadError, match=r"input example but no signature.*Int64.*time zone.*log"):
        required_signature(model)


def test_a_model_without_signature_needs_one(tmp_path: Path) -> None:
    for place, options in enumerate(({}, {"signature": infer_signature(params={"n": 1})})):
        with pytest.raises(LoadError, match=r"no signature for its inputs.*input_example"):
            required_signature(saved(tmp_path / str(place), **options))


def test_a_model_of_onnx_is_not_told_to_have_mlflow_infer_its_signature() -> None:
    flavors = {"python_function": {"loader_module": "mlflow.onnx"}, "onnx": {}}
    with pytest.raises(LoadError, match=r"log the model with signature=mlflow\.models\.infer"):
        required_signature(Model(flavors=flavors))


class Chats(mlflow.pyfunc.ResponsesAgent):
    """A model that MLflow gives conversations, not rows."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        said = self.create_text_output_item(text="yes", id="1")
        return ResponsesAgentResponse(output=[said])


def test_a_model_for_conversations_is_refused_with_the_way_out(tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=Chats(), pip_requirements=[])
    with pytest.raises(LoadError, match=r"ResponsesAgent of MLflow.*rows.*log an mlflow"):
        required_signature(Model.load(str(tmp_path / "model")))


@pytest.mark.parametrize(
    "schema",
    [
        Schema([ColSpec(kind, kind.name) for kind in DataType]),
        Schema([ColSpec(DataType.string)]),
        Schema([ColSpec(DataType.long, 2), ColSpec(DataType.double, 0)]),
        Schema([ColSpec(Array(DataType.double), "v"), ColSpec(DataType.long, "n")]),
        Schema([ColSpec(Object([Property("a", Array(DataType.string))]), "o")]),
        Schema([TensorSpec(np.dtype("float32"), (-1, 2, 3))]),
        Schema([TensorSpec(np.dtype("int64"), (-1, 2), "t")]),
    ],
    ids=["plain", "unnamed", "numbered", "list", "object", "tensor", "named tensor"],
)
def test_a_sample_row_fits_its_signature(schema: Schema) -> None:
    decoder = compile_decoder(ModelSignature(schema), fill_missing=True)
    assert len(decoder.decode(sample(schema)).data) == 1


def test_nested_types_and_parameters_are_described() -> None:
    flag = ParamSchema([ParamSpec("factor", DataType.double, 2.0)])
    inputs = Schema([ColSpec(Object([Property("tags", Array(DataType.string))]), "about")])
    shown = describe_signature(ModelSignature(inputs, params=flag))
    assert shown["params"] == [{"name": "factor", "type": "double", "default": 2.0}]
    (about,) = shown["inputs"]
    assert about["schema"]["properties"]["tags"]["items"] == {"type": "string"}


def columns(**kinds: DataType) -> Schema:
    return Schema([ColSpec(kind, name, name != "optional") for name, kind in kinds.items()])


def test_the_users_own_example_is_shown_up_to_twenty_rows() -> None:
    frame = pd.DataFrame({0: range(50), "t": ["a"] * 50})
    shown = describe_example(frame, columns(t=DataType.string), NO_BASELINE)
    assert shown == {"columns": ["0", "t"], "data": [[place, "a"] for place in range(20)]}
    assert describe_example(np.eye(2), columns(t=DataType.string), NO_BASELINE) is None


def test_an_example_of_one_row_may_be_a_dict() -> None:
    shown = describe_example({"t": "a"}, columns(t=DataType.string), NO_BASELINE)
    assert shown == {"columns": ["t"], "data": [["a"]]}


def test_without_an_example_the_medians_of_the_baseline_are_shown() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "price": random.normal(1000, 10, 999),
            "rooms": random.integers(1, 6, 999),
            "lift": random.random(999) < 0.9,
        }
    )
    frame.loc[0, "price"] = 1e9  # an outlier
    schema = columns(
        price=DataType.double, rooms=DataType.long, lift=DataType.boolean, optional=DataType.string
    )
    shown = describe_example(None, schema, read_baseline(baseline(frame)))
    assert shown is not None
    assert shown["columns"] == ["price", "rooms", "lift"]
    price, rooms, lift = shown["data"][0]
    assert price == pytest.approx(frame["price"].median(), rel=1e-3)
    assert rooms == frame["rooms"].median()
    assert type(rooms) is int
    assert lift is True


def test_nothing_is_shown_where_a_required_column_has_no_median() -> None:
    known = read_baseline(baseline(pd.DataFrame({"price": [1.0, 2.0]})))
    assert describe_example(None, columns(price=DataType.double), NO_BASELINE) is None
    text = columns(price=DataType.double, city=DataType.string)
    assert describe_example(None, text, known) is None
    assert describe_example(None, columns(price=DataType.double), known) is not None
