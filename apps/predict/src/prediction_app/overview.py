"""All models of the page: where each is served, whether it answers, with which version."""

import streamlit as st

from prediction_app.status import badges, problem
from prediction_app.text import plain, words
from prediction_app.watch import Look, Watched, look_at_all

_EVERY = "4s"


def overview(servers: list[Watched]) -> None:
    st.title("Models", anchor=False)
    st.caption("Every model of this page, and how its model server is right now.")
    _cards(servers)


@st.fragment(run_every=_EVERY)
def _cards(servers: list[Watched]) -> None:
    if st.session_state.pop("opened", False):
        st.rerun()
    for watched, look in zip(servers, look_at_all(servers), strict=True):
        with st.container(border=True):
            _card(watched, look)


def _card(watched: Watched, look: Look) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.subheader(words(watched.name), anchor=False, width="content")
        badges(look)
        st.space("stretch")
        st.button(
            "Open",
            key=f"open {watched.name}",
            icon=":material/arrow_forward:",
            on_click=_open,
            args=(watched.name,),
        )
    owner = look.model and look.model.owner
    st.caption(f"`{watched.server.url}`" + (f" · owner {plain(owner)}" if owner else ""))
    if trouble := look.waiting or look.away:
        st.caption(plain(trouble))
    if look.model:
        problem(look.model)


def _open(name: str) -> None:
    """A click within a fragment draws that fragment only, which then draws the whole page."""
    st.query_params["model"] = name
    st.session_state["opened"] = True
