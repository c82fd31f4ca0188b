"""The page, top to bottom. Streamlit executes this file for every visitor and every click."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from prediction_app import metrics
from prediction_app.guide import guide, why_no_form
from prediction_app.listing import listed
from prediction_app.many import many
from prediction_app.overview import overview
from prediction_app.picker import pick, shown
from prediction_app.single import single
from prediction_app.status import follow
from prediction_app.text import plain, words
from prediction_app.watch import Look, Watched

# A file of ours: for an emoji or a material icon the browser would call a server on the internet.
_ICON = Path(__file__).with_name("icon.svg")


def main() -> None:
    st.set_page_config("Predictions", str(_ICON), layout="wide")
    listing = listed().now()
    watched = pick(listing)
    if context := get_script_run_ctx():
        metrics.sessions.show(context.session_id, shown())
    with metrics.run(shown()):
        if watched is None:
            overview(listing)
        else:
            _model_page(watched)


def _model_page(watched: Watched) -> None:
    now = watched.look()
    st.session_state["just_looked"] = True
    with st.sidebar:
        follow(watched, now)
    if now.model is None:
        _waiting(watched, now)
        return
    st.title(words(now.model.name), anchor=False)
    st.caption(
        f"Predictions from the version that has the alias {plain(now.model.alias)} in MLflow. "
        "When the alias moves, this page follows."
    )
    if now.away:
        st.warning(
            f"{plain(now.away)} The page continues automatically when it is back.",
            icon=":material/cloud_off:",
        )
    if reason := why_no_form(now.model):
        guide(now.model, reason)
        return
    if not now.model.tabular:
        single(watched.server, now.model)
        return
    one, batch = st.tabs(["One prediction", "Many from a CSV"])
    with one:
        single(watched.server, now.model)
    with batch:
        many(watched.server, now.model)


def _waiting(watched: Watched, now: Look) -> None:
    st.title(words(watched.name) or "Predictions", anchor=False)
    if now.away:
        st.warning(
            f"{plain(now.away)} This page continues automatically as soon as it answers.",
            icon=":material/cloud_off:",
        )
        return
    st.info(
        "There is no model yet. Train one and give a version the alias: the notebook does both. "
        "This page continues automatically as soon as there is one.",
        icon=":material/hourglass:",
    )
    st.caption(f"The model server says: {plain(now.waiting or '')}")


main()
