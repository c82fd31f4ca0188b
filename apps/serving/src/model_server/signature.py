"""A model's signature and input example: what `/model` shows of them, and a row to try out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import DataType, Schema, TensorSpec

from model_server.baseline import Baseline
from model_server.errors import LoadError
from model_server.predictions import plain
from model_server.protocol import Payload

_SHOWN_EXAMPLE_ROWS = 100
_SAMPLES = {
    DataType.boolean: False,
    DataType.string: "",
    DataType.binary: "",
    DataType.datetime: "2000-01-01T00:00:00",
}


def required_signature(model: Model) -> ModelSignature:
    """The signature by which requests are checked; `LoadError` if it does not describe inputs."""
    signature = model.signature
    if signature is None or signature.inputs is None:
        raise LoadError(
            "it has no signature, so requests cannot be checked: log the model with "
            "input_example=... or signature=mlflow.models.infer_signature(...)"
        )
    return signature


def sample(inputs: Schema) -> Payload:
    """A request with one row of zeros, empty strings and so on."""
    if inputs.is_tensor_spec():
        tensors = {
            spec.name: np.zeros([abs(size) for size in spec.shape], spec.type).tolist()
            for spec in inputs.inputs
        }
        return Payload("inputs", tensors if inputs.has_input_names() else tensors[None])
    row = [_SAMPLES.get(kind, 0) for kind in inputs.input_types()]
    if not inputs.has_input_names():
        return Payload("dataframe_split", {"data": [row]})
    return Payload("dataframe_split", {"columns": inputs.input_names(), "data": [row]})


def describe_signature(signature: ModelSignature) -> dict[str, list[dict[str, Any]]]:
    """The signature as `/model` shows it."""
    return {
        "inputs": _describe_schema(signature.inputs),
        "outputs": _describe_schema(signature.outputs),
    }


def _describe_schema(schema: Schema | None) -> list[dict[str, Any]]:
    described = []
    for spec in schema.inputs if schema else []:
        if isinstance(spec, TensorSpec):
            kind = f"tensor({spec.type.name})"
            more = {"required": spec.required, "shape": list(spec.shape)}
        else:
            kind = spec.type.name if isinstance(spec.type, DataType) else str(spec.type)
            more = {"required": spec.required}
        described.append({"name": spec.name, "type": kind, **more})
    return described


def describe_example(example: object, inputs: Schema, baseline: Baseline) -> dict[str, Any] | None:
    """The first rows of a tabular input example; None if there is none or it is no table."""
    if not isinstance(example, pd.DataFrame):
        return None
    rows = example.head(_SHOWN_EXAMPLE_ROWS)
    data = [[plain(value) for value in row] for row in rows.itertuples(index=False, name=None)]
    return {"columns": [str(name) for name in rows.columns], "data": data}
