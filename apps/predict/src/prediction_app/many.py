"""Many predictions: a CSV in, a CSV out."""

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from prediction_app.batch import (
    BadFileError,
    ignored_columns,
    predict_all,
    read_csv,
    template,
    to_rows,
)
from prediction_app.client import ModelServer, NoModelError, RefusedError, ServerAwayError
from prediction_app.model import Model
from prediction_app.text import plain

_PREVIEW_ROWS = 100


def many(server: ModelServer, model: Model) -> None:
    st.markdown(
        "Upload a CSV with one row per prediction and get it back with the predictions in it."
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
        st.table(
            [
                {
                    "column": plain(column.name),
                    "type": column.type,
                    "needed": "yes" if column.required else "optional",
                }
                for column in model.inputs
            ],
            border="horizontal",
            hide_index=True,
        )
    uploaded = st.file_uploader("CSV file", type="csv")
    if uploaded is None:
        st.session_state.pop("batch", None)
        return
    try:
        frame = read_csv(uploaded.getvalue())
        to_rows(model, frame)
    except BadFileError as problem:
        faults = "\n".join(f"- {plain(fault)}" for fault in problem.faults)
        st.error(f"This file cannot be predicted.\n{faults}", icon=":material/block:")
        return
    if ignored := ignored_columns(model, frame):
        names = ", ".join(plain(name) for name in ignored)
        st.info(
            f"The model does not use {names}; it is kept in the result.", icon=":material/info:"
        )
    label = f"Predict {len(frame):,} row" + ("s" if len(frame) > 1 else "")
    if st.button(label, type="primary", icon=":material/play_arrow:"):
        _predict(server, model, frame, uploaded)
    _result(uploaded)


def _predict(
    server: ModelServer, model: Model, frame: pd.DataFrame, uploaded: UploadedFile
) -> None:
    st.session_state.pop("batch", None)
    bar = st.progress(0.0, "Predicting")
    try:
        done = predict_all(server, model, frame, lambda part: bar.progress(part, "Predicting"))
    except RefusedError as reason:
        st.error(
            f"The model does not take this file. {plain(str(reason))}", icon=":material/block:"
        )
    except NoModelError as reason:
        st.info(f"There is no model to ask. {plain(str(reason))}", icon=":material/hourglass:")
    except ServerAwayError as reason:
        st.error(f"{plain(str(reason))} Please try again in a moment.", icon=":material/cloud_off:")
    else:
        st.session_state["batch"] = (uploaded.file_id, done)
    bar.empty()


def _result(uploaded: UploadedFile) -> None:
    of_file, done = st.session_state.get("batch", (None, None))
    if done is None or of_file != uploaded.file_id:
        return
    versions = ", ".join(plain(version) for version in done["model_version"].unique())
    st.success(
        f"{len(done):,} rows predicted by version {versions}.", icon=":material/check_circle:"
    )
    shown = done[["prediction", *done.columns.drop(["prediction", "model_version"])]]
    st.dataframe(shown.head(_PREVIEW_ROWS), hide_index=True)
    if len(done) > _PREVIEW_ROWS:
        st.caption(f"The first {_PREVIEW_ROWS} rows; the file has them all.")
    st.download_button(
        "Download the predictions",
        done.to_csv(index=False),
        file_name=f"{uploaded.name.removesuffix('.csv')}-predictions.csv",
        mime="text/csv",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
