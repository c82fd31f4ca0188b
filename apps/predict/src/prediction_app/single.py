"""One prediction: the form on the left, the answer on the right."""

from typing import Any

import streamlit as st

from prediction_app.client import (
    ModelServer,
    NoModelError,
    Prediction,
    RefusedError,
    ServerAwayError,
)
from prediction_app.fields import field
from prediction_app.model import Model
from prediction_app.text import plain, words
from prediction_app.values import outside_range, show

_COLUMNS = 3


def single(server: ModelServer, model: Model) -> None:
    left, right = st.columns([5, 3], gap="large")
    with left:
        row = _form(model)
    with right:
        if row is not None:
            _ask(server, model, row)
        _answer(model)


def _form(model: Model) -> dict[str, Any] | None:
    """The row to predict when the button was pressed. Empty optional fields are not in it."""
    with st.form("features", border=True):
        st.subheader("Values", anchor=False)
        st.caption("Filled with a typical example. The question mark shows what a field may hold.")
        row: dict[str, Any] = {}
        for start in range(0, len(model.inputs), _COLUMNS):
            cells = st.columns(_COLUMNS)
            for cell, column in zip(cells, model.inputs[start : start + _COLUMNS], strict=False):
                with cell:
                    row[column.name] = field(model, column)
        pressed = st.form_submit_button("Predict", type="primary", icon=":material/play_arrow:")
    return {name: value for name, value in row.items() if value is not None} if pressed else None


def _ask(server: ModelServer, model: Model, row: dict[str, Any]) -> None:
    st.session_state.pop("answer", None)
    try:
        with st.spinner("Predicting"):
            answer = server.predict(model.inputs, [row])
    except RefusedError as reason:
        st.error(
            f"The model does not take these values. {plain(str(reason))}", icon=":material/block:"
        )
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
    else:
        st.metric(words(model.output), "none" if value is None else show(value))
