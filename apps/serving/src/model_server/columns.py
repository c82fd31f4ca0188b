"""One column of a signature: checks plain values and turns them into what pandas holds.

Nothing is guessed and nothing changes on its way: a value that does not fit the type, or is missing
where the signature requires one, is refused with its column and row. The rules for each type are in
docs/explanation/model-server-http.md.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from mlflow.types.schema import DataType, Schema

from model_server.errors import InputError
from model_server.wording import quoted, shown

Values = Sequence[Any]
Decoded = np.ndarray | list[Any]
_INTEGER_RANGE = {
    DataType.integer: np.iinfo(np.int32),
    DataType.long: np.iinfo(np.int64),
}
_EXACT = 2**53
"""Up to here a double holds every whole number."""
# Stricter than Python's numbers: no inf, nan or 1_000, no digits of other scripts.
_NUMBERS = re.compile(r"[0-9+\-.eE \t,]*")
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0"), False),
}
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_DATE_RULE = (
    "a date such as 2026-01-31 or 2026-01-31T12:00:00Z (ISO 8601), or a JSON number of "
    "milliseconds since 1970, is required"
)
_MAY_BE_MISSING = "; if it may be missing, log the model with an input_example in which it is"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT = 2**63 - 1
_NOT_A_TIME = -(2**63)


@dataclass(frozen=True)
class Column:
    """Name, type and need of one column of the signature."""

    name: str
    type: DataType
    required: bool

    @property
    def is_floating(self) -> bool:
        """Whether its numbers may have fractions."""
        return self.type in (DataType.double, DataType.float)

    def decode(self, values: Values) -> Decoded:
        """Check the values; answer an array, or a list whose type pandas finds itself."""
        return _DECODERS[self.type](self, values)

    def read(self, cells: Sequence[str]) -> Values:
        """The values that the cells of a CSV column are written for."""
        if self.type in _INTEGER_RANGE:
            return self._parse(cells, _whole_number, "a whole number is required")
        if self.is_floating:
            return self._numbers(cells)
        if self.type == DataType.boolean:
            return self._parse(cells, _BOOLEANS.__getitem__, "true or false is required")
        if self.required and self.type in (DataType.string, DataType.binary):
            return cells
        if self.type == DataType.datetime:
            cells = [cell.strip() for cell in cells]
        return [cell or None for cell in cells]

    def _numbers(self, cells: Sequence[str]) -> Values:
        if _NUMBERS.fullmatch(",".join(cells)):
            try:
                return [float(cell) if cell else None for cell in cells]
            except ValueError:  # the cell is named below
                pass
        return self._parse(cells, _number, "a number is required")

    def _parse(self, cells: Sequence[str], parse: Callable[[str], Any], rule: str) -> Values:
        values: list[Any] = []
        for row, cell in enumerate(cells):
            text = cell.strip()
            try:
                values.append(parse(text) if text else None)
            except (ArithmeticError, KeyError, ValueError):
                raise self.refuse(row, rule, cell) from None
        return values

    def missing(self, rows: int) -> Decoded:
        """What an optional column holds when the request does not send it."""
        if self.type == DataType.datetime:
            return np.full(rows, np.datetime64("NaT", "ns"))
        if self.type in (DataType.string, DataType.boolean, DataType.binary):
            return [None] * rows
        return np.full(rows, math.nan, np.float32 if self.type == DataType.float else np.float64)

    def refuse(self, row: int, rule: str, value: object) -> InputError:
        way = _MAY_BE_MISSING if _is_missing(value) else ""
        return InputError(
            f"Column {quoted(self.name)}, row {row + 1}: {rule}, not {shown(value)}{way}"
        )

    def check(self, values: Values, rule: str, accepts: Callable[[Any], bool]) -> None:
        """Raise for the first value that is not accepted; a missing one passes in an optional
        column."""
        for row, value in enumerate(values):
            if not (accepts(value) or (not self.required and _is_missing(value))):
                raise self.refuse(row, rule, value)


def column_names(schema: Schema) -> list[str] | None:
    """The names by which a request gives the columns: those of the signature as text, or their
    positions if it has none. None for tensors and nested types."""
    if not all(isinstance(spec.type, DataType) for spec in schema.inputs):
        return None
    return [
        str(place if spec.name is None else spec.name) for place, spec in enumerate(schema.inputs)
    ]


def _is_missing(value: object) -> bool:
    """Null, or NaN, which Python's clients write for a missing value of any type."""
    return value is None or value != value


def _number(text: str) -> float:
    if not _NUMBERS.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _whole_number(text: str) -> int | float:
    if text.isdigit() and text.isascii():
        return int(text)
    number = Decimal(text) if _NUMBERS.fullmatch(text) else Decimal("NaN")
    # Beyond any column's range it is left to that check; 1e999999999 would fill the memory.
    if number.adjusted() > 20:
        return _number(text)
    if number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


