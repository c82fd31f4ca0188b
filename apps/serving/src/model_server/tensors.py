"""Values of tensors that MLflow's parser would change: 1.5 into 1, "5" into 5.0, 1e39 into inf."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np
from mlflow.types.schema import Schema, TensorSpec

from model_server.columns import is_whole
from model_server.errors import InputError
from model_server.protocol import Payload
from model_server.wording import shown

_RULES: dict[str, tuple[str, set[type]]] = {
    "f": ("numbers in its range", {int, float, NoneType}),
    "i": ("whole numbers", {int, float}),
    "u": ("whole numbers", {int, float}),
    "b": ("true and false", {bool}),
    "U": ("strings", {str}),
}


def refuse_changes(payload: Payload, schema: Schema) -> None:
    """Raise for the first value that its tensor would hold as another value."""
    specs = schema.inputs
    if not schema.is_tensor_spec():
        return
    named = {spec.name: spec for spec in specs} if schema.has_input_names() else {}
    for name, values in _by_name(payload):
        spec = named.get(name) if named else specs[0]
        if spec is not None and spec.type.kind in _RULES:
            check_values(payload.form, spec, values)


def _by_name(payload: Payload) -> Iterator[tuple[str | None, list[Any]]]:
    data = payload.data
    if payload.form == "dataframe_split":
        rows = data.get("data", []) if isinstance(data, dict) else []
        columns = data.get("columns") if isinstance(data, dict) else None
        if isinstance(columns, list) and all(isinstance(row, list) for row in rows):
            yield from zip(map(str, columns), map(list, zip(*rows, strict=False)), strict=False)
        else:
            yield None, rows
    elif isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list) and all(isinstance(row, dict) for row in data):
        for row in data:
            yield from row.items()
    else:
        yield None, data


def check_values(form: str, spec: TensorSpec, values: object) -> None:
    """Raise for the first value of one tensor, nested or flat, that is not of its type."""
    leaves = [values]
    while leaves and all(type(value) is list for value in leaves):
        leaves = list(chain.from_iterable(leaves))
    if any(type(value) is list for value in leaves):
        return  # lists of unequal depth, which MLflow's parser names
    wanted, kinds = _RULES[spec.type.kind]
    for value in leaves if not set(map(type, leaves)) <= kinds else ():
        if type(value) not in kinds:
            raise _refused(form, spec, wanted, value)
    if spec.type.kind in "iu" and float in set(map(type, leaves)):
        for value in leaves:
            if not is_whole(value):
                raise _refused(form, spec, wanted, value)
    if spec.type.kind == "f":
        numbers = np.array(leaves, dtype=np.float64)
        beyond = np.abs(numbers) > np.finfo(spec.type).max
        if beyond.any():
            raise _refused(form, spec, wanted, leaves[int(np.argmax(beyond))])


def _refused(form: str, spec: TensorSpec, wanted: str, value: object) -> InputError:
    return InputError(f"{form}: the tensor of {spec.type.name} needs {wanted}, not {shown(value)}")
