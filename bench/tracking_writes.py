"""What it takes to log metrics: this platform's server with the client settings of its guide, and
the stock `mlflow server` with MLflow's defaults, both on the same Postgres.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

from comparison import Comparison, keep
from tracking_servers import (
    OURS,
    STOCK,
    USERS,
    TrackingServer,
    base_environment,
    tracking_servers,
)
from usage import CLIENT_CORE, memory, on_core

CLIENTS, METRICS, BATCHES = 20, 100, 20
NOTES = [
    "Notebooks of this platform log in the background, which is one line, "
    "`mlflow.config.enable_async_logging()`, and their variables have MLflow send what was logged "
    "once a second; the time ends when everything is in the database. The platform's server has "
    "one process and checks who writes; the stock one has four and lets everyone in. All of them "
    "and Postgres share one core. Twenty times as fast is out of reach for runs of a hundred "
    "values: they are one request, and MLflow's client sends five more to start and end a run. "
    "A batch is two statements, where MLflow updates the latest value of each metric by itself; "
    "half of what is left of the server's time is protobuf, which reads the request.",
]
# A notebook that trains a run on a server whenever it is given one.
NOTEBOOK = """
import sys
import mlflow

print("ready", flush=True)
for line in sys.stdin:
    url, background, run = line.split()
    mlflow.set_tracking_uri(url)
    mlflow.config.enable_async_logging(background == "True")
    with mlflow.start_run(run_id=run):
        for step in range(int(sys.argv[1])):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.flush_async_logging()
    print("logged", flush=True)
"""


class Notebooks:
    """As many processes as there are people who train at the same time."""

    def __init__(self) -> None:
        user, password = USERS["notebook"]
        variables = {  # as in the output notebookEnv
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": password,
            "MLFLOW_ASYNC_LOGGING_BUFFERING_SECONDS": "1",
        }
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-c", NOTEBOOK, str(METRICS)],
                env=base_environment() | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for _ in range(CLIENTS)
        ]
        self._until("ready")

    def train(self, url: str, runs: list[str], *, in_the_background: bool) -> float:
        """Seconds that all of them take to log their metrics, one run each."""
        started = time.perf_counter()
        for process, run in zip(self._processes, runs, strict=True):
            assert process.stdin
            process.stdin.write(f"{url} {in_the_background} {run}\n")
            process.stdin.flush()
        self._until("logged")
        return time.perf_counter() - started

    def stop(self) -> None:
        """End them all."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _until(self, said: str) -> None:
        for process in self._processes:
            assert process.stdout
            for line in process.stdout:
                if line.strip() == said:
                    break
            else:
                raise SystemExit(f"a notebook ended with {process.wait()}")


class Logged:
    """What is logged on a server, looked up there afterwards."""

    def __init__(self, server: TrackingServer, *, in_the_background: bool) -> None:
        self._server, self._in_the_background = server, in_the_background
        self._experiment = server.post("experiments/create", name="bench")["experiment_id"]

    def metrics_per_second(self, notebooks: Notebooks) -> float:
        """All of them log at the same time."""
        runs = [self._run() for _ in range(CLIENTS)]
        took = notebooks.train(self._server.url, runs, in_the_background=self._in_the_background)
        for run in runs:
            self._check(run, "loss", METRICS)
        return CLIENTS * METRICS / took

    def batch_milliseconds(self) -> float:
        """The median of some batches of a thousand, one after the other."""
        run, took = self._run(), []
        for batch in range(BATCHES):
            metrics = [
                {"key": f"metric_{name}", "value": batch, "timestamp": batch, "step": batch}
                for name in range(1000)
            ]
            started = time.perf_counter()
            self._server.post("runs/log-batch", run_id=run, metrics=metrics)
            took.append(time.perf_counter() - started)
        self._check(run, "metric_999", BATCHES)
        return statistics.median(took) * 1e3

    def _run(self) -> str:
        asked = {"experiment_id": self._experiment, "start_time": 1}
        return self._server.post("runs/create", **asked)["run"]["info"]["run_id"]

    def _check(self, run: str, metric: str, count: int) -> None:
        found = self._server.get("metrics/get-history", run_id=run, metric_key=metric)["metrics"]
        assert len(found) == count, f"{len(found)} of {count} have arrived"


def main() -> None:
    """Measure in pairs and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    one_by_one: dict[str, list[float]] = {OURS: [], STOCK: []}
    batches: dict[str, list[float]] = {OURS: [], STOCK: []}
    with tracking_servers() as servers, on_core(CLIENT_CORE):
        sides = {
            name: Logged(server, in_the_background=name == OURS) for name, server in servers.items()
        }
        notebooks = Notebooks()
        try:
            for pair in range(pairs + 1):
                for name in sorted(sides, reverse=bool(pair % 2)):
                    rate = sides[name].metrics_per_second(notebooks)
                    batch = sides[name].batch_milliseconds()
                    if pair > 0:  # the first is the warm-up
                        one_by_one[name].append(rate)
                        batches[name].append(batch)
                print(f"pair {pair} of {pairs}", flush=True)
        finally:
            notebooks.stop()
        mebibytes = [memory(server.pid) for server in servers.values()]
    calls = f"{CLIENTS} clients, {METRICS} calls of log_metric each"
    found = [
        Comparison(calls, STOCK, "metrics/s", *one_by_one.values(), moreIsBetter=True, target=20),
        Comparison(
            "log_batch of 1000 metrics",
            STOCK,
            "ms",
            *batches.values(),
            moreIsBetter=False,
            target=1.3,
        ),
        Comparison(
            "memory of the server",
            STOCK,
            "MiB",
            *([one] for one in mebibytes),
            moreIsBetter=False,
            target=2,
        ),
    ]
    about: dict[str, object] = {"mlflow": version("mlflow"), "python": platform.python_version()}
    keep("tracking_writes", "Logging metrics", found, about | {"notes": NOTES})


if __name__ == "__main__":
    main()
