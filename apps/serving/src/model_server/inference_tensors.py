"""Requests and answers of the Open Inference Protocol: its tensors become the columns or tensors of
the signature, and predictions become tensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from mlflow.types.schema import TensorSpec

from model_server.decoder import ColumnsDecoder, Decoder, MlflowDecoder
from model_server.errors import InputError
from model_server.loaded_model import Answer, Encoded, LoadedModel
from model_server.names import refuse_twice
from model_server.predictions import plain
from model_server.protocol import Payload, read_object
from model_server.tensors import check_values
from model_server.wording import quoted, shown

PROBABILITIES = "probabilities"
HEAD_LENGTH = "Inference-Header-Content-Length"
"""How much of a body is JSON, when the values of tensors follow it in binary."""
_HOLDING = "a list of tensors as inputs"
_TEXT = "BYTES"
_TYPES = {
    "BOOL": np.dtype(bool),
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
    _TEXT: np.dtype(str),
}
_NAMES = {kind: name for name, kind in _TYPES.items()}
_COLUMN_TYPES = {
    "double": "FP64",
    "float": "FP32",
    "long": "INT64",
    "integer": "INT32",
    "boolean": "BOOL",
}


@dataclass(frozen=True)
class Tensor:
    """One input as it was sent: its values one after the other."""

    name: str
    shape: list[int]
    values: list[Any]


@dataclass(frozen=True)
class Wanted:
    """What a request asks of the answer."""

    id: str | None
    outputs: Mapping[str, bool] | None
    """Names, and whether in binary; None for all."""
    binary: bool
    """Whether those that are not named come in binary."""


def datatype(kind: str) -> str:
    """The protocol's word for a type of the signature."""
    if kind.startswith("tensor("):
        return _NAMES.get(np.dtype(kind[7:-1]), _TEXT)
    return _COLUMN_TYPES.get(kind, _TEXT)


def answer(model: LoadedModel, head: int | None, body: bytes) -> Answer:
    """The answer to a body whose first `head` bytes are JSON, or all of it."""
    rest = b"" if head is None else body[head:]
    document = read_object(body[:head], _HOLDING)
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise InputError(f"The body must be a JSON object with {_HOLDING}")
    tensors = list(_read_tensors(inputs, rest))
    parameters = _parameters("The request", document)
    wanted = _read_wanted(document, parameters)
    payload = Payload("inputs", _arrange(tensors, model.decoder), parameters)
    with_shares = wanted.outputs is not None and PROBABILITIES in wanted.outputs
    return model.predict(payload, partial(_encode, model, wanted), with_shares)


def _parameters(what: str, document: Mapping[str, Any]) -> dict[str, Any]:
    parameters = document.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise InputError(f"{what}: parameters must be an object, not {shown(parameters)}")
    return parameters


def _read_wanted(document: Mapping[str, Any], parameters: dict[str, Any]) -> Wanted:
    identifier = document.get("id")
    if not isinstance(identifier, str | None):
        raise InputError(f"id must be a string, not {shown(identifier)}")
    binary = parameters.get("binary_data_output", False) is True
    outputs = document.get("outputs")
    if outputs in (None, []):
        return Wanted(identifier, None, binary)
    if not (
        isinstance(outputs, list)
        and all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in outputs)
    ):
        raise InputError("outputs must be a list of objects with a name")
    refuse_twice("outputs: output", [one["name"] for one in outputs])
    named = {
        one["name"]: _parameters(one["name"], one).get("binary_data", binary) is True
        for one in outputs
    }
    return Wanted(identifier, named, binary)


def _read_tensors(inputs: list[Any], rest: bytes) -> Iterator[Tensor]:
    names = []
    for document in inputs:
        if not isinstance(document, dict) or not isinstance(document.get("name"), str):
            raise InputError("inputs: each tensor must be an object with a name")
        name = document["name"]
        names.append(name)
        what = f"inputs: {quoted(name)}"
        shape, kind = document.get("shape"), document.get("datatype")
        if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
            raise InputError(f"{what}: shape must be a list of sizes, not {shown(shape)}")
        if kind not in _TYPES:
            raise InputError(
                f"{what}: datatype must be one of {', '.join(_TYPES)}, not {shown(kind)}"
            )
        size = _parameters(what, document).get("binary_data_size")
        if size is None:
            values = _flat(what, document.get("data"))
            _check(what, kind, values)
        else:
            if type(size) is not int or not 0 <= size <= len(rest):
                raise InputError(
                    f"{what}: binary_data_size is {shown(size)}, and {len(rest)} bytes are left "
                    f"of the body after its JSON, whose length the header {HEAD_LENGTH} gives"
                )
            values, rest = _from_binary(what, kind, rest[:size]), rest[size:]
        count = math.prod(shape)
        if len(values) != count:
            raise InputError(
                f"{what}: the shape {shown(shape)} has {count} values, and {len(values)} were sent"
            )
        yield Tensor(name, shape, values)
    refuse_twice("inputs: tensor", names)
    if rest:
        raise InputError(f"The body has {len(rest)} bytes more than its tensors")


def _flat(what: str, data: object) -> list[Any]:
    """The values row by row, whether they come in nested lists or in one."""
    if not isinstance(data, list):
        raise InputError(f"{what}: data must be a list, not {shown(data)}")
    while data and all(type(value) is list for value in data):
        data = list(chain.from_iterable(data))
    return data


def _check(what: str, kind: str, values: list[Any]) -> None:
    given = [value for value in values if value is not None]
    check_values(what, TensorSpec(_TYPES[kind], (-1,)), given)
    try:
        if kind != _TEXT:
            np.array(given, _TYPES[kind])
    except OverflowError as error:
        raise InputError(f"{what}: a value is out of the range of {kind}") from error


