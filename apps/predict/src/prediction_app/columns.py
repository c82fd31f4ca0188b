"""One column of a signature, and what a value is refused with."""

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
