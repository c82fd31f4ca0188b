"""MLflow's scoring protocol: from the bytes of a request to named columns of plain values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pandas as pd

from model_server.errors import InputError
from model_server.json_steps import loads

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_ONE_OF = "one of dataframe_split, dataframe_records, instances, inputs"


@dataclass(frozen=True)
class Payload:
    """The one data field of a request, still as plain JSON values."""

    form: str
    data: Any
    params: dict[str, Any] | None = None


@dataclass(frozen=True)
class Table:
    """Columns of equal length. Columns that the request did not send are not in it."""

    columns: dict[str, Sequence[Any]]
    rows: int


def read_json(body: bytes) -> Payload:
    """Decode a JSON body and find its data field."""
    if not body.strip():
        raise InputError(f"The body is empty; send a JSON object with {_ONE_OF}")
    try:
        document = loads(body)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"The body is not valid JSON: {error.msg} at {where}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The body is not valid UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise InputError("The body is nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"The body holds a number that cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"The body must be a JSON object with {_ONE_OF}")
    found = [form for form in FORMS if form in document]
    if len(found) != 1:
        has = ", ".join(found) if found else "none of them"
        raise InputError(f"The body must have exactly {_ONE_OF}; it has {has}")
    params = document.get("params")
    if params is not None and not isinstance(params, dict):
        raise InputError("params must be an object")
    return Payload(found[0], document[found[0]], params)


def read_csv(body: bytes, text_columns: Sequence[str]) -> Payload:
    """Decode a CSV body with a header line. Text columns keep values such as 007 as they are."""
    if not body.strip():
        raise InputError("The body is empty; send CSV with a header line")
    try:
        frame = pd.read_csv(BytesIO(body), dtype=dict.fromkeys(text_columns, str))
    except UnicodeDecodeError as error:
        raise InputError(f"The body is not valid UTF-8 at byte {error.start}") from error
    except ValueError as error:  # pandas' own parser errors are ValueErrors
        raise InputError(f"The body is not valid CSV: {error}") from error
    columns = {
        name: [None if value != value else value for value in values]
        for name, values in frame.to_dict(orient="list").items()
    }
    return Payload("inputs", columns)


def to_table(payload: Payload, names: Sequence[str]) -> Table:
    """Bring any form into columns. `names` are the columns of the signature, in its order."""
    form, data = payload.form, payload.data
    if form == "dataframe_split":
        table = _from_split(data)
    elif form == "dataframe_records":
        table = _from_records(form, data, names)
    elif isinstance(data, dict):
        table = _from_columns(form, data)
    elif isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        table = _from_records(form, data, names)
    elif isinstance(data, list) and len(names) == 1:
        table = Table({names[0]: data}, len(data))
    else:
        raise InputError(
            f"{form} must be a list of objects or an object of columns, "
            "because the model's signature names its columns"
        )
    if table.rows == 0:
        raise InputError(f"{form} has no rows")
    return table


def _from_split(data: object) -> Table:
    form = "dataframe_split"
    if not isinstance(data, dict):
        raise InputError(f"{form} must be an object with columns and data")
    columns, rows = data.get("columns"), data.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise InputError(f"{form} must have the lists columns and data")
    seen: set[Any] = set()
    for name in columns:
        if not isinstance(name, str):
            raise InputError(f"{form}: column names must be strings, not {shown(name)}")
        if name in seen:
            raise InputError(f"{form}: column {name!r} is there twice")
        seen.add(name)
    width = len(columns)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list):
            raise InputError(f"{form}: row {number} must be a list")
        if len(row) != width:
            raise InputError(f"{form}: row {number} has {len(row)} values for {width} columns")
    return Table(dict(zip(columns, zip(*rows, strict=True), strict=bool(rows))), len(rows))


def _from_records(form: str, data: object, names: Sequence[str]) -> Table:
    if not isinstance(data, list):
        raise InputError(f"{form} must be a list of objects")
    for number, row in enumerate(data, start=1):
        if not isinstance(row, dict):
            raise InputError(f"{form}: row {number} must be an object")
    # Of the columns outside the signature only those of the first row are kept, for error texts.
    known = dict.fromkeys([*names, *(data[0] if data else [])])
    sent = [name for name in known if any(name in row for row in data)]
    return Table({name: [row.get(name) for row in data] for name in sent}, len(data))


def _from_columns(form: str, data: dict[str, Any]) -> Table:
    lists = [name for name, values in data.items() if isinstance(values, list)]
    if not lists:  # one row, written as an object of plain values
        return Table({name: [value] for name, value in data.items()}, 1 if data else 0)
    if len(lists) != len(data):
        other = next(name for name in data if name not in lists)
        raise InputError(f"{form}: column {other!r} must be a list like the others")
    rows = len(data[lists[0]])
    for name in lists:
        if len(data[name]) != rows:
            raise InputError(
                f"{form}: column {name!r} has {len(data[name])} values and {lists[0]!r} has {rows}"
            )
    return Table(data, rows)


def shown(value: object) -> str:
    """A value as the sender wrote it, cut short for an error text."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:39]}…"
