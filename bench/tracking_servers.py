"""The platform's tracking server and the stock one, on the same Postgres and the same core."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
for folder in ("apps/tracking/src", "apps/tracking/tests"):
    sys.path.insert(0, str(ROOT / folder))

from command import base_environment  # noqa: E402
from postgres import Postgres, free_port  # noqa: E402
from server import USERS, Server, migrate, migration_environment, users_file  # noqa: E402
from usage import SERVER_CORE, on_core  # noqa: E402

OURS, STOCK = "this platform", "mlflow server"


class TrackingServer:
    """Where a tracking server is, and its API for the notebooks' user."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        self._api = httpx.Client(
            base_url=f"{url}/api/2.0/mlflow", auth=USERS["notebook"], timeout=120
        )

    def post(self, path: str, **body: object) -> Any:  # noqa: ANN401
        """The answer to a request with a body."""
        return self._answer(self._api.post(f"/{path}", json=body))

    def get(self, path: str, **parameters: str | int) -> Any:  # noqa: ANN401
        """The answer to a request without one."""
        return self._answer(self._api.get(f"/{path}", params=parameters))

    def _answer(self, response: httpx.Response) -> Any:  # noqa: ANN401
        if not response.is_success:
            raise SystemExit(f"{response.request.url}: {response.status_code} {response.text}")
        return response.json()


@contextmanager
def tracking_servers(
    seed: Callable[[TrackingServer, Postgres], None] = lambda _server, _postgres: None,
) -> Iterator[dict[str, TrackingServer]]:
    """Both, on databases that hold the same."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with on_core(SERVER_CORE):
            postgres = stack.enter_context(Postgres())
            uris = postgres.create_databases("mlflow")
            done = migrate(migration_environment(*uris, users_file(folder)))
            if done.returncode:
                raise SystemExit(done.stderr)
            with Server(folder, *uris) as server:
                assert server.process
                seed(TrackingServer(server.url, server.process.pid), postgres)
            stock_uri, _ = postgres.create_databases("stock", template="mlflow")
            server = stack.enter_context(Server(folder, *uris))
            assert server.process
            yield {
                OURS: TrackingServer(server.url, server.process.pid),
                STOCK: stack.enter_context(_stock(folder, stock_uri)),
            }


def stock_command(python: str, port: int, folder: Path, tracking_uri: str) -> list[str]:
    """`mlflow server` as its guide starts it."""
    command = [python, "-m", "mlflow", "server", "--port", str(port)]
    command += ["--backend-store-uri", tracking_uri]
    return [*command, "--artifacts-destination", str(folder / "stock-artifacts")]


@contextmanager
def _stock(folder: Path, tracking_uri: str) -> Iterator[TrackingServer]:
    port = free_port()
    with (folder / "stock.log").open("wb") as log:
        process = subprocess.Popen(
            stock_command(sys.executable, port, folder, tracking_uri),
            env=base_environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            while not _is_healthy(url):
                if process.poll() is not None:
                    raise SystemExit((folder / "stock.log").read_text())
                time.sleep(0.2)
            yield TrackingServer(url, process.pid)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


def _is_healthy(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/health", verify=False).is_success
    return False
