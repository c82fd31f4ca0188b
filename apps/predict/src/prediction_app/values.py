"""What a column may hold: from text to the value that is sent, and the range seen in training."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from prediction_app.model import Column, Model

WHOLE = ("long", "integer")
NUMBER = ("double", "float")
_YES = {"true", "yes", "1"}
_NO = {"false", "no", "0"}


class BadValueError(Exception):
    """The message completes the sentence "the value …"."""


def from_text(column: Column, text: str) -> object:
    """The value a cell of a CSV stands for; None for an empty cell of an optional column."""
    text = text.strip() if column.type != "string" else text
    if text == "":
        if column.required and column.type != "string":
            raise BadValueError("is missing")
        return "" if column.required else None
    return _READERS.get(column.type, str)(text)


def seen_range(model: Model, column: Column) -> tuple[float, float] | None:
    """Smallest and largest value in the example rows, if they differ."""
    values = [row.get(column.name) for row in model.examples]
    numbers = [value for value in values if isinstance(value, int | float)]
    if column.type not in WHOLE + NUMBER or len(set(numbers)) < 2:
        return None
    return min(numbers), max(numbers)


def outside_range(model: Model, row: dict[str, Any]) -> list[str]:
    """One sentence for every number the model has not seen the like of."""
    sentences = []
    for column in model.inputs:
        seen, value = seen_range(model, column), row.get(column.name)
        if seen and value is not None and not seen[0] <= value <= seen[1]:
            sentences.append(
                f"{column.name} {show(value)} is outside {show(seen[0])} to {show(seen[1])}, "
                "the range of the example data."
            )
    return sentences


def show(value: object) -> str:
    """A value for people: numbers without noise, everything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.2f}" if 0.1 <= abs(value) < 1e6 else f"{value:.4g}"


def _whole(text: str) -> int:
    number = _number(text)
    if not number.is_integer():
        raise BadValueError(f"{text!r} is not a whole number")
    return int(number)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise BadValueError(f"{text!r} is not a number") from None
    if not math.isfinite(number):
        raise BadValueError(f"{text!r} is not a finite number")
    return number


def _boolean(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise BadValueError(f"{text!r} is not true or false")


def _datetime(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise BadValueError(f"{text!r} is not a date such as 2026-01-31") from None


_READERS: dict[str, Callable[[str], Any]] = {
    "long": _whole,
    "integer": _whole,
    "double": _number,
    "float": _number,
    "boolean": _boolean,
    "datetime": _datetime,
}
