"""One input of the form for one column of the signature."""

import math
from datetime import datetime
from typing import Any

import streamlit as st

from prediction_app.model import Column, Model
from prediction_app.text import plain
from prediction_app.values import NUMBER, WHOLE, seen_range, show

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


def field(model: Model, column: Column) -> object:
    """Draws the input, filled from the example's first row; returns its value, None if empty."""
    label = plain(column.name) + ("" if column.required else " (optional)")
    example = model.examples[0].get(column.name) if model.examples else None
    common = {"key": f"field-{column.name}", "help": _help(model, column)}
    if column.type in WHOLE:
        start = int(example) if example is not None else (0 if column.required else None)
        return st.number_input(label, value=start, step=1, format="%d", **common)
    if column.type in NUMBER:
        start = float(example) if example is not None else (0.0 if column.required else None)
        decimals = _decimals(model, column)
        return st.number_input(
            label,
            value=start,
            step=_step(model, column, decimals),
            format=f"%.{decimals}f",
            **common,
        )
    if column.type == "boolean":
        return _boolean(label, column, example, common)
    if column.type == "datetime":
        moment = st.datetime_input(label, value=_moment(example, column), **common)
        return moment.isoformat() if moment else None
    text = st.text_input(label, value="" if example is None else str(example), **common)
    return text if text or column.required else None


def _boolean(label: str, column: Column, example: object, common: dict[str, Any]) -> bool | None:
    if column.required:
        return st.checkbox(label, value=bool(example), **common)
    answers = {"unknown": None, "yes": True, "no": False}
    index = list(answers.values()).index(example)
    return answers[st.selectbox(label, list(answers), index=index, **common)]


def _moment(example: object, column: Column) -> datetime | None:
    if example is not None:
        return datetime.fromisoformat(str(example)).replace(tzinfo=None)
    return datetime(2026, 1, 1) if column.required else None


def _help(model: Model, column: Column) -> str:
    kind = _KINDS.get(column.type, "Text")
    seen = seen_range(model, column)
    spanned = (
        f"{kind}; {show(seen[0])} to {show(seen[1])} in the example data." if seen else f"{kind}."
    )
    return spanned if column.required else f"{spanned} Leave empty if unknown."


def _decimals(model: Model, column: Column) -> int:
    """As many as the example rows need, at least one and at most four."""
    values = [row[column.name] for row in model.examples if row.get(column.name) is not None]
    needed = [len(f"{value:.4f}".rstrip("0").partition(".")[2]) for value in values]
    return max([1, *needed])


def _step(model: Model, column: Column, decimals: int) -> float:
    """A round number, about a fiftieth of the range, that the shown decimals can express."""
    seen = seen_range(model, column)
    smallest = 10.0**-decimals
    if not seen:
        return smallest
    return max(smallest, 10.0 ** round(math.log10((seen[1] - seen[0]) / 50)))
