"""Columns by every name that a request can give them, and JSON that leaves no doubt."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema
from model_server.csv_body import read_csv
from model_server.decoder import Decoder, compile_decoder
from model_server.errors import InputError, LoadError
from model_server.protocol import read_json
from model_server.signature import describe_signature


def signature(*names: object, kind: DataType = DataType.double) -> ModelSignature:
    return ModelSignature(Schema([ColSpec(kind, name) for name in names]))


def compiled(*names: object) -> Decoder:
    return compile_decoder(signature(*names), fill_missing=True)


def decode(decoder: Decoder, document: Any) -> pd.DataFrame:  # noqa: ANN401
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return decoder.decode(read_json(body)).data


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_columns_that_are_numbers_go_by_text_and_by_number(order: list[int]) -> None:
    decoder = compiled(*order)
    row = {str(number): number + 0.5 for number in order}
    values = list(row.values())
    frames = [
        decode(decoder, {"dataframe_records": [row]}),
        decode(decoder, {"inputs": [dict(reversed(row.items()))]}),
        decode(decoder, {"inputs": {name: [value] for name, value in row.items()}}),
        decode(decoder, {"dataframe_split": {"columns": order, "data": [values]}}),
        decode(decoder, {"dataframe_split": {"columns": list(row), "data": [values]}}),
        decoder.decode(
            read_csv(pd.DataFrame([row]).to_csv(index=False).encode(), decoder.names)
        ).data,
    ]
    for frame in frames:
        assert list(frame.columns) == order
        assert frame.iloc[0].tolist() == values
    described = describe_signature(signature(*order))["inputs"]
    assert [column["name"] for column in described] == list(row)


@pytest.mark.parametrize("names", [(0, 1), (None, None)])
def test_columns_that_are_only_counted_may_come_without_names(names: tuple[object, ...]) -> None:
    for document in (
        {"dataframe_split": {"data": [[1, 2], [3, 4]]}},
        {"inputs": [[1, 2], [3, 4]]},
        {"inputs": [{"1": 2, "0": 1}, {"0": 3, "1": 4}]},
    ):
        frame = decode(compiled(*names), document)
        assert frame.to_numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
        assert list(frame.columns) == [0, 1]
    with pytest.raises(InputError, match="row 1 has 3 values for 2 columns"):
        decode(compiled(*names), {"inputs": [[1, 2, 3]]})
    with pytest.raises(InputError, match="must have the lists columns and data"):
        decode(compiled("a", "b"), {"dataframe_split": {"data": [[1, 2]]}})


def test_a_number_and_its_text_as_names_cannot_be_served() -> None:
    with pytest.raises(LoadError, match="two of its columns are called '0' in JSON"):
        compiled(0, "0")


def test_a_name_in_another_unicode_form_or_with_spaces_is_the_same() -> None:
    names = ["größe", "  spaced ", "a b", 'say "x"', ""]
    row = {name: float(place) for place, name in enumerate(names)}
    apart = {unicodedata.normalize("NFD", name).strip(): value for name, value in row.items()}
    for sent in (row, apart):
        assert decode(compiled(*names), {"inputs": [sent]}).iloc[0].to_dict() == row


def test_names_that_only_their_spelling_tells_apart_are_different() -> None:
    decoder = compiled("a", "a ")
    assert decode(decoder, {"inputs": [{"a ": 2, "a": 1}]}).iloc[0].tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="Missing column 'a '; the model does not know ' a'"):
        decode(decoder, {"inputs": [{"a": 1, " a": 2}]})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"inputs": [{"a": 1, "b": 2, "a": 3}]}', "ambiguous: the key 'a' is there twice"),
        (b'{"inputs": [], "inputs": [{"a": 1, "b": 2}]}', "'inputs' is there twice"),
        (b'{"inputs": {"a": [1], "b": [2], " a": [3]}}', "column 'a' is there twice"),
        (b'{"dataframe_split": {"columns": ["a", "b", "a"], "data": [[1, 2, 3]]}}', "'a' is there"),
        (b'{"dataframe_split": {"columns": ["a", true], "data": [[1, 2]]}}', "strings, not true"),
        (b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}', "row 2 has 1 val"),
        (b'{"inputs": {"a": [1, 2], "b": [1]}}', "column 'b' has 1 values and 'a' has 2"),
        (b'{"inputs": {"a": [1], "b": 1}}', "column 'b' must be a list like the others"),
        (b'{"inputs": [{"a": 1, "b": 2}, {"a": 1}]}', "Column 'b', row 2: a number is required"),
        (b'{"inputs": [{"a": 1, "b": 2}, 5]}', "inputs must be a list of objects"),
    ],
)
def test_an_ambiguous_request_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(compiled("a", "b"), body)
    assert reason in str(caught.value)


LONG = "x" * 1_000_000
DEEP = json.loads("[" * 900 + "]" * 900)


@pytest.mark.parametrize(
    "document",
    [
        {"inputs": [{LONG: 1}]},
        {"inputs": [{f"{LONG}{number}": 1 for number in range(3)}]},
        {"inputs": [{"a": LONG, "b": 1}]},
        {"inputs": [{"a": list(range(100_000)), "b": 1}]},
        {"inputs": [{"a": DEEP, "b": 1}]},
        {"inputs": {LONG: [1], "b": []}},
        {"inputs": {LONG: 5, "b": []}},
        {"dataframe_split": {"columns": [LONG, LONG], "data": []}},
        {"dataframe_split": {"columns": [[LONG]], "data": []}},
        {"dataframe_split": {"columns": list(map(str, range(5000))), "data": []}},
        {"inputs": [{str(number): 1 for number in range(5000)}]},
        LONG,
    ],
)
def test_a_reason_is_short_whatever_was_sent(document: object) -> None:
    with pytest.raises(InputError) as caught:
        decode(compiled("a", "b"), document)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("document", [{"inputs": [{}] * 100_000}, {"inputs": [{"z": 1}] * 100_000}])
def test_a_small_body_does_not_become_a_huge_table(document: object) -> None:
    columns = [ColSpec(DataType.double, f"c{place}", required=False) for place in range(600)]
    decoder = compile_decoder(ModelSignature(Schema(columns)), fill_missing=True)
    with pytest.raises(InputError, match=r"the 100000 rows leave out .* send them in several"):
        decode(decoder, document)
    assert decode(decoder, {"inputs": [{"c5": 1}] * 10}).shape == (10, 600)
