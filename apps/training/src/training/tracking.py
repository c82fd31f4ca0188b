"""What is written to MLflow: runs, the registered version, the alias."""

import math
import os
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version as installed

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from training.baseline import baseline
from training.candidates import METRIC, Trained
from training.data import TARGET, Data, input_example
from training.errors import TrainingError

MODEL = "model"
"""Name of the logged model within its run."""

_TYPES = {"int64": DataType.long, "float64": DataType.double}
# The only type in these models that skops does not trust by itself.
_TRUSTED = ["sklearn.tree._tree.Tree"]


@dataclass(frozen=True)
class LoggedRun:
    run_id: str
    name: str
    metrics: dict[str, float]
    trial: int | None = None
    group: str | None = None


@dataclass(frozen=True)
class Promotion:
    promoted: bool
    reason: str
    """One sentence on why the alias moved or stayed."""
    champion: str | None
    """Version that has the alias now, if any."""


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


def use_experiment(name: str) -> str:
    """Makes the experiment if it is new, and the one that runs are logged to. Returns its id."""
    return mlflow.set_experiment(name).experiment_id


def log_run(
    trained: Trained, data: Data, *, group: str | None = None, trial: int | None = None
) -> LoggedRun:
    """Logs one trained candidate as one run: parameters, metrics, data set, and the model with its
    signature and baseline."""
    tags = {"training.candidate": trained.candidate.name}
    if group is not None:
        tags["training.group"] = group
    if trial is not None:
        tags["training.trial"] = str(trial)
    if commit := os.environ.get("GIT_COMMIT"):
        tags["mlflow.source.git.commit"] = commit
    with mlflow.start_run(run_name=trained.candidate.name, tags=tags) as run:
        dataset = mlflow.data.from_pandas(data.train, name="diabetes", targets=TARGET)
        mlflow.log_input(dataset, context="training")
        mlflow.set_tag("dataset.digest", dataset.digest)
        mlflow.log_params({"model": trained.candidate.name, **trained.candidate.params})
        mlflow.log_metrics(trained.metrics)
        mlflow.sklearn.log_model(
            trained.model,
            name=MODEL,
            signature=signature(data),
            input_example=input_example(data.x_train),
            metadata=baseline(data.x_train, trained.model.predict(data.x_train)),
            serialization_format="skops",
            skops_trusted_types=_TRUSTED,
            # Named here because working them out takes MLflow a second process and half a minute.
            pip_requirements=[
                f"{package}=={installed(package)}"
                for package in ("mlflow", "scikit-learn", "skops", "pandas", "numpy")
            ],
        )
    return LoggedRun(run.info.run_id, trained.candidate.name, trained.metrics, trial, group)


def signature(data: Data) -> ModelSignature:
    """Types of the columns: whole numbers as long, the rest as double, nothing optional."""
    columns = [ColSpec(_TYPES[str(dtype)], name) for name, dtype in data.x_train.dtypes.items()]
    return ModelSignature(Schema(columns), Schema([ColSpec(DataType.double, TARGET)]))


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


def ranked(runs: list[LoggedRun]) -> list[LoggedRun]:
    """The runs, the best first. Those whose metric is missing, NaN or infinite come last."""
    return sorted(runs, key=lambda run: (_loss(run.metrics.get(METRIC)), run.run_id))


def figure(metric: float | None, digits: int = 2) -> str:
    """A metric for people: rounded, or the word for what it is instead of a number."""
    if metric is None:
        return "none"
    if _measured(metric):
        return f"{metric:.{digits}f}"
    return "NaN" if math.isnan(metric) else "infinite"


def register_best(runs: list[LoggedRun], model_name: str) -> ModelVersion:
    """Registers the model of the run with the lowest metric; the same run only ever once.

    A metric that is missing, NaN or infinite is never the lowest; if no run has another one, none
    is registered.
    """
    if not runs:
        raise TrainingError(
            f"no finished run to register as {model_name}: train at least one first"
        )
    best = ranked(runs)[0]
    if not _measured(best.metrics.get(METRIC)):
        results = ", ".join(f"{run.name} {figure(run.metrics.get(METRIC))}" for run in runs)
        raise TrainingError(
            f"no run to register as {model_name}: {METRIC} must be a finite number, but is "
            f"{results}; check the data for missing or extreme values, and the warnings above for "
            "folds of the cross-validation that failed"
        )
    client = MlflowClient()
    for known in client.search_model_versions(f"name='{model_name}' and run_id='{best.run_id}'"):
        return known
    registered = mlflow.register_model(f"runs:/{best.run_id}/{MODEL}", model_name)
    client.update_model_version(
        model_name,
        registered.version,
        f"{best.name}, best of {len(runs)} by {METRIC} = {figure(best.metrics[METRIC])} "
        f"(hold-out RMSE {figure(best.metrics.get('holdout_rmse'))})",
    )
    client.set_model_version_tag(model_name, registered.version, "training.candidate", best.name)
    client.set_model_version_tag(
        model_name, registered.version, METRIC, figure(best.metrics[METRIC], 4)
    )
    return client.get_model_version(model_name, registered.version)


def promote_if_better(model_name: str, alias: str, version: ModelVersion) -> Promotion:
    """Moves the alias to the version if its metric is lower than that of the present champion.

    NaN and infinity never win, and never keep the alias against a number.
    """
    client = MlflowClient()
    challenger = _metric(client, version)
    champion = _alias_holder(client, model_name, alias)
    if champion is not None and champion.version != version.version:
        now = str(champion.version)
        current = _metric(client, champion)
        if current is None:
            why = f"version {now} keeps {alias}: its run has no {METRIC} to compare with"
            return Promotion(False, why, now)
        if not _loss(challenger) < _loss(current) - 1e-9:
            why = (
                f"version {now} keeps {alias}: {METRIC} {figure(current, 4)} is not beaten by "
                f"{figure(challenger, 4)}"
            )
            return Promotion(False, why, now)
        why = f"{METRIC} {figure(challenger, 4)} beats {figure(current, 4)} of version {now}"
    elif champion is None and challenger is not None and not _measured(challenger):
        why = f"no version gets {alias}: the {METRIC} of version {version.version} is "
        return Promotion(False, why + figure(challenger), None)
    else:
        why = f"no other version has the alias {alias}"
    client.set_registered_model_alias(model_name, alias, version.version)
    return Promotion(True, why, str(version.version))


def _loss(metric: float | None) -> float:
    """The metric as it is compared: what is no number is worse than every number."""
    # MLflow's database has no infinity and returns the largest double for it, with its sign.
    return metric if metric is not None and abs(metric) < sys.float_info.max else math.inf


def _measured(metric: float | None) -> bool:
    return _loss(metric) < math.inf


def _alias_holder(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        # No such alias comes back as an invalid parameter, no such model as not existing.
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def _metric(client: MlflowClient, version: ModelVersion) -> float | None:
    try:
        return client.get_run(version.run_id).data.metrics.get(METRIC) if version.run_id else None
    except MlflowException as error:
        # MLflow tells only administrators that a run is gone; it denies other users to read it.
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED"):
            return None
        raise
