"""A real MLflow server for the tests, with passwords."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests

from training import Settings, settings_from_env

MODELS = Path(__file__).parents[3] / "models"
EXAMPLE = MODELS / "diabetes-progression"

ADMIN = ("admin", "a-long-enough-password")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_mlflow(folder: Path, port: int) -> subprocess.Popen:
    """A server with basic auth, as on the platform."""
    env = os.environ | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "only-for-this-test",
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "basic_auth.ini"),
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN[0],
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1],
    }
    (folder / "basic_auth.ini").write_text(
        "[mlflow]\ndefault_permission = READ\nadmin_username = admin\n"
        "auth_cache_ttl_seconds = 60\n"
        f"admin_password = {ADMIN[1]}\ndatabase_uri = sqlite:///{folder}/auth.db\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--port", str(port)]
    command += ["--workers", "1"]
    log = (folder / "mlflow.log").open("w")
    return subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)


def wait_healthy(url: str, process: subprocess.Popen, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"{url} did not become healthy")


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server that wants a user name and a password."""
    port = free_port()
    process = start_mlflow(tmp_path_factory.mktemp("mlflow"), port)
    try:
        wait_healthy(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


@pytest.fixture(scope="session")
def dask_extras(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with what models on Dask may require, such as pyarrow. Not in the environment of all
    tests: pandas reads texts in another way where pyarrow is."""
    folder = tmp_path_factory.mktemp("dask-extras")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps"]
    lock = Path(__file__).with_name("dask-extras.txt")
    subprocess.run([*pip, "--target", folder, "-r", lock], check=True)
    return str(folder)


@pytest.fixture
def credentials(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a client of that server has in its environment; this process gets it too."""
    env = {
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_TRACKING_USERNAME": ADMIN[0],
        "MLFLOW_TRACKING_PASSWORD": ADMIN[1],
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(tracking_uri)
    return env


@pytest.fixture
def settings(
    credentials: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """The folder of a model of this test's own, and its experiment."""
    folder = tmp_path / f"model-{request.node.name}"
    folder.mkdir()
    (folder / "model.yaml").write_text("metric: cv_rmse\ndirection: minimize\n")
    monkeypatch.setenv("MODEL_FOLDER", str(folder))
    return settings_from_env()
