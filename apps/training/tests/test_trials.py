"""Pods of one Indexed Job: each logs a run, the last one registers the best of all."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from support import METRIC, logged

from training import Settings, promote_if_better, register_best, trial_index


def pod(
    monkeypatch: pytest.MonkeyPatch, group: str, index: int, trials: int
) -> ModelVersion | None:
    """What train.py does in the pod of this index."""
    monkeypatch.setenv("TRAINING_GROUP", group)
    monkeypatch.setenv("TRAINING_TRIALS", str(trials))
    monkeypatch.setenv("TRAINING_TRIALS_TIMEOUT", "1")
    monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
    assert trial_index() == index
    version = register_best([logged(50.0 + index)])
    promote_if_better(version)
    return version


def test_trials_make_one_run_a_pod_and_one_registration(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = [pod(monkeypatch, "job-1", index, trials=3) for index in (1, 0, 2)]
    assert versions[:2] == [None, None]

    runs = mlflow.search_runs(experiment_names=[settings.experiment_name], output_format="list")
    assert sorted(run.data.tags["training.trial"] for run in runs) == ["0", "1", "2"]
    assert {run.data.tags["training.group"] for run in runs} == {"job-1"}
    lowest = min(runs, key=lambda run: run.data.metrics[METRIC])
    champion = MlflowClient().get_model_version_by_alias(settings.model_name, "champion")
    assert champion.run_id == lowest.info.run_id
    assert champion.version == "1"


def test_a_restarted_trial_counts_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in (0, 0, 1):
        version = pod(monkeypatch, "job-2", index, trials=2)
    assert version is not None
    assert "best of 2 by" in version.description
    assert "only" not in capsys.readouterr().out


def test_the_last_trial_does_not_wait_for_ever_for_one_that_failed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pod(monkeypatch, "job-3", index=1, trials=2) is not None
    printed = capsys.readouterr().out
    assert "only 1 of 2 trials finished in time; choosing among those" in printed
    assert "is now champion" in printed


def test_without_trials_there_is_no_index(settings: Settings) -> None:
    assert trial_index() is None
