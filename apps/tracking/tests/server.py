"""Runs the commands of the image as processes, with the environment the platform gives them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

from postgres import free_port

ADMIN = ("admin", "admin-password-1")
USERS = {
    "model-server": ("model-server", "model-server-pw%1"),
    "training": ("training", "training-password"),
    "notebook": ("notebook", "notebook-password"),
}
PERMISSIONS = {"model-server": "read", "training": "write", "notebook": "write"}
SOURCE = Path(__file__).parents[1] / "src"


def users_file(folder: Path, **permissions: str) -> Path:
    """The users of the platform, with some permissions changed."""
    path = folder / "users.json"
    entries = [
        {"username": name, "password": password, "permission": permission}
        for name, permission in {**PERMISSIONS, **permissions}.items()
        for _, password in [USERS[name]]
    ]
    path.write_text(json.dumps(entries))
    return path


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


class Server:
    """`server` as the Deployment runs it, on a free port of the loopback interface."""

    def __init__(self, folder: Path, tracking_uri: str, auth_uri: str, **extra: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.counts = folder / "counts"
        self._log = folder / "server.log"
        ini = folder / "basic_auth.ini"
        # A password may hold a per cent sign, which configparser would take for interpolation.
        ini.write_text(
            "[mlflow]\n"
            "default_permission = READ\n"
            f"database_uri = {auth_uri.replace('%', '%%')}\n"
            "authorization_function = tracking_server.authorization:authenticate\n"
            "auth_cache_ttl_seconds = 60\n"
        )
        self._environment = {
            **base_environment(),
            "MLFLOW_BACKEND_STORE_URI": tracking_uri,
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
            "MLFLOW_HOST": "127.0.0.1",
            "MLFLOW_PORT": str(self.port),
            "MLFLOW_WORKERS": "1",
            "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow,mlflow:*,127.0.0.1,127.0.0.1:*",
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
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tracking_server", "server"],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/health").is_success:
                    return self
            except httpx.TransportError:
                time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the server did not start:\n{self._log.read_text()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> float:
        """Ends it as Kubernetes does; returns how many seconds that took."""
        started = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        return time.monotonic() - started

    def client(self, credentials: tuple[str, str] | None = None) -> httpx.Client:
        """An HTTP client of one user; without credentials, of nobody."""
        return httpx.Client(base_url=self.url, auth=credentials, timeout=60)


def base_environment() -> dict[str, str]:
    """What every command gets."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(SOURCE),
        "HOME": "/tmp",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
