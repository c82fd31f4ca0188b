"""Tensors hold what was sent, or the request is refused."""

from __future__ import annotations

import numpy as np
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import Schema, TensorSpec
from model_server.decoder import Rows, compile_decoder
from model_server.errors import InputError
from model_server.protocol import Payload


def decode(kind: str, form: str, data: object, name: str | None = None) -> Rows:
    schema = Schema([TensorSpec(np.dtype(kind), (-1,) if name else (-1, 2), name)])
    return compile_decoder(ModelSignature(schema), fill_missing=True).decode(Payload(form, data))


@pytest.mark.parametrize("form", ["inputs", "instances", "dataframe_split"])
@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("float64", 1, "1"),
        ("float64", 1.5, True),
        ("float64", -1.5, float("inf")),
        ("float32", 1e38, 1e39),
        ("int64", 2**53 + 1, 1.5),
        ("int64", 2.0, "2"),
        ("int32", 1, True),
        ("uint8", 255, 0.5),
        ("bool", True, 1),
    ],
)
def test_a_value_is_not_converted(form: str, kind: str, good: object, bad: object) -> None:
    def wrap(value: object) -> object:
        return {"data": [[good, value]]} if form == "dataframe_split" else [[good, value]]

    rows = np.asarray(decode(kind, form, wrap(good)).data)
    assert rows.tolist() == [[np.dtype(kind).type(good)] * 2]
    with pytest.raises(InputError, match=rf"{form}: the tensor of {kind} needs .*, not "):
        decode(kind, form, wrap(bad))


def test_a_missing_value_of_a_tensor_of_floats_is_nan() -> None:
    assert np.isnan(decode("float64", "inputs", [[1.0, None]]).data[0, 1])
    with pytest.raises(InputError, match="needs whole numbers, not null"):
        decode("int64", "inputs", [[1, None]])


@pytest.mark.parametrize(
    ("form", "wrap"),
    [
        ("inputs", lambda value: {"k": [value], "other": ["x"]}),
        ("instances", lambda value: [{"k": value}]),
        ("dataframe_records", lambda value: [{"k": value}]),
        ("dataframe_split", lambda value: {"columns": ["k"], "data": [[value]]}),
    ],
)
def test_named_tensors_are_checked_by_their_name(form: str, wrap: object) -> None:
    assert callable(wrap)
    assert decode("int64", form, wrap(7), "k").data["k"].tolist() == [7]
    with pytest.raises(InputError, match=r"needs whole numbers, not 1\.5"):
        decode("int64", form, wrap(1.5), "k")


@pytest.mark.parametrize("data", [[[1.5], [1.5, 2.5]], [[1.5, [2.5]]], 5, "x", [{}], {"a": 1}])
def test_another_shape_is_refused(data: object) -> None:
    for form in ("inputs", "instances", "dataframe_split", "dataframe_records"):
        with pytest.raises(InputError):
            decode("float64", form, data)


@pytest.mark.parametrize(
    "split",
    [
        {"data": [[1.5, 2.5], [1.5]]},
        {"columns": ["a", "b"], "data": [[1.5]]},
        {"columns": ["a", "a"], "data": [[1.5, 2.5]]},
        {"columns": ["a", "b"]},
        {"data": []},
        {"data": [5]},
        [],
    ],
)
def test_gaps_are_not_filled(split: object) -> None:
    with pytest.raises(InputError):
        decode("float64", "dataframe_split", split)
