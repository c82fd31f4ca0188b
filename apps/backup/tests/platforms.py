"""A platform as the Jobs see it: two databases, a folder of artifacts, a destination."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
from mlflow import MlflowClient
from server import ADMIN, USERS, Server
from sklearn.linear_model import LinearRegression

from postgres import PASSWORD, Postgres, binaries

SOURCE = Path(__file__).parents[1] / "src"
ADA = ("ada", "password-of-ada")
MODEL = "slopes"
DESTINATION_PASSWORD = "a password"


def restic_program(folder: Path) -> Path | None:
    """Where restic is: installed, or unpacked from Debian's package into the folder."""
    if found := shutil.which("restic"):
        return Path(found).parent
    if not shutil.which("apt-get"):
        return None
    folder.chmod(0o755)  # for apt's own user
    done = subprocess.run(["apt-get", "download", "-qq", "restic"], cwd=folder, check=False)
    for package in folder.glob("*.deb") if done.returncode == 0 else []:
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    program = folder / "usr/bin/restic"
    return program.parent if program.exists() else None


@dataclass(frozen=True)
class Platform:
    """Runs the commands of the image on one platform."""

    folder: Path
    postgres: Postgres
    database: str
    restic: str
    destination: Path
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.artifacts.mkdir(exist_ok=True)

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{binaries()}:{self.restic}:{os.environ['PATH']}",
            "PYTHONPATH": str(SOURCE),
            "HOME": str(self.folder),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.postgres.port),
            "PGUSER": "mlflow",
            "PGPASSWORD": PASSWORD,
            "RESTIC_REPOSITORY": str(self.destination),
            "RESTIC_PASSWORD": DESTINATION_PASSWORD,
            "BACKUP_DATABASE": self.database,
            "BACKUP_AUTH_DATABASE": f"{self.database}_auth",
            "BACKUP_WORK": str(self.folder),
            "BACKUP_VOLUME": str(self.folder),
            "BACKUP_KEEP_COUNT": "2",
            "BACKUP_KEEP_DAYS": "1",
            "BACKUP_MAX_AGE_SECONDS": "93600",
            "MLFLOW_VERSION": mlflow.__version__,
            "BACKUP_ARTIFACT_STORE": "/mlflow/artifacts",
            **self.extra,
        }

    def start(self, *words: str, after: str = "") -> "subprocess.Popen[str]":
        """Starts a command, after some Python that changes how it works."""
        program = f"{after}\nimport runpy; runpy.run_module('backup', run_name='__main__')"
        return subprocess.Popen(
            [sys.executable, *(("-c", program) if after else ("-m", "backup")), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*words)
        stdout, stderr = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def succeed(self, *words: str) -> str:
        """Runs a command that must succeed; returns what it says."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def snapshots(self) -> list[dict[str, object]]:
        return json.loads(self.succeed("list"))

    def add_snapshot(self, time: datetime) -> None:
        """A snapshot of another time, with nothing in it that can be restored."""
        words = ["backup", "--quiet", "--tag", "mlflow", "--time", f"{time:%Y-%m-%d %H:%M:%S}"]
        command = [f"{self.restic}/restic", *words, str(self.artifacts)]
        subprocess.run(command, env=self.environment, check=True)

    def server(self, **environment: str) -> Server:
        """MLflow on this platform."""
        return Server(self.folder, *self.uris(), **environment)

    def uris(self, suffix: str = "") -> tuple[str, str]:
        """Both databases; with the suffix `_restored`, those of a restore or copy."""
        auth = f"{self.database}_auth"
        return self.postgres.uri(self.database + suffix), self.postgres.uri(auth + suffix)

    def lose_everything(self) -> None:
        """Both databases and every file."""
        for name in (self.database, f"{self.database}_auth"):
            self.postgres.administer(f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(self.artifacts)
        self.artifacts.mkdir()

    def log_more(self) -> None:
        """What another run leaves in the database and the artifact store."""
        self.postgres.query("UPDATE runs SET name = 'changed later'", self.database)
        self.postgres.query("DELETE FROM registered_model_aliases", self.database)
        (self.artifacts / "1/later").mkdir(parents=True)
        (self.artifacts / "1/later/file.txt").write_text("later")

    def content(self) -> dict[str, object]:
        """Every row of both databases and every file, as hashes."""
        rows: dict[str, object] = {}
        for name in (self.database, f"{self.database}_auth"):
            tables = self.postgres.query(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name
            )
            for (table,) in tables:
                hashed = f"md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{table}\" t"
                rows[f"{name}.{table}"] = self.postgres.query(f"SELECT {hashed}", name)
        files = {
            str(path.relative_to(self.artifacts)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.artifacts.rglob("*")
            if path.is_file() and ".restore" not in path.parts
        }
        return {**rows, **files}


@dataclass(frozen=True)
class Filled:
    """A platform with data and a backup to start from, and what people see of it."""

    platform: Platform
    state: dict[str, object]


def sign_in(server: Server, who: str = "training") -> MlflowClient:
    os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"] = USERS[who]
    mlflow.set_tracking_uri(server.url)
    return MlflowClient(server.url)


def train(slope: int) -> None:
    """One run with parameters, metrics, a file and a registered model."""
    with mlflow.start_run(run_name=f"slope {slope}"):
        mlflow.log_param("slope", slope)
        mlflow.log_metric("loss", 1 / slope)
        mlflow.log_text(f"slope {slope}", "notes/text.txt")
        model = LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([0.0, float(slope)]))
        mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=MODEL,
            serialization_format="skops",
            pip_requirements=[],
        )


def fill(server: Server) -> None:
    """Two trained versions, an alias on the first, and a user."""
    client = sign_in(server)
    mlflow.set_experiment("slopes")
    for slope in (2, 3):
        train(slope)
    client.set_registered_model_alias(MODEL, "champion", "1")
    mlflow.genai.register_prompt("greeting", "Hello {{name}}")
    os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"
    with mlflow.start_span("a trace"):
        pass
    with server.client(ADMIN) as http:
        body = {"username": ADA[0], "password": ADA[1]}
        assert http.post("/api/2.0/mlflow/users/create", json=body).is_success


def state(server: Server) -> dict[str, object]:
    """All that people see of the example's data."""
    client = sign_in(server, "notebook")
    experiment = client.get_experiment_by_name("slopes")
    assert experiment
    runs = client.search_runs([experiment.experiment_id])
    model = client.get_registered_model(MODEL)
    return {
        "runs": {run.info.run_id: (run.data.params, run.data.metrics) for run in runs},
        "times": {run.info.run_id: (run.info.start_time, run.info.end_time) for run in runs},
        "versions": {
            version.version: (version.run_id, version.source)
            for version in client.search_model_versions(f"name = '{MODEL}'")
        },
        "aliases": model.aliases,
        "notes": {
            run.info.run_id: mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/text.txt")
            for run in runs
        },
        "prediction": list(
            mlflow.sklearn.load_model(f"models:/{MODEL}@champion").predict(np.array([[10.0]]))
        ),
    }
