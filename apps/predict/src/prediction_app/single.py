"""One prediction: the form on the left, the answer on the right."""

from typing import Any

import streamlit as st

from prediction_app import answer as answers
from prediction_app.client import (
    LongAnswerError,
    ModelServer,
    NoModelError,
    RefusedError,
    ServerAwayError,
)
from prediction_app.columns import PLAIN_TYPES, BadValueError, Column
from prediction_app.fields import field, param_field, table
from prediction_app.model import Model
from prediction_app.ranges import outside_range
from prediction_app.text import plain
from prediction_app.values import from_text

_COLUMNS = 3
# A browser takes seconds to draw hundreds of fields.
_MOST_FIELDS = 100

Typed = dict[str, object]


def single(server: ModelServer, model: Model) -> None:
    left, right = st.columns([5, 3], gap="large")
    with left:
        typed = _form(model)
    with right:
        if typed is not None:
            _ask(server, model, *typed)
        _answer(model)


def _form(model: Model) -> tuple[Typed, Typed] | None:
    """What the fields of columns and params hold when the button was pressed."""
    with st.form("features", border=True):
        st.subheader("Values", anchor=False)
        filled = "Filled with a typical example. " if model.examples else ""
        if len(model.inputs) <= _MOST_FIELDS:
            st.caption(f"{filled}The question mark shows what a field accepts.")
            typed = _fields(model)
        else:
            st.caption(f"{filled}Click a value to change it.")
            typed = table(model)
        params: Typed = {}
        if model.params:
            with st.expander("Parameters"):
                params = {param.name: param_field(model, param) for param in model.params}
        pressed = st.form_submit_button("Predict", type="primary", icon=":material/play_arrow:")
    return (typed, params) if pressed else None


def _fields(model: Model) -> Typed:
    """Plain columns in a grid, then the others, each as wide as the form."""
    short = [column for column in model.inputs if column.type in PLAIN_TYPES]
    typed: Typed = {}
    for start in range(0, len(short), _COLUMNS):
        cells = st.columns(_COLUMNS)
        for cell, column in zip(cells, short[start : start + _COLUMNS], strict=False):
            with cell:
                typed[column.name] = field(model, column)
    for column in model.inputs:
        if column not in short:
            typed[column.name] = field(model, column)
    return typed


def _row(columns: tuple[Column, ...], typed: Typed) -> dict[str, Any]:
    """The row as it is sent: without empty optional fields, text read as what the column holds."""
    row: dict[str, Any] = {}
    for column in columns:
        value = typed[column.name]
        try:
            if value is None and column.required:
                raise BadValueError("is missing")
            row[column.name] = from_text(column, value) if isinstance(value, str) else value
        except BadValueError as fault:
            raise RefusedError(f"{column.name or 'Input'}: the value {fault}.") from None
    return {name: value for name, value in row.items() if value is not None}


def _ask(server: ModelServer, model: Model, typed: Typed, params: Typed) -> None:
    st.session_state.pop("answer", None)
    try:
        row = _row(model.inputs, typed)
        with st.spinner("Predicting"):
            answer = server.predict(
                model.inputs, [row], _row(model.params, params), bool(model.classes)
            )
    except RefusedError as reason:
        st.error(
            f"The model does not accept these values. {plain(str(reason))}", icon=":material/block:"
        )
    except LongAnswerError as reason:
        st.error(plain(str(reason)), icon=":material/memory:")
    except NoModelError as reason:
        st.info(f"No model is available. {plain(str(reason))}", icon=":material/hourglass:")
    except ServerAwayError as reason:
        st.error(f"{plain(str(reason))} Please try again in a moment.", icon=":material/cloud_off:")
    else:
        st.session_state["answer"] = (answer, row)


def _answer(model: Model) -> None:
    with st.container(border=True):
        st.subheader("Prediction", anchor=False)
        if "answer" not in st.session_state:
            st.caption("Press Predict for a prediction.")
            return
        answer, row = st.session_state["answer"]
        answers.draw(model, answer)
        by = f"Answered by **{plain(model.name)}** version **{plain(answer.version)}**"
        holds_alias = model.alias and answer.version == model.version
        st.markdown(by + (f" ({plain(model.alias)})." if holds_alias else "."))
        for sentence in outside_range(model, row):
            st.warning(plain(sentence), icon=":material/straighten:")
