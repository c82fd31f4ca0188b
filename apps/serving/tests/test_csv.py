"""CSV bodies: every value is text until the signature's column types it, and none moves."""

from __future__ import annotations

import numpy as np
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import Array, ColSpec, DataType, Schema, TensorSpec
from model_server.csv_body import read_csv
from model_server.decoder import compile_decoder
from model_server.errors import InputError
from model_server.protocol import Payload, read_json

AB = Schema([ColSpec(DataType.double, "a"), ColSpec(DataType.double, "b")])


def decode(schema: Schema, body: str | bytes) -> dict[str, list[object]]:
    decoder = compile_decoder(ModelSignature(schema), fill_missing=True)
    raw = body if isinstance(body, bytes) else body.encode()
    return decoder.decode(read_csv(raw, decoder.names)).data.to_dict(orient="list")


def cells(kind: DataType, *written: str, required: bool = True) -> list[object]:
    """What one column holds when these cells are sent, next to a column of text."""
    schema = Schema([ColSpec(DataType.string, "t"), ColSpec(kind, "x", required)])
    return decode(schema, "t,x\n" + "".join(f"-,{cell}\n" for cell in written))["x"]


@pytest.mark.parametrize(
    "body",
    [
        "a,b\n1,10\n2,20\n",
        "a,b\r\n1,10\r\n2,20\r\n",
        "a,b\r1,10\r2,20",
        "\ufeffa,b\n1,10\n2,20",
        "\n\na,b\n\n1,10\n\n2,20\n\n",
        '"a","b"\n"1","10"\n"2","20"\n',
        "a, b \n1, 10\n 2 ,20\n",
        "b,a\n10,1\n20,2\n",
        ",a,b\n0,1,10\n1,2,20\n",
        "a,b,,\n1,10,,\n2,20,,\n",
        "a,b,note\n1,10,x\n2,20,\n",
        'a,b,note\n1,10,"two\nlines"\n2,20,"a ""word"", and more"\n',
    ],
    ids=[
        "plain",
        "Windows",
        "old Mac",
        "byte order mark",
        "blank lines",
        "all quoted",
        "spaces",
        "other order",
        "index of pandas",
        "empty columns of a spreadsheet",
        "extra column",
        "line break in a value",
    ],
)
def test_values_stay_in_their_columns(body: str) -> None:
    assert decode(AB, body) == {"a": [1.0, 2.0], "b": [10.0, 20.0]}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (" \n", "The body is empty"),
        ("a,b\n", "CSV has no rows"),
        (b"a,b\n1,\xff\n", "not valid UTF-8 at byte 6"),
        ("a,b\n1,10\n".encode("utf-16"), "not valid UTF-8"),
        ("a,b\n1,\x0010\n", "character 7 is a NUL"),
        ('a,b\n1,"10\n', "a quoted value is not closed"),
        ('a,b\n1,"10"0\n', "not valid CSV"),
        ("a,b\n1,10,\n2,20,\n", "row 1 has 3 values for 2 columns; remove the comma at its end"),
        ("a,b\n1,10\n2,20,\n", "row 2 has 3 values for 2 columns; remove the comma"),
        ("a,b\n7,1,10\n", "row 1 has 3 values for 2 columns"),
        ("a,b\n1,10\n2\n", "row 2 has 1 values for 2 columns"),
        ("a,b,a\n1,10,99\n", "column 'a' is there twice"),
        ("a,b, a\n1,10,99\n", "column 'a' is there twice"),
        ("a;b\n1;10\n", "separated by semicolons; separate the values by commas"),
        ("a\tb\n1\t10\n", "separated by tabs"),
        ("a|b\n1|10\n", "separated by vertical bars"),
        ("a,B\n1,10\n", "Missing column 'b'; the model does not know 'B'"),
        ("1,10\n2,20\n", "Missing columns 'a', 'b'; the model does not know '1', '10'"),
        ("a,b\n1,\n", "Column 'b', row 1: a number is required, not null"),
        ("a,b\n1,10\n\n1,x\n", "Column 'b', row 2: a number is required, not \"x\""),
        ('a,b\n1,"1,5"\n', "a number is required"),
    ],
)
def test_what_is_refused(body: str | bytes, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(AB, body)
    assert reason in str(caught.value)


def test_a_separator_may_be_part_of_the_only_name() -> None:
    assert decode(Schema([ColSpec(DataType.double, "a;b")]), "a;b\n1\n") == {"a;b": [1.0]}


@pytest.mark.parametrize(
    "body", [b"," * 5_000_000, b'"' + b"\n" * 5_000_000, b"a,b," + b"x" * 5_000_000]
)
def test_an_endless_header_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match=r"the header line is longer than \d+ characters"):
        decode(AB, body)


def test_the_number_of_extra_columns_is_bounded() -> None:
    wide = ",".join(["a", "b", *(f"extra {place}" for place in range(1000))])
    assert decode(AB, f"{wide}\n{'1,' * 1001}1\n") == {"a": [1.0], "b": [1.0]}
    with pytest.raises(InputError, match="1003 columns are too many for a model of 2"):
        decode(AB, f"{wide},one\n{'1,' * 1002}1\n")


