"""One column of a signature: checks plain values and turns them into what pandas holds.

The rules are MLflow's, with two differences a form or a notebook needs: an integer is welcome in a
double column, and a missing value is refused, with its column and row, where the signature says
that the column is required.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from mlflow.types.schema import DataType

from model_server.errors import InputError
from model_server.protocol import shown

Values = Sequence[Any]
Decoded = np.ndarray | list[Any]
_INTEGER_RANGE = {
    DataType.integer: np.iinfo(np.int32),
    DataType.long: np.iinfo(np.int64),
}


@dataclass(frozen=True)
class Column:
    """Name, type and need of one column of the signature."""

    name: str
    type: DataType
    required: bool

    def decode(self, values: Values) -> Decoded:
        """Check the values; answer an array, or a list whose type pandas finds itself."""
        return _DECODERS[self.type](self, values)

    def missing(self, rows: int) -> Decoded:
        """What an optional column holds when the request does not send it."""
        if self.type == DataType.datetime:
            return np.full(rows, np.datetime64("NaT", "ns"))
        if self.type in (DataType.string, DataType.boolean, DataType.binary):
            return [None] * rows
        return np.full(rows, math.nan, np.float32 if self.type == DataType.float else np.float64)

    def refuse(self, row: int, rule: str, value: object) -> InputError:
        return InputError(f"Column {self.name!r}, row {row + 1}: {rule}, not {shown(value)}")

    def check(self, values: Values, rule: str, accepts: Callable[[Any], bool]) -> None:
        """Raise for the first value that is not accepted; None passes in an optional column."""
        for row, value in enumerate(values):
            if not (accepts(value) or (value is None and not self.required)):
                raise self.refuse(row, rule, value)


def _is_whole(value: object) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


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
    if column.type == DataType.float:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    if not np.isfinite(array).all():
        allowed = np.isfinite(array) if column.required else ~np.isinf(array)
        if not allowed.all():
            row = int(np.argmin(allowed))
            raise column.refuse(row, "a finite number is required", values[row])
    return array


def _fits_a_double(value: float) -> bool:
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _whole(column: Column, values: Values) -> np.ndarray:
    limits = _INTEGER_RANGE[column.type]
    column.check(values, "a whole number is required", _is_whole)
    column.check(
        [value or 0 for value in values],
        f"a whole number from {limits.min} to {limits.max} is required",
        lambda value: limits.min <= value <= limits.max,
    )
    if None in values:  # pandas' own way to hold a missing whole number
        return np.array([math.nan if value is None else value for value in values])
    return np.array([int(value) for value in values], dtype=limits.dtype)


def _boolean(column: Column, values: Values) -> Decoded:
    column.check(values, "true or false is required", lambda value: type(value) is bool)
    return list(values) if None in values else np.array(values, dtype=bool)


def _string(column: Column, values: Values) -> list[Any]:
    column.check(values, "a string is required", lambda value: type(value) is str)
    return list(values)


def _datetime(column: Column, values: Values) -> np.ndarray:
    rule = "a date and time such as 2026-01-31T12:00:00 without a zone is required"
    column.check(values, rule, lambda value: isinstance(value, str))
    moments = []
    for row, value in enumerate(values):
        try:
            moment = pd.Timestamp(value) if value is not None else pd.NaT
            if moment is not pd.NaT and moment.tzinfo is not None:
                raise ValueError("has a zone")
            moments.append(moment.to_datetime64())
        except (ValueError, OverflowError):
            raise column.refuse(row, rule, value) from None
    return np.array(moments, dtype="datetime64[ns]")


def _binary(column: Column, values: Values) -> list[Any]:
    rule = "a base64 string is required"
    column.check(values, rule, lambda value: isinstance(value, str))
    decoded = []
    for row, value in enumerate(values):
        try:
            decoded.append(None if value is None else base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            raise column.refuse(row, rule, value) from None
    return decoded


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
