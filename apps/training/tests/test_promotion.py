"""Which run becomes a version, and which version gets the alias.

What a run measured comes back from MLflow otherwise than it was logged, so a real one is asked. NaN
and infinity are never the best, and never keep the alias against a number.
"""

import math

import mlflow
import pytest
import requests
from conftest import ADMIN
from mlflow import MlflowClient
from support import METRIC, holder, logged, promoted, version_of

from training import (
    LoggedRun,
    Objective,
    Settings,
    TrainingError,
    promote_if_better,
    ranked,
    register_best,
    runs_of_group,
)

LOWEST = Objective(METRIC, "minimize")
NO_NUMBERS = pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])


@NO_NUMBERS
def test_a_challenger_without_a_number_does_not_take_the_alias(
    value: float, settings: Settings
) -> None:
    champion = promoted(settings, 54.0)
    outcome = promote_if_better(version_of(settings, value))
    assert not outcome.promoted
    assert outcome.champion == holder(settings) == champion
    assert outcome.reason.startswith(f"version {champion} keeps champion: {METRIC} 54 is not")


@NO_NUMBERS
def test_a_champion_without_a_number_loses_to_any_number(value: float, settings: Settings) -> None:
    promoted(settings, value)
    challenger = version_of(settings, 1e9)
    assert promote_if_better(challenger).promoted
    assert holder(settings) == challenger.version


@NO_NUMBERS
def test_neither_has_a_number_and_the_alias_stays(value: float, settings: Settings) -> None:
    champion = promoted(settings, math.inf)
    assert not promote_if_better(version_of(settings, value)).promoted
    assert holder(settings) == champion


@NO_NUMBERS
def test_no_version_gets_a_free_alias_without_a_number(value: float, settings: Settings) -> None:
    outcome = promote_if_better(version_of(settings, value))
    assert (outcome.promoted, outcome.champion) == (False, None)
    assert "no version gets champion" in outcome.reason


def test_a_champion_whose_run_is_gone_cannot_be_compared_and_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenger = version_of(settings, 53.0)
    client = MlflowClient()
    champion = client.create_model_version(settings.model_name, "gs://elsewhere/model", "0" * 32)
    client.set_registered_model_alias(settings.model_name, "champion", champion.version)
    user = {"username": "colleague", "password": "long-enough-too"}
    url = f"{settings.tracking_uri}/api/2.0/mlflow/users/create"
    requests.post(url, json=user, auth=ADMIN, timeout=30).raise_for_status()
    for name, value in user.items():  # no administrator, as the training Job
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name.upper()}", value)
    outcome = promote_if_better(challenger)
    assert (outcome.promoted, outcome.champion) == (False, champion.version)
    assert f"its run has no {METRIC} to compare with" in outcome.reason


def test_lower_wins_or_higher_as_the_folder_declares(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    first = promoted(settings, 0.8)
    higher = version_of(settings, 0.9)
    outcome = promote_if_better(higher)
    assert outcome is not None
    assert (outcome.promoted, outcome.champion) == (False, first)

    declare(settings, METRIC, "maximize")
    assert promote_if_better(higher).promoted
    assert holder(settings) == higher.version
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith(settings.model_name)] == [
        f"{settings.model_name} version 2 is not champion: version 1 keeps champion: "
        "cv_rmse 0.8 is not beaten by 0.9",
        f"{settings.model_name} version 2 is now champion: cv_rmse 0.9 beats 0.8 of version 1",
    ]
    assert not promote_if_better(version_of(settings, 0.9)).promoted
    assert not promote_if_better(version_of(settings, math.inf)).promoted


def test_the_best_of_several_runs_is_the_highest_where_the_folder_says_so(
    settings: Settings,
) -> None:
    declare(settings, "accuracy", "maximize")
    runs = [logged(1.0, accuracy=value) for value in (0.7, math.inf, 0.9, 0.8)]
    version = register_best(runs)
    assert version is not None
    assert version.run_id == runs[2].run_id


