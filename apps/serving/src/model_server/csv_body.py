"""CSV bodies, in which every value is text: nothing is guessed, nothing moves to another column."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from model_server.errors import InputError
from model_server.names import Names, refuse_twice
from model_server.protocol import Payload

_HEADER_CHARACTERS = 256 * 1024
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

# A cell may be as long as the body, which has its own limit. The default is 128 KiB.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Csv:
    """The names and values of a CSV body, row after row."""

    header: list[str]
    values: list[str]


def read_csv(body: bytes, names: Names) -> Payload:
    """Decode a CSV body with a header line."""
    if not body.strip():
        raise InputError("The body is empty; send CSV with a header line")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"The body is not valid UTF-8 at byte {error.start}") from error
    if "\0" in text:
        raise InputError(f"The body is not valid CSV: character {text.index(chr(0)) + 1} is a NUL")
    text = text.lstrip("\r\n")
    header = _header(text, names)
    try:
        return Payload("CSV", Csv(header, _values(text, len(header))))
    except csv.Error as error:
        raise _not_csv(error) from error


def _values(text: str, width: int) -> list[str]:
    """One flat list: one list per row of a long file would take seconds and a gigabyte."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    next(lines)
    values: list[str] = []
    for row in lines:
        if len(row) == width:
            values += row
        elif row:  # a blank line is read as an empty list
            number = len(values) // width + 1
            comma = len(row) == width + 1 and not row[-1]
            fix = "; remove the comma at its end" if comma else ""
            raise InputError(f"CSV: row {number} has {len(row)} values for {width} columns{fix}")
    return values


def _header(text: str, names: Names) -> list[str]:
    """The names of the columns, checked before the rest is read: a line of millions of columns
    takes seconds."""
    most = _HEADER_CHARACTERS + 4 * sum(map(len, names))
    head = io.StringIO(text[:most], newline="")
    too_long = InputError(f"CSV: the header line is longer than {most} characters")
    try:
        header = next(csv.reader(head, strict=True))
    except csv.Error as error:
        raise too_long if len(text) > most else _not_csv(error) from error
    if len(text) > most and head.tell() == most:
        raise too_long
    names.bound("CSV", len(header))
    for separator, called in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0] and header[0] not in names:
            raise InputError(
                f"CSV: the header line is separated by {called}; separate the values by commas"
            )
    # Spreadsheets write empty names over empty columns.
    refuse_twice("CSV: column", [name for name in header if name or name in names])
    return header


def _not_csv(error: csv.Error) -> InputError:
    reason = str(error)
    if reason == "unexpected end of data":
        reason = "a quoted value is not closed"
    return InputError(f"The body is not valid CSV: {reason}")
