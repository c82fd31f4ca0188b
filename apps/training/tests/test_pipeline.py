"""The steps of a pipeline as a pod runs them: processes one after the other, with one folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import free_port
from mlflow import MlflowClient
from mlflow.entities import Run
from test_job import SOURCE
from training.pipeline import main
from training.step_files import Workspace

from training import Settings, TrainingError

PREPARE = """
import json, os, pathlib
rows = json.loads(os.environ["PIPELINE_STEP"])["parameters"]["rows"]
print("preparing", rows)
data = pathlib.Path(os.environ["PIPELINE_WORKSPACE"], "data")
data.mkdir(exist_ok=True)
(data / "rows.csv").write_text(rows)
"""
TRAIN = """
import mlflow
from training import workspace
with mlflow.start_run(run_name="candidate"):
    mlflow.log_metric("rows", float((workspace() / "data" / "rows.csv").read_text()))
(workspace() / "model.txt").write_text("trained")
"""
PROMOTE = """
import os, pathlib
workspace = pathlib.Path(os.environ["PIPELINE_WORKSPACE"])
assert (workspace / "model.txt").read_text() == "trained"
(workspace / "scrap").write_text("left by a step that fails")
assert pathlib.Path(os.environ["GATE"]).exists(), "not yet"
"""
SCRIPTS = {"prepare": PREPARE, "train": TRAIN, "promote": PROMOTE}


class Pod:
    """A pod of three steps: a folder of its own and the uid of its Job."""

    def __init__(
        self, folder: Path, env: dict[str, str], job: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir(parents=True)
        self.gate = folder / "gate"
        self._capfd = capfd
        self._env = {
            **{"PYTHONPATH": str(SOURCE), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3"},
            **env,
            **{"TRAINING_GROUP": job, "PIPELINE_WORKSPACE": str(self.workspace)},
            "GATE": str(self.gate),
        }

    def set(self, **env: str) -> None:
        self._env |= env

    def start(self, name: str, script: str) -> subprocess.Popen[str]:
        """A container that can be killed."""
        return subprocess.Popen(
            [sys.executable, "-m", "training.pipeline", sys.executable, "-c", script],
            env=os.environ | self._told(name, {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def step(self, name: str, script: str | None = None, **told: object) -> tuple[int, str]:
        """Runs the step in this process: a new one would import MLflow, which is slow."""
        with pytest.MonkeyPatch.context() as patch:
            for key, value in self._told(name, told).items():
                patch.setenv(key, value)
            code = main([sys.executable, "-c", script or SCRIPTS[name]])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        output = self._capfd.readouterr()
        return code, output.out + output.err

    def _told(self, name: str, told: dict[str, object]) -> dict[str, str]:
        step = {"name": name, "image": "app:1", "last": name == "promote", **told}
        if name == "prepare":
            step = {"parameters": {"rows": "100"}, **step}
        return self._env | {"PIPELINE_STEP": json.dumps(step)}


@pytest.fixture
def pod(
    settings: Settings,
    credentials: dict[str, str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> Callable[[str], Pod]:
    folder = {"MODEL_FOLDER": os.environ["MODEL_FOLDER"]}
    return lambda job: Pod(tmp_path / job, credentials | folder, job, capfd)


def runs(settings: Settings, job: str) -> dict[str, list[Run]]:
    """By name, in the order in which they began."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name(settings.experiment_name)
    assert experiment is not None
    found: dict[str, list[Run]] = {}
    for run in client.search_runs(
        [experiment.experiment_id],
        f"tags.`training.pipeline` = '{job}'",
        order_by=["attributes.start_time ASC"],
    ):
        found.setdefault(run.info.run_name, []).append(run)
    return found


def statuses(settings: Settings, job: str) -> dict[str, list[str]]:
    return {name: [run.info.status for run in of] for name, of in runs(settings, job).items()}


