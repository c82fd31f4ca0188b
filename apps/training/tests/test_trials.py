from dataclasses import replace

import mlflow
from mlflow import MlflowClient

from training import METRIC, Settings, train_and_promote, trial


def test_trials_make_one_run_a_pod_and_one_registration(settings: Settings) -> None:
    job = replace(settings, trials=3, group="job-1")
    outcomes = [train_and_promote(replace(job, index=index), say=_quiet) for index in (1, 0, 2)]

    runs = mlflow.search_runs(experiment_names=[job.experiment_name], output_format="list")
    assert sorted(run.data.tags["training.trial"] for run in runs) == ["0", "1", "2"]
    assert {run.data.tags["training.group"] for run in runs} == {"job-1"}
    assert [outcome.version for outcome in outcomes] == [None, None, "1"]
    versions = MlflowClient().search_model_versions(f"name='{job.model_name}'")
    lowest = min(runs, key=lambda run: run.data.metrics[METRIC])
    assert [version.run_id for version in versions] == [lowest.info.run_id]


def test_a_restarted_trial_counts_once(settings: Settings) -> None:
    job = replace(settings, trials=2, group="job-2", trials_timeout=1)
    for _ in range(2):
        train_and_promote(replace(job, index=0), say=_quiet)
    said: list[str] = []
    result = train_and_promote(replace(job, index=1), say=said.append)
    assert len(result.runs) == 2
    assert not any("only" in line for line in said)


def test_the_last_trial_does_not_wait_for_ever_for_one_that_failed(settings: Settings) -> None:
    job = replace(settings, trials=2, group="job-3", trials_timeout=1)
    said: list[str] = []
    result = train_and_promote(replace(job, index=1), say=said.append)
    assert "only 1 of 2 trials finished in time; choosing among those" in said
    assert result.promotion is not None
    assert result.promotion.promoted


def test_the_same_index_is_the_same_trial_and_no_two_are_alike() -> None:
    first = [trial(index) for index in range(100)]
    assert first == [trial(index) for index in range(100)]
    assert len({repr(candidate) for candidate in first}) == len(first)
    for candidate in first:
        candidate.build()


def _quiet(_: str) -> None:
    pass
