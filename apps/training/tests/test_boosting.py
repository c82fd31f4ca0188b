"""The history of a boosted model in a real MLflow. docs/how-to/distributed-training.md, of which
test_how_to.py runs the examples, has XGBoost on a real cluster."""

from types import SimpleNamespace

import lightgbm
import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes

from training import TrainingError, log_boosting


def test_every_round_and_parameter_is_in_the_run_however_many_there_are(
    credentials: dict[str, str],
) -> None:
    mlflow.set_experiment("boosting")
    rounds = [1 / (number + 1) for number in range(2500)]
    booster = SimpleNamespace(best_iteration=7)
    trained = {"booster": booster, "history": {"train": {"map@5": rounds}}}
    with mlflow.start_run() as run:
        log_boosting(trained, {"max_depth": 3, "eval_metric": ["map@5"], "callbacks": object()})
    history = MlflowClient().get_metric_history(run.info.run_id, "train-map_at_5")
    assert [metric.step for metric in history] == list(range(2500))
    assert [metric.value for metric in history] == rounds
    data = MlflowClient().get_run(run.info.run_id).data
    assert data.metrics["best_iteration"] == 7
    assert data.params == {"max_depth": "3", "eval_metric": "['map@5']"}


def test_a_fitted_estimator_of_lightgbm_brings_its_history_and_parameters(
    credentials: dict[str, str],
) -> None:
    mlflow.set_experiment("boosting")
    features, target = load_diabetes(return_X_y=True)
    model = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1)
    model.fit(features, target, eval_X=features, eval_y=target, eval_metric="l2")
    with mlflow.start_run() as run:
        log_boosting(model)
    history = MlflowClient().get_metric_history(run.info.run_id, "training-l2")
    values = [metric.value for metric in history]
    assert len(values) == 5
    assert np.all(np.diff(values) < 0)
    assert MlflowClient().get_run(run.info.run_id).data.params["n_estimators"] == "5"


def test_what_it_cannot_log_is_an_error_that_says_what_it_can(credentials: dict[str, str]) -> None:
    with pytest.raises(TrainingError, match="needs an active run"):
        log_boosting({"booster": None, "history": {}})
    mlflow.set_experiment("boosting")
    with mlflow.start_run(), pytest.raises(TrainingError, match="cannot read list"):
        log_boosting([])