def test_only_the_failed_step_runs_again_and_unchanged_steps_are_taken_over(
    settings: Settings, pod: Callable[[str], Pod]
) -> None:
    first = pod("job-1")
    for name in ("prepare", "train"):
        assert first.step(name)[0] == 0
    code, output = first.step("promote")
    assert code == 1
    assert "not yet" in output
    assert "error: step promote: it ended with 1" in output
    name = f"{settings.model_name} pipeline"
    failed = {"prepare": ["FINISHED"], "train": ["FINISHED"], "candidate": ["FINISHED"]}
    assert statuses(settings, "job-1") == {**failed, "promote": ["FAILED"], name: ["FAILED"]}

    # kubelet starts the same step again, in the same pod
    first.gate.touch()
    assert first.step("promote")[0] == 0
    again = {**failed, "promote": ["FAILED", "FINISHED"], name: ["FINISHED"]}
    assert statuses(settings, "job-1") == again

    found = runs(settings, "job-1")
    (pipeline,), (train,), (candidate,) = found[name], found["train"], found["candidate"]
    assert train.data.tags["mlflow.parentRunId"] == pipeline.info.run_id
    assert candidate.data.tags["mlflow.parentRunId"] == train.info.run_id
    assert found["prepare"][0].data.params == {"rows": "100"}
    log = MlflowClient().download_artifacts(found["prepare"][0].info.run_id, "log.txt")
    assert Path(log).read_text() == "preparing 100\n"

    # another pod: nothing has changed
    second = pod("job-2")
    second.gate.touch()
    for step in ("prepare", "train"):
        code, output = second.step(step)
        assert (code, f"{step} is unchanged" in output) == (0, True)
    assert (second.workspace / "data" / "rows.csv").read_text() == "100"
    assert second.step("promote", cache=False)[0] == 0
    assert "candidate" not in runs(settings, "job-2")

    # other parameters, and with them other inputs of what follows
    third = pod("job-3")
    assert "preparing 7" in third.step("prepare", parameters={"rows": "7"})[1]
    assert third.step("train") == (0, "")
    assert runs(settings, "job-3")["candidate"][0].data.metrics == {"rows": 7}
    # another image
    assert "preparing 100" in pod("job-4").step("prepare", image="app:2")[1]


def test_a_killed_step_leaves_no_run_that_seems_to_run(
    settings: Settings, pod: Callable[[str], Pod]
) -> None:
    waiting = """
import mlflow, time
mlflow.start_run(run_name="candidate")
print("here", flush=True)
time.sleep(300)
"""
    one = pod("job-1")
    process = one.start("prepare", waiting)
    assert process.stdout is not None
    while process.stdout.readline().strip() != "here":
        pass
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "its pod was ended" in output
    ended = statuses(settings, "job-1")
    assert {status for of in ended.values() for status in of} == {"KILLED"}

    process = one.start("prepare", waiting)
    assert process.stdout is not None
    while process.stdout.readline().strip() != "here":
        pass
    process.kill()
    process.wait()
    assert one.step("prepare")[0] == 0
    found = statuses(settings, "job-1")
    assert found["prepare"] == ["KILLED", "KILLED", "FINISHED"]
    assert found["candidate"] == ["KILLED", "KILLED"]


def test_a_step_that_takes_too_long_is_ended(settings: Settings, pod: Callable[[str], Pod]) -> None:
    began = time.monotonic()
    code, output = pod("job").step("prepare", "import time; time.sleep(100)", timeoutSeconds=1)
    assert code == 1
    assert "error: step prepare: it did not end within 1 s, its timeoutSeconds" in output
    assert time.monotonic() - began < 60


ON_WORKERS = """
import time, mlflow
from distributed import Client, get_worker

def trial(number):
    mlflow.start_run(run_name="candidate")
    time.sleep(number)

def place():
    return "a worker" if get_worker() else "nowhere"

with Client() as client:
    print("computed by", client.submit(place).result(), flush=True)
    client.submit(trial, SECONDS).result()
"""


