"""Starts the MLflow server with its authentication on and its requests counted."""

import os
import sys
from pathlib import Path

from tracking_server.take_over import take_over_copies


def serve() -> None:
    """Becomes `mlflow server`; all its settings but one are environment variables."""
    take_over_copies()
    os.environ.update(defaults(dict(os.environ)))
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        empty(Path(folder))
    words = [sys.executable, "-m", "mlflow", "server", "--app-name", "mlops-platform"]
    os.execv(sys.executable, words)


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