@pytest.mark.parametrize("word", ["NA", "null", "None", "nan", "N/A", "", "007", " x ", "true"])
def test_text_is_the_same_in_csv_and_json(word: str) -> None:
    schema = Schema([ColSpec(DataType.string, "t"), ColSpec(DataType.long, "n")])
    decoder = compile_decoder(ModelSignature(schema), fill_missing=True)
    split = {"columns": ["t", "n"], "data": [[word, 1]]}
    expected = decoder.decode(Payload("dataframe_split", split)).data
    assert decode(schema, f"t,n\n{word},1\n") == expected.to_dict(orient="list")
    assert expected["t"].tolist() == [word]


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (DataType.double, "1e3", 1000.0),
        (DataType.double, "-.5", -0.5),
        (DataType.double, " 5 ", 5.0),
        (DataType.float, "1.5", 1.5),
        (DataType.long, "9007199254740993", 9007199254740993),
        (DataType.long, "9007199254740993.0", 9007199254740993),
        (DataType.long, "-5", -5),
        (DataType.long, "1e3", 1000),
        (DataType.integer, " 5.0 ", 5),
        (DataType.boolean, "true", True),
        (DataType.boolean, "FALSE", False),
        (DataType.boolean, "1", True),
        (DataType.boolean, "0", False),
        (DataType.datetime, "2026-01-31 12:00:00", np.datetime64("2026-01-31T12:00:00", "ns")),
        (DataType.binary, "aGk=", b"hi"),
    ],
)
def test_a_cell_becomes_the_type_of_its_column(kind: DataType, written: str, value: object) -> None:
    assert cells(kind, written) == [value]
    assert type(cells(kind, written)[0]) is type(cells(kind, written, required=False)[0])


@pytest.mark.parametrize(
    ("kind", "written", "rule"),
    [
        (DataType.double, "1_000", "a number is required"),
        (DataType.double, "inf", "a number is required"),
        (DataType.double, "nan", "a number is required"),
        (DataType.double, "0x10", "a number is required"),
        (DataType.double, "１", "a number is required"),  # noqa: RUF001 - digits of another script
        (DataType.double, "NA", "a number is required"),
        (DataType.double, "1e400", "a finite number is required"),
        (DataType.long, "5.5", "a whole number is required"),
        (DataType.long, "1_000", "a whole number is required"),
        (DataType.long, "9223372036854775808", "a whole number from"),
        (DataType.long, "1e999999999", "a whole number"),
        (DataType.long, "9" * 5000, "a whole number is required"),
        (DataType.boolean, "yes", "true or false is required"),
        (DataType.datetime, "1767225600000", "a date such as 2026-01-31"),
        (DataType.datetime, "31.01.2026", "a date such as 2026-01-31"),
        (DataType.binary, "a", "a base64 string is required"),
    ],
)
def test_a_cell_of_another_type_is_refused(kind: DataType, written: str, rule: str) -> None:
    for required in (True, False):
        with pytest.raises(InputError) as caught:
            cells(kind, written, required=required)
        assert str(caught.value).startswith(f"Column 'x', row 1: {rule}")
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("kind", list(DataType))
def test_an_empty_cell_is_missing(kind: DataType) -> None:
    value = cells(kind, "", required=False)[0]
    assert value is None or value != value
    if kind in (DataType.string, DataType.binary):
        assert not cells(kind, "")[0]
    else:
        with pytest.raises(InputError, match="is required, not null"):
            cells(kind, "")


def test_a_long_text_is_a_value_like_any_other() -> None:
    text = "word " * 100_000
    assert decode(Schema([ColSpec(DataType.string, "t")]), f"t\n{text}\n") == {"t": [text]}


def test_tensors() -> None:
    matrix = TensorSpec(np.dtype("float64"), (-1, 2))
    decoder = compile_decoder(ModelSignature(Schema([matrix])), fill_missing=True)
    rows = decoder.decode(read_csv(b"x,y\n1,2\n3,4\n", decoder.names)).data
    assert rows.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(InputError, match="shape"):
        decoder.decode(read_csv(b"x\n1\n", decoder.names))
    named = Schema([TensorSpec(np.dtype("int64"), (-1,), "k")])
    decoder = compile_decoder(ModelSignature(named), fill_missing=True)
    assert decoder.decode(read_csv(b"k\n7\n", decoder.names)).data["k"].tolist() == [7]


def test_nested_types_are_not_for_csv() -> None:
    nested = Schema([ColSpec(Array(DataType.double), "v")])
    decoder = compile_decoder(ModelSignature(nested), fill_missing=False)
    with pytest.raises(InputError, match="no plain columns"):
        decoder.decode(read_csv(b"v\n[1]\n", decoder.names))
    assert decoder.decode(read_json(b'{"dataframe_records": [{"v": [1.5]}]}')).data["v"][0] == [1.5]
