"""NaN and infinity: they are never the best, and never keep the alias against a number.

What a run measured comes back from MLflow otherwise than it was logged, so a real one is asked.
"""

import math
from dataclasses import replace

import mlflow
import pytest
import requests
from conftest import ADMIN
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from training.__main__ import summary

from training import (
    METRIC,
    Candidate,
    LoggedRun,
    Promotion,
    Settings,
    TrainingError,
    TrainingResult,
    load_data,
    log_run,
    promote_if_better,
    ranked,
    register_best,
    runs_of_group,
    train_candidate,
    use_experiment,
)

NO_NUMBERS = pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])


@NO_NUMBERS
def test_a_challenger_without_a_number_does_not_take_the_alias(
    value: float, settings: Settings
) -> None:
    champion = _promoted(settings, 54.0)
    outcome = promote_if_better(settings.model_name, "champion", _version(settings, value))
    assert not outcome.promoted
    assert outcome.champion == _holder(settings) == champion
    assert outcome.reason.startswith(f"version {champion} keeps champion: {METRIC} 54.0000 is not")


@NO_NUMBERS
def test_a_champion_without_a_number_loses_to_any_number(value: float, settings: Settings) -> None:
    _promoted(settings, value)
    challenger = _version(settings, 1e9)
    assert promote_if_better(settings.model_name, "champion", challenger).promoted
    assert _holder(settings) == challenger.version


@NO_NUMBERS
def test_neither_has_a_number_and_the_alias_stays(value: float, settings: Settings) -> None:
    champion = _promoted(settings, math.inf)
    assert not promote_if_better(
        settings.model_name, "champion", _version(settings, value)
    ).promoted
    assert _holder(settings) == champion


@NO_NUMBERS
def test_no_version_gets_a_free_alias_without_a_number(value: float, settings: Settings) -> None:
    outcome = promote_if_better(settings.model_name, "champion", _version(settings, value))
    assert (outcome.promoted, outcome.champion) == (False, None)
    assert "no version gets champion" in outcome.reason


def test_a_champion_whose_run_is_gone_cannot_be_compared_and_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenger = _version(settings, 53.0)
    client = MlflowClient()
    champion = client.create_model_version(settings.model_name, "gs://elsewhere/model", "0" * 32)
    client.set_registered_model_alias(settings.model_name, "champion", champion.version)
    user = {"username": "colleague", "password": "long-enough-too"}
    url = f"{settings.tracking_uri}/api/2.0/mlflow/users/create"
    requests.post(url, json=user, auth=ADMIN, timeout=30).raise_for_status()
    for name, value in user.items():  # no administrator, as the training Job
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name.upper()}", value)
    outcome = promote_if_better(settings.model_name, "champion", challenger)
    assert (outcome.promoted, outcome.champion) == (False, champion.version)
    assert f"its run has no {METRIC} to compare with" in outcome.reason


def test_the_value_that_was_logged_last_counts(settings: Settings) -> None:
    champion = _promoted(settings, 10.0, 54.0)
    assert not promote_if_better(
        settings.model_name, "champion", _version(settings, 40.0, math.nan)
    ).promoted
    assert _holder(settings) == champion
    better = _version(settings, math.nan, 53.0)
    assert promote_if_better(settings.model_name, "champion", better).promoted


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_runs_without_a_number_come_last(order: list[int], settings: Settings) -> None:
    found = _finished(settings, [math.nan, -math.inf, 54.0, 53.0, None])
    names = [run.name for run in ranked([found[index] for index in order])]
    assert names[:2] == ["candidate-3", "candidate-2"]


def test_the_best_of_the_numbers_is_registered(settings: Settings) -> None:
    use_experiment(settings.experiment_name)
    data = load_data()
    trained = train_candidate(Candidate("ridge", {"alpha": 10.0}), data)
    runs = [
        log_run(replace(trained, metrics={METRIC: value, "holdout_rmse": math.nan}), data)
        for value in (math.nan, 53.0, -math.inf, 54.0)
    ]
    version = register_best(runs, settings.model_name)
    assert version.run_id == runs[1].run_id
    assert version.description == "ridge, best of 4 by cv_rmse = 53.00 (hold-out RMSE NaN)"


def test_of_equal_runs_the_same_one_is_the_best_in_any_order(settings: Settings) -> None:
    found = _finished(settings, [53.0, 53.0, 53.0])
    assert ranked(found) == ranked(found[::-1])


def test_no_run_has_a_number_and_none_is_registered(settings: Settings) -> None:
    found = _finished(settings, [math.nan, -math.inf, None])
    with pytest.raises(
        TrainingError,
        match=rf"no run to register as {settings.model_name}: {METRIC} must be a finite number, "
        "but is .*candidate-0 NaN.*; check the data",
    ) as refused:
        register_best(found, settings.model_name)
    assert "candidate-1 infinite" in str(refused.value)
    assert "candidate-2 none" in str(refused.value)
    assert not MlflowClient().search_registered_models(f"name = '{settings.model_name}'")


def test_the_table_names_what_is_no_number(settings: Settings) -> None:
    runs = [
        LoggedRun("1", "ridge", {METRIC: 56.6, "holdout_rmse": math.nan}),
        LoggedRun("2", "forest", {METRIC: -1.7976931348623157e308, "holdout_r2": math.inf}),
    ]
    printed = summary(settings, TrainingResult(runs, "1", Promotion(True, "it is the first", "1")))
    assert [line.split() for line in printed.splitlines()[2:4]] == [
        ["ridge", "56.60", "NaN", "none"],
        ["forest", "infinite", "none", "infinite"],
    ]


def _version(settings: Settings, *values: float) -> ModelVersion:
    """A version whose run logged these values of the metric, one after the other."""
    use_experiment(settings.experiment_name)
    client = MlflowClient()
    with mlflow.start_run() as run:
        for step, value in enumerate(values):
            mlflow.log_metric(METRIC, value, step=step)
        mlflow.log_text("flavors: {}", "model/MLmodel")
    if not client.search_registered_models(f"name = '{settings.model_name}'"):
        client.create_registered_model(settings.model_name)
    source = f"{run.info.artifact_uri}/model"
    return client.create_model_version(settings.model_name, source, run.info.run_id)


def _promoted(settings: Settings, *values: float) -> str:
    version = str(_version(settings, *values).version)
    MlflowClient().set_registered_model_alias(settings.model_name, "champion", version)
    return version


def _holder(settings: Settings) -> str:
    return str(MlflowClient().get_model_version_by_alias(settings.model_name, "champion").version)


def _finished(settings: Settings, values: list[float | None]) -> list[LoggedRun]:
    """Runs of one training as the server gives them back, in the order of the values."""
    experiment = use_experiment(settings.experiment_name)
    for index, value in enumerate(values):
        tags = {"training.group": "job", "training.candidate": f"candidate-{index}"}
        with mlflow.start_run(tags=tags):
            mlflow.log_metrics({} if value is None else {METRIC: value})
    return sorted(runs_of_group(experiment, "job"), key=lambda run: run.name)
