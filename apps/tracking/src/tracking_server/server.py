"""Starts the MLflow server with its authentication on."""

import os
from pathlib import Path


def serve() -> None:
    """Becomes `mlflow server`; all its settings but one are environment variables."""
    os.environ.update(defaults(dict(os.environ)))
    if metrics := os.environ.get("MLFLOW_EXPOSE_PROMETHEUS"):
        Path(metrics).mkdir(parents=True, exist_ok=True)
    os.execvp("mlflow", ["mlflow", "server", "--app-name", "basic-auth"])


def defaults(environment: dict[str, str]) -> dict[str, str]:
    """What the server needs beside what the operator set, who always wins."""
    chosen = {
        # Connections that are still open at SIGTERM (a browser, an upload) get 3 seconds.
        "MLFLOW_UVICORN_OPTS": "--timeout-graceful-shutdown 3",
        "PGSERVICEFILE": str(Path(__file__).with_name("pg_service.conf")),
        "PGSERVICE": "platform",
    }
    return {name: value for name, value in chosen.items() if not environment.get(name)}
