"""Which of the models a visitor looks at: `?model=` in the address, and a picker that sets it."""

import streamlit as st

from prediction_app.text import plain, series, words
from prediction_app.values import quoted
from prediction_app.watch import Watched

_ALL = ""
# What belongs to the model that was on the page before.
_OF_A_MODEL = ("answer", "checked", "batch")


def pick(servers: list[Watched]) -> Watched | None:
    """The model server to draw the page for; None for the overview of all."""
    known = {watched.name: watched for watched in servers}
    asked = st.query_params.get("model", _ALL)
    several = len(servers) > 1
    # One that is configured without a name is there under any.
    unknown = asked != _ALL and asked not in known and list(known) != [_ALL]
    chosen = asked if asked in known else _ALL if several else servers[0].name
    if st.session_state.get("shown") != chosen:
        for name in _OF_A_MODEL:
            st.session_state.pop(name, None)
    st.session_state["shown"] = chosen
    with st.sidebar:
        if several:
            st.session_state["picked"] = chosen
            st.selectbox("Model", [_ALL, *known], key="picked", format_func=_title, on_change=_go)
        else:
            st.caption("Model")
    if unknown:
        st.error(
            f"This page has no model {plain(quoted(asked))}; it has {plain(series(list(known)))}.",
            icon=":material/search_off:",
        )
    return known.get(chosen)


def shown() -> str:
    """Name of the model that the visitor looks at; empty on the overview."""
    return st.session_state.get("shown", _ALL)


def _title(name: str) -> str:
    return words(name) or "All models"


def _go() -> None:
    if st.session_state["picked"]:
        st.query_params["model"] = st.session_state["picked"]
    else:
        st.query_params.clear()
