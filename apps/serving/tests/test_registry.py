"""What MLflow answers, or does not, in words: the look at the alias and the download."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import mlflow
import models as samples
import pytest
from conftest import Serving
from mlflow import MlflowClient
from model_server.errors import ModelMissingError, RegistryError
from model_server.registry import ModelVersion, Registry
from models import Models
from processes import ADMIN, Server, tracking_server_with_users
from proxy import Spoiler, spoiling_proxy

READER = ("model-server", "also-long-enough")
API = "/api/2.0/mlflow"


@pytest.mark.parametrize("connects", [True, False], ids=["no answer", "no connection"])
def test_a_tracking_server_that_hangs_is_given_up_on_after_three_seconds(connects: bool) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hanging:
        port = hanging.getsockname()[1]
        # A full queue: the kernel drops what comes, as a Service does that has no pods yet.
        queue = [] if connects else [_connecting(port) for _ in range(4)]
        registry = Registry(f"http://127.0.0.1:{port}", "diabetes", "champion")
        started = time.monotonic()
        with pytest.raises(RegistryError, match=r"^the tracking server .* not answer within 3 s$"):
            registry.look_up()
        waited = time.monotonic() - started
        for connection in queue:
            connection.close()
    assert 2.5 < waited < 6


def _connecting(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(("127.0.0.1", port))
    return connection


def test_a_refused_connection_is_named() -> None:
    with pytest.raises(RegistryError, match=r"does not answer: .*Connection refused$"):
        Registry("http://127.0.0.1:1", "diabetes", "champion").look_up()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            200,
            "<html>Please log in</html>",
            r"answers 200 \(a web page\).*check MLFLOW_TRACKING_URI",
        ),
        (
            404,
            "<html>nothing here</html>",
            r"answers 404 \(a web page\).*check MLFLOW_TRACKING_URI",
        ),
        (403, "RBAC: access denied", r"answers 403 \(RBAC: access denied\)"),
        (403, "Invalid Host header - possible attack", "refuses the host name .*ALLOWED_HOSTS"),
        (503, '{"message": "database is away"}', r"fails with 503 \(database is away\): look at"),
    ],
)
def test_an_answer_of_something_else_is_not_taken_for_a_missing_model(
    status: int, body: str, said: str
) -> None:
    with _answering(status, body) as url, pytest.raises(RegistryError, match=said) as raised:
        Registry(url, "diabetes", "champion").look_up()
    assert not isinstance(raised.value, ModelMissingError)


class _answering:  # noqa: N801
    """A server that has one answer to everything."""

    def __init__(self, status: int, body: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Guarded:
    """An MLflow with logins, its administrator and a user who was given nothing."""

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = server.url
        self._monkeypatch = monkeypatch

    def post(self, path: str, **body: str) -> None:
        httpx.post(f"{self.url}{path}", json=body, auth=ADMIN, timeout=30).raise_for_status()

    def delete_model(self, name: str) -> None:
        url = f"{self.url}{API}/registered-models/delete"
        httpx.request("DELETE", url, json={"name": name}, auth=ADMIN).raise_for_status()

    def look_up(self, name: str, user: tuple[str, str] = READER) -> ModelVersion | None:
        self._monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user[0])
        self._monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", user[1])
        return Registry(self.url, name, "champion").look_up()


def _guarded(folder: Path, default_permission: str) -> Iterator[Server]:
    server = tracking_server_with_users(folder, default_permission)
    server.start()
    try:
        user = {"username": READER[0], "password": READER[1]}
        url = f"{server.url}{API}/users/create"
        httpx.post(url, json=user, auth=ADMIN, timeout=30).raise_for_status()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _guarded(tmp_path_factory.mktemp("open"), "READ")


@pytest.fixture(scope="module")
def closed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _guarded(tmp_path_factory.mktemp("closed"), "NO_PERMISSIONS")


@pytest.fixture
def readable(open_server: Server, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    """Every user may read everything, as on the platform."""
    return Guarded(open_server, monkeypatch)


@pytest.fixture
def hidden(closed_server: Server, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    """Users may read nothing that they were not given."""
    return Guarded(closed_server, monkeypatch)


@pytest.mark.parametrize("user", [READER, ADMIN], ids=["reader", "administrator"])
def test_a_model_without_the_alias_is_no_error(readable: Guarded, user: tuple[str, str]) -> None:
    name = f"known to {user[0]}"
    readable.post(f"{API}/registered-models/create", name=name)
    assert readable.look_up(name, user) is None


@pytest.mark.parametrize("user", [READER, ADMIN], ids=["reader", "administrator"])
def test_a_model_that_was_never_registered_or_was_deleted_is_missing_for_certain(
    readable: Guarded, user: tuple[str, str]
) -> None:
    readable.post(f"{API}/registered-models/create", name="deleted")
    readable.delete_model("deleted")
    for name in ("deleted", 'it\'s a "new" one'):
        with pytest.raises(ModelMissingError) as missing:
            readable.look_up(name, user)
        assert missing.value.certain
        assert str(missing.value) == f"no model {name} is registered in MLflow"


def test_a_model_that_may_be_hidden_is_not_missing_for_certain(hidden: Guarded) -> None:
    hidden.post(f"{API}/registered-models/create", name="there")
    for name in ("there", "not there"):
        with pytest.raises(ModelMissingError) as missing:
            hidden.look_up(name)
        assert not missing.value.certain
        assert str(missing.value) == (
            f"no model {name} is registered in MLflow, or the user model-server may not read it"
        )


def test_a_refused_login_is_not_a_missing_model(readable: Guarded) -> None:
    with pytest.raises(RegistryError, match="refuses the login of the user model-server") as raised:
        readable.look_up("diabetes", (READER[0], "not-the-password"))
    assert not isinstance(raised.value, ModelMissingError)


def test_a_run_that_is_gone_costs_a_model_only_its_metrics(
    readable: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (READER, ADMIN):
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user[0])
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", user[1])
        version = ModelVersion("diabetes", "1", "0" * 32, 0)
        assert Registry(readable.url, "diabetes", "champion").run_metrics(version) == {}


def test_the_metrics_of_the_run_are_those_that_were_logged(models: Models) -> None:
    logged = {"zero": 0.0, "negative": -1.5, "nan": float("nan")}
    with mlflow.start_run() as run:
        mlflow.log_metrics(logged)
    version = ModelVersion(models.name, "1", run.info.run_id, 0)
    found = Registry(models.uri, models.name, "champion").run_metrics(version)
    assert found == pytest.approx(logged, nan_ok=True)


@pytest.fixture
def spoiler(models: Models) -> Iterator[Spoiler]:
    models.promote(models.add(samples.linear()))
    with spoiling_proxy(models.uri, "model.skops") as spoiler:
        yield spoiler


@pytest.fixture
def download(
    models: Models, spoiler: Spoiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Path]:
    """Downloads through the proxy and gives up after two seconds in which nothing arrives."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = Registry(spoiler.url, models.name, "champion")

    def run() -> Path:
        version = registry.look_up()
        assert version is not None
        return registry.download(version, tmp_path)

    return run


