"""A training on a Dask cluster: real schedulers and workers, some of which are killed."""

import asyncio
import re
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest
from clusters import Pods
from conftest import free_port
from dask_cluster.certificates import tls_settings
from mlflow import MlflowClient

SEARCH = """
import joblib
import mlflow
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeRegressor
from slow import Slow
import training

data = load_diabetes(return_X_y=True)
grid = {"max_depth": [1, 2, 3, 4], "min_samples_leaf": [1, 9]}
search = GridSearchCV(Slow(random_state=0), grid, cv=4)
mlflow.sklearn.autolog(log_models=False, log_datasets=False)
print("searching", flush=True)
with joblib.parallel_config("dask"), mlflow.start_run(run_name="search"):
    search.fit(*data)
mlflow.sklearn.autolog(disable=True)
alone = GridSearchCV(DecisionTreeRegressor(random_state=0), grid, cv=4).fit(*data)
scores = [found.cv_results_["mean_test_score"].tolist() for found in (search, alone)]
print("equal to one machine:", scores[0] == scores[1], search.best_params_ == alone.best_params_)
"""

# A module next to train.py, which the workers import by its name.
SLOW = """
import time
from sklearn.tree import DecisionTreeRegressor

class Slow(DecisionTreeRegressor):
    def fit(self, *args, **options):
        time.sleep(0.2)
        return super().fit(*args, **options)
"""


@pytest.fixture
def searching(tmp_path: Path, credentials: dict[str, str]) -> dict[str, str]:
    """The environment of a training whose train.py searches a grid."""
    folder = tmp_path / f"search-{free_port()}"
    folder.mkdir()
    (folder / "model.yaml").write_text("metric: r2\ndirection: maximize\n")
    (folder / "train.py").write_text(SEARCH)
    (folder / "slow.py").write_text(SLOW)
    return {**credentials, "MODEL_FOLDER": str(folder), "EXPERIMENT_NAME": folder.name}


def runs_of(env: dict[str, str]) -> list[tuple[str, bool]]:
    """The state of each run, and whether it is within another one."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name(env["EXPERIMENT_NAME"])
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    return sorted((run.info.status, "mlflow.parentRunId" in run.data.tags) for run in runs)


def test_a_search_on_workers_of_which_one_is_killed_is_that_of_one_machine(
    tmp_path: Path, searching: dict[str, str]
) -> None:
    with Pods(2, sys.executable, "-m", "training", folder=tmp_path, **searching) as pods:
        pods.wait_for_line("searching")
        time.sleep(1)
        pods.kill(1)
        assert pods.wait() == 0, pods.log.read_text()
        assert "equal to one machine: True True" in pods.log.read_text()
    # autolog keeps the five best
    assert runs_of(searching) == [("FINISHED", False)] + [("FINISHED", True)] * 5


def test_a_killed_scheduler_takes_its_script_along_and_the_next_one_leaves_no_run_running(
    tmp_path: Path, searching: dict[str, str]
) -> None:
    with Pods(2, sys.executable, "-m", "training", folder=tmp_path, **searching) as pods:
        pods.wait_for_line("searching")
        time.sleep(0.5)
        pods.kill(0)
        pods.start_first_again()
        assert pods.wait() == 0, pods.log.read_text()
        assert "the scheduler is gone; waiting for the next one" in pods.log.read_text()
    states = runs_of(searching)
    # the script may see the scheduler go before it is killed itself
    assert {("KILLED", False), ("FAILED", False)} & set(states)
    assert ("FINISHED", False) in states
    assert "RUNNING" not in {state for state, _ in states}


LOSING = """
import os
import threading
import joblib
import numpy as np
from pathlib import Path
from dask_cluster.joblib_backend import register

register()

def weight(number, data):
    lost = Path("lost")
    if number == 3 and not lost.exists():
        lost.touch()
        os._exit(9)
    return number + data.sum()

with joblib.parallel_config("dask"):
    try:
        joblib.Parallel()([joblib.delayed(print)(threading.Lock())])
    except Exception as error:
        print("raised", type(error).__name__, flush=True)
    data = np.ones(100_000)
    print("sums", joblib.Parallel()(joblib.delayed(weight)(n, data) for n in range(12)), flush=True)
    try:
        joblib.Parallel()([joblib.delayed(os._exit)(9)])
    except Exception as error:
        print("raised", type(error).__name__, flush=True)
"""


def test_data_is_sent_again_when_a_worker_is_lost_and_what_cannot_run_is_an_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "losing.py").write_text(LOSING)
    once_more = {
        "CLUSTER_THREADS": "2",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
    }
    with Pods(1, sys.executable, "losing.py", folder=tmp_path, **once_more) as pods:
        assert pods.wait() == 0, pods.log.read_text()
        log = pods.log.read_text()
    sums = [f"np.float64({number + 100_000}.0)" for number in range(12)]
    assert f"sums [{', '.join(sums)}]" in log
    assert "raised KilledWorker" in log
    assert "raised TypeError" in log


ASKING = """
import sys
from urllib.request import urlopen
from distributed import Client
from distributed.system import MEMORY_LIMIT

