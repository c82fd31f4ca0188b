"""The environment is checked as a whole before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_server.settings import SettingsError, read_settings


def test_settings_name_every_fault_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"MODEL_POLL_SECONDS": "nan", "PORT": "x", "MODEL_ALLOW_PICKLE": "yes"})
    assert str(caught.value) == (
        "PORT must be a number, not 'x'; MLFLOW_TRACKING_URI is not set; MODEL_NAME is not set; "
        "MODEL_POLL_SECONDS must be at least 0.1, not nan; "
        "MODEL_ALLOW_PICKLE must be true or false, not 'yes'"
    )


def test_the_metrics_need_a_port_of_their_own() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {"MLFLOW_TRACKING_URI": "http://mlflow", "MODEL_NAME": "m", "METRICS_PORT": "8080"}
        )
    assert str(caught.value) == "METRICS_PORT must be another port than PORT, which is 8080"


def test_settings_have_the_documented_defaults() -> None:
    settings = read_settings({"MLFLOW_TRACKING_URI": "http://mlflow:5000", "MODEL_NAME": "m"})
    assert settings.model_alias == "champion"
    assert settings.port == 8080
    assert settings.metrics_port == 9464
    assert settings.poll_seconds == 5
    assert settings.poll_seconds_without_model == 1
    assert settings.max_request_bytes == 10_485_760
    assert settings.prediction_timeout_seconds == 60
    assert settings.allow_pickle is False
    assert settings.drift_window_seconds == 3600
    assert settings.drift_min_rows == 200
    assert settings.work_dir.name == "model-server-8080"
    assert isinstance(settings.work_dir, Path)
