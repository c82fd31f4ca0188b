"""The front page: every model and service, where it is, whether it answers, which version."""

from datetime import timedelta
from urllib.parse import urlsplit

import streamlit as st

from prediction_app.listing import Listing, listed
from prediction_app.services import State, WatchedService
from prediction_app.status import badges, problem
from prediction_app.text import plain, words
from prediction_app.watch import Look, Watched, look_at_all

_EVERY = timedelta(seconds=4)
# Every card is drawn again each time, for every tab that is open.
_MOST_CARDS = 20


def overview(drawn: Listing) -> None:
    if drawn.services:
        st.title("Services", anchor=False)
        st.caption("Every service of this platform, with its current health.")
    else:
        st.title("Models", anchor=False)
        st.caption("Every model of this page, with the health of its model server.")
    models = drawn.models
    if len(models) > _MOST_CARDS:
        text = st.text_input("Find a model", placeholder="A part of its name or of its owner")
        models = tuple(watched for watched in models if _matches(watched, text))
    _cards(drawn, models)


def _matches(watched: Watched, text: str) -> bool:
    known = (watched.name, words(watched.name), watched.owner or "")
    return any(text.strip().casefold() in one.casefold() for one in known)


@st.fragment(run_every=_EVERY)
def _cards(drawn: Listing, found: tuple[Watched, ...]) -> None:
    if st.session_state.pop("opened", False) or listed().now() is not drawn:
        st.rerun()
    shown = found[:_MOST_CARDS]
    seen = look_at_all([*shown, *drawn.services])
    if drawn.services:
        st.subheader("Models", anchor=False)
    for watched, look in zip(shown, seen, strict=False):
        with st.container(border=True):
            _model(watched, look)
    if not found:
        st.caption("No model matches.")
    elif len(found) > len(shown):
        st.caption(f"{len(shown)} of {len(found)} models. Find the others above, or by the picker.")
    if drawn.services:
        st.subheader("Platform", anchor=False)
    for service, state in zip(drawn.services, seen[len(shown) :], strict=True):
        with st.container(border=True):
            _service(service, state)


def _model(watched: Watched, look: Look) -> None:
    with _line():
        _name(words(watched.name))
        badges(look)
        st.space("stretch")
        st.button(
            "Open",
            key=f"open {watched.name}",
            icon=":material/arrow_forward:",
            on_click=_open,
            args=(watched.name,),
        )
    logged = look.model and look.model.owner
    _where(watched.public_url, watched.owner or logged)
    if trouble := look.waiting or look.away:
        st.caption(plain(trouble))
    if look.model:
        problem(look.model)


def _service(watched: WatchedService, state: State) -> None:
    service = watched.service
    with _line():
        _name(plain(service.name))
        if state.healthy:
            st.badge("Healthy", icon=":material/check_circle:", color="green")
        elif state.healthy is None:
            st.badge("Unknown", icon=":material/help:", color="gray")
        else:
            st.badge("Unavailable", icon=":material/cloud_off:", color="orange")
        if state.version:
            st.badge(f"version {plain(state.version)}", icon=":material/sell:", color="blue")
        if service.health_url and _opens(service.url):
            st.space("stretch")
            st.link_button("Open", service.url, icon=":material/open_in_new:")
    _where(service.url, service.owner)
    if state.reason:
        st.caption(plain(state.reason))


def _line() -> st.delta_generator.DeltaGenerator:
    return st.container(horizontal=True, gap="small", vertical_alignment="center")


def _name(text: str) -> None:
    st.markdown(f"**{text}**", width="content")


def _where(url: str, owner: str | None) -> None:
    """Where people find it; what only the cluster's own DNS knows opens in no browser."""
    place = f"`{url}`" if _opens(url) else "Inside the cluster; for a URL run `npm run connect`"
    st.caption(place + (f" · owner {plain(owner)}" if owner else ""))


def _opens(url: str) -> bool:
    return not (urlsplit(url).hostname or "").endswith(".cluster.local")


def _open(name: str) -> None:
    """A click within a fragment draws that fragment only, which then draws the whole page."""
    st.query_params["model"] = name
    st.session_state["opened"] = True
