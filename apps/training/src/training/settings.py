"""What the training job reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from training.errors import TrainingError


@dataclass(frozen=True)
class Settings:
    tracking_uri: str
    username: str | None = None
    model_name: str = "diabetes-progression"
    model_alias: str = "champion"
    experiment_name: str = "diabetes-progression"
    serving_url: str | None = None
    """Model server, needed only to wait for a version."""
    group: str | None = None
    """Ties the runs of one training together: the name or uid of the Job."""
    trials: int | None = None
    """Pods of the Indexed Job; None trains every candidate in this process."""
    index: int = 0
    """Which trial this pod is."""
    start_timeout: float = 120
    """Seconds to wait for the tracking server."""
    trials_timeout: float = 900
    """Seconds the last trial waits for the others."""


def settings_from_env(env: Mapping[str, str] = os.environ) -> Settings:
    """Reads and checks the settings; TrainingError names the variable at fault."""
    if not env.get("MLFLOW_TRACKING_URI"):
        raise TrainingError(
            "MLFLOW_TRACKING_URI is not set: give it the address of the tracking server"
        )
    trials = _whole_number(env, "TRAINING_TRIALS", least=1)
    index = _whole_number(env, "JOB_COMPLETION_INDEX", least=0) or 0
    if trials is not None and index >= trials:
        raise TrainingError(
            f"JOB_COMPLETION_INDEX is {index} but TRAINING_TRIALS is {trials}: "
            "give TRAINING_TRIALS the Job's number of completions"
        )
    group = env.get("TRAINING_GROUP") or None
    if trials is not None and group is None:
        raise TrainingError(
            "TRAINING_GROUP is not set: trials need it to find each other; give it the Job's uid"
        )
    return Settings(
        tracking_uri=env["MLFLOW_TRACKING_URI"],
        username=env.get("MLFLOW_TRACKING_USERNAME") or None,
        model_name=env.get("MODEL_NAME") or Settings.model_name,
        model_alias=env.get("MODEL_ALIAS") or Settings.model_alias,
        experiment_name=env.get("EXPERIMENT_NAME") or Settings.experiment_name,
        serving_url=env.get("MODEL_SERVING_URL") or None,
        group=group,
        trials=trials,
        index=index,
        start_timeout=_whole_number(env, "TRAINING_START_TIMEOUT", 0) or Settings.start_timeout,
        trials_timeout=_whole_number(env, "TRAINING_TRIALS_TIMEOUT", 0) or Settings.trials_timeout,
    )


def _whole_number(env: Mapping[str, str], name: str, least: int) -> int | None:
    value = env.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise TrainingError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)