def test_steps_with_a_cluster_share_workers_that_outlive_them(
    settings: Settings, pod: Callable[[str], Pod]
) -> None:
    one = pod("job")
    cluster = {
        "CLUSTER_SCHEDULER": f"127.0.0.1:{free_port()}",
        "CLUSTER_WORKER_PORT": "0",
        "CLUSTER_METRICS_PORT": "0",
        "CLUSTER_WORKERS": "1",
        "CLUSTER_THREADS": "1",
        "CLUSTER_SECRET": "a secret of the Job",
    }
    # the containers of the pod next to it: its first step has no cluster
    other = pod("job-1")
    other.set(TRAINING_GROUP="job", JOB_COMPLETION_INDEX="1")
    assert other.step("prepare", "raise SystemExit('not here')") == (0, "")
    other.set(**cluster)
    worker = other.start("train", "raise SystemExit('not here')")
    try:
        assert one.step("prepare")[0] == 0
        one.set(JOB_COMPLETION_INDEX="0", **cluster)
        code, output = one.step("train", ON_WORKERS.replace("SECONDS", "0"))
        assert code == 0, output
        assert "computed by a worker" in output
        endless = ON_WORKERS.replace("SECONDS", "100")
        code, output = one.step("promote", endless, timeoutSeconds=15)
        assert code == 1
        assert "it did not end within 15 s" in output
        assert "computed by a worker" in one.step("promote", ON_WORKERS.replace("SECONDS", "0"))[1]
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.wait()
    found = MlflowClient().search_runs(
        [run.info.experiment_id for run in runs(settings, "job")["prepare"]]
    )
    assert [run.info.status for run in found if run.info.run_name == "promote"] == [
        "FINISHED",
        "FAILED",
    ]
    # no worker could say that the task with this one is ended
    assert "RUNNING" not in {run.info.status for run in found}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param(
            "open(W / 'data' / 'rows.csv', 'w')",
            "PermissionError",
            marks=pytest.mark.skipif(os.getuid() == 0, reason="root may write to read-only files"),
        ),
        ("(W / 'data' / 'rows.csv').unlink()", "data/rows.csv is the output of an earlier step"),
        ("(W / 'link').symlink_to('/etc/passwd')", "link is no regular file"),
    ],
    ids=["write", "delete", "link"],  # the folder of a test has its name
)
def test_steps_do_not_change_each_others_outputs(
    pod: Callable[[str], Pod], script: str, reason: str
) -> None:
    one = pod("job")
    assert one.step("prepare")[0] == 0
    code, output = one.step(
        "train", f"import os, pathlib\nW = pathlib.Path(os.environ['PIPELINE_WORKSPACE'])\n{script}"
    )
    assert code == 1
    assert reason in output


def test_outputs_that_are_gone_are_made_again(
    settings: Settings, pod: Callable[[str], Pod]
) -> None:
    assert pod("job-1").step("prepare")[0] == 0
    (run,) = runs(settings, "job-1")["prepare"]
    client = MlflowClient()
    client.log_text(run.info.run_id, "tampered with", "outputs/data/rows.csv")
    code, output = pod("job-2").step("prepare")
    assert code == 0
    assert "are not there any more" in output
    assert "preparing 100" in output


def test_what_the_workspace_remembers(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    (tmp_path / "a").write_text("1")
    space.keep("one", space.added())
    (tmp_path / "b").write_text("2")
    assert list(space.added()) == ["b"]
    space.clear()
    assert list(space.files()) == ["a"]
    assert not (tmp_path / "b").exists()
    (tmp_path / "a").unlink()
    with pytest.raises(TrainingError, match="a is the output of an earlier step and has been"):
        space.added()
    (tmp_path / "c").symlink_to("/etc/passwd")
    with pytest.raises(TrainingError, match="c is no regular file"):
        space.added()
