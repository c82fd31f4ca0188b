"""The Job as the cluster runs it: a process, its environment, its exit code, what it prints."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ADMIN, EXAMPLE, MODELS, free_port, start_mlflow, stop
from mlflow import MlflowClient
from training.__main__ import main

from training import TrainingError, settings_from_env

SOURCE = Path(__file__).parents[1] / "src"


def run_job(folder: Path, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        cwd=folder,
        env=_environment(env),
        capture_output=True,
        text=True,
        timeout=400,
    )


def _environment(env: dict[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    return kept | {"PYTHONPATH": str(SOURCE), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"} | env


def test_every_candidate_of_the_example_becomes_a_run_and_the_best_becomes_champion(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    name = "the-example"
    folder = shutil.copytree(EXAMPLE, tmp_path / name)
    done = run_job(tmp_path, folder, **credentials)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == [folder]
    assert f"{name} version 1 is now champion: no other version has the alias" in done.stdout

    runs = _runs(name)
    assert {run.data.params["model"] for run in runs} == {
        "ridge",
        "random-forest",
        "gradient-boosting",
        "support-vector",
    }
    assert all(run.info.status == "FINISHED" for run in runs)
    assert all(
        {"cv_rmse", "holdout_rmse", "holdout_mae", "holdout_r2"} <= set(run.data.metrics)
        for run in runs
    )
    digests = {run.inputs.dataset_inputs[0].dataset.digest for run in runs}
    assert digests == {runs[0].data.tags["dataset.digest"]}
    assert len({run.data.tags["training.group"] for run in runs}) == 1

    lowest = min(runs, key=lambda run: run.data.metrics["cv_rmse"])
    champion = MlflowClient().get_model_version_by_alias(name, "champion")
    assert champion.run_id == lowest.info.run_id
    assert lowest.data.params["model"] in champion.description

    again = run_job(tmp_path, folder, **credentials)
    assert f"{name} version 2 is not champion: version 1 keeps champion" in again.stdout


def test_each_trial_of_the_example_trains_another_candidate(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "example-in-trials")
    trials = {"TRAINING_TRIALS": "2", "TRAINING_GROUP": "job"}
    for index in "01":
        done = run_job(tmp_path, folder, **credentials, **trials, JOB_COMPLETION_INDEX=index)
        assert done.returncode == 0, done.stderr
    runs = _runs(folder.name)
    assert {run.data.params["model"] for run in runs} == {"ridge", "random-forest"}
    assert "is now champion" in done.stdout


def test_the_folder_of_new_model_trains_without_changes(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    folder = shutil.copytree(MODELS / ".template", tmp_path / "churn")
    done = run_job(
        tmp_path, folder, **credentials, MODEL_NAME="of-the-stack", EXPERIMENT_NAME="of-the-stack"
    )
    assert done.returncode == 0, done.stderr
    assert "churn version 1 is now champion" in done.stdout
    assert len(_runs("churn")) == 1

    # Or without the package's own command.
    again = subprocess.run(
        [sys.executable, folder / "train.py"],
        cwd=tmp_path,
        env=_environment(credentials),
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert "churn version 2 is not champion: version 1 keeps champion" in again.stdout


def test_a_name_without_a_folder_is_not_trained(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    done = run_job(tmp_path, **credentials, MODEL_NAME="nobodys")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: this image has no training code of nobodys: a model without a folder "
        "models/nobodys is served, not trained; make one with `npm run new:model nobodys`\n"
    )
    assert not MlflowClient().search_registered_models("name = 'nobodys'")


def test_a_fault_of_the_script_itself_comes_with_its_place(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "model.yaml").write_text("metric: f1\ndirection: maximize\n")
    (tmp_path / "train.py").write_text("columns = {}\nprint(columns['age'])\n")
    done = run_job(tmp_path, tmp_path, **credentials)
    assert done.returncode == 1
    assert f'{tmp_path}/train.py", line 2' in done.stderr
    assert "KeyError: 'age'" in done.stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing: name the folder of a model"),
        ("metric: [", "is not YAML"),
        ("direction: minimize", "metric must be the name of a metric that train.py logs"),
        ("metric: f1\ndirection: up", "direction must be minimize or maximize, not 'up'"),
        ("metric: f1\ndirection: maximize", "has no train.py"),
    ],
)
def test_a_fault_of_the_folder_is_one_sentence(
    content: str | None,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / "model.yaml").write_text(content)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MODEL_FOLDER", "")
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert sentence in printed
    assert printed.count("\n") == 1


def test_a_wrong_password_is_one_sentence(tracking_uri: str, tmp_path: Path) -> None:
    done = run_job(
        tmp_path,
        EXAMPLE,
        MLFLOW_TRACKING_URI=tracking_uri,
        MLFLOW_TRACKING_USERNAME="training",
        MLFLOW_TRACKING_PASSWORD="not-the-password",
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: MLflow at {tracking_uri} refused user training: check "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD\n"
    )


def test_a_server_that_is_down_is_one_sentence_within_the_timeout(tmp_path: Path) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    done = run_job(tmp_path, EXAMPLE, MLFLOW_TRACKING_URI=uri, TRAINING_START_TIMEOUT="2")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: MLflow at {uri} did not answer within 2 s: check MLFLOW_TRACKING_URI and that the "
        "server is running\n"
    )


def test_the_job_waits_for_a_server_that_comes_late(tmp_path: Path) -> None:
    folder = shutil.copytree(MODELS / ".template", tmp_path / "churn")
    port = free_port()
    user = {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}
    job = subprocess.Popen(
        [sys.executable, "-m", "training", folder],
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


def test_a_stopped_job_leaves_no_run_running(credentials: dict[str, str], tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "stopped")
    job = subprocess.Popen(
        [sys.executable, "-m", "training", folder],
        cwd=tmp_path,
        env=_environment(credentials),
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


NAMED = {"MLFLOW_TRACKING_URI": "x", "MODEL_NAME": "m"}


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({}, "MLFLOW_TRACKING_URI is not set"),
        ({"MLFLOW_TRACKING_URI": "x"}, "MODEL_FOLDER is not set: give it the folder"),
        (
            {**NAMED, "TRAINING_TRIALS": "two", "TRAINING_GROUP": "a"},
            "TRAINING_TRIALS must be a whole number of at least 1, not 'two'",
        ),
        ({**NAMED, "TRAINING_TRIALS": "2"}, "TRAINING_GROUP is not set"),
        (
            {
                **NAMED,
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
