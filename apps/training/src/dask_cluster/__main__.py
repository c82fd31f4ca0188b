"""`python -m dask_cluster COMMAND…`: what every pod of a training with a cluster runs.

The first pod has the scheduler, and runs the command once all workers have joined. The others
work for it until the Job ends them. When the scheduler ends, its pod and the command end with it;
the replacement pod starts both again, and the workers join that one.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from dask_cluster.certificates import tls_settings
from dask_cluster.shared import WHOLE_POD

_IN_THE_IMAGE = Path("/opt/models")
_IN_MOST_TASKS = "sklearn.model_selection"
"""Imported by all pods at once, before they meet. The first tasks would otherwise wait for it three
times: in the scheduler, which reads them, in the first worker, and in those that need its data."""
_LIBC, _PR_SET_PDEATHSIG = ctypes.CDLL(None), 1
_PROGRESS_SECONDS = 20
_ENDING_SECONDS = 20
"""Before Kubernetes' own 30 s for a pod that is to end."""


@dataclass(frozen=True)
class ClusterPod:
    """The place of this pod in the Job."""

    index: int
    workers: int
    threads: int
    scheduler: str
    """Its host and port."""
    worker_port: int
    metrics_port: int
    secret: str
    job: str
    start_timeout: float

    @property
    def scheduler_address(self) -> str:
        return f"tls://{self.scheduler}"


def main(command: list[str]) -> int:
    # a signal without a handler does not end the first process of a container
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    pod = _read_pod(os.environ)
    os.environ.update(_environment(pod, os.environ))
    # for this process too: the scheduler reads tasks as workers do
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    import_module(_IN_MOST_TASKS)
    return asyncio.run(_drive(pod, command) if pod.index == 0 else _work(pod))


def _read_pod(env: Mapping[str, str]) -> ClusterPod:
    return ClusterPod(
        index=int(env["JOB_COMPLETION_INDEX"]),
        workers=int(env["CLUSTER_WORKERS"]),
        threads=int(env["CLUSTER_THREADS"]),
        scheduler=env["CLUSTER_SCHEDULER"],
        worker_port=int(env["CLUSTER_WORKER_PORT"]),
        metrics_port=int(env["CLUSTER_METRICS_PORT"]),
        secret=env["CLUSTER_SECRET"],
        job=env["TRAINING_GROUP"],
        start_timeout=float(env.get("CLUSTER_START_TIMEOUT", "600")),
    )


def _environment(pod: ClusterPod, env: Mapping[str, str]) -> dict[str, str]:
    """For Dask and MLflow, in the script and in the tasks of the workers alike."""
    folder = env.get("MODEL_FOLDER") or str(_IN_THE_IMAGE / env.get("MODEL_NAME", "."))
    chosen = {
        "DASK_SCHEDULER_ADDRESS": pod.scheduler_address,
        **tls_settings(pod.secret, pod.job),
        # modules next to train.py, which tasks name and do not carry
        "PYTHONPATH": os.pathsep.join(filter(None, [folder, env.get("PYTHONPATH")])),
        # nothing else, for their HTTP servers have no login
        "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": '["distributed.http.scheduler.prometheus"]',
        "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": '["distributed.http.worker.prometheus"]',
        "DASK_LOGGING__DISTRIBUTED": env.get("DASK_LOGGING__DISTRIBUTED", "warning"),
        # that of a pipeline's step has the step's run
        "MLFLOW_RUN_CONTEXT": env.get("MLFLOW_RUN_CONTEXT")
        or json.dumps({"training.attempt": pod.job}),
    }
    if experiment := env.get("EXPERIMENT_NAME"):
        chosen["MLFLOW_EXPERIMENT_NAME"] = experiment
    if pod.index > 0:
        # Dask has a thread for each task already
        for library in ("OMP", "MKL", "OPENBLAS"):
            chosen[f"{library}_NUM_THREADS"] = env.get(f"{library}_NUM_THREADS", "1")
    return chosen


async def _drive(pod: ClusterPod, command: list[str]) -> int:
    """Runs the scheduler, and the command next to it. Returns the code of the command."""
    from distributed import Scheduler

    stopped = _on_sigterm()
    async with Scheduler(
        protocol="tls",
        port=int(pod.scheduler.rpartition(":")[2]),
        dashboard=False,
        dashboard_address=f":{pod.metrics_port}",
    ) as scheduler:
        await _first(_workers_of(pod, lambda: len(scheduler.workers)), stopped.wait())
        if stopped.is_set():
            return 143
        if len(scheduler.workers) < pod.workers:
            return 1
        process = await asyncio.create_subprocess_exec(
            *command, start_new_session=True, preexec_fn=_end_with_parent
        )
        await _first(process.wait(), stopped.wait())
        if stopped.is_set():
            _signal(process.pid, signal.SIGTERM)
            await _first(process.wait(), asyncio.sleep(_ENDING_SECONDS))
        _signal(process.pid, signal.SIGKILL)  # and its remaining child processes
        code = await process.wait()
    # the code of a killed process, as in a shell
    return 143 if stopped.is_set() else code if code >= 0 else 128 - code


async def _workers_of(pod: ClusterPod, count: Callable[[], int]) -> None:
    """Waits until all workers have joined, for a limited time."""
    began = said = time.monotonic()
    while count() < pod.workers:
        now = time.monotonic()
        if now - began > pod.start_timeout:
            print(
                f"error: only {count()} of {pod.workers} workers joined within "
                f"{pod.start_timeout:.0f} s: `kubectl describe pods` shows why others wait; "
                "lower cluster.workers or resources to what the nodes have free",
                file=sys.stderr,
                flush=True,
            )
            return
        if now - said > _PROGRESS_SECONDS:
            said = now
            print(f"{count()} of {pod.workers} workers have joined", flush=True)
        await asyncio.sleep(0.1)
    print(f"all {pod.workers} workers have joined", flush=True)


async def _work(pod: ClusterPod) -> NoReturn:
    """Works until the scheduler or the pod ends; in the first case for the next scheduler."""
    from distributed import Status, Worker

    stopped = _on_sigterm()
    worker = Worker(
        pod.scheduler_address,
        nthreads=pod.threads,
        memory_limit=WHOLE_POD,
        port=pod.worker_port,
        dashboard=False,
        dashboard_address=f":{pod.metrics_port}",
        local_directory="/tmp",
    )

    async def serve() -> None:
        await worker  # which waits for the scheduler as long as it takes
        print(f"working for the scheduler at {pod.scheduler_address}", flush=True)
        await worker.finished()

    await _first(serve(), stopped.wait())
    if stopped.is_set():
        # its results move to the other workers; without a scheduler there is nothing to move
        if worker.status in (Status.running, Status.paused):
            with suppress(Exception):
                await asyncio.wait_for(worker.close_gracefully(), _ENDING_SECONDS)
        os._exit(143)  # threads with tasks would hold up any other exit
    print("the scheduler is gone; waiting for the next one", flush=True)
    # without what tasks have left in this process, and no signal is missed in between
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.execv(sys.executable, [sys.executable, "-m", "dask_cluster"])


def _on_sigterm() -> asyncio.Event:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    return stopped


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Waits for the first of these, and ends the others. An error in any of them is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


def _end_with_parent() -> None:
    """In a new process: it is killed when this one is, which a step of a pipeline may be alone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
