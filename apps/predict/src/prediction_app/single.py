"""One prediction: the form on the left, the answer on the right."""

from typing import Any

import streamlit as st

from prediction_app.client import (
    LongAnswerError,
    ModelServer,
    NoModelError,
    Prediction,
    RefusedError,
    ServerAwayError,
)
from prediction_app.fields import field, table
from prediction_app.model import Model
from prediction_app.ranges import outside_range
from prediction_app.text import plain, words
from prediction_app.values import BadValueError, from_text, show

_COLUMNS = 3
# A browser takes seconds to draw hundreds of fields.
_MOST_FIELDS = 100
_METRIC_LENGTH = 40


def single(server: ModelServer, model: Model) -> None:
    left, right = st.columns([5, 3], gap="large")
    with left:
        typed = _form(model)
    with right:
        if typed is not None:
            _ask(server, model, typed)
        _answer(model)


def _form(model: Model) -> dict[str, object] | None:
    """What the fields hold when the button was pressed."""
    with st.form("features", border=True):
        st.subheader("Values", anchor=False)
        typed = _fields(model) if len(model.inputs) <= _MOST_FIELDS else _table(model)
        pressed = st.form_submit_button("Predict", type="primary", icon=":material/play_arrow:")
    return typed if pressed else None


def _fields(model: Model) -> dict[str, object]:
    st.caption("Filled with a typical example. The question mark shows what a field may hold.")
    typed: dict[str, object] = {}
    for start in range(0, len(model.inputs), _COLUMNS):
        cells = st.columns(_COLUMNS)
        for cell, column in zip(cells, model.inputs[start : start + _COLUMNS], strict=False):
            with cell:
                typed[column.name] = field(model, column)
    return typed


def _table(model: Model) -> dict[str, object]:
    st.caption("Filled with a typical example. Click a value to change it.")
    return table(model)


def _row(model: Model, typed: dict[str, object]) -> dict[str, Any]:
    """The row as it is sent: without empty optional fields, text read as what the column holds."""
    row: dict[str, Any] = {}
    for column in model.inputs:
        value = typed[column.name]
        try:
            row[column.name] = from_text(column, value) if isinstance(value, str) else value
        except BadValueError as fault:
            raise RefusedError(f"{column.name}: the value {fault}.") from None
    return {name: value for name, value in row.items() if value is not None}


def _ask(server: ModelServer, model: Model, typed: dict[str, object]) -> None:
    st.session_state.pop("answer", None)
    try:
        row = _row(model, typed)
        with st.spinner("Predicting"):
            answer = server.predict(model.inputs, [row])
    except RefusedError as reason:
        st.error(
            f"The model does not take these values. {plain(str(reason))}", icon=":material/block:"
        )
    except LongAnswerError as reason:
        st.error(plain(str(reason)), icon=":material/memory:")
    except NoModelError as reason:
        st.info(f"There is no model to ask. {plain(str(reason))}", icon=":material/hourglass:")
    except ServerAwayError as reason:
        st.error(f"{plain(str(reason))} Please try again in a moment.", icon=":material/cloud_off:")
    else:
        st.session_state["answer"] = (answer, row)


def _answer(model: Model) -> None:
    with st.container(border=True):
        st.subheader("Prediction", anchor=False)
        if "answer" not in st.session_state:
            st.caption("Press Predict to ask the model.")
            return
        answer, row = st.session_state["answer"]
        _value(model, answer)
        by = f"Answered by **{plain(model.name)}** version **{plain(answer.version)}**"
        holds_alias = model.alias and answer.version == model.version
        st.markdown(by + (f" ({plain(model.alias)})." if holds_alias else "."))
        for sentence in outside_range(model, row):
            st.warning(plain(sentence), icon=":material/straighten:")


def _value(model: Model, answer: Prediction) -> None:
    value = answer.values[0]
    if isinstance(value, dict | list):
        st.json(value)
    elif isinstance(value, str) and len(value) > _METRIC_LENGTH:
        st.text(value)
    else:
        st.metric(words(model.output), "none" if value is None else show(value))
