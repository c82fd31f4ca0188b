"""What the page knows about the model server, and how it keeps up with it."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from prediction_app.model import LoadError, Model
from prediction_app.tables import draw_table
from prediction_app.text import plain
from prediction_app.values import show
from prediction_app.watch import Look, Watched

_EVERY = timedelta(seconds=4)
# MLflow may be slow once; the model answers all the same.
_NO_NEWS = timedelta(minutes=1)


@st.fragment(run_every=_EVERY)
def follow(watched: Watched, drawn: Look) -> None:
    """Draws the model server's state every few seconds, and the whole page when it changes."""
    # Within a run of the whole page the server has just been asked.
    now = drawn if st.session_state.pop("just_looked", False) else watched.look()
    if now != drawn:
        st.rerun()
    if now.model:
        _card(now.model, now)
    else:
        badges(now)
        st.caption("Retrying every few seconds.")


def badges(look: Look) -> None:
    """Draws how a model server is, in a word each."""
    model = look.model
    if model is None:
        if look.waiting:
            st.badge("No model", icon=":material/schedule:", color="gray")
        else:
            st.badge("Server unavailable", icon=":material/cloud_off:", color="orange")
        return
    version = f"version {plain(model.version)}"
    if look.away:
        st.badge(f"{version}, server unavailable", icon=":material/cloud_off:", color="orange")
    else:
        st.badge(version, icon=":material/check_circle:", color="green")
    if model.alias:
        st.badge(plain(model.alias), icon=":material/sell:", color="blue")


def _card(model: Model, now: Look) -> None:
    st.subheader(plain(model.name), anchor=False)
    with st.container(horizontal=True, gap="small"):
        badges(now)
    problem(model)
    if model.metrics:
        st.markdown("**Metrics**")
        draw_table(
            [
                {"metric": plain(name), "value": show(model.metrics[name])}
                for name in sorted(model.metrics)
            ]
        )
    details = [f"Loaded {_moment(model.loaded_at)}"] if model.loaded_at else []
    details += [f"Owner {plain(model.owner)}"] if model.owner else []
    details += [f"MLflow run `{model.run_id}`"] if model.run_id else []
    if details:
        st.caption("  \n".join(details))


def problem(model: Model) -> None:
    """Draws why a newer version is not the one that answers, if there is a reason."""
    fault = model.load_error
    if fault is None:
        return
    keeps = f"ersion {plain(model.version)} keeps answering."
    version = plain(fault.version or "")
    if fault.state == "unreachable" or (fault.version is None and fault.state != "missing"):
        if _is_new(fault):
            return
        st.warning(
            f"The model registry cannot be reached right now; v{keeps}",
            icon=":material/cloud_off:",
        )
    elif fault.state == "missing":
        st.warning(
            f"{plain(model.name)} is no longer in the model registry; v{keeps}",
            icon=":material/warning:",
        )
    elif fault.state == "loading":
        st.info(f"Version {version} is still being loaded; v{keeps}", icon=":material/hourglass:")
    else:
        st.warning(f"Version {version} could not be loaded; v{keeps}", icon=":material/warning:")
        if fault.reason:
            with st.expander("Why"):
                # As code, in which the commands of an advice stay as they are.
                st.code(fault.reason, language=None, wrap_lines=True)


def _is_new(fault: LoadError) -> bool:
    try:
        since = datetime.fromisoformat(fault.since or "")
        return datetime.now(UTC) - since < _NO_NEWS
    except (TypeError, ValueError):
        return False


def _moment(iso: str) -> str:
    try:
        return datetime.fromisoformat(iso).strftime("%d %B %Y, %H\\:%M %Z").strip()
    except ValueError:
        return plain(iso)