def _from_binary(what: str, kind: str, raw: bytes) -> list[Any]:
    if kind == _TEXT:
        return list(_texts(what, raw))
    dtype = _TYPES[kind]
    if len(raw) % dtype.itemsize:
        raise InputError(f"{what}: {len(raw)} bytes are not a multiple of the size of {kind}")
    return np.frombuffer(raw, dtype).tolist()


def _texts(what: str, raw: bytes) -> Iterator[str]:
    """Each text has its length before it, in four bytes."""
    place = 0
    while place < len(raw):
        start = place + 4
        place = start + int.from_bytes(raw[place:start], "little")
        if place > len(raw):
            raise InputError(f"{what}: its last text is cut off")
        try:
            yield raw[start:place].decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{what}: a text is not valid UTF-8") from error


def _arrange(tensors: list[Tensor], decoder: Decoder) -> Any:  # noqa: ANN401
    """The tensors as MLflow's protocol would have them under `inputs`."""
    first = tensors[0]
    if isinstance(decoder, ColumnsDecoder):
        names = decoder.names
        if len(tensors) == 1 and len(first.shape) == 2 and first.name not in names:
            return _matrix(first, names.all)
        return {tensor.name: _column(tensor) for tensor in tensors}
    if isinstance(decoder, MlflowDecoder):
        named = {tensor.name: _nested(tensor) for tensor in tensors}
        if len(tensors) == len(decoder.specs) == 1:  # whatever the client calls it
            spec = decoder.specs[0]
            return named[first.name] if spec.name is None else {spec.name: named[first.name]}
        return named
    if len(tensors) == 1 and len(first.shape) == 1:
        return first.values
    raise InputError("inputs: the model takes one tensor with the shape [rows]")


def _matrix(tensor: Tensor, names: list[str]) -> dict[str, Any]:
    """All columns in one tensor, in the order of the signature."""
    rows, width = tensor.shape
    if width != len(names):
        raise InputError(
            f"inputs: {quoted(tensor.name)} is not a column of the model, and as a table of "
            f"{rows} by {width} values it does not fit its {len(names)} columns"
        )
    return {name: tensor.values[place::width] for place, name in enumerate(names)}


def _column(tensor: Tensor) -> list[Any]:
    if tensor.shape not in ([len(tensor.values)], [len(tensor.values), 1]):
        raise InputError(
            f"inputs: {quoted(tensor.name)} has the shape {shown(tensor.shape)}; a column has "
            "[rows] or [rows, 1], and a single tensor for all columns has [rows, columns]"
        )
    return tensor.values


def _nested(tensor: Tensor) -> Any:  # noqa: ANN401
    array = np.empty(len(tensor.values), object)
    array[:] = tensor.values
    return array.reshape(tensor.shape).tolist()


def _encode(
    model: LoadedModel, wanted: Wanted, predictions: object, more: dict[str, object]
) -> Encoded:
    made = _outputs(predictions, model.description["signature"]["outputs"])
    if PROBABILITIES in more:
        made[PROBABILITIES] = more[PROBABILITIES]
    chosen = wanted.outputs or dict.fromkeys(made, wanted.binary)
    if unknown := [name for name in chosen if name not in made]:
        raise InputError(
            f"outputs: no output is called {quoted(unknown[0])}; the model has {', '.join(made)}"
        )
    binary: list[bytes] = []
    tensors = [_tensor(name, made[name], chosen[name], binary.append) for name in chosen]
    document = {
        "model_name": model.version.name,
        "model_version": model.version.version,
        **({} if wanted.id is None else {"id": wanted.id}),
        "outputs": tensors,
    }
    head = json.dumps(document, allow_nan=False).encode()
    if not binary:
        return Encoded(head, {"Content-Type": "application/json"})
    headers = {"Content-Type": "application/octet-stream", HEAD_LENGTH: str(len(head))}
    return Encoded(b"".join([head, *binary]), headers)


def _outputs(predictions: object, specs: list[dict[str, Any]]) -> dict[str, object]:
    if isinstance(predictions, pd.DataFrame | Mapping):
        return {str(name): values for name, values in predictions.items()}
    name = specs[0]["name"] if len(specs) == 1 else None
    return {"output-0" if name is None else str(name): predictions}


def _tensor(
    name: str, values: object, as_binary: bool, append: Callable[[bytes], None]
) -> dict[str, Any]:
    array, kind = _array(values)
    described = {"name": name, "shape": list(array.shape), "datatype": kind}
    if not as_binary:
        return {**described, "data": plain(array.ravel())}
    if kind == _TEXT:
        texts = [str(text).encode() for text in array.ravel().tolist()]
        raw = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    else:
        raw = array.astype(_TYPES[kind], copy=False).tobytes()
    append(raw)
    return {**described, "parameters": {"binary_data_size": len(raw)}}


def _array(values: object) -> tuple[np.ndarray, str]:
    """An array of one of the protocol's types; what has none of them is JSON in texts."""
    if isinstance(values, np.ndarray) and (kind := _NAMES.get(values.dtype)):
        return values, kind
    listed = plain(values)
    array = _of_items(listed if isinstance(listed, list) else [listed])
    return array, _NAMES.get(array.dtype, _TEXT)


def _of_items(items: list[Any]) -> np.ndarray:
    try:
        array = np.array([math.nan if item is None else item for item in items])
    except ValueError:  # lists of unequal length
        array = np.empty(0, object)
    if array.dtype in _NAMES or (array.dtype.kind == "U" and array.tolist() == items):
        return array
    return np.array([item if isinstance(item, str) else json.dumps(item) for item in items])