def test_a_download_may_take_long_as_long_as_something_arrives(
    spoiler: Spoiler, download: Callable[[], Path]
) -> None:
    spoiler.seconds_between_bytes = 0.3
    started = time.monotonic()
    folder = download()
    assert time.monotonic() - started > 2
    assert mlflow.sklearn.load_model(str(folder)).predict(samples.EXAMPLE).shape == (3,)


def test_a_download_that_stands_still_is_given_up_on_with_its_cause(
    spoiler: Spoiler, download: Callable[[], Path]
) -> None:
    for fault in ("seconds_before_first_byte", "stalls_halfway"):
        setattr(spoiler, fault, 5)
        with pytest.raises(RegistryError, match=r"^model\.skops: nothing arrived for 2 s$"):
            download()
        setattr(spoiler, fault, 0)


@pytest.mark.parametrize("hides_the_length", [False, True])
def test_a_truncated_file_is_refused(
    spoiler: Spoiler, download: Callable[[], Path], hides_the_length: bool
) -> None:
    spoiler.drops_the_end = True
    spoiler.hides_the_length = hides_the_length
    with pytest.raises(RegistryError, match=r"^model\.skops.*(incomplete|IncompleteRead)"):
        download()


def test_a_version_whose_files_are_gone_is_named(
    models: Models, tracking: Server, download: Callable[[], Path], tmp_path: Path
) -> None:
    (file,) = (tracking.folder / "artifacts").rglob(f"*{_model_id(models)}*/**/model.skops")
    for path in file.parent.iterdir():
        path.unlink()
    with pytest.raises(RegistryError, match="MLflow has no files of it"):
        download()


def _model_id(models: Models) -> str:
    version = MlflowClient(models.uri).get_model_version_by_alias(models.name, "champion")
    return str(version.model_id or version.source.rpartition("/")[2])


def test_the_server_waits_for_an_object_that_the_store_is_slow_to_fetch(
    spoiler: Spoiler, models: Models, start_server: Callable[..., Serving]
) -> None:
    spoiler.seconds_before_first_byte = 11
    start_server(Models(spoiler.url, models.name)).wait_for("1")
