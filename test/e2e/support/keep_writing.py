"""Writes runs, metrics, parameters, tags and files as notebooks do, with MLflow's own client.

`begin` on its input lets 20 clients write. `end` lets them finish what they do, and prints one line
of JSON: what MLflow acknowledged, what of it is no longer there, and what the clients saw fail.
"""

import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
from mlflow import MlflowClient, MlflowException
from mlflow.entities import Run

WRITERS = 20
PAUSE = 1.0
CALLS_PER_RUN = 12
KINDS = ("metric", "param", "tag", "file")


@dataclass
class Log:
    """What happened since the clients began: acknowledged runs, and what was written to them."""

    runs: list[str] = field(default_factory=list)
    writes: list[tuple[str, str, str, str]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0


client = MlflowClient()
experiment = mlflow.set_experiment("faults").experiment_id
may_write = threading.Event()


def write(log: Log) -> None:
    while may_write.is_set():
        run = attempt(log, "run", lambda: client.create_run(experiment).info.run_id)
        if run is not None:
            log.runs.append(str(run))
        for number in range(CALLS_PER_RUN if run else 0):
            time.sleep(PAUSE)
            if may_write.is_set():
                write_one(log, str(run), KINDS[number % len(KINDS)], f"k{number}")
        time.sleep(PAUSE)


def write_one(log: Log, run: str, kind: str, key: str) -> None:
    value = str(float(time.time_ns() % 10**9))
    calls = {
        "metric": lambda: client.log_metric(run, key, float(value)),
        "param": lambda: client.log_param(run, key, value),
        "tag": lambda: client.set_tag(run, key, value),
        "file": lambda: client.log_text(run, value, key),
    }
    if attempt(log, kind, lambda: (calls[kind](), True)):
        log.writes.append((run, kind, key, value))


def attempt(log: Log, kind: str, call: Callable[[], object]) -> object:
    started = time.monotonic()
    try:
        return call()
    except Exception as error:  # whatever a notebook would see
        log.errors[f"{kind}: {described(error)}"] += 1
        return None
    finally:
        log.longest = max(log.longest, time.monotonic() - started)


def described(error: Exception) -> str:
    if isinstance(error, MlflowException) and error.error_code != "INTERNAL_ERROR":
        return error.error_code
    return str(error).strip().splitlines()[0][:160] if str(error) else type(error).__name__


def lost(log: Log) -> list[str]:
    """Every acknowledged write that MLflow does not give back as it was written."""
    kept = {run.info.run_id: run.data for run in all_runs()}
    missing = [f"run {run}" for run in log.runs if run not in kept]

    def now(run: str, kind: str, key: str) -> str:
        if kind == "file":
            return content(run, key)
        values = {"metric": kept[run].metrics, "param": kept[run].params, "tag": kept[run].tags}
        return str(values[kind].get(key))

    def check(written: tuple[str, str, str, str]) -> str | None:
        run, kind, key, value = written
        found = now(run, kind, key) if run in kept else "no run"
        return None if found == value else f"{kind} {key} of {run}: {found} instead of {value}"

    with ThreadPoolExecutor(4) as pool:
        return missing + [line for line in pool.map(check, log.writes) if line]


def all_runs() -> Iterator[Run]:
    token = None
    while True:
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def content(run: str, path: str) -> str:
    try:
        with tempfile.TemporaryDirectory() as folder:
            return Path(client.download_artifacts(run, path, folder)).read_text()
    except Exception as error:
        return described(error)


def main() -> None:
    for line in sys.stdin:
        if line.strip() == "begin":
            log = Log()
            may_write.set()
            clients = [
                threading.Thread(target=write, args=[log], daemon=True) for _ in range(WRITERS)
            ]
            for one in clients:
                one.start()
            print("{}", flush=True)
        else:
            may_write.clear()
            for one in clients:
                one.join()
            report = {
                "written": len(log.runs) + len(log.writes),
                "lost": lost(log),
                "errors": dict(log.errors),
                "longestSeconds": round(log.longest, 1),
            }
            print(json.dumps(report), flush=True)


main()