def test_a_champion_measured_by_another_metric_stays_and_the_reason_names_the_metric(
    settings: Settings,
) -> None:
    champion = promoted(settings, 0.1, metric="mse")
    outcome = promote_if_better(version_of(settings, 53.0))
    assert outcome is not None
    assert (outcome.promoted, outcome.champion) == (False, champion)
    assert outcome.reason == (
        f"version {champion} keeps champion: its run has no cv_rmse to compare with; move the "
        "alias by hand if the new version is better"
    )


def test_a_script_cannot_compare_by_another_metric_than_its_folder(settings: Settings) -> None:
    version = version_of(settings, 53.0)
    for other in ({"metric": "mse"}, {"direction": "maximize"}):
        with pytest.raises(
            TrainingError, match=r"compared by cv_rmse \(minimize\), not by .*: leave"
        ):
            promote_if_better(version, **other)
    assert promote_if_better(version, metric=METRIC, direction="minimize").promoted


def test_without_a_folder_the_script_names_metric_and_direction(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL_FOLDER")
    monkeypatch.setenv("MODEL_NAME", settings.model_name)
    version = version_of(settings, 0.9, metric="f1")
    with pytest.raises(TrainingError, match="give metric and direction, or set MODEL_FOLDER"):
        promote_if_better(version)
    with pytest.raises(TrainingError, match="direction must be minimize or maximize, not 'up'"):
        promote_if_better(version, metric="f1", direction="up")
    assert promote_if_better(version, metric="f1", direction="maximize").promoted


def declare(settings: Settings, metric: str, direction: str) -> None:
    assert settings.folder is not None
    content = f"metric: {metric}\ndirection: {direction}\n"
    (settings.folder.path / "model.yaml").write_text(content)


def test_the_value_that_was_logged_last_counts(settings: Settings) -> None:
    champion = promoted(settings, 10.0, 54.0)
    assert not promote_if_better(version_of(settings, 40.0, math.nan)).promoted
    assert holder(settings) == champion
    better = version_of(settings, math.nan, 53.0)
    assert promote_if_better(better).promoted


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_runs_without_a_number_come_last(order: list[int], settings: Settings) -> None:
    found = _finished(settings, [math.nan, -math.inf, 54.0, 53.0, None])
    names = [run.name for run in ranked([found[index] for index in order], LOWEST)]
    assert names[:2] == ["candidate-3", "candidate-2"]


def test_the_best_of_the_numbers_is_registered(settings: Settings) -> None:
    runs = [logged(value) for value in (math.nan, 53.0, -math.inf, 54.0)]
    version = register_best(runs)
    assert version is not None
    assert version.run_id == runs[1].run_id
    assert version.description == "Ridge, best of 4 by cv_rmse = 53"
    assert version.tags == {METRIC: "53", "training.candidate": "Ridge"}


def test_registering_the_same_run_twice_gives_one_version(settings: Settings) -> None:
    run = logged(53.0)
    assert register_best([run]) == register_best([run])


def test_of_equal_runs_the_same_one_is_the_best_in_any_order(settings: Settings) -> None:
    found = _finished(settings, [53.0, 53.0, 53.0])
    assert ranked(found, LOWEST) == ranked(found[::-1], LOWEST)


def test_no_run_has_a_number_and_none_is_registered(settings: Settings) -> None:
    found = _finished(settings, [math.nan, -math.inf, None])
    with pytest.raises(
        TrainingError,
        match=rf"no run to register as {settings.model_name}: {METRIC} must be a finite number, "
        "but is .*candidate-0 NaN.*; check the data",
    ) as refused:
        register_best(found)
    assert "candidate-1 infinite" in str(refused.value)
    assert "candidate-2 none" in str(refused.value)
    assert not MlflowClient().search_registered_models(f"name = '{settings.model_name}'")


def _finished(settings: Settings, values: list[float | None]) -> list[LoggedRun]:
    """Runs of one training as the server gives them back, in the order of the values."""
    experiment = mlflow.set_experiment(settings.experiment_name).experiment_id
    for index, value in enumerate(values):
        tags = {"training.group": "job", "training.candidate": f"candidate-{index}"}
        with mlflow.start_run(tags=tags):
            mlflow.log_metrics({} if value is None else {METRIC: value})
    return sorted(runs_of_group(experiment, "job"), key=lambda run: run.name)