def ports(dask_scheduler=None, dask_worker=None):
    return (dask_scheduler or dask_worker).http_server.port

def metrics(port):
    return urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()

def other_paths(port):
    return [p for p in ("/", "/info/main/workers.html", "/json/counts.json", "/health")
            if answers(f"http://127.0.0.1:{port}{p}")]

def answers(url):
    try:
        return urlopen(url).status
    except OSError:
        return None

def memory(dask_worker):
    return dask_worker.memory_manager.memory_limit == MEMORY_LIMIT

def has_scikit_learn():
    return "sklearn.model_selection" in sys.modules

with Client() as client:
    of_scheduler, (of_worker,) = client.run_on_scheduler(ports), client.run(ports).values()
    print("one worker:", "dask_scheduler_workers_added_total 1.0" in metrics(of_scheduler))
    print("paused:", 'dask_scheduler_workers{state="paused"} 0.0' in metrics(of_scheduler))
    print("of the worker:", 'dask_worker_memory_bytes{type="managed"}' in metrics(of_worker))
    print("other paths:", other_paths(of_scheduler) + other_paths(of_worker))
    print("all memory:", *client.run(memory).values())
    imported = [client.run_on_scheduler(has_scikit_learn), *client.run(has_scikit_learn).values()]
    print("imported:", imported, flush=True)
"""


def test_pods_use_all_memory_show_their_metrics_and_nothing_else_and_are_ready_for_scikit_learn(
    tmp_path: Path,
) -> None:
    (tmp_path / "asking.py").write_text(ASKING)
    with Pods(1, sys.executable, "asking.py", folder=tmp_path) as pods:
        assert pods.wait() == 0, pods.log.read_text()
        log = pods.log.read_text()
    assert "one worker: True" in log
    assert "paused: True" in log
    assert "of the worker: True" in log
    assert "other paths: []" in log
    assert "all memory: True" in log
    assert "imported: [True, True]" in log


def test_workers_that_do_not_come_are_an_error_that_names_the_fix(tmp_path: Path) -> None:
    with Pods(1, "true", folder=tmp_path, CLUSTER_WORKERS="3", CLUSTER_START_TIMEOUT="4") as pods:
        assert pods.wait(60) == 1
        assert re.search("error: only [01] of 3 workers joined within 4 s: ", pods.log.read_text())


def test_a_pod_that_is_to_end_ends_its_command_first(tmp_path: Path) -> None:
    script = "trap 'echo ended; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
    with Pods(1, "sh", "-c", script, folder=tmp_path) as pods:
        pods.wait_for_line("begun")
        worker = pods.pods[1]
        worker.terminate()
        assert worker.wait(60) == 143
        pods.pods[0].terminate()
        assert pods.wait(30) == 143
        assert "ended" in pods.log.read_text()


def test_a_worker_that_waits_for_a_scheduler_ends_at_once(tmp_path: Path) -> None:
    with Pods(1, "sleep", "60", folder=tmp_path) as pods:
        pods.wait_for_line("working for the scheduler")
        worker = pods.pods[1]
        pods.kill(0)
        pods.wait_for_line("waiting for the next one")
        host, port = pods.env["CLUSTER_SCHEDULER"].split(":")
        with socket.create_server((host, int(port))) as silent:
            silent.settimeout(60)
            silent.accept()
            worker.terminate()
            assert worker.wait(5) == 143


# SECURITY.md: They accept no certificate but that of a pod of the same Job.
@pytest.mark.parametrize(
    ("secret", "job", "is_let_in"),
    [("one", "job", True), ("another", "job", False), ("one", "earlier job", False)],
)
def test_only_a_pod_of_the_same_job_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, job: str, is_let_in: bool
) -> None:
    from distributed import Client, Scheduler
    from distributed.security import Security

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def security(secret: str, job: str) -> Security:
        settings = tls_settings(secret, job)
        prefix = "DASK_DISTRIBUTED__COMM__TLS__"
        files = {
            key.removeprefix(prefix).replace("__", "_").lower(): value
            for key, value in settings.items()
            if key.startswith(prefix)
        }
        files["tls_ca_file"] = files.pop("ca_file")
        named = {k if k.startswith("tls_") else f"tls_{k}": v for k, v in files.items()}
        return Security(require_encryption=True, **named)

    async def connects() -> bool:
        own, other = security("one", "job"), security(secret, job)
        async with Scheduler(
            protocol="tls", host="127.0.0.1", port=0, security=own, dashboard_address="127.0.0.1:0"
        ) as scheduler:
            try:
                async with Client(scheduler.address, asynchronous=True, security=other, timeout=3):
                    return True
            except OSError:
                return False

    assert asyncio.run(connects()) is is_let_in
    folders = list(tmp_path.glob("dask-certificates-*"))
    assert [oct(folder.stat().st_mode) for folder in folders] == ["0o40700"] * 2
