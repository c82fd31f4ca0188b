"""The inputs of the form: one for each column of the signature, or a table for all of them."""

import math
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from prediction_app.columns import Column
from prediction_app.model import Model
from prediction_app.ranges import seen_range
from prediction_app.spreadsheet import cell
from prediction_app.text import plain
from prediction_app.values import NUMBER, WHOLE, show

_KINDS = {
    "long": "Whole number",
    "integer": "Whole number",
    "double": "Number",
    "float": "Number",
    "boolean": "Yes or no",
    "string": "Text",
    "datetime": "Date and time",
    "binary": "Base64 text",
}
# A browser's numbers are exact up to here.
_EXACT = 2**53
_DECIMALS = 4
_FIRST_DAY, _LAST_DAY = datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59)
_LINE = 100


def field(model: Model, column: Column) -> object:
    """Draws the input, filled from the example's first row; returns its value, None if empty.

    Text is still to be read as what the column holds.
    """
    label = plain(column.name).strip() or "(no name)"
    label += "" if column.required else " (optional)"
    example = model.examples[0].get(column.name) if model.examples else None
    # With the type, for a field keeps what was typed in it when a new version takes over.
    common = {"key": f"{column.type}-{column.name}", "help": _help(model, column)}
    if column.type in WHOLE and all(abs(value) < _EXACT for value in _seen(model, column)):
        start = example if example is not None else (0 if column.required else None)
        return st.number_input(label, value=start, step=1, format="%d", **common)
    if column.type in NUMBER:
        return _number(model, column, label, example, common)
    if column.type == "boolean":
        return _boolean(label, column, example, common)
    if column.type == "datetime" and (example is None or _fits_picker(example)):
        return _moment(label, column, example, common)
    text = "" if example is None else str(example)
    draw = st.text_area if "\n" in text or len(text) > _LINE else st.text_input
    return draw(label, value=text, **common)


def table(model: Model) -> dict[str, object]:
    """Draws one table with a line for each column, filled from the example's first row."""
    example = model.examples[0] if model.examples else {}
    lines = [
        {"column": column.name, "type": column.type, "value": cell(example.get(column.name))}
        for column in model.inputs
    ]
    edited = st.data_editor(pd.DataFrame(lines), disabled=["column", "type"], hide_index=True)
    return dict(zip(edited["column"], edited["value"].fillna(""), strict=True))


def _number(
    model: Model, column: Column, label: str, example: float | None, common: dict[str, Any]
) -> float | None:
    start = example if example is not None else (0.0 if column.required else None)
    sizes = [abs(value) for value in _seen(model, column) if value]
    smallest, largest = min(sizes, default=1.0), max(sizes, default=1.0)
    if smallest < 10.0**-_DECIMALS or largest >= 1e15:
        step, pattern = _step(model, column, smallest), "%e"
    else:
        decimals = _decimals(model, column)
        step, pattern = _step(model, column, 10.0**-decimals), f"%.{decimals}f"
    return st.number_input(label, value=start, step=step, format=pattern, **common)


def _boolean(label: str, column: Column, example: object, common: dict[str, Any]) -> bool | None:
    if column.required:
        return st.checkbox(label, value=bool(example), **common)
    answers = {"unknown": None, "yes": True, "no": False}
    index = list(answers.values()).index(example)
    return answers[st.selectbox(label, list(answers), index=index, **common)]


def _moment(label: str, column: Column, example: str | None, common: dict[str, Any]) -> str | None:
    start = datetime(2026, 1, 1) if column.required else None
    moment = st.datetime_input(
        label,
        value=datetime.fromisoformat(example) if example is not None else start,
        min_value=_FIRST_DAY,
        max_value=_LAST_DAY,
        **common,
    )
    return moment.isoformat() if moment else None


def _fits_picker(example: str) -> bool:
    """Whether the picker for dates can show it: without a zone, to the minute, in its years."""
    moment = datetime.fromisoformat(example)
    if moment.tzinfo or moment.second or moment.microsecond:
        return False
    return _FIRST_DAY <= moment <= _LAST_DAY


def _help(model: Model, column: Column) -> str:
    kind = _KINDS.get(column.type, "Text")
    seen = seen_range(model, column)
    spanned = (
        f"{kind}; {show(seen[0])} to {show(seen[1])} in the example data." if seen else f"{kind}."
    )
    return spanned if column.required else f"{spanned} Leave empty if unknown."


def _seen(model: Model, column: Column) -> list[float]:
    return [row[column.name] for row in model.examples if row.get(column.name) is not None]


def _decimals(model: Model, column: Column) -> int:
    """As many as the example rows need, at least one and at most four."""
    texts = (f"{value:.{_DECIMALS}f}" for value in _seen(model, column))
    return max([1, *(len(text.rstrip("0").partition(".")[2]) for text in texts)])


def _step(model: Model, column: Column, smallest: float) -> float:
    """A round number, about a fiftieth of the range, that the shown digits can express."""
    low, high = seen_range(model, column) or (0.0, 0.0)
    fiftieth = high / 50 - low / 50
    return max(smallest, 10.0 ** round(math.log10(fiftieth))) if fiftieth > 0 else smallest
