"""A saved model in this process, without registry and HTTP."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import mlflow.pyfunc
from model_server.baseline import NO_BASELINE
from model_server.decoder import compile_decoder
from model_server.errors import InputError
from model_server.loaded_model import LoadedModel
from model_server.observed import Observed
from model_server.registry import ModelVersion
from model_server.settings import read_settings


class Answer(NamedTuple):
    """A status and the predictions, or the text of the error."""

    status: int
    predictions: Any


def load(path: Path) -> LoadedModel:
    pyfunc = mlflow.pyfunc.load_model(str(path))
    sklearn = pyfunc.loader_module == "mlflow.sklearn"
    settings = read_settings({"MLFLOW_TRACKING_URI": "http://localhost", "MODEL_NAME": "m"})
    return LoadedModel(
        ModelVersion("m", "1", None, 0),
        pyfunc,
        compile_decoder(pyfunc.metadata.signature, fill_missing=sklearn),
        Observed(NO_BASELINE, settings),
        {},
        datetime.now(UTC),
        Path(tempfile.mkdtemp()),
    )


def ask(model: LoadedModel, body: object, media_type: str = "application/json") -> Answer:
    """What `POST /invocations` answers; anything but a refused input is raised."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        return Answer(200, json.loads(model.answer(media_type, raw).body)["predictions"])
    except InputError as error:
        return Answer(400, str(error))
