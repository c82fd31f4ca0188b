"""Logs what XGBoost and LightGBM have trained on Dask to MLflow, which autolog does not."""

import time
from collections.abc import Mapping
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric

from training.errors import TrainingError

_MOST = 1000
"""Metrics that MLflow takes in one request."""

History = Mapping[str, Mapping[str, list[float]]]


def log_boosting(trained: Any, params: Mapping[str, Any] | None = None) -> None:  # noqa: ANN401
    """Logs parameters and each metric of each round to the active run, by autolog's names.

    `trained` is what `xgboost.dask.train` returns, with the `params` that it was given, or a fitted
    estimator of `xgboost.dask` or LightGBM, which has its own. LightGBM's metrics on Dask
    are those of one worker's share of the data."""
    run = mlflow.active_run()
    if run is None:
        raise TrainingError(
            "log_boosting needs an active run: call it within `with mlflow.start_run():`"
        )
    history, best, own = _parts(trained)
    given = {**own, **(params or {})}
    plain = (str, int, float, list, tuple)
    mlflow.log_params({key: value for key, value in given.items() if isinstance(value, plain)})
    now = int(time.time() * 1000)
    metrics = [
        Metric(f"{data}-{metric}".replace("@", "_at_"), float(value), now, step)
        for data, values in history.items()
        for metric, rounds in values.items()
        for step, value in enumerate(rounds)
    ]
    if best is not None:
        metrics.append(Metric("best_iteration", best, now, 0))
    for first in range(0, len(metrics), _MOST):
        MlflowClient().log_batch(run.info.run_id, metrics[first : first + _MOST])


def _parts(trained: Any) -> tuple[History, int | None, Mapping[str, Any]]:  # noqa: ANN401
    """History, best round where training stopped early, and parameters."""
    if isinstance(trained, Mapping) and {"booster", "history"} <= trained.keys():
        return trained["history"], _best(trained["booster"]), {}
    if callable(getattr(trained, "evals_result", None)):
        # without data to evaluate, XGBoost raises
        history = trained.evals_result() if hasattr(trained, "evals_result_") else {}
        return history, _best(trained), trained.get_params()
    if hasattr(trained, "evals_result_"):
        best = trained.best_iteration_ if trained.best_iteration_ > 0 else None
        return trained.evals_result_ or {}, best, trained.get_params()
    raise TrainingError(
        f"log_boosting cannot read {type(trained).__name__}: give it what xgboost.dask.train "
        "returns, or a fitted estimator of xgboost.dask or LightGBM"
    )


def _best(model: Any) -> int | None:  # noqa: ANN401
    """XGBoost's best round, which it has only where training may stop early."""
    try:
        return int(model.best_iteration)
    except (AttributeError, TypeError):
        return None
