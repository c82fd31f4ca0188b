"""One column of a signature, and the error for a refused value."""

from dataclasses import dataclass, field
from typing import Any

WHOLE = ("long", "integer")
NUMBER = ("double", "float")
PLAIN_TYPES = (*WHOLE, *NUMBER, "boolean", "string", "datetime", "binary")
"""The types that a field or a cell can hold as they are; the others are written as JSON."""


class BadValueError(Exception):
    """The message completes the sentence "the value …"."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    """MLflow's word: double, float, long, integer, boolean, string, datetime or binary; another
    one for tensors and nested types."""
    required: bool = True
    shape: tuple[int, ...] | None = None
    """Of a tensor; -1 stands for any size."""
    named: bool = True
    schema: dict[str, Any] | None = field(default=None, hash=False)
    """Of a nested type, as MLflow writes it."""


def request_data(columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a request to the model server holds for these rows."""
    if columns[0].named and columns[0].shape is None:
        sent = [column.name for column in columns if any(column.name in row for row in rows)]
        data = [[row.get(name) for name in sent] for row in rows]
        return {"dataframe_split": {"columns": sent, "data": data}}
    if columns[0].named:
        return {"inputs": rows[0]}
    if columns[0].shape is not None:
        return {"inputs": rows[0][columns[0].name]}
    return {"inputs": [row[columns[0].name] for row in rows]}
