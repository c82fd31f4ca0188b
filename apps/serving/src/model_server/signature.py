"""A model's signature and input example: what `/model` shows of them, and a row to try out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import Array, DataType, Map, Object, Schema, TensorSpec

from model_server.baseline import Baseline, Feature
from model_server.columns import column_names
from model_server.errors import ALLOW_PICKLE, LoadError
from model_server.predictions import plain
from model_server.protocol import Payload

_SHOWN_EXAMPLE_ROWS = 20
_SAMPLES = {
    DataType.boolean: False,
    DataType.string: "",
    DataType.binary: "",
    DataType.datetime: "2000-01-01T00:00:00",
}
# What MLflow loads its models for conversations with.
_OF_CHATS = tuple(
    f"mlflow.pyfunc.loaders.{name}" for name in ("chat_agent", "chat_model", "responses_agent")
)
_HOW = "signature=mlflow.models.infer_signature(rows, predictions)"


def required_signature(model: Model) -> ModelSignature:
    """The signature by which requests are checked; `LoadError` if it does not describe inputs."""
    if "python_function" not in (model.flavors or {}):
        raise LoadError(
            "MLflow found nothing in it to predict with, as in a transformer or in DBSCAN: log a "
            f"model that has predict, or a Python model that calls what it has and, {ALLOW_PICKLE}"
        )
    if model.flavors["python_function"].get("loader_module") in _OF_CHATS:
        raise LoadError(
            "it is a ChatModel, ChatAgent or ResponsesAgent of MLflow, and only models that take "
            "rows and return a prediction for each are served: log an mlflow.pyfunc.PythonModel "
            "that does, or serve it with `mlflow models serve`"
        )
    signature = model.signature
    if signature is not None and signature.inputs is not None:
        return signature
    if signature is None and model.saved_input_example_info is not None:
        raise LoadError(
            "it has an input example but no signature: MLflow could not infer one, and only warned "
            "of it. Typical causes are a nullable column with missing values (Int64, boolean) "
            'or dates with a time zone: convert such columns, with astype("float64") or '
            'dt.tz_convert("UTC").dt.tz_localize(None); numbers of type uint64, and a column '
            "without a name. For categories, lists of texts and ONNX it infers none: give "
            f"{_HOW}, and log the model again"
        )
    inferred = "" if "onnx" in model.flavors else "input_example=... or "
    raise LoadError(
        "it has no signature for its inputs, so requests cannot be checked: log the model with "
        f"{inferred}{_HOW}"
    )


def sample(inputs: Schema) -> Payload:
    """A request with one row of zeros, empty strings and so on."""
    if inputs.is_tensor_spec():
        tensors = {
            spec.name: np.zeros([abs(size) for size in spec.shape], spec.type).tolist()
            for spec in inputs.inputs
        }
        return Payload("inputs", tensors if inputs.has_input_names() else tensors[None])
    row = [_sample_of(kind) for kind in inputs.input_types()]
    if not inputs.has_input_names() and len(row) == 1:
        return Payload("inputs", row)
    names = column_names(inputs) or [spec.name for spec in inputs.inputs]
    return Payload("dataframe_split", {"columns": names, "data": [row]})


def _sample_of(kind: object) -> Any:  # noqa: ANN401
    if isinstance(kind, Array):
        return [_sample_of(kind.dtype)]
    if isinstance(kind, Object):
        return {field.name: _sample_of(field.dtype) for field in kind.properties}
    if isinstance(kind, Map):
        return {"": _sample_of(kind.value_type)}
    return _SAMPLES.get(kind, 0) if isinstance(kind, DataType) else 0


def describe_signature(signature: ModelSignature) -> dict[str, list[dict[str, Any]]]:
    """The signature as `/model` shows it, with the names that requests are to use. A nested type
    has its `schema`, as MLflow writes it."""
    inputs = _describe_schema(signature.inputs)
    names = None if signature._is_signature_from_type_hint else column_names(signature.inputs)
    for column, name in zip(inputs, names or (), strict=bool(names)):
        column["name"] = name
    params = signature.params.params if signature.params else ()
    return {
        "inputs": inputs,
        "outputs": _describe_schema(signature.outputs),
        "params": [
            {"name": param.name, "type": _kind(param.dtype), "default": plain(param.default)}
            for param in params
        ],
    }


def _describe_schema(schema: Schema | None) -> list[dict[str, Any]]:
    described = []
    for spec in schema.inputs if schema else []:
        if isinstance(spec, TensorSpec):
            kind = f"tensor({spec.type.name})"
            more = {"required": spec.required, "shape": list(spec.shape)}
        else:
            kind = _kind(spec.type)
            more = {"required": spec.required}
            if isinstance(spec.type, Array | Object | Map):
                more["schema"] = spec.type.to_dict()
        described.append({"name": spec.name, "type": kind, **more})
    return described


def _kind(of: object) -> str:
    return of.name if isinstance(of, DataType) else str(of)


def describe_example(example: object, inputs: Schema, baseline: Baseline) -> dict[str, Any] | None:
    """The first rows of a table that was logged as input example. A model without an example gets
    one row of medians, if its baseline knows them; None if there is nothing to show."""
    if example is None:
        return _medians(inputs, baseline)
    if isinstance(example, dict) and not inputs.is_tensor_spec():
        example = pd.DataFrame([example])
    if not isinstance(example, pd.DataFrame):
        return None
    rows = example.head(_SHOWN_EXAMPLE_ROWS)
    data = [[plain(value) for value in row] for row in rows.itertuples(index=False, name=None)]
    return {"columns": [str(name) for name in rows.columns], "data": data}


def _medians(inputs: Schema, baseline: Baseline) -> dict[str, Any] | None:
    row = {}
    for name, spec in zip(column_names(inputs) or (), inputs.inputs, strict=False):
        feature = baseline.features.get(name)
        median = feature and _median(feature)
        if median is not None:
            row[name] = _as_type(median, spec.type)
        elif spec.required:
            return None
    return {"columns": list(row), "data": [list(row.values())]} if row else None


def _median(feature: Feature) -> float | None:
    """Interpolated within its bin, as if the rows were spread evenly between the edges."""
    counts = feature.counts[:-1]  # the last one is of missing values
    if len(feature.edges) < 2 or not counts.any():
        return None
    edges = np.concatenate((feature.edges[:1], feature.edges, feature.edges[-1:]))
    reached = np.concatenate(([0], np.cumsum(counts)))
    place = int(np.argmax(reached[1:] * 2 >= reached[-1]))
    share = (reached[-1] / 2 - reached[place]) / counts[place]
    median = edges[place] + share * (edges[place + 1] - edges[place])
    return float(f"{median:.4g}")


def _as_type(number: float, kind: DataType) -> float | bool:
    if kind == DataType.boolean:
        return number >= 0.5
    return round(number) if kind in (DataType.integer, DataType.long) else number
