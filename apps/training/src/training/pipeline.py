"""`python -m training.pipeline COMMAND…`: one step of a pipeline, as its container runs it.

MLflow shows the pipeline as a run, and each step as a run below it. A step whose image, command,
parameters and inputs are those of a step that succeeded before takes over that one's outputs.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from training.errors import TrainingError, sentence
from training.runs import end_leftovers, wait_for_tracking
from training.settings import Settings, folder_in_the_image, settings_from_env
from training.step import workspace
from training.step_files import Workspace

_PIPELINE, _STEP, _KEY = "training.pipeline", "training.step", "training.step_key"
_OUTPUTS, _LIST, _LOG = "outputs", "outputs.json", "log.txt"
_LOG_LINES = 1000
_CLUSTER = [sys.executable, "-m", "dask_cluster"]
_ENDING_SECONDS = 20
"""Before Kubernetes' own 30 s for a pod that is to end."""


@dataclass(frozen=True)
class Step:
    """What the pipeline says of this step."""

    name: str
    image: str
    command: list[str]
    parameters: dict[str, str]
    timeout: float | None
    cached: bool
    is_last: bool


def main(command: list[str]) -> int:
    env = os.environ
    if env.get("JOB_COMPLETION_INDEX", "0") != "0":
        return _serve(env)
    # for the script of the step
    env.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    env.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        settings, step = settings_from_env(), _read_step(env, command)
        wait_for_tracking(settings.tracking_uri, settings.start_timeout)
        return _Attempt(settings, step).run()
    except (TrainingError, MlflowException) as error:
        who = env.get("MLFLOW_TRACKING_USERNAME")
        fault = sentence(error, env.get("MLFLOW_TRACKING_URI", ""), who)
        print(f"error: {fault}", file=sys.stderr, flush=True)
        return 1


def _serve(env: Mapping[str, str]) -> int:
    """In the worker pods of the pipeline: the container of the first step with a cluster runs the
    workers for all steps, and those before it have nothing to do."""
    if "CLUSTER_WORKERS" in env:
        os.execv(sys.executable, _CLUSTER)
    return 0


def _read_step(env: Mapping[str, str], command: list[str]) -> Step:
    if not command:
        raise TrainingError("give the command of the step: python -m training.pipeline COMMAND…")
    try:
        told = json.loads(env["PIPELINE_STEP"])
        return Step(
            name=told["name"],
            image=told["image"],
            command=command,
            parameters=told.get("parameters", {}),
            timeout=told.get("timeoutSeconds"),
            cached=told.get("cache", True),
            is_last=told["last"],
        )
    except (KeyError, ValueError, TypeError):
        raise TrainingError(
            'PIPELINE_STEP must be JSON such as {"name": "train", "image": "…", "last": false}'
        ) from None


