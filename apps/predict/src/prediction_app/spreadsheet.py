"""Cells that a spreadsheet shows and never runs as a formula, there and back."""

import csv
import json
import re
from collections.abc import Iterable
from typing import TextIO

from prediction_app.values import is_number

_RISKY = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")  # noqa: RUF001
_GUARDED = re.compile(r"'+[=+\-@＝＋－＠\t\r\n]")  # noqa: RUF001


def guarded(text: str) -> str:
    """Text that begins like a formula gets an apostrophe in front, a number does not."""
    return f"'{text}" if _RISKY.match(text) and not is_number(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text


def cell(value: object) -> str:
    """A value as a cell holds it: JSON where it is a list or an object, empty for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def write_row(file: TextIO, cells: Iterable[str], separator: str = ",") -> None:
    """Appends one guarded line."""
    csv.writer(file, delimiter=separator).writerow([guarded(text) for text in cells])
