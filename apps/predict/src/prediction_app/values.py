"""What a column may hold: from text to the value that is sent."""

import base64
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from prediction_app.columns import PLAIN_TYPES, BadValueError, Column
from prediction_app.nested import read_json

_BITS = {"long": 64, "integer": 32}
_YES = {"true", "yes", "1"}
_NO = {"false", "no", "0"}
_SHOWN = 40
# Python's own int() and float() also take 1_000, other scripts' digits, inf and nan.
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}(\.0*)?")
_DECIMAL = re.compile(r"[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]+)?")
# 1 234 in English, 1.234 elsewhere; no group follows a leading zero.
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf(inity)?)", re.IGNORECASE)
_ISO_8601 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def from_text(column: Column, text: str) -> object:
    """The value that a cell or a field stands for; None if it is empty and the column optional."""
    text = text.strip() if column.type != "string" else text
    if text == "":
        if column.required and column.type != "string":
            raise BadValueError("is missing")
        return "" if column.required else None
    return _READERS.get(column.type, read_json)(column, text)


def from_json(column: Column, value: object) -> object:
    """A value of the input example as the form works with it; None if it does not fit the column.

    A value of a nested type stays as it is.
    """
    if value is None or column.type not in PLAIN_TYPES:
        return value
    if isinstance(value, list | dict):
        return None
    try:
        if column.type == "datetime" and isinstance(value, int | float):
            return (datetime(1970, 1, 1) + timedelta(milliseconds=value)).isoformat()
        if column.type == "boolean" and value in (0, 1):
            return bool(value)
        return from_text(column, str(value))
    except (BadValueError, OverflowError, ValueError):
        return None


def is_number(text: str) -> bool:
    """Whether a cell is a number, so that no spreadsheet can take it for a formula."""
    return bool(_DECIMAL.fullmatch(text))


def show(value: object) -> str:
    """A value for people: numbers without noise, everything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.2f}" if 0.1 <= abs(value) < 1e6 else f"{value:.4g}"


def quoted(text: str) -> str:
    """A value as it was written, cut short for a sentence."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def _whole(column: Column, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise BadValueError(f"{quoted(text)} is not a whole number written in digits")
    number = int(text.partition(".")[0])
    limit = 2 ** (_BITS[column.type] - 1)
    if not -limit <= number < limit:
        raise BadValueError(f"{quoted(text)} is not between {-limit} and {limit - 1}")
    return number


def _number(_: Column, text: str) -> float:
    if _NOT_FINITE.fullmatch(text):
        raise BadValueError(f"{quoted(text)} is not a finite number")
    if _AMBIGUOUS.fullmatch(text):
        meant = f"{text.replace(',', '.')} or {text.replace(',', '')}"
        raise BadValueError(f"{quoted(text)} may mean {meant}; write it with a decimal point")
    if not _DECIMAL.fullmatch(text):
        hint = "; write it without separators of thousands" if "," in text else ""
        raise BadValueError(f"{quoted(text)} is not a number{hint}")
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise BadValueError(f"{quoted(text)} is too large a number")
    return number


def _boolean(_: Column, text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise BadValueError(f"{quoted(text)} is not true or false")


def _datetime(_: Column, text: str) -> str:
    """The date as it was written: the model server converts zones and keeps every digit."""
    try:
        if not _ISO_8601.fullmatch(text):
            raise ValueError
        datetime.fromisoformat(text)
    except ValueError:
        rule = "is not a date such as 2026-01-31 or 2026-01-31T12:00:00"
        raise BadValueError(f"{quoted(text)} {rule}") from None
    return text.replace(" ", "T")


def _binary(_: Column, text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise BadValueError(f"{quoted(text)} is not base64 text") from None
    return text


_READERS: dict[str, Callable[[Column, str], Any]] = {
    "string": lambda _, text: text,
    "long": _whole,
    "integer": _whole,
    "double": _number,
    "float": _number,
    "boolean": _boolean,
    "datetime": _datetime,
    "binary": _binary,
}
