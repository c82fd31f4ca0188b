"""MLflow's scoring protocol: from the bytes of a request to named columns of plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from model_server.errors import InputError
from model_server.json_steps import loads
from model_server.names import Names, refuse_twice
from model_server.wording import quoted, shown

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_ONE_OF = "one of dataframe_split, dataframe_records, instances, inputs"
_ABSENT_VALUES = 10_000_000


@dataclass(frozen=True)
class Payload:
    """The one data field of a request, still as plain JSON values, or a CSV body's lines."""

    form: str
    data: Any
    params: dict[str, Any] | None = None


@dataclass(frozen=True)
class Table:
    """The columns of the signature that a request has, of equal length."""

    columns: Mapping[str, Sequence[Any]]
    rows: int
    sent: Iterable[str]
    """All names in the request, those that the signature does not know among them."""


def read_json(body: bytes) -> Payload:
    """Decode a JSON body and find its data field."""
    document = read_object(body, _ONE_OF)
    found = [form for form in FORMS if form in document]
    if len(found) != 1:
        has = ", ".join(found) if found else "none of them"
        raise InputError(f"The body must have exactly {_ONE_OF}; it has {has}")
    params = document.get("params")
    if params is not None and not isinstance(params, dict):
        raise InputError("params must be an object")
    return Payload(found[0], document[found[0]], params)


def read_object(body: bytes, holding: str) -> dict[str, Any]:
    """Decode a JSON body that is to be an object `holding` something."""
    if not body.strip():
        raise InputError(f"The body is empty; send a JSON object with {holding}")
    try:
        document = loads(body, object_pairs_hook=_object)
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
        raise InputError(f"The body must be a JSON object with {holding}")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Python's own reader keeps the last of two equal keys: an answer to half of the request."""
    made = dict(pairs)
    if len(made) != len(pairs):
        refuse_twice("The body is ambiguous: the key", [key for key, _ in pairs])
    return made


def to_table(payload: Payload, names: Names) -> Table:
    """Bring any form into the columns of the signature."""
    form, data = payload.form, payload.data
    if form == "CSV":
        table = _from_values(form, data.header, data.values, names)
    elif form == "dataframe_split":
        table = _from_split(form, data, names)
    elif form == "dataframe_records":
        table = _from_records(form, data, names)
    elif isinstance(data, dict):
        table = _from_columns(form, data, names)
    elif isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        table = _from_records(form, data, names)
    elif names.positions and isinstance(data, list) and data and isinstance(data[0], list):
        table = _from_split(form, {"data": data}, names)
    elif len(names) == 1 and data is not None:
        values = data if isinstance(data, list) else [data]
        table = Table(dict.fromkeys(names, values), len(values), names)
    else:
        raise InputError(
            f"{form} must be a list of objects or an object of columns, "
            "because the model's signature names its columns"
        )
    if table.rows == 0:
        raise InputError(f"{form} has no rows")
    _refuse_sparse(form, table.rows, table.rows * (len(names) - len(table.columns)))
    return table


def _from_split(form: str, data: object, names: Names) -> Table:
    if not isinstance(data, dict):
        raise InputError(f"{form} must be an object with columns and data")
    columns, rows = data.get("columns"), data.get("data")
    if columns is None and names.positions:
        columns = list(names)
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise InputError(f"{form} must have the lists columns and data")
    if columns != names.all:
        columns = _checked_names(form, columns, names)
    width = len(columns)
    check_lists(form, rows, width)
    if len(rows) == 1 and columns == names.all:  # a single row has a faster path
        return Table(dict(zip(columns, zip(*rows, strict=True), strict=True)), 1, columns)
    if not width:
        return Table({}, len(rows), columns)
    return _from_values(form, columns, list(chain.from_iterable(rows)), names)


def check_lists(form: str, rows: list[Any], width: int) -> None:
    """Raise for the first row that is not a list of this length."""
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list):
            raise InputError(f"{form}: row {number} must be a list")
        if len(row) != width:
            raise InputError(f"{form}: row {number} has {len(row)} values for {width} columns")


def check_objects(form: str, data: object) -> None:
    """Raise unless these are rows as objects."""
    if not isinstance(data, list):
        raise InputError(f"{form} must be a list of objects")
    for number, row in enumerate(data, start=1):
        if not isinstance(row, dict):
            raise InputError(f"{form}: row {number} must be an object")


def _checked_names(form: str, columns: list[Any], names: Names) -> list[str]:
    names.bound(form, len(columns))
    for name in columns:
        if type(name) not in (str, int):
            raise InputError(f"{form}: column names must be strings, not {shown(name)}")
    columns = list(map(str, columns))
    refuse_twice(f"{form}: column", columns)
    return columns


def _from_values(form: str, columns: list[str], values: list[Any], names: Names) -> Table:
    places = {name: place for place, name in enumerate(columns)}
    found = names.find(form, places)
    width = len(columns)
    sent = {name: values[places[other] :: width] for name, other in found.items()}
    return Table(sent, len(values) // width, columns)


def _from_records(form: str, data: Any, names: Names) -> Table:  # noqa: ANN401
    check_objects(form, data)
    sent = data[0].keys() if data else ()
    if any(row.keys() != sent for row in data):
        sent = dict.fromkeys(name for row in data for name in row)
    found = names.find(form, sent)
    _refuse_sparse(form, len(data), len(found) * len(data) - sum(map(len, data)))
    columns = {name: [row.get(other) for row in data] for name, other in found.items()}
    return Table(columns, len(data), sent)


def _from_columns(form: str, data: dict[str, Any], names: Names) -> Table:
    lists = [name for name, values in data.items() if isinstance(values, list)]
    if len(lists) not in (0, len(data)):
        other = next(name for name, values in data.items() if not isinstance(values, list))
        raise InputError(f"{form}: column {quoted(other)} must be a list like the others")
    found = names.find(form, data)
    if not lists:  # one row, written as an object of plain values
        columns = {name: [data[other]] for name, other in found.items()}
        return Table(columns, 1 if data else 0, data)
    rows = len(data[lists[0]])
    for name in lists:
        if len(data[name]) != rows:
            raise InputError(
                f"{form}: column {quoted(name)} has {len(data[name])} values "
                f"and {quoted(lists[0])} has {rows}"
            )
    return Table({name: data[other] for name, other in found.items()}, rows, data)


def _refuse_sparse(form: str, rows: int, absent: int) -> None:
    """A body of a few bytes per row must not become a table of gigabytes."""
    if absent > _ABSENT_VALUES:
        raise InputError(
            f"{form}: the {rows} rows leave out {absent} values of the signature; "
            "send them in several requests"
        )
