"""Starts and stops the real servers that the tests talk to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import httpx

Result = TypeVar("Result")
SOURCES = Path(__file__).parents[1] / "src"
ALIAS = "champion"
ADMIN = ("admin", "a-long-enough-password")


def until(check: Callable[[], Result], what: str, seconds: float = 60) -> Result:
    """Ask again until the answer is truthy; fail with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    problem: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if result := check():
                return result
            problem = None
        except (httpx.HTTPError, AssertionError) as error:
            problem = error
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}") from problem


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One child process with a URL."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        port: int,
        env: dict[str, str],
        stopped_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._stopped_by = stopped_by
        self.url = f"http://127.0.0.1:{port}"
        self.metrics_url = f"http://127.0.0.1:{env.get('METRICS_PORT', port)}/metrics"
        self.folder = folder
        self.health_path = "/health"
        self._command = command
        self.env = env
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def children(self) -> list[int]:
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def start(self) -> None:
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            until(self._healthy, f"{self._command} answers /health", 300)
        except BaseException:
            self.stop()
            raise

    def _healthy(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"the server exited with {self._process.returncode}:\n{self.log}")
        # without it each client reads the certificates of HTTPS first, which takes 70 ms of a core
        return httpx.get(self.url + self.health_path, timeout=5, verify=False).status_code == 200

    def terminate(self) -> None:
        assert self._process is not None
        self._process.terminate()

    def wait(self, seconds: float) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> None:
        """Its signal, then SIGKILL to a process that does not listen."""
        if self._process is None:
            return
        self._process.send_signal(self._stopped_by)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            # The whole group: MLflow's server is a parent with a worker.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def tracking_server(folder: Path, port: int | None = None, *options: str) -> Server:
    """MLflow's own server on a SQLite file."""
    port = port or free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "artifacts"), *options]
    env = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return Server(command, folder, port, os.environ | env)


def tracking_server_with_users(folder: Path, default_permission: str) -> Server:
    """The same with logins, and what users may do who were given no permission."""
    settings = folder / "basic_auth.ini"
    settings.write_text(
        f"[mlflow]\ndefault_permission = {default_permission}\n"
        f"database_uri = sqlite:///{folder}/users.db\n"
        f"admin_username = {ADMIN[0]}\nadmin_password = {ADMIN[1]}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    server = tracking_server(folder, None, "--app-name", "basic-auth")
    server.env |= {
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "only-for-this-test",
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN[0],
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1],
    }
    return server


def model_server(
    folder: Path,
    tracking_uri: str,
    name: str,
    program: Sequence[str] = ("-m", "model_server"),
    **settings: str,
) -> Server:
    """The model server as its image runs it, with a short poll."""
    port, metrics_port = free_port(), free_port()
    while metrics_port == port:
        metrics_port = free_port()
    env = {
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MODEL_NAME": name,
        "MODEL_ALIAS": ALIAS,
        "MODEL_POLL_SECONDS": "0.2",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "TMPDIR": str(folder),
        "PYTHONPATH": str(SOURCES),
        **settings,
    }
    # by SIGINT, so that the many servers of the tests do not wait for idle clients
    command = [sys.executable, *program]
    return Server(command, folder, port, os.environ | env, signal.SIGINT)
