"""Which of the models a visitor looks at: `?model=` in the address, and a picker that sets it."""

import streamlit as st

from prediction_app.listing import Listing
from prediction_app.text import plain, series, words
from prediction_app.values import quoted
from prediction_app.watch import Watched

_ALL = ""
# What belongs to the model that was on the page before.
_OF_A_MODEL = ("answer", "checked", "batch")


def pick(listing: Listing) -> Watched | None:
    """The model server to draw the page for; None for the front page."""
    known = {watched.name: watched for watched in listing.models}
    asked = st.query_params.get("model", _ALL)
    # One that is configured without a name is there under any.
    unknown = asked != _ALL and asked not in known and list(known) != [_ALL]
    front = _ALL if listing.has_front_page else listing.models[0].name
    chosen = asked if asked in known else front
    if st.session_state.get("shown") != chosen:
        for name in _OF_A_MODEL:
            st.session_state.pop(name, None)
    st.session_state["shown"] = chosen
    with st.sidebar:
        if listing.has_front_page:
            st.session_state["picked"] = chosen
            everything = "All services" if listing.services else "All models"
            st.selectbox(
                "Model",
                [_ALL, *known],
                key="picked",
                format_func=lambda name: words(name) or everything,
                on_change=_go,
            )
        else:
            st.caption("Model")
    if unknown:
        st.error(
            f"This page has no model {plain(quoted(asked))}; it has {plain(series(list(known)))}.",
            icon=":material/search_off:",
        )
    return known.get(chosen)


def shown() -> str:
    """Name of the model that the visitor looks at; empty on the front page."""
    return st.session_state.get("shown", _ALL)


def _go() -> None:
    if st.session_state["picked"]:
        st.query_params["model"] = st.session_state["picked"]
    else:
        st.query_params.clear()
