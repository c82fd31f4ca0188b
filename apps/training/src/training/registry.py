"""The best run becomes a version, and the alias moves to it if it beats the champion."""

import math
import sys
import time
from dataclasses import dataclass
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from training.errors import TrainingError
from training.model_folder import Objective
from training.runs import MODEL, LoggedRun, log_run, runs_of_group
from training.settings import Settings, settings_from_env


@dataclass(frozen=True)
class Promotion:
    promoted: bool
    reason: str
    """One sentence on why the alias moved or stayed."""
    champion: str | None
    """Version that has the alias now, if any."""


def log_and_register(
    model: Any,  # noqa: ANN401
    features: Any,  # noqa: ANN401
    target: Any = None,  # noqa: ANN401
    **described: Any,  # noqa: ANN401
) -> ModelVersion | None:
    """`log_run` and `register_best` for a script that trains one model."""
    return register_best([log_run(model, features, target, **described)])


def register_best(
    runs: list[LoggedRun], *, metric: str | None = None, direction: str | None = None
) -> ModelVersion | None:
    """Registers the model of the best run; the same run only ever once.

    A metric that is missing, NaN or infinite is never the best; if no run has another one, none is
    registered. Of the trials of a Job the last one registers the best of all; the others get None.
    """
    settings = settings_from_env()
    objective = settings.objective(metric, direction)
    if settings.trials is not None:
        last = settings.trials - 1
        if settings.index != last:
            print(f"trial {settings.index} is done; trial {last} chooses the best", flush=True)
            return None
        # An Indexed Job starts its pods in order, so with any parallelism the others are finished
        # or running by now, and exactly one pod writes to the registry.
        runs = _wait_for_trials(settings)
    return _register(ranked(runs, objective), settings.model_name, objective)


def promote_if_better(
    version: ModelVersion | None, *, metric: str | None = None, direction: str | None = None
) -> Promotion | None:
    """Moves the alias to the version if its metric beats that of the current champion, and prints
    the outcome. A champion without that metric keeps the alias.

    NaN and infinity never win, and never keep the alias against a number. None, which trials but
    the last get for a version, promotes nothing.
    """
    if version is None:
        return None
    settings = settings_from_env()
    alias = settings.model_alias
    outcome = _promote(version, alias, settings.objective(metric, direction))
    verb = "is now" if outcome.promoted else "is not"
    print(f"{version.name} version {version.version} {verb} {alias}: {outcome.reason}", flush=True)
    return outcome


def ranked(runs: list[LoggedRun], objective: Objective) -> list[LoggedRun]:
    """The runs, the best first. Those whose metric is missing, NaN or infinite come last."""
    return sorted(
        runs, key=lambda run: (_loss(run.metrics.get(objective.metric), objective), run.run_id)
    )


def _wait_for_trials(settings: Settings) -> list[LoggedRun]:
    experiment = mlflow.set_experiment(settings.experiment_name)
    deadline = time.monotonic() + settings.trials_timeout
    while True:
        runs = runs_of_group(experiment.experiment_id, str(settings.group))
        if len(runs) >= (settings.trials or 1):
            return runs
        if time.monotonic() >= deadline:
            break
        time.sleep(1)
    print(
        f"only {len(runs)} of {settings.trials} trials finished in time; choosing among those",
        flush=True,
    )
    return runs


def _register(runs: list[LoggedRun], model_name: str, objective: Objective) -> ModelVersion:
    if not runs:
        raise TrainingError(
            f"no finished run to register as {model_name}: train at least one first"
        )
    best, metric = runs[0], objective.metric
    value = best.metrics.get(metric)
    if not _is_number(value):
        results = ", ".join(f"{run.name} {figure(run.metrics.get(metric))}" for run in runs)
        raise TrainingError(
            f"no run to register as {model_name}: {metric} must be a finite number, but is "
            f"{results}; check the data for missing or extreme values, and the warnings above for "
            "folds of the cross-validation that failed"
        )
    client = MlflowClient()
    for known in client.search_model_versions(f"name='{model_name}' and run_id='{best.run_id}'"):
        return known
    registered = mlflow.register_model(f"runs:/{best.run_id}/{MODEL}", model_name)
    number = registered.version
    description = f"{best.name}, best of {len(runs)} by {metric} = {figure(value)}"
    client.update_model_version(model_name, number, description)
    client.set_model_version_tag(model_name, number, "training.candidate", best.name)
    client.set_model_version_tag(model_name, number, metric, figure(value))
    return client.get_model_version(model_name, number)


def _promote(version: ModelVersion, alias: str, objective: Objective) -> Promotion:
    client, metric = MlflowClient(), objective.metric
    challenger = _metric(client, version, metric)
    champion = _alias_holder(client, version.name, alias)
    if champion is not None and champion.version != version.version:
        now = str(champion.version)
        current = _metric(client, champion, metric)
        if current is None:
            why = f"version {now} keeps {alias}: its run has no {metric} to compare with; "
            return Promotion(
                False, why + "move the alias by hand if the new version is better", now
            )
        if not _loss(challenger, objective) < _loss(current, objective) - 1e-9:
            why = (
                f"version {now} keeps {alias}: {metric} {figure(current)} is not beaten by "
                f"{figure(challenger)}"
            )
            return Promotion(False, why, now)
        why = f"{metric} {figure(challenger)} beats {figure(current)} of version {now}"
    elif champion is None and challenger is not None and not _is_number(challenger):
        why = f"no version gets {alias}: the {metric} of version {version.version} is "
        return Promotion(False, why + figure(challenger), None)
    else:
        why = f"no other version has the alias {alias}"
    client.set_registered_model_alias(version.name, alias, version.version)
    return Promotion(True, why, str(version.version))


def figure(metric: float | None) -> str:
    """A metric for people: rounded, or the word for what it is instead of a number."""
    if metric is None:
        return "none"
    if _is_number(metric):
        return f"{metric:.6g}"
    return "NaN" if math.isnan(metric) else "infinite"


def _is_number(metric: float | None) -> bool:
    # MLflow's database has no infinity and returns the largest double for it, with its sign.
    return metric is not None and abs(metric) < sys.float_info.max


def _loss(metric: float | None, objective: Objective) -> float:
    """The metric as it is compared: lower is better, and NaN or infinity is worst."""
    if metric is None or not _is_number(metric):
        return math.inf
    return metric if objective.direction == "minimize" else -metric


def _alias_holder(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        # A missing alias is reported as an invalid parameter, a missing model as not existing.
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def _metric(client: MlflowClient, version: ModelVersion, name: str) -> float | None:
    try:
        return client.get_run(version.run_id).data.metrics.get(name) if version.run_id else None
    except MlflowException as error:
        # MLflow tells only administrators that a run is gone; it denies other users to read it.
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED"):
            return None
        raise
