"""What the page knows about the model server, and how it keeps up with it."""

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from prediction_app.client import ModelServer, NoModelError, ServerAwayError
from prediction_app.model import LoadError, Model
from prediction_app.text import plain
from prediction_app.values import show

_EVERY = "4s"


@dataclass(frozen=True)
class Look:
    """One look at the model server: the model to draw the page for, and what stands in the way."""

    model: Model | None = None
    waiting: str | None = None
    """Why there is no model."""
    away: str | None = None
    """Why the server cannot be asked right now."""


def look(server: ModelServer) -> Look:
    """Asks the model server; while it is away the model of the last time stays on the page."""
    try:
        model = server.describe()
    except NoModelError as reason:
        st.session_state.pop("model", None)
        return Look(waiting=str(reason))
    except ServerAwayError as reason:
        return Look(model=st.session_state.get("model"), away=str(reason))
    st.session_state["model"] = model
    return Look(model=model)


@st.fragment(run_every=_EVERY)
def follow(server: ModelServer, drawn: Look) -> None:
    """Draws the model server's state every few seconds, and the whole page when it changes."""
    # Within a run of the whole page the server has just been asked.
    now = drawn if st.session_state.pop("just_looked", False) else look(server)
    if now != drawn:
        st.rerun()
    if now.model:
        _card(now.model, now.away)
    else:
        st.badge(
            "No model" if now.waiting else "Server away", icon=":material/schedule:", color="gray"
        )
        st.caption("Looking again every few seconds.")


def _card(model: Model, away: str | None) -> None:
    st.subheader(plain(model.name), anchor=False)
    with st.container(horizontal=True, gap="small"):
        if away:
            st.badge(
                f"version {plain(model.version)}, away", icon=":material/cloud_off:", color="orange"
            )
        else:
            st.badge(
                f"version {plain(model.version)}", icon=":material/check_circle:", color="green"
            )
        if model.alias:
            st.badge(plain(model.alias), icon=":material/sell:", color="blue")
    if model.load_error:
        _problem(model, model.load_error)
    if model.metrics:
        st.markdown("**How good it is**")
        st.table(
            [
                {"metric": plain(name), "value": show(model.metrics[name])}
                for name in sorted(model.metrics)
            ],
            border="horizontal",
            hide_index=True,
        )
    details = [f"Loaded {_moment(model.loaded_at)}"] if model.loaded_at else []
    details += [f"MLflow run `{model.run_id}`"] if model.run_id else []
    if details:
        st.caption("  \n".join(details))


def _problem(model: Model, problem: LoadError) -> None:
    keeps = f"ersion {plain(model.version)} keeps answering."
    version = plain(problem.version or "")
    if problem.state == "unreachable":
        st.warning(
            f"The model registry cannot be reached right now; v{keeps}",
            icon=":material/cloud_off:",
        )
    elif problem.state == "missing":
        st.warning(
            f"{plain(model.name)} is no longer in the model registry; v{keeps}",
            icon=":material/warning:",
        )
    elif problem.state == "loading":
        st.info(f"Version {version} is still being loaded; v{keeps}", icon=":material/hourglass:")
    else:
        reason = plain(problem.reason.rstrip("."))
        st.warning(
            f"Version {version} could not be loaded: {reason}. V{keeps}", icon=":material/warning:"
        )


def _moment(iso: str) -> str:
    try:
        return datetime.fromisoformat(iso).strftime("%d %B %Y, %H\\:%M %Z").strip()
    except ValueError:
        return plain(iso)
