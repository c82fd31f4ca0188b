"""Starts the server of this image on migrated copies, before it has to replace the one in use."""

import base64
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tracking_server.copies import Pair
from tracking_server.errors import StartupError
from tracking_server.progress import say
from tracking_server.settings import MigrationSettings

_SECONDS = 150
_LAST_LINES = 15
# Needs both databases: the login is in one, the experiments are in the other.
_QUESTION = "/api/2.0/mlflow/experiments/search?max_results=1"


def try_server(pair: Pair, settings: MigrationSettings) -> None:
    """Returns when the server answers the administrator."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = _free_port()
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tracking_server", "server"],
                env=_environment(pair, folder, port),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _await_answer(process, f"http://127.0.0.1:{port}{_QUESTION}", settings)
        except StartupError:
            for line in log.read_text(errors="replace").splitlines()[-_LAST_LINES:]:
                say(f"  {line}")
            raise
        finally:
            process.terminate()
            process.wait()


def _environment(pair: Pair, folder: Path, port: int) -> dict[str, str]:
    uri = pair.auth.render_as_string(hide_password=False)
    ini = folder / "basic_auth.ini"
    ini.touch(mode=0o600)
    ini.write_text(
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = {uri.replace('%', '%%')}\n"
        "authorization_function = tracking_server.authorization:authenticate\n"
    )
    return {
        **os.environ,
        "MLFLOW_BACKEND_STORE_URI": pair.tracking.render_as_string(hide_password=False),
        "MLFLOW_AUTH_CONFIG_PATH": str(ini),
        "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(),
        "MLFLOW_HOST": "127.0.0.1",
        "MLFLOW_PORT": str(port),
        "MLFLOW_WORKERS": "1",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _await_answer(
    process: "subprocess.Popen[bytes]", url: str, settings: MigrationSettings
) -> None:
    login = f"{settings.admin_username}:{settings.admin_password}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
    question = urllib.request.Request(url, headers=headers)
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            with urllib.request.urlopen(question, timeout=30):
                return
        except urllib.error.HTTPError as error:
            raise StartupError(
                f"the server of this version answers {error.code} on the migrated data"
            ) from error
        except OSError:
            pass  # it does not listen yet
        if process.poll() is not None:
            raise StartupError(
                f"the server of this version ends with exit code {process.returncode} on the "
                "migrated data"
            )
        if time.monotonic() >= deadline:
            raise StartupError(
                f"the server of this version does not answer on the migrated data in {_SECONDS} s"
            )
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
