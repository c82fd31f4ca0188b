"""A saved model in this process, without registry and HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from model_server.errors import InputError
from model_server.loaded_model import LoadedModel
from model_server.loader import load_files, try_version
from model_server.registry import ModelVersion
from model_server.settings import read_settings


class Answer(NamedTuple):
    """A status and the predictions, or the text of the error."""

    status: int
    predictions: Any


def load(path: Path) -> LoadedModel:
    settings = read_settings(
        {
            "MLFLOW_TRACKING_URI": "http://localhost",
            "MODEL_NAME": "m",
            "MODEL_ALLOW_PICKLE": "true",
        }
    )
    version = ModelVersion("m", "1", None, 0)
    look_for_a_quicker_way = try_version(settings, version, path)
    look_for_a_quicker_way()
    return load_files(settings, version, path)


def ask(model: LoadedModel, body: object, media_type: str = "application/json") -> Answer:
    """What `POST /invocations` answers; anything but a refused input is raised."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        return Answer(200, json.loads(model.answer(media_type, raw).body)["predictions"])
    except InputError as error:
        return Answer(400, str(error))
