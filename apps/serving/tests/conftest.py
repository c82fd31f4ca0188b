"""One MLflow for the session, one model name per test, model servers that never outlive a test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from models import Models
from processes import Server, model_server, tracking_server, until


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = tracking_server(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def models(tracking: Server, request: pytest.FixtureRequest) -> Models:
    """Registers under a name that no other test uses."""
    return Models(tracking.url, re.sub(r"\W", "-", request.node.nodeid.split("::")[-1]))


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    started: list[Server] = []

    def start(models: Models, **settings: str) -> Serving:
        folder = tmp_path / f"server-{len(started)}"
        folder.mkdir()
        server = model_server(folder, models.uri, models.name, **settings)
        started.append(server)
        server.start()
        return Serving(server)

    yield start
    for server in started:
        server.stop()


class Serving:
    """A running model server and the questions that tests ask it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=30, verify=False)

    def wait_for(self, version: str) -> None:
        until(lambda: self.version == version, f"version {version} is served", 60)

    @property
    def version(self) -> str | None:
        response = self.http.get("/model")
        return response.json()["version"] if response.status_code == 200 else None

    @property
    def load_error(self) -> dict[str, str | None] | None:
        return self.http.get("/model").json()["load_error"]

    def wait_for_refusal(self, version: str) -> str:
        """Why this version is not served, once that is said."""

        def said() -> str | None:
            error = self.load_error
            failed = error and error["version"] == version and error["state"] == "failed"
            return error["reason"] if failed else None

        return until(said, f"version {version} is refused", 90)

    def predict(self, document: object) -> httpx.Response:
        return self.http.post("/invocations", json=document)

    def metric(self, line: str) -> float:
        """The value of one series, as it is written without its model; 0 if it is not there yet."""
        plain = re.sub(r',?\bmodel="[^"]*"', "", self.metrics).replace("{,", "{").replace("{}", "")
        for text in plain.splitlines():
            if text.startswith(line + " "):
                return float(text.removeprefix(line))
        return 0.0

    @property
    def metrics(self) -> str:
        """All series as Prometheus would get them."""
        answer = httpx.get(self.server.metrics_url, timeout=30, verify=False)
        return answer.raise_for_status().text

    @property
    def downloads(self) -> list[str]:
        """The folders of versions that are on disk now."""
        return sorted(path.name for path in self.server.folder.glob("model-server-*/version-*"))
