"""What is written to MLflow: runs, the registered version, the alias."""

import os
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
    champion: str
    """Version that has the alias now."""


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
                for package in ("mlflow-skinny", "scikit-learn", "skops", "pandas", "numpy")
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


def register_best(runs: list[LoggedRun], model_name: str) -> ModelVersion:
    """Registers the model of the run with the lowest metric; the same run only ever once."""
    if not runs:
        raise TrainingError(
            f"no finished run to register as {model_name}: train at least one first"
        )
    best = min(runs, key=lambda run: (run.metrics[METRIC], run.run_id))
    client = MlflowClient()
    for known in client.search_model_versions(f"name='{model_name}' and run_id='{best.run_id}'"):
        return known
    registered = mlflow.register_model(f"runs:/{best.run_id}/{MODEL}", model_name)
    client.update_model_version(
        model_name,
        registered.version,
        f"{best.name}, best of {len(runs)} by {METRIC} = {best.metrics[METRIC]:.2f} "
        f"(hold-out RMSE {best.metrics['holdout_rmse']:.2f})",
    )
    client.set_model_version_tag(model_name, registered.version, "training.candidate", best.name)
    client.set_model_version_tag(
        model_name, registered.version, METRIC, f"{best.metrics[METRIC]:.4f}"
    )
    return client.get_model_version(model_name, registered.version)


def promote_if_better(model_name: str, alias: str, version: ModelVersion) -> Promotion:
    """Moves the alias to the version if its metric is lower than that of the present champion."""
    client = MlflowClient()
    challenger = _metric(client, version)
    champion = _alias_holder(client, model_name, alias)
    if champion is not None and champion.version != version.version:
        now = str(champion.version)
        current = _metric(client, champion)
        if current is None:
            why = f"version {now} keeps {alias}: its run has no {METRIC} to compare with"
            return Promotion(False, why, now)
        if challenger is None or challenger >= current - 1e-9:
            figures = f"{METRIC} {challenger:.4f}" if challenger is not None else f"no {METRIC}"
            why = f"version {now} keeps {alias}: {current:.4f} is not beaten by {figures}"
            return Promotion(False, why, now)
        why = f"{METRIC} {challenger:.4f} beats {current:.4f} of version {now}"
    else:
        why = f"no other version has the alias {alias}"
    client.set_registered_model_alias(model_name, alias, version.version)
    return Promotion(True, why, str(version.version))


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
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
