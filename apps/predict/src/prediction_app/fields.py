"""The inputs of the form: one for each column of the signature, or a table for all of them."""

from datetime import datetime
from typing import Any

import streamlit as st

from prediction_app.columns import NUMBER, PLAIN_TYPES, WHOLE, Column
from prediction_app.model import Model
from prediction_app.nested import pretty, sample
from prediction_app.spreadsheet import cell
from prediction_app.text import plain
from prediction_app.values import show

_KINDS = {
    **dict.fromkeys(WHOLE, "Whole number"),
    **dict.fromkeys(NUMBER, "Number"),
    "boolean": "Yes or no",
    "string": "Text",
    "datetime": "Date and time",
    "binary": "Base64 text",
}
_FIRST_DAY, _LAST_DAY = datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59)
_LINE = 100
_LINE_PIXELS, _MOST_PIXELS = 20, 400


def field(model: Model, column: Column) -> object:
    """Draws the input of a column, filled from the example's first row."""
    example = model.examples[0].get(column.name) if model.examples else None
    return _field(model, column, example, _choices(model, column), "column")


def param_field(model: Model, param: Column) -> object:
    """Draws the input of a param, filled with its default."""
    return _field(model, param, model.defaults[param.name], [], "param")


def table(model: Model) -> dict[str, object]:
    """Draws one table with a line for each column, filled from the example's first row."""
    example = model.examples[0] if model.examples else {}
    lines = [
        {"column": column.name, "type": column.type, "value": cell(example.get(column.name))}
        for column in model.inputs
    ]
    edited = st.data_editor(
        lines,
        disabled=["column", "type"],
        hide_index=True,
        key=f"table {model.name}",
    )
    return {line["column"]: line["value"] or "" for line in edited}


def _field(
    model: Model,
    column: Column,
    example: Any,  # noqa: ANN401
    choices: list[str],
    group: str,
) -> object:
    """Its value, None if it is empty. Text is not converted yet.

    Numbers are written as text: a browser's field for numbers turns 31,5 into 315, knows no more
    than 2**53, and Streamlit's goes back to the example when it is cleared.
    """
    label = plain(column.name).strip() or ("(no name)" if column.named else "Input")
    label += "" if column.required else " (optional)"
    # With the type, for a field keeps what was typed in it when a new version takes over.
    key = f"{model.name} {group} {column.type} {column.name}"
    common = {"key": key, "help": _help(model, column)}
    if column.type == "boolean":
        return _boolean(label, column, example, common)
    if column.type == "datetime" and (example is None or _fits_picker(example)):
        return _moment(label, example, common)
    if choices:
        return _choice(label, column, example, choices, common)
    if column.type not in PLAIN_TYPES:
        return _json(label, column, example, common)
    text = "" if example is None else str(example)
    draw = st.text_area if "\n" in text or len(text) > _LINE else st.text_input
    return draw(label, value=text, **common)


def _boolean(label: str, column: Column, example: object, common: dict[str, Any]) -> bool | None:
    if column.required:
        return st.checkbox(label, value=bool(example), **common)
    answers = {"unknown": None, "yes": True, "no": False}
    index = list(answers.values()).index(example)
    return answers[st.selectbox(label, list(answers), index=index, **common)]


def _moment(label: str, example: str | None, common: dict[str, Any]) -> str | None:
    # Not as the default, to which a picker goes back when it is cleared.
    st.session_state.setdefault(common["key"], example and datetime.fromisoformat(example))
    moment = st.datetime_input(
        label, value=None, min_value=_FIRST_DAY, max_value=_LAST_DAY, **common
    )
    return moment.isoformat() if moment else None


def _fits_picker(example: str) -> bool:
    """Whether the picker for dates can show it: without a zone, to the minute, in its years."""
    moment = datetime.fromisoformat(example)
    if moment.tzinfo or moment.second or moment.microsecond:
        return False
    return _FIRST_DAY <= moment <= _LAST_DAY


def _choice(
    label: str, column: Column, example: str | None, choices: list[str], common: dict[str, Any]
) -> str | None:
    options = choices if column.required else ["", *choices]
    start = options.index(example or "") if (example or "") in options else None
    return st.selectbox(
        label,
        options,
        index=start,
        accept_new_options=True,
        format_func=lambda option: option or "unknown",
        placeholder="Choose or type",
        **common,
    )


def _choices(model: Model, column: Column) -> list[str]:
    """The texts of a column whose example rows repeat them, as those of a category do."""
    texts = [row[column.name] for row in model.examples if row.get(column.name)]
    distinct = sorted(set(map(str, texts)))
    repeated = column.type == "string" and len(distinct) < len(texts)
    return distinct if repeated and max(map(len, distinct)) <= _LINE else []


def _json(label: str, column: Column, example: object, common: dict[str, Any]) -> str:
    start = example if example is not None else sample(column) if column.required else None
    text = "" if start is None else pretty(start)
    height = min(_MOST_PIXELS, _LINE_PIXELS * (text.count("\n") + 3))
    return st.text_area(label, value=text, height=height, **common)


def _help(model: Model, column: Column) -> str:
    kind = _KINDS.get(column.type) or f"JSON, {plain(column.type)}"
    if column.shape is not None:
        kind += " of " + " x ".join(f"{size}" if size >= 0 else "any" for size in column.shape)
    if seen := model.ranges.get(column.name):
        kind += f"; {show(seen[0])} to {show(seen[1])} in the training data"
    return f"{kind}." if column.required else f"{kind}. Leave empty if unknown."