def _floating(column: Column, values: Values) -> np.ndarray:
    rule = "a number is required"
    kinds = set(map(type, values))
    if not kinds <= {int, float}:
        # bool is excluded on purpose: it is an int to Python and a mistake in a request.
        column.check(values, rule, lambda value: type(value) in (int, float))
        values = [math.nan if value is None else value for value in values]
    try:
        array = np.array(values, dtype=np.float64)
    except OverflowError:
        column.check(values, rule + " that fits a double", _fits_a_double)
        raise
    rule = "a finite number is required"
    if column.type == DataType.float:
        with np.errstate(over="ignore"):
            single = array.astype(np.float32)
        if np.isfinite(array).all():
            rule = "a number from -3.4028235e38 to 3.4028235e38 is required (a 32-bit float)"
        array = single
    if not np.isfinite(array).all():
        allowed = np.isfinite(array) if column.required else ~np.isinf(array)
        if not allowed.all():
            row = int(np.argmin(allowed))
            raise column.refuse(row, rule, values[row])
    return array


def _fits_a_double(value: float) -> bool:
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _whole(column: Column, values: Values) -> np.ndarray:
    limits = _INTEGER_RANGE[column.type]
    least, most = int(limits.min), int(limits.max)
    rule = f"a whole number from {least} to {most} is required"
    missing: list[bool] = []
    if set(map(type, values)) != {int}:
        column.check(values, "a whole number is required", is_whole)
        exact = f"a whole number beyond {_EXACT} is required without decimal point or exponent"
        column.check(values, exact, lambda value: type(value) is int or abs(value or 0) <= _EXACT)
        missing = list(map(_is_missing, values))
        values = [0 if gap else int(value) for value, gap in zip(values, missing, strict=True)]
    if any(missing):
        least, most = max(least, -_EXACT), min(most, _EXACT)
        rule = f"next to a missing value, a whole number from {least} to {most} is required"
    if min(values) < least or max(values) > most:
        column.check(values, rule, lambda value: least <= value <= most)
    array = np.array(values, dtype=limits.dtype)
    if any(missing):  # pandas' own way to hold a missing whole number
        array = array.astype(np.float64)
        array[missing] = math.nan
    return array


def is_whole(value: object) -> bool:
    """Whether a JSON number is a whole one; `true` is not."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _boolean(column: Column, values: Values) -> Decoded:
    column.check(values, "true or false is required", lambda value: type(value) is bool)
    return _with_none(values) if any(map(_is_missing, values)) else np.array(values, dtype=bool)


def _string(column: Column, values: Values) -> list[Any]:
    column.check(values, "a string is required", lambda value: type(value) is str)
    decoded = _with_none(values)
    try:
        "".join(filter(None, decoded)).encode()
    except UnicodeEncodeError:
        rule = "a string of whole Unicode characters is required"
        column.check(decoded, rule, _is_encodable)
        raise
    return decoded


def _is_encodable(value: object) -> bool:
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _datetime(column: Column, values: Values) -> np.ndarray:
    nanoseconds: list[int] = []
    for row, value in enumerate(values):
        if not column.required and _is_missing(value):
            nanoseconds.append(_NOT_A_TIME)
            continue
        try:
            moment = _moment(value)
        except ValueError:
            raise column.refuse(row, _DATE_RULE, value) from None
        if not -_LAST_MOMENT <= moment <= _LAST_MOMENT:
            rule = "a date from 1677-09-22 to 2262-04-11 is required"
            raise column.refuse(row, rule, value)
        nanoseconds.append(moment)
    return np.array(nanoseconds, dtype=np.int64).view("datetime64[ns]")


def _moment(value: object) -> int:
    """Nanoseconds since 1970 in UTC, of the text of a moment or of milliseconds."""
    if is_whole(value):
        return int(value) * 1_000_000  # type: ignore[call-overload]
    written = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        raise ValueError("neither a date nor a number")
    day, minutes, seconds, fraction, zone = written.groups()
    whole = datetime.fromisoformat(f"{day}T{minutes or '00:00'}:{seconds or '00'}{zone or 'Z'}")
    since = whole - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + int((fraction or "").ljust(9, "0"))


def _binary(column: Column, values: Values) -> list[Any]:
    rule = "a base64 string is required"
    column.check(values, rule, lambda value: isinstance(value, str))
    decoded = []
    for row, value in enumerate(_with_none(values)):
        try:
            decoded.append(None if value is None else _base64(value))
        except (binascii.Error, ValueError):
            raise column.refuse(row, rule, value) from None
    return decoded


def _base64(text: str) -> bytes:
    # MLflow breaks what it writes into an input example into lines.
    return base64.b64decode(text.replace("\n", ""), validate=True)


def _with_none(values: Values) -> list[Any]:
    return [None if _is_missing(value) else value for value in values]


_DECODERS: dict[DataType, Callable[[Column, Values], Decoded]] = {
    DataType.double: _floating,
    DataType.float: _floating,
    DataType.long: _whole,
    DataType.integer: _whole,
    DataType.boolean: _boolean,
    DataType.string: _string,
    DataType.datetime: _datetime,
    DataType.binary: _binary,
}
