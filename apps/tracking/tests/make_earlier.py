"""Writes `earlier/`: a platform of the MLflow that is installed, for the test of the next upgrade.

Run it as `python tests/make_earlier.py` in apps/tracking before the pins move.
"""

import gzip
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import httpx
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from server import ADMIN, USERS, Server, migrate, migration_environment, users_file
from sklearn.linear_model import LinearRegression

from postgres import PASSWORD, Postgres, binaries

EARLIER = Path(__file__).with_name("earlier")
ADA = ("ada", "password-of-ada")


def main() -> None:
    """Starts Postgres and MLflow, fills them as people would, and keeps both."""
    folder = Path(tempfile.mkdtemp())
    shutil.rmtree(EARLIER, ignore_errors=True)
    with Postgres() as postgres:
        uris = postgres.create_databases("mlflow")
        done = migrate(migration_environment(*uris, users_file(folder)))
        assert done.returncode == 0, done.stderr
        with Server(folder, *uris) as server:
            fill(server)
        EARLIER.mkdir()
        shutil.make_archive(str(EARLIER / "artifacts"), "gztar", folder / "artifacts")
        for database in ("mlflow", "mlflow_auth"):
            (EARLIER / f"{database}.sql.gz").write_bytes(dumped(postgres, database))
    (EARLIER / "version").write_text(f"{mlflow.__version__}\n")


def create_earlier(postgres: Postgres, name: str) -> tuple[str, str]:
    """Two databases with what was kept; returns their URIs."""
    uris = postgres.create_databases(name)
    for database, file in ((name, "mlflow"), (f"{name}_auth", "mlflow_auth")):
        sql = gzip.decompress((EARLIER / f"{file}.sql.gz").read_bytes()).decode()
        postgres.query(sql, database)
    return uris


def fill(server: Server) -> None:
    """Two runs with a model each, a registered model, a trace, a prompt, an issue and a user."""
    os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"] = USERS[
        "training"
    ]
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.set_experiment("earlier").experiment_id
    data = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    for slope in (2, 3):
        with mlflow.start_run(run_name=f"slope {slope}", tags={"slope": str(slope)}):
            mlflow.log_param("slope", slope)
            for step in range(3):
                mlflow.log_metric("loss", 1 / (slope + step), step=step)
            mlflow.log_input(mlflow.data.from_pandas(data, name="numbers"), context="training")
            mlflow.log_text("text of an artifact", "notes/text.txt")
            mlflow.sklearn.log_model(
                LinearRegression().fit(data, np.array([0.0, 1.0, 2.0]) * slope),
                name="model",
                input_example=data,
                serialization_format="skops",
                pip_requirements=["mlflow"],
                registered_model_name="earlier",
            )
    client = MlflowClient()
    client.set_registered_model_alias("earlier", "champion", "1")
    client.set_registered_model_tag("earlier", "team", "numbers")
    mlflow.genai.register_prompt("greeting", "Say hello to {{name}}")
    with mlflow.start_span("question") as span:
        span.set_inputs({"question": "why"})
    mlflow.flush_trace_async_logging()
    with server.client(ADMIN) as admin:
        posted(admin, "/api/2.0/mlflow/users/create", {"username": ADA[0], "password": ADA[1]})
        grant = {
            "username": ADA[0],
            "resource_type": "experiment",
            "resource_id": experiment,
            "permission": "DENY",
        }
        posted(admin, "/api/3.0/mlflow/users/permissions/grant", grant)
        issue = {"experiment_id": experiment, "name": "slow", "description": "Too slow"}
        posted(admin, "/api/3.0/mlflow/issues", {**issue, "categories": ["Latency"]})


def posted(client: httpx.Client, path: str, body: dict[str, object]) -> None:
    """Sends a request that must succeed."""
    response = client.post(path, json=body)
    assert response.is_success, f"{path}: {response.text}"


def dumped(postgres: Postgres, database: str) -> bytes:
    """A database as SQL that any Postgres reads."""
    dump = subprocess.run(
        [
            *(f"{binaries()}/pg_dump", "--inserts", "--no-owner", "--no-privileges"),
            *("-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", database),
        ],
        env={**os.environ, "PGPASSWORD": PASSWORD},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # Later versions of pg_dump write commands of psql too.
    sql = "".join(line for line in dump.splitlines(True) if not line.startswith("\\"))
    return gzip.compress(sql.encode(), mtime=0)


if __name__ == "__main__":
    main()
