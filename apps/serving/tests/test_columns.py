"""Types of columns and of predictions that the HTTP tests do not reach."""

from __future__ import annotations

import base64
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema
from model_server.decoder import Decoder, compile_decoder
from model_server.errors import InputError
from model_server.predictions import to_json
from model_server.protocol import Payload
from pydantic import BaseModel
from scipy.sparse import csr_matrix


class Point(BaseModel):
    x: int


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


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-31", "2026-01-31T00:00"),
        ("2026-01-31 12:00", "2026-01-31T12:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00"),
        ("2026-01-31 12:00-0130", "2026-01-31T13:30"),
        ("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456789"),
        ("1677-09-22", "1677-09-22"),
        ("2262-04-11T23:47:16.854775807", "2262-04-11T23:47:16.854775807"),
        (1769860800000, "2026-01-31T12:00"),
        (-1, "1969-12-31T23:59:59.999"),
        (0.0, "1970-01-01"),
    ],
)
def test_a_date_is_iso_8601_or_milliseconds(written: object, moment: str) -> None:
    column = decode(DataType.datetime, [written])
    assert column[0] == pd.Timestamp(moment)
    assert column.dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "NaT",
            "nan",
            "now",
            "today",
            "31.01.2026",
            "01/02/2026",
            "2026",
            "2026-01",
            "20260131",
        ),
        *("2026-02-30", "2026-1-3", "2026-W05", "2026-01-31T", "2026-01-31T12", "2026-01-31T24:00"),
        *("2026-01-31T12:60", "2026-01-31T12:00:60", "2026-01-31T12:00+25:00", "2026-01-31Z"),
        *(" 2026-01-31", "2026-01-31T12:00:00.", "２０２６-01-31", "0000-01-01"),  # noqa: RUF001
        *("0001-01-01", "1600-01-01", "2300-01-01", "9999-12-31", "2262-04-12"),
        *(True, 1.5, 1e300, 10**17, [], {}),
    ],
)
def test_what_is_no_date_is_refused_even_where_none_is_required(written: object) -> None:
    for required in (True, False):
        with pytest.raises(InputError, match=r"^Column 'x', row 1: a date .*is required"):
            decode(DataType.datetime, [written], required)


@pytest.mark.parametrize("kind", [DataType.long, DataType.integer])
def test_whole_numbers_next_to_a_missing_one_are_exact(kind: DataType) -> None:
    column = decode(kind, [1, None, -(2**31)], required=False)
    assert column.dtype == "float64"
    assert [int(value) for value in column.dropna()] == [1, -(2**31)]


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1])
def test_whole_numbers_that_a_double_would_change_are_refused(value: int) -> None:
    assert decode(DataType.long, [value], required=False).tolist() == [value]
    with pytest.raises(InputError, match="row 2: next to a missing value, a whole number from"):
        decode(DataType.long, [None, value], required=False)
    with pytest.raises(InputError, match="without decimal point"):
        decode(DataType.long, [float(value * 2)])


def test_half_a_character_is_refused() -> None:
    assert decode(DataType.string, ["\U0001f600"]).tolist() == ["\U0001f600"]
    with pytest.raises(InputError, match=r"row 2: a string of whole Unicode characters .*ud83d"):
        decode(DataType.string, ["a", "\ud83d"])


def test_binary_of_an_input_example_has_line_breaks() -> None:
    value = bytes(range(200))
    assert decode(DataType.binary, [base64.encodebytes(value).decode()]).tolist() == [value]


def test_binary_comes_as_base64() -> None:
    assert decode(DataType.binary, ["aGk="]).tolist() == [b"hi"]


@pytest.mark.parametrize("kind", list(DataType))
def test_a_missing_value_passes_in_an_optional_column_only(kind: DataType) -> None:
    assert decode(kind, [None, float("nan")], required=False).isna().all()
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
        (np.array([2**63], np.uint64), [2**63]),
        (np.array([1.5], np.longdouble), [1.5]),
        ([Decimal("1.5")], [1.5]),
        (np.array([1, "a", None, np.nan], dtype=object), [1, "a", None, None]),
        (np.array([b"hi"]), ["aGk="]),
        (np.array(["9999-12-31", "NaT"], "M8[D]"), ["9999-12-31T00:00:00", None]),
        (np.array([90, "NaT"], "m8[s]"), ["P0DT0H1M30S", None]),
        (pd.Categorical(["a", None]), ["a", None]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.DataFrame({"c": pd.Categorical(["a"])}), [{"c": "a"}]),
        (csr_matrix(np.eye(2)), [[1.0, 0.0], [0.0, 1.0]]),
        (pd.arrays.SparseArray([0.0, 1.5]), [0.0, 1.5]),
        ((value for value in (1, 2)), [1, 2]),
        ([Point(x=1)], [{"x": 1}]),
        ({"y": np.array([1])}, {"y": [1]}),
        ("text", "text"),
    ],
)
def test_predictions_become_plain_json(predictions: object, expected: object) -> None:
    assert json.loads(to_json(predictions)) == {"predictions": expected}


def test_a_column_of_predictions_that_is_there_twice_is_refused() -> None:
    with pytest.raises(TypeError, match="the predictions have the column 'p' twice"):
        to_json(pd.DataFrame([[1, 2]], columns=["p", "p"]))


def test_a_prediction_that_is_no_data_is_named() -> None:
    with pytest.raises(TypeError, match="a prediction of type object cannot be written as JSON"):
        to_json([object()])
