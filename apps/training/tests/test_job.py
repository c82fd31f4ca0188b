"""The Job as the cluster runs it: a process, its environment, its exit code, what it prints."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ADMIN, free_port, start_mlflow, stop
from mlflow import MlflowClient

from training import TrainingError, settings_from_env

SOURCE = Path(__file__).parents[1] / "src"


def run_job(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training"],
        cwd=folder,
        env=_environment(env),
        capture_output=True,
        text=True,
        timeout=400,
    )


def _environment(env: dict[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    return kept | {"PYTHONPATH": str(SOURCE), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"} | env


def test_the_job_prints_a_table_and_the_promoted_version(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    done = run_job(tmp_path, **credentials, MODEL_NAME="from-the-job")
    assert done.returncode == 0, done.stderr
    assert "holdout_rmse" in done.stdout
    assert "from-the-job version 1" in done.stdout
    assert "is now champion: no other version has the alias champion" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_password_is_one_sentence(tracking_uri: str, tmp_path: Path) -> None:
    done = run_job(
        tmp_path,
        MLFLOW_TRACKING_URI=tracking_uri,
        MLFLOW_TRACKING_USERNAME="training",
        MLFLOW_TRACKING_PASSWORD="not-the-password",
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: MLflow at {tracking_uri} refused user training: check "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD\n"
    )


def test_a_server_that_is_away_is_one_sentence_within_the_time_given(tmp_path: Path) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    done = run_job(tmp_path, MLFLOW_TRACKING_URI=uri, TRAINING_START_TIMEOUT="2")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: MLflow at {uri} did not answer within 2 s: check MLFLOW_TRACKING_URI and that the "
        "server is running\n"
    )


def test_the_job_waits_for_a_server_that_comes_late(tmp_path: Path) -> None:
    port = free_port()
    user = {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}
    job = subprocess.Popen(
        [sys.executable, "-m", "training"],
        cwd=tmp_path,
        env=_environment(user | {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}),
        stdout=subprocess.PIPE,
        text=True,
    )
    (tmp_path / "server").mkdir()
    server = start_mlflow(tmp_path / "server", port)
    try:
        printed, _ = job.communicate(timeout=400)
        assert job.returncode == 0
        assert "is now champion" in printed
    finally:
        stop(job)
        stop(server)


def test_a_stopped_job_leaves_no_run_that_runs_for_ever(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    job = subprocess.Popen(
        [sys.executable, "-m", "training"],
        cwd=tmp_path,
        env=_environment(credentials | {"EXPERIMENT_NAME": "stopped"}),
    )
    try:
        while not _runs("stopped"):
            assert job.poll() is None
            time.sleep(0.05)
        job.send_signal(signal.SIGTERM)
        assert job.wait(20) == 143
    finally:
        stop(job)
    assert "RUNNING" not in {run.info.status for run in _runs("stopped")}


def _runs(experiment: str) -> list:
    found = MlflowClient().get_experiment_by_name(experiment)
    return MlflowClient().search_runs([found.experiment_id]) if found else []


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({}, "MLFLOW_TRACKING_URI is not set"),
        (
            {"MLFLOW_TRACKING_URI": "x", "TRAINING_TRIALS": "two", "TRAINING_GROUP": "a"},
            "TRAINING_TRIALS must be a whole number of at least 1, not 'two'",
        ),
        ({"MLFLOW_TRACKING_URI": "x", "TRAINING_TRIALS": "2"}, "TRAINING_GROUP is not set"),
        (
            {
                "MLFLOW_TRACKING_URI": "x",
                "TRAINING_TRIALS": "2",
                "JOB_COMPLETION_INDEX": "2",
                "TRAINING_GROUP": "a",
            },
            "JOB_COMPLETION_INDEX is 2 but TRAINING_TRIALS is 2",
        ),
    ],
)
def test_a_wrong_setting_is_named(env: dict[str, str], sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        settings_from_env(env)
