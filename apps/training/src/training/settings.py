"""What a training script reads from its environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError
from training.model_folder import ModelFolder, Objective, checked_objective, read_model_folder


@dataclass(frozen=True)
class Settings:
    tracking_uri: str
    model_name: str
    experiment_name: str
    folder: ModelFolder | None = None
    """None in a notebook that names its own metric and direction."""
    username: str | None = None
    model_alias: str = "champion"
    group: str | None = None
    """Ties the runs of one training together: the name or uid of the Job."""
    trials: int | None = None
    """Pods of the Indexed Job; None if this process is the whole training."""
    index: int = 0
    """Which trial this pod is."""
    start_timeout: float = 120
    """Seconds to wait for the tracking server."""
    trials_timeout: float = 900
    """Seconds the last trial waits for the others."""

    def objective(self, metric: str | None, direction: str | None) -> Objective:
        """What the model's folder declares. Anything else in its place is refused: versions that
        are compared by different metrics say nothing about each other."""
        declared = self.folder.objective if self.folder else None
        if declared is None:
            if metric is None:
                raise TrainingError(
                    f"no metric decides which version of {self.model_name} is better: give metric "
                    "and direction, or set MODEL_FOLDER to a folder whose model.yaml declares them"
                )
            return checked_objective(metric, direction, "direction")
        if metric not in (None, declared.metric) or direction not in (None, declared.direction):
            raise TrainingError(
                f"{self.model_name} is compared by {declared.metric} ({declared.direction}), not "
                f"by {metric} ({direction}): leave both out, or change its model.yaml"
            )
        return declared


IN_THE_IMAGE = Path("/opt/models")


def folder_in_the_image(env: Mapping[str, str]) -> Path | None:
    """The folder of the model, if it is named or this image has it."""
    if named := env.get("MODEL_FOLDER"):
        return Path(named)
    folder = IN_THE_IMAGE / (env.get("MODEL_NAME") or ".")
    return folder if (folder / "model.yaml").is_file() else None


def trial_index() -> int | None:
    """Number of this trial, from 0; None where one process is the whole training."""
    settings = settings_from_env()
    return None if settings.trials is None else settings.index


def settings_from_env(env: Mapping[str, str] = os.environ) -> Settings:
    """Reads and checks the settings; TrainingError names the variable at fault."""
    if not env.get("MLFLOW_TRACKING_URI"):
        raise TrainingError(
            "MLFLOW_TRACKING_URI is not set: give it the address of the tracking server"
        )
    folder = _model_folder(env)
    named = env.get("MODEL_NAME")
    model_name = folder.name if folder else named
    if not model_name:
        raise TrainingError(
            "MODEL_FOLDER is not set: give it the folder of the model, such as models/churn"
        )
    # EXPERIMENT_NAME goes with MODEL_NAME: a folder of another name has its own experiment.
    experiment_name = env.get("EXPERIMENT_NAME") if named in (None, model_name) else None
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
        model_name=model_name,
        experiment_name=experiment_name or model_name,
        folder=folder,
        username=env.get("MLFLOW_TRACKING_USERNAME") or None,
        model_alias=env.get("MODEL_ALIAS") or Settings.model_alias,
        group=group,
        trials=trials,
        index=index,
        start_timeout=_whole_number(env, "TRAINING_START_TIMEOUT", 0) or Settings.start_timeout,
        trials_timeout=_whole_number(env, "TRAINING_TRIALS_TIMEOUT", 0) or Settings.trials_timeout,
    )


def _model_folder(env: Mapping[str, str]) -> ModelFolder | None:
    """The folder that is named, or the one of the script that runs."""
    if named := env.get("MODEL_FOLDER"):
        return read_model_folder(Path(named).resolve())
    script = getattr(sys.modules["__main__"], "__file__", None)
    folder = Path(script).resolve().parent if script else None
    return read_model_folder(folder) if folder and (folder / "model.yaml").is_file() else None


def _whole_number(env: Mapping[str, str], name: str, least: int) -> int | None:
    value = env.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise TrainingError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)