class _Attempt:
    """One attempt at one step."""

    def __init__(self, settings: Settings, step: Step) -> None:
        if settings.group is None:
            raise TrainingError(
                "TRAINING_GROUP is not set: it ties the steps together; give it the Job's uid"
            )
        self._settings = settings
        self._step = step
        self._group = settings.group
        self._client = MlflowClient()
        self._workspace = Workspace(workspace())
        self._experiment = mlflow.set_experiment(settings.experiment_name).experiment_id

    def run(self) -> int:
        if self._workspace.is_done(self._step.name):
            print(f"{self._step.name} is already done", flush=True)
            return 0
        self._workspace.clear()
        self._end_leftovers()
        parent = self._parent()
        key = self._key()
        made = self._client.create_run(
            self._experiment,
            run_name=self._step.name,
            tags={
                MLFLOW_PARENT_RUN_ID: parent,
                _PIPELINE: self._group,
                _STEP: self._step.name,
                _KEY: key,
            },
        )
        run_id = made.info.run_id
        for name, value in self._step.parameters.items():
            self._client.log_param(run_id, name, value)
        status = "FAILED"
        try:
            status = "FINISHED" if self._take_over(key, run_id) else self._execute(run_id)
        except SystemExit:  # its pod is terminating
            status = "KILLED"
        finally:
            self._client.set_terminated(run_id, status)
            if status != "FINISHED":
                self._end_leftovers()
            if status != "FINISHED" or self._step.is_last:
                self._client.set_terminated(parent, status)
        return {"FINISHED": 0, "KILLED": 143}.get(status, 1)

    def _key(self) -> str:
        step = self._step
        what = [step.image, step.command, step.parameters, self._workspace.files()]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def _parent(self) -> str:
        """The run of the pipeline. A pod that replaces another one, or retries, finds it."""
        for run in self._search(f"tags.`{_PIPELINE}` = '{self._group}'", newest=False):
            if MLFLOW_PARENT_RUN_ID not in run.data.tags:
                self._client.update_run(run.info.run_id, status="RUNNING")
                return run.info.run_id
        made = self._client.create_run(
            self._experiment,
            run_name=f"{self._settings.model_name} pipeline",
            tags={_PIPELINE: self._group},
        )
        return made.info.run_id

    def _end_leftovers(self) -> None:
        """Marks the runs of a killed attempt, which could not do it itself, as ended."""
        end_leftovers(self._experiment, "training.attempt", self._group)
        running = f"tags.`{_PIPELINE}` = '{self._group}' and attributes.status = 'RUNNING'"
        for run in self._search(running):
            if MLFLOW_PARENT_RUN_ID in run.data.tags:
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _search(self, condition: str, newest: bool = True) -> list[Run]:
        order = "DESC" if newest else "ASC"
        return self._client.search_runs(
            [self._experiment],
            condition,
            max_results=100,
            order_by=[f"attributes.start_time {order}"],
        )

    def _take_over(self, key: str, run_id: str) -> bool:
        """Whether an earlier run of the same step had the same key and still has its outputs."""
        if not self._step.cached:
            return False
        wanted = f"tags.`{_KEY}` = '{key}' and tags.`{_STEP}` = '{self._step.name}'"
        for run in self._search(f"{wanted} and attributes.status = 'FINISHED'")[:3]:
            earlier = run.data.tags.get("training.taken_from", run.info.run_id)
            try:
                files = self._restore(earlier)
            except (MlflowException, OSError, ValueError):
                files = None
            if files is None:
                print(f"the outputs of run {earlier} no longer exist", flush=True)
                continue
            self._workspace.keep(self._step.name, files)
            self._client.set_tag(run_id, "training.taken_from", earlier)
            print(f"{self._step.name} is unchanged: its outputs are those of run {earlier}")
            return True
        return False

    def _restore(self, run_id: str) -> dict[str, str] | None:
        with self._workspace.aside() as folder:
            fetched = download_artifacts(run_id=run_id, artifact_path=_LIST, dst_path=folder)
            files: dict[str, str] = json.loads(Path(fetched).read_text())
            outputs = Path(folder)
            if files:
                outputs = Path(
                    download_artifacts(run_id=run_id, artifact_path=_OUTPUTS, dst_path=folder)
                )
            return files if self._workspace.take(files, outputs) else None

    def _execute(self, run_id: str) -> str:
        context = {MLFLOW_PARENT_RUN_ID: run_id, _PIPELINE: self._group}
        env = os.environ | {
            "MLFLOW_RUN_CONTEXT": json.dumps(context),
            "MLFLOW_EXPERIMENT_NAME": self._settings.experiment_name,
        }
        if folder := folder_in_the_image(os.environ):
            # as for train.py: the files next to it can be imported
            path = filter(None, [str(folder), env.get("PYTHONPATH")])
            env |= {"MODEL_FOLDER": str(folder), "PYTHONPATH": os.pathsep.join(path)}
        lines: deque[str] = deque(maxlen=_LOG_LINES)
        status, why = _run(self._step, env, lines)
        if status == "FINISHED":
            try:
                files = self._workspace.added()
                self._save(run_id, files)
                self._workspace.keep(self._step.name, files)
            except (TrainingError, MlflowException, OSError) as error:
                status = "FAILED"
                why = sentence(error, self._settings.tracking_uri, self._settings.username)
        if why:
            line = f"error: step {self._step.name}: {why}"
            print(line, file=sys.stderr, flush=True)
            lines.append(f"{line}\n")
        self._client.log_text(run_id, "".join(lines), _LOG)
        return status

    def _save(self, run_id: str, files: dict[str, str]) -> None:
        if not self._step.cached:
            return
        with self._workspace.aside() as folder:
            self._workspace.link(files, Path(folder))
            if files:
                self._client.log_artifacts(run_id, folder, _OUTPUTS)
        self._client.log_dict(run_id, files, _LIST)


def _run(step: Step, env: Mapping[str, str], lines: "deque[str]") -> tuple[str, str | None]:
    """Runs the command; returns its MLflow status, and the reason if it failed."""
    ended_by: list[str] = []
    try:
        process = subprocess.Popen(
            [*(_CLUSTER if "CLUSTER_WORKERS" in env else []), *step.command],
            env=env,
            cwd=env.get("MODEL_FOLDER"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return "FAILED", f"{step.command[0]} cannot be started: {error.strerror}"

    def end(what: str, with_signal: signal.Signals) -> None:
        ended_by.append(what)
        _signal(process.pid, with_signal)

    def terminate(*_: Any) -> None:  # noqa: ANN401
        end("signal", signal.SIGTERM)
        killer = Timer(_ENDING_SECONDS, _signal, [process.pid, signal.SIGKILL])
        killer.daemon = True
        killer.start()

    signal.signal(signal.SIGTERM, terminate)
    timer = Timer(step.timeout or 0, end, ["timeout", signal.SIGKILL])
    if step.timeout is not None:
        timer.start()
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        print(line, end="", flush=True)
    code = process.wait()
    timer.cancel()
    _signal(process.pid, signal.SIGKILL)  # its remaining child processes
    if "signal" in ended_by:
        return "KILLED", "its pod was ended"
    if "timeout" in ended_by:
        return "FAILED", f"it did not end within {step.timeout:g} s, its timeoutSeconds"
    if code == -signal.SIGKILL:
        return "FAILED", "it was killed, probably for using too much memory: raise its memoryLimit"
    return ("FINISHED", None) if code == 0 else ("FAILED", f"it ended with {code}")


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
