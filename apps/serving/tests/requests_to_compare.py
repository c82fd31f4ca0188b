"""Requests that are sent both to MLflow's own scoring server and to this one, by model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

JSON = "application/json"
CSV = "text/csv"
MIXED = {
    "city": "Bern",
    "rooms": 3,
    "lift": True,
    "built": "2001-02-03T04:05:06",
    "area": 50.5,
    "age": 7,
}


class Sent(NamedTuple):
    """One request, under a name that is unique within its model."""

    name: str
    body: bytes
    media_type: str = JSON


def _json(name: str, document: object) -> Sent:
    return Sent(name, json.dumps(document).encode())


def _csv(name: str, text: str) -> Sent:
    return Sent(name, text.encode(), CSV)


def doubles() -> Iterator[Sent]:
    """A scikit-learn model of the columns a and b."""
    rows = [{"a": 1.5, "b": 10.0}, {"a": 2.5, "b": 20.0}]
    split: dict[str, Any] = {"columns": ["a", "b"], "data": [[1.5, 10.0], [2.5, 20.0]]}
    lists = {"a": [1.5, 2.5], "b": [10.0, 20.0]}
    for form in ("dataframe_records", "instances", "inputs"):
        yield _json(f"{form} of rows", {form: rows})
        yield _json(f"{form} without b", {form: [{"a": 1.5}]})
        yield _json(f"{form} with null", {form: [{"a": 1.5, "b": None}]})
        yield _json(f"{form} with text", {form: [{"a": 1.5, "b": "x"}]})
        yield _json(f"{form} with a number as text", {form: [{"a": 1.5, "b": "10"}]})
        yield _json(f"{form} with a boolean", {form: [{"a": 1.5, "b": True}]})
        yield _json(f"{form} with whole numbers", {form: [{"a": 1, "b": 10}]})
        yield _json(f"{form}, extra column", {form: [{**row, "c": 1} for row in rows]})
        yield _json(f"{form}, other order", {form: [{"b": 10.0, "a": 1.5}]})
        yield _json(f"{form}, no rows", {form: []})
        yield _json(f"{form}, a number", {form: 5})
        yield _json(f"{form}, null", {form: None})
    for form in ("instances", "inputs"):
        yield _json(f"{form} of columns", {form: lists})
        yield _json(f"{form} of ragged columns", {form: {"a": [1.5, 2.5], "b": [10.0]}})
        yield _json(f"{form} of plain lists", {form: split["data"]})
    yield _json("inputs, one row", {"inputs": rows[0]})
    yield _json("split", {"dataframe_split": split})
    yield _json("split with index", {"dataframe_split": {**split, "index": [5, 6]}})
    yield _json("split without columns", {"dataframe_split": {"data": split["data"]}})
    yield _json("split without data", {"dataframe_split": {"columns": ["a", "b"]}})
    yield _json("split without rows", {"dataframe_split": {**split, "data": []}})
    yield _json("split, short row", {"dataframe_split": {**split, "data": [[1.5, 10.0], [2.5]]}})
    yield _json("split, long row", {"dataframe_split": {**split, "data": [[1.5, 10.0, 1.0]]}})
    twice = {"columns": ["a", "b", "a"], "data": [[1.5, 10.0, 2.5]]}
    yield _json("split, column twice", {"dataframe_split": twice})
    yield _json("split, a list", {"dataframe_split": split["data"]})
    yield Sent("key twice", b'{"inputs": [{"a": 1.5, "a": 2.5, "b": 10}]}')
    yield Sent("NaN", b'{"dataframe_records": [{"a": 1.5, "b": NaN}]}')
    yield Sent("infinity", b'{"dataframe_records": [{"a": 1.5, "b": Infinity}]}')
    yield Sent("1e400", b'{"dataframe_records": [{"a": 1.5, "b": 1e400}]}')
    yield Sent("negative zero", b'{"dataframe_records": [{"a": -0.0, "b": 1.0}]}')
    yield _json("two fields", {"inputs": rows, "instances": rows})
    yield _json("no field", {"rows": rows})
    yield _json("a list", rows)
    yield _json("unknown params", {"inputs": rows, "params": {"x": 1}})
    yield Sent("empty", b"")
    yield Sent("no JSON", b"{")
    yield Sent("not UTF-8", b'{"inputs": "\xff"}')
    yield _csv("CSV", "a,b\n1.5,10\n2.5,20\n")
    yield _csv("CSV, other order", "b,a\n10,1.5\n")
    yield _csv("CSV, extra column", "a,b,c\n1.5,10,x\n")
    yield _csv("CSV with an index", ",a,b\n0,1.5,10\n")
    yield _csv("CSV, Windows lines", "a,b\r\n1.5,10\r\n")
    yield _csv("CSV, byte order mark", "\ufeffa,b\n1.5,10\n")
    yield _csv("CSV, spaces", "a,b\n 1.5, 10\n")
    yield _csv("CSV, spaces in the header", "a, b\n1.5,10\n")
    yield _csv("CSV, comma at the end", "a,b\n1.5,10,\n")
    yield _csv("CSV, one value too many", "a,b\n7,1.5,10\n")
    yield _csv("CSV, one value too few", "a,b\n1.5,10\n2.5\n")
    yield _csv("CSV, column twice", "a,b,a\n1.5,10,2.5\n")
    yield _csv("CSV, semicolons", "a;b\n1.5;10\n")
    yield _csv("CSV, empty cell", "a,b\n1.5,\n")
    yield _csv("CSV, text", "a,b\n1.5,x\n")
    yield _csv("CSV, 1e3", "a,b\n1.5,1e3\n")
    yield _csv("CSV, inf", "a,b\n1.5,inf\n")
    yield _csv("CSV, header only", "a,b\n")
    yield _csv("CSV, open quote", 'a,b\n1.5,"10\n')
    yield _csv("CSV, empty", "")


def mixed() -> Iterator[Sent]:
    """A Python model of text, whole number, boolean, date, optional double and whole number."""
    changes: dict[str, list[object]] = {
        "city": ["NA", "", "null", "007", None, 7],
        "rooms": [2**53 + 1, -1, 3.0, 3.5, "3", True, None, 2**63],
        "lift": [False, 1, "true", None],
        "built": [
            "2001-02-03",
            "2001-02-03 04:05",
            "2001-02-03T04:05:06.789",
            "2001-02-03T04:05:06Z",
            "2001-02-03T04:05:06+02:00",
            981173106000,
            "03.02.2001",
            "01/02/2001",
            "now",
            "",
            "0001-01-01",
            "9999-12-31",
            None,
        ],
        "area": [50, None, "x"],
        "age": [None, 7.0, 2**53 + 1],
    }
    yield _json("all", {"dataframe_records": [MIXED]})
    yield _json("without area", {"dataframe_records": [_without("area")]})
    yield _json("without age", {"dataframe_records": [_without("age")]})
    yield _json("without city", {"dataframe_records": [_without("city")]})
    yield _json("null in one of two rows", {"dataframe_records": [MIXED, {**MIXED, "area": None}]})
    for column, values in changes.items():
        for value in values:
            row = {**MIXED, column: value}
            yield _json(f"{column} {json.dumps(value)}", {"dataframe_records": [row]})
            if isinstance(value, str) and "," not in value:
                cells = ",".join(str(row[name]) for name in MIXED)
                yield _csv(f"{column} {json.dumps(value)} in CSV", f"{','.join(MIXED)}\n{cells}\n")
    yield _csv("CSV", "city,rooms,lift,built,area,age\nBern,3,True,2001-02-03 04:05:06,50.5,7\n")
    yield _csv("empty area", "city,rooms,lift,built,area,age\nBern,3,True,2001-02-03,,7\n")
    yield _csv("empty age", "city,rooms,lift,built,area,age\nBern,3,True,2001-02-03,50.5,\n")


def text() -> Iterator[Sent]:
    """A Python model of a text and an optional whole number, without dates."""
    for word in ("Bern", "NA", "null", "nan", "", "007", " x "):
        yield _json(f"{word!r}", {"dataframe_records": [{"city": word, "n": 1}]})
        yield _csv(f"{word!r} in CSV", f"city,n\n{word},1\n")
    yield _csv("1 of two empty", "city,n\nBern,1\nLyon,\n")
    yield _csv("5.0", "city,n\nBern,5.0\n")
    yield _csv("5.5", "city,n\nBern,5.5\n")
    yield _csv("2 ** 53 + 1", f"city,n\nBern,{2**53 + 1}\n")


def _without(name: str) -> dict[str, object]:
    return {key: value for key, value in MIXED.items() if key != name}


def tensor() -> Iterator[Sent]:
    """A scikit-learn model that was trained on an array of two columns."""
    for form in ("inputs", "instances"):
        yield _json(form, {form: [[1.5, 10.0], [2.5, 20.0]]})
        yield _json(f"{form}, whole numbers", {form: [[1, 10]]})
        yield _json(f"{form}, wrong shape", {form: [[1.5]]})
        yield _json(f"{form}, ragged", {form: [[1.5, 10.0], [2.5]]})
        yield _json(f"{form}, text", {form: [["x", "y"]]})
        yield _json(f"{form}, empty", {form: []})
        yield _json(f"{form} of objects", {form: {"a": [1.5], "b": [10.0]}})
        yield _json(f"{form}, null", {form: [[1.5, None]]})
        yield _json(f"{form}, number as text", {form: [[1.5, "10"]]})
        yield _json(f"{form}, boolean", {form: [[1.5, True]]})
    yield _json("split", {"dataframe_split": {"data": [[1.5, 10.0]]}})
    yield _csv("CSV", "x,y\n1.5,10.5\n")


def params() -> Iterator[Sent]:
    """A Python model with the parameters factor and top."""
    rows = {"dataframe_records": [{"x": 1.5}]}
    yield _json("none", rows)
    for value in ({}, {"factor": 5}, {"factor": 5.5}, {"factor": "five"}, {"top": 2.5}, {"z": 1}):
        yield _json(json.dumps(value), {**rows, "params": value})
    yield _json("a list", {**rows, "params": [1]})


def numbered() -> Iterator[Sent]:
    """A scikit-learn model of columns that are called 1 and 0, in this order."""
    row = {"1": 1.5, "0": 10.0}
    yield _json("records", {"dataframe_records": [row]})
    yield _json("inputs", {"inputs": [row]})
    yield _json("split", {"dataframe_split": {"columns": [1, 0], "data": [[1.5, 10.0]]}})
    yield _json("split by text", {"dataframe_split": {"columns": ["1", "0"], "data": [[1.5, 10]]}})
    yield _csv("CSV", "1,0\n1.5,10\n")


def nested() -> Iterator[Sent]:
    """A Python model of a column of lists."""
    yield _json("records", {"dataframe_records": [{"v": [1.5, 2.5]}]})
    yield _json("split", {"dataframe_split": {"columns": ["v"], "data": [[[1.5, 2.5]]]}})
    yield _json("text in the list", {"dataframe_records": [{"v": ["x"]}]})
    yield _json("no list", {"dataframe_records": [{"v": 1.5}]})
    yield _json("other column", {"dataframe_records": [{"w": [1.5]}]})


ALL = {
    "doubles": doubles,
    "mixed": mixed,
    "text": text,
    "tensor": tensor,
    "params": params,
    "numbered": numbered,
    "nested": nested,
}
