"""All models of the page: where each is served, whether it answers, with which version."""

import streamlit as st

from prediction_app.status import badges
from prediction_app.text import plain, words
from prediction_app.watch import Look, Watched, look_at_all

_EVERY = "4s"


def overview(servers: list[Watched]) -> None:
    st.title("Models", anchor=False)
    st.caption("Every model of this page, and how its model server is right now.")
    _cards(servers)


@st.fragment(run_every=_EVERY)
def _cards(servers: list[Watched]) -> None:
    for watched, look in zip(servers, look_at_all(servers), strict=True):
        with st.container(border=True):
            _card(watched, look)


def _card(watched: Watched, look: Look) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.subheader(words(watched.name), anchor=False)
        with st.container(horizontal=True, gap="small"):
            badges(look)
        if trouble := look.waiting or look.away:
            st.caption(plain(trouble))
        details = [f"`{watched.server.url}`"]
        if look.model and look.model.owner:
            details.append(f"owner {plain(look.model.owner)}")
        st.caption(" · ".join(details))
    with right:
        if st.button("Open", key=f"open {watched.name}", icon=":material/arrow_forward:"):
            st.query_params["model"] = watched.name
            st.rerun()
