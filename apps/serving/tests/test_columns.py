"""Types of columns and of predictions that the HTTP tests do not reach."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema
from model_server.decoder import Decoder, compile_decoder
from model_server.errors import InputError
from model_server.predictions import to_json
from model_server.protocol import Payload


def compiled(schema: Schema, fill_missing: bool = True) -> Decoder:
    return compile_decoder(ModelSignature(schema), fill_missing)


def decode(kind: DataType, values: list[object], required: bool = True) -> pd.Series:
    decoder = compiled(Schema([ColSpec(kind, "x", required)]))
    return decoder.decode(Payload("inputs", {"x": values})).data["x"]


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        (DataType.double, [1, 2.5], "float64"),
        (DataType.float, [1, 2.5], "float32"),
        (DataType.long, [1, 2.0, -(2**63)], "int64"),
        (DataType.integer, [1, 2**31 - 1], "int32"),
        (DataType.boolean, [True, False], "bool"),
        (DataType.string, ["a", "1"], "str"),
        (DataType.datetime, ["2026-01-31", "2026-01-31T12:00:00.5"], "datetime64[ns]"),
    ],
)
def test_values_become_the_type_of_the_signature(
    kind: DataType, values: list[object], dtype: str
) -> None:
    column = decode(kind, values)
    assert str(column.dtype) == dtype
    wanted = pd.to_datetime(values, format="ISO8601") if kind == DataType.datetime else values
    assert column.tolist() == list(wanted)


def test_binary_comes_as_base64() -> None:
    assert decode(DataType.binary, ["aGk="]).tolist() == [b"hi"]


@pytest.mark.parametrize("kind", list(DataType))
def test_a_missing_value_passes_in_an_optional_column_only(kind: DataType) -> None:
    assert decode(kind, [None, None], required=False).isna().all()
    with pytest.raises(InputError, match=r"Column 'x', row 1: .* is required.*, not null"):
        decode(kind, [None])


@pytest.mark.parametrize("kind", list(DataType))
def test_an_optional_column_that_is_not_sent_is_empty(kind: DataType) -> None:
    schema = Schema([ColSpec(DataType.long, "a"), ColSpec(kind, "x", required=False)])
    payload = Payload("inputs", {"a": [1, 2]})
    assert compiled(schema).decode(payload).data["x"].isna().all()
    left_out = compiled(schema, False).decode(payload).data
    assert list(left_out.columns) == ["a"]


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (DataType.double, "1.5", 'a number is required, not "1.5"'),
        (DataType.double, 10**400, "a number is required that fits a double"),
        (DataType.float, 1e39, "3.4028235e38 is required (a 32-bit float), not 1e+39"),
        (DataType.long, 2**63, f"from {-(2**63)} to {2**63 - 1} is required"),
        (DataType.integer, 2**31, f"from {-(2**31)} to {2**31 - 1} is required"),
        (DataType.long, True, "a whole number is required, not true"),
        (DataType.long, float("nan"), "a whole number is required, not NaN"),
        (DataType.boolean, 1, "true or false is required, not 1"),
        (DataType.string, 7, "a string is required, not 7"),
        (DataType.datetime, "soon", 'milliseconds since 1970, is required, not "soon"'),
        (DataType.binary, "a", 'a base64 string is required, not "a"'),
    ],
)
def test_other_values_are_refused_with_column_and_row(
    kind: DataType, value: object, reason: str
) -> None:
    good = {"double": 1.0, "float": 1.0, "long": 1, "integer": 1, "boolean": True}.get(kind.name)
    first = (
        good if good is not None else {"string": "a", "binary": "aGk="}.get(kind.name, "2026-01-31")
    )
    with pytest.raises(InputError) as caught:
        decode(kind, [first, value])
    assert str(caught.value).startswith("Column 'x', row 2: ")
    assert reason in str(caught.value)


def test_columns_of_several_types_keep_the_order_of_the_signature() -> None:
    schema = Schema([ColSpec(DataType.double, "b"), ColSpec(DataType.string, "a")])
    frame = compiled(schema).decode(Payload("instances", [{"a": "x", "b": 1}])).data
    assert list(frame.columns) == ["b", "a"]
    assert frame.iloc[0].tolist() == [1.0, "x"]


def test_a_single_column_takes_a_plain_list() -> None:
    assert decode(DataType.double, [1, 2]).tolist() == [1.0, 2.0]
    schema = Schema([ColSpec(DataType.string, "x")])
    frame = compiled(schema).decode(Payload("instances", ["a", "b"])).data
    assert frame["x"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        (np.array([1.5, np.nan, np.inf]), [1.5, None, None]),
        (np.array([1, 2]), [1, 2]),
        (np.array([True]), [True]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([[0.25, 0.75]]), [[0.25, 0.75]]),
        (np.array(["2026-01-31"], dtype="datetime64[D]"), ["2026-01-31T00:00:00"]),
        (pd.Series([1.0, None]), [1.0, None]),
        (pd.DataFrame({"y": [1, 2], "p": [0.5, None]}), [{"y": 1, "p": 0.5}, {"y": 2, "p": None}]),
        ([np.float32(0.5), np.int64(3), np.str_("x"), None], [0.5, 3, "x", None]),
        ({"y": np.array([1])}, {"y": [1]}),
        ("text", "text"),
    ],
)
def test_predictions_become_plain_json(predictions: object, expected: object) -> None:
    assert json.loads(to_json(predictions)) == {"predictions": expected}


def test_a_prediction_that_is_no_data_is_named() -> None:
    with pytest.raises(TypeError, match="a prediction of type object cannot be written as JSON"):
        to_json([object()])
