"""Runs in MLflow: one trained model each, with all that serving and comparing it needs."""

import os
import time
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import requests
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.models import ModelSignature, infer_signature
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from training.baseline import baseline
from training.errors import TrainingError
from training.example import input_example
from training.flavors import flavor_of, predictions_of, requirements
from training.settings import Settings, settings_from_env

MODEL = "model"
"""Name of the logged model within its run."""

_OWN_GROUP = uuid.uuid4().hex


@dataclass(frozen=True)
class LoggedRun:
    run_id: str
    name: str
    metrics: dict[str, float]
    trial: int | None = None
    group: str | None = None


def log_run(
    model: Any,  # noqa: ANN401
    features: Any,  # noqa: ANN401
    target: pd.Series | None = None,
    *,
    metrics: Mapping[str, float],
    params: Mapping[str, Any] | None = None,
    name: str | None = None,
    dataset: str | None = None,
    flavor: ModuleType | None = None,
    **options: Any,  # noqa: ANN401
) -> LoggedRun:
    """Logs one trained model as one run: parameters, metrics, data set, and the model with its
    signature, an input example and its baseline.

    `features` are the rows it was trained with, `target` what they should give: its name becomes
    that of the prediction. `flavor` is the MLflow module that logs the model, if its library is
    none of scikit-learn, XGBoost, LightGBM, CatBoost, ONNX, statsmodels and pyfunc. Further
    arguments, such as `signature`, go to its `log_model` and win over what is worked out here.
    """
    settings = settings_from_env()
    declared = settings.folder.objective.metric if settings.folder else None
    if declared is not None and declared not in metrics:
        raise TrainingError(
            f"metrics lacks {declared}, by which model.yaml compares versions: add it, or declare "
            f"one of {', '.join(metrics) or 'those that are logged'}"
        )
    name = name or type(getattr(model, "_final_estimator", model)).__name__
    chosen = flavor_of(model, flavor)
    predictions = predictions_of(model, chosen, features)
    mlflow.set_experiment(settings.experiment_name)
    lock = settings.folder.path / "requirements.txt" if settings.folder else None
    with mlflow.start_run(run_name=name, tags=_tags(settings, name), nested=True) as run:
        _log_data(features, target, dataset or settings.model_name)
        mlflow.log_params({"model": name, **(params or {})})
        described = {
            "name": MODEL,
            "signature": _signature(features, predictions, target),
            "pip_requirements": requirements(chosen, lock if lock and lock.is_file() else None),
        }
        if "input_example" not in options:
            described["input_example"] = input_example(features)
        if isinstance(features, pd.DataFrame):
            described["metadata"] = baseline(features, predictions)
        logged = chosen.log(model, described | options)
        # After the model, to be its metrics too. Of metrics that it finds in the run, MLflow asks
        # for each one's history to copy it.
        mlflow.log_metrics(dict(metrics), model_id=logged.model_id)
    print(f"{name} is trained and logged as run {run.info.run_id}", flush=True)
    group = group_of(settings)
    trial = None if settings.trials is None else settings.index
    return LoggedRun(run.info.run_id, name, dict(metrics), trial, group)


def group_of(settings: Settings) -> str:
    """Name of the group of runs: the Job, or this process where no Job runs it."""
    return settings.group or _OWN_GROUP


def _tags(settings: Settings, name: str) -> dict[str, str]:
    tags = {"training.candidate": name, "training.group": group_of(settings)}
    if settings.trials is not None:
        tags["training.trial"] = str(settings.index)
    if commit := os.environ.get("GIT_COMMIT"):
        tags["mlflow.source.git.commit"] = commit
    return tags


def _log_data(features: Any, target: pd.Series | None, name: str) -> None:  # noqa: ANN401
    if not isinstance(features, pd.DataFrame):
        return
    rows, targets = features, None
    if target is not None and target.name is not None:
        rows, targets = features.assign(**{str(target.name): target}), str(target.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that whole numbers cannot be missing
        dataset = mlflow.data.from_pandas(rows, name=name, targets=targets)
        mlflow.log_input(dataset, context="training")
    mlflow.set_tag("dataset.digest", dataset.digest)


def _signature(features: Any, predictions: Any, target: pd.Series | None) -> ModelSignature:  # noqa: ANN401
    name = getattr(target, "name", None)
    if name is not None and np.ndim(predictions) == 1:
        predictions = pd.DataFrame({name: np.asarray(predictions)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return infer_signature(features, predictions)


def logged_run(run_id: str) -> LoggedRun:
    """A run that another script has logged, such as an earlier step."""
    return _from_server(MlflowClient().get_run(run_id))


def runs_of_group(experiment_id: str, group: str) -> list[LoggedRun]:
    """Finished runs of one training; of a trial that was restarted, the newest."""
    found: list[Run] = MlflowClient().search_runs(
        [experiment_id],
        f"tags.`training.group` = '{group}' and attributes.status = 'FINISHED'",
        max_results=1000,
        order_by=["attributes.start_time ASC"],
    )
    logged = [_from_server(run) for run in found]
    return list({run.run_id if run.trial is None else run.trial: run for run in logged}.values())


def _from_server(run: Run) -> LoggedRun:
    tags = run.data.tags
    trial = tags.get("training.trial")
    return LoggedRun(
        run.info.run_id,
        tags["training.candidate"],
        dict(run.data.metrics),
        None if trial is None else int(trial),
        tags["training.group"],
    )


def end_leftovers(experiment_id: str, tag: str, value: str) -> None:
    """Ends the runs with this tag that are still RUNNING, and those within them: a killed process
    could not end them."""
    client = MlflowClient()
    running = client.search_runs(
        [experiment_id],
        f"tags.`{tag}` = '{value}' and attributes.status = 'RUNNING'",
        max_results=1000,
    )
    for run in running:
        client.set_terminated(run.info.run_id, "KILLED")
        end_leftovers(experiment_id, MLFLOW_PARENT_RUN_ID, run.info.run_id)


def wait_for_tracking(uri: str, timeout: float) -> None:
    """Waits until the tracking server is up and takes our credentials; raises when time is over."""
    if not uri.startswith("http"):
        return
    deadline = time.monotonic() + timeout
    while not _healthy(uri):
        if time.monotonic() >= deadline:
            raise TrainingError(
                f"MLflow at {uri} did not answer within {timeout:.0f} s: check MLFLOW_TRACKING_URI "
                "and that the server is running"
            )
        time.sleep(1)
    # The health check is open to all; only a real request shows that the credentials are right.
    MlflowClient(uri).search_experiments(max_results=1)


def _healthy(uri: str) -> bool:
    try:
        return requests.get(f"{uri.rstrip('/')}/health", timeout=5).ok
    except requests.RequestException:
        return False
