"""Many predictions: a CSV in, a CSV out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from prediction_app.batch import (
    PREVIEW_ROWS,
    BadFileError,
    Checked,
    check,
    predict_all,
    read_csv,
    template,
)
from prediction_app.client import (
    LongAnswerError,
    ModelServer,
    NoModelError,
    RefusedError,
    ServerAwayError,
)
from prediction_app.csv_file import MAX_ROWS
from prediction_app.model import Model
from prediction_app.results import NoRoomError
from prediction_app.tables import draw_table
from prediction_app.text import columns, plain, series
from prediction_app.uploads import full, most_of_one

# Files that are worked on at once by this process; each takes a processor while it is.
_TURNS = threading.BoundedSemaphore(2)


def many(server: ModelServer, model: Model) -> None:
    st.markdown(
        "Upload a CSV with one row per prediction and get it back with the predictions in it. "
        f"It may have up to {most_of_one()} MB and {MAX_ROWS:,} rows."
    )
    st.download_button(
        "Download an example CSV",
        template(model),
        file_name=f"{model.name}-example.csv",
        mime="text/csv",
        icon=":material/description:",
        on_click="ignore",
    )
    with st.expander("Columns of the file"):
        draw_table(
            [
                {
                    "column": plain(column.name),
                    "type": column.type,
                    "needed": "yes" if column.required else "optional",
                }
                for column in model.inputs
            ]
        )
    uploaded = st.file_uploader("CSV file", type="csv")
    if uploaded is None:
        _forget("checked", "batch")
        if full():
            st.info(
                "The files of other visitors fill the memory of this page; an upload may fail. "
                "Try again in a few minutes, or send the rows to the model server over HTTP.",
                icon=":material/hourglass:",
            )
        return
    try:
        checked = _check(model, uploaded)
    except BadFileError as problem:
        faults = "\n".join(f"- {plain(fault)}" for fault in problem.faults)
        st.error(f"This file cannot be predicted.\n{faults}", icon=":material/block:")
        return
    if checked.form:
        st.info(checked.form, icon=":material/info:")
    if checked.ignored:
        kept = "they are" if len(checked.ignored) > 1 else "it is"
        st.info(
            f"The model does not use {plain(series(checked.ignored))}; {kept} kept in the result.",
            icon=":material/info:",
        )
    label = f"Predict {checked.rows:,} row" + ("s" if checked.rows > 1 else "")
    if st.button(label, type="primary", icon=":material/play_arrow:"):
        _predict(server, model, uploaded, checked.rows)
    _result(uploaded)


def _check(model: Model, uploaded: UploadedFile) -> Checked:
    """Goes through a file once, not in every draw of the page."""
    key = (uploaded.file_id, model.inputs)
    of_file, found = st.session_state.get("checked", (None, None))
    if of_file != key:
        _forget("checked", "batch")
        with _turn(), _progress() as show:
            try:
                table = read_csv(uploaded.getvalue())
                found = check(model, table, lambda part: show(part, "Reading the file"))
            except BadFileError as problem:
                # Not the error itself: its traceback holds what was read.
                found = problem.faults
        st.session_state["checked"] = (key, found)
    if isinstance(found, tuple):
        raise BadFileError(*found)
    return found


def _predict(server: ModelServer, model: Model, uploaded: UploadedFile, rows: int) -> None:
    _forget("batch")
    try:
        with _turn(), _progress() as show:
            done = predict_all(
                server,
                model,
                read_csv(uploaded.getvalue()),
                lambda count: show(count / rows, f"Predicted {count:,} of {rows:,} rows"),
            )
    except (RefusedError, BadFileError) as reason:
        st.error(
            f"The model does not accept this file. {plain(str(reason))}", icon=":material/block:"
        )
    except (LongAnswerError, NoRoomError) as reason:
        st.error(plain(str(reason)), icon=":material/memory:")
    except NoModelError as reason:
        st.info(f"No model is available. {plain(str(reason))}", icon=":material/hourglass:")
    except ServerAwayError as reason:
        st.error(f"{plain(str(reason))} Please try again in a moment.", icon=":material/cloud_off:")
    else:
        st.session_state["batch"] = (uploaded.file_id, done)


def _forget(*names: str) -> None:
    for name in names:
        st.session_state.pop(name, None)


@contextmanager
def _turn() -> Iterator[None]:
    """Waits until fewer files are being predicted."""
    note = st.empty()
    while not _TURNS.acquire(timeout=1):
        # Drawing also ends the wait for a visitor who has left the page.
        note.info(
            "Other files are being predicted; yours is next in a moment.",
            icon=":material/hourglass:",
        )
    note.empty()
    try:
        yield
    finally:
        _TURNS.release()


@contextmanager
def _progress() -> Iterator[Callable[[float, str], object]]:
    bar = st.progress(0.0)
    try:
        yield bar.progress
    finally:
        bar.empty()


def _result(uploaded: UploadedFile) -> None:
    of_file, done = st.session_state.get("batch", (None, None))
    if done is None or of_file != uploaded.file_id:
        return
    versions = plain(series(done.versions))
    st.success(
        f"{done.rows:,} rows predicted by version {versions}.", icon=":material/check_circle:"
    )
    if done.renamed:
        taken, given = zip(*done.renamed, strict=True)
        st.info(
            f"The file already has {plain(columns(taken))}; "
            f"the predictions are in {plain(columns(given))}.",
            icon=":material/info:",
        )
    st.dataframe(done.preview, hide_index=True)
    if done.rows > PREVIEW_ROWS:
        st.caption(f"The first {PREVIEW_ROWS} rows; the file has them all.")
    st.download_button(
        "Download the predictions",
        done.content,
        file_name=f"{uploaded.name.removesuffix('.csv')}-predictions.csv",
        mime="text/csv",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
