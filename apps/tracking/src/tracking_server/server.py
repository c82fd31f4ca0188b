"""Starts the MLflow server with its authentication on and its requests counted."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn  # before MLflow, which by it knows that it is a server and checks hosts and origins

from tracking_server.take_over import take_over_copies


def serve() -> None:
    """Runs `mlflow server`; all its settings but one are environment variables."""
    take_over_copies()
    os.environ.update(defaults(dict(os.environ)))
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        empty(Path(folder))
    from mlflow import server
    from mlflow.cli import cli

    server._exec_cmd = _answer_in_this_process
    cli(["server", "--app-name", "mlops-platform"])


def _answer_in_this_process(
    command: list[str],
    *,
    extra_env: Mapping[str, str],
    **_: Any,  # noqa: ANN401
) -> None:
    """Runs uvicorn here instead of in a new process, which would import MLflow a second time: that
    takes seconds, and 210 MiB. With several workers, this process is their supervisor."""
    os.environ.update(extra_env)
    # uvicorn raises the signal again after a clean stop; that is not a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    _python, _m, _uvicorn, *words = command
    uvicorn.main(words)


def defaults(environment: dict[str, str]) -> dict[str, str]:
    """The defaults that the server needs; a value that the operator set always wins."""
    chosen = {
        # Connections that are still open at SIGTERM (a browser, an upload) get 3 seconds.
        "MLFLOW_UVICORN_OPTS": "--timeout-graceful-shutdown 3",
        # An upload to Cloud Storage keeps two chunks in memory, of 100 MiB by default.
        "MLFLOW_GCS_UPLOAD_CHUNK_SIZE": str(16 * 2**20),
        "PGSERVICEFILE": str(Path(__file__).with_name("pg_service.conf")),
        "PGSERVICE": "platform",
    }
    return {name: value for name, value in chosen.items() if not environment.get(name)}


def empty(folder: Path) -> None:
    """Removes the counts of processes before a restart, whose process ids may be reused."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
