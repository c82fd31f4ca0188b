"""Runs the commands of the image as processes, with the environment the platform gives them."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from command import Command, base_environment

from postgres import free_port

ADMIN = ("admin", "admin-password-1")
USERS = {
    "model-server": ("model-server", "model-server-pw%1"),
    "training": ("training", "training-password"),
    "notebook": ("notebook", "notebook-password"),
}
# As the component spells a Service `mlflow` in the namespace `ml`, two node addresses and a domain.
ALLOWED_HOSTS = ",".join(
    [
        *("mlflow", "mlflow:*", "mlflow.ml", "mlflow.ml:*", "mlflow.ml.svc", "mlflow.ml.svc:*"),
        *("mlflow.ml.svc.cluster.local", "mlflow.ml.svc.cluster.local:*"),
        *("localhost", "localhost:*", "127.0.0.1", "127.0.0.1:*"),
        *("192.168.49.2", "192.168.49.2:*", "[2001:db8::1]", "[[]2001:db8::1]:*"),
        *("mlflow.example.org", "mlflow.example.org:*"),
    ]
)
PERMISSIONS = {"model-server": "read", "training": "write", "notebook": "write"}


def users_file(
    folder: Path, people: Mapping[str, tuple[str, str]] | None = None, **permissions: str
) -> Path:
    """The users of the platform, with some permissions changed, and people: password and role."""
    path = folder / "users.json"
    workloads = [
        account(name, USERS[name][1], permission, person=False)
        for name, permission in {**PERMISSIONS, **permissions}.items()
    ]
    persons = [account(name, *login, person=True) for name, login in (people or {}).items()]
    path.write_text(json.dumps([*workloads, *persons]))
    return path


def account(name: str, password: str, permission: str, *, person: bool) -> dict[str, object]:
    """An entry of the users' file."""
    return {"username": name, "password": password, "permission": permission, "person": person}


def migration_environment(tracking_uri: str, auth_uri: str, users: Path) -> dict[str, str]:
    """What the migration Job gets."""
    return {
        **base_environment(),
        "MLFLOW_BACKEND_STORE_URI": tracking_uri,
        "MLFLOW_AUTH_DATABASE_URI": auth_uri,
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN[0],
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1],
        "MLOPS_USERS_FILE": str(users),
    }


def start_migration(environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Starts `migrate`; its output is read with `communicate`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tracking_server", "migrate"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def migrate(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Runs `migrate` to its end."""
    process = start_migration(environment)
    stdout, stderr = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


class HttpServer(Command):
    """A server on a free port of the loopback interface."""

    def __init__(self, name: str, log: Path, environment: dict[str, str]) -> None:
        super().__init__(name, log, environment, patience=180)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        # without it each client reads the certificates of HTTPS first, which takes 70 ms of a core
        return httpx.get(f"{self.url}/health", verify=False).is_success

    def client(self, credentials: tuple[str, str] | None = None) -> httpx.Client:
        """An HTTP client of one user, or without credentials."""
        return httpx.Client(base_url=self.url, auth=credentials, timeout=60, verify=False)


class Server(HttpServer):
    """`server` as the Deployment runs it."""

    def __init__(self, folder: Path, tracking_uri: str, auth_uri: str, **extra: str) -> None:
        self.counts = folder / "counts"
        ini = folder / "basic_auth.ini"
        # A password may hold a per cent sign, which configparser would take for interpolation.
        ini.write_text(
            "[mlflow]\n"
            "default_permission = READ\n"
            f"database_uri = {auth_uri.replace('%', '%%')}\n"
            "authorization_function = tracking_server.authorization:authenticate\n"
            "auth_cache_ttl_seconds = 60\n"
        )
        environment = {
            "MLFLOW_BACKEND_STORE_URI": tracking_uri,
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
            "MLFLOW_HOST": "127.0.0.1",
            "MLFLOW_WORKERS": "1",
            "MLFLOW_SERVER_ALLOWED_HOSTS": ALLOWED_HOSTS,
            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "http://mlflow:5000",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PROMETHEUS_MULTIPROC_DIR": str(self.counts),
            "MLFLOW_AUTH_CONFIG_PATH": str(ini),
            "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN[0],
            "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1],
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "0123456789abcdef",
            "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "5",
            "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "5",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **extra,
        }
        super().__init__("server", folder / "server.log", environment)
        self.environment["MLFLOW_PORT"] = str(self.port)

    def recover(self) -> None:
        """Waits until it reaches the database again."""
        deadline = time.monotonic() + 10
        with self.client(ADMIN) as client:
            while not client.get("/api/2.0/mlflow/experiments/search?max_results=1").is_success:
                assert time.monotonic() < deadline, "the server did not recover within 10 s"
                time.sleep(0.2)


class StockServer(HttpServer):
    """MLflow's own server on the same database: no users, and nothing of this platform."""

    def __init__(self, folder: Path, tracking_uri: str) -> None:
        environment = {
            "MLFLOW_BACKEND_STORE_URI": tracking_uri,
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        super().__init__("mlflow server", folder / "stock.log", environment)

    def words(self) -> list[str]:
        return ["-m", "mlflow", "server", "--workers", "1", "--port", str(self.port)]
