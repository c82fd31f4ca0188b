"""The metrics about requests of a real server, and their port."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from server import ADMIN, USERS, Server
from sidecars import Sidecar
from tracking_server.errors import StartupError
from tracking_server.metrics import serve_metrics

from postgres import Postgres

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SEARCH = f"{API}/experiments/search"
REQUESTS = "mlflow_http_request_total"
SECONDS = "mlflow_http_request_duration_seconds_count"


def sidecar_of(server: Server, log: Path) -> Sidecar:
    """The metrics of a server."""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(server.counts), "MLFLOW_PORT": str(server.port)}
    return Sidecar("metrics", log, **environment)


@pytest.fixture(scope="session")
def metrics(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """The metrics of the shared server."""
    with sidecar_of(server, tmp_path_factory.mktemp("metrics") / "metrics.log") as sidecar:
        yield sidecar


def labels(method: str, route: str, status: int) -> str:
    return f'{{method="{method}",route="{route}",status="{status}"}}'


def counted(
    metrics: Sidecar, action: Callable[[], object], requests: int, family: str = REQUESTS
) -> dict[str, float]:
    """By how much an action of so many requests raises a counter of them, after their answers."""
    before = Counter(metrics.samples(family))
    action()
    deadline = time.monotonic() + 10
    while True:
        raised = Counter(metrics.samples(family)) - before
        if raised.total() >= requests or time.monotonic() > deadline:
            return dict(raised)
        time.sleep(0.02)


def search_thrice(server: Server) -> None:
    with server.client(ADMIN) as admin:
        for _ in range(3):
            assert admin.get(f"{SEARCH}?max_results=1").is_success


def test_requests_are_counted_by_the_template_of_their_path(
    server: Server, metrics: Sidecar
) -> None:
    def requests() -> None:
        with server.client(ADMIN) as admin:
            assert admin.get(f"{SEARCH}?max_results=1").is_success
            assert admin.put(f"{ARTIFACTS}/7/0af3/artifacts/model.pkl", content=b"x").is_success
            assert admin.get(f"{ARTIFACTS}/7/0af3/artifacts/model.pkl").is_success
            assert admin.get(f"{API}/runs/get?run_id=0af3").status_code == 404
            assert admin.get("/ajax-api/3.0/jobs/0af3").status_code == 404
            assert admin.get("/no/such/path").status_code == 404

    assert counted(metrics, requests, 6) == {
        labels("GET", SEARCH, 200): 1,
        labels("PUT", f"{ARTIFACTS}/{{artifact_path}}", 200): 1,
        labels("GET", f"{ARTIFACTS}/{{artifact_path}}", 200): 1,
        labels("GET", f"{API}/runs/get", 404): 1,
        labels("GET", "/ajax-api/3.0/jobs/{job_id}", 404): 1,
        labels("GET", "other", 404): 1,
    }


def test_refused_and_failed_requests_are_counted_with_their_status(
    server: Server, metrics: Sidecar
) -> None:
    def requests() -> None:
        path = f"{ARTIFACTS}/7/0af3/artifacts/a-file"
        with server.client() as anonymous, server.client(ADMIN) as admin:
            assert anonymous.get(f"{SEARCH}?max_results=1").status_code == 401
            assert anonymous.get(path).status_code == 401
            assert admin.get(SEARCH, headers={"Host": "evil.example"}).status_code == 403
            assert admin.put(path, content=b"x").is_success
            assert admin.put(f"{path}/below", content=b"x").status_code == 500
        with server.client(USERS["model-server"]) as reader:
            assert reader.post(f"{API}/experiments/create", json={"name": "x"}).status_code == 403

    assert counted(metrics, requests, 6) == {
        labels("GET", SEARCH, 401): 1,
        labels("GET", f"{ARTIFACTS}/{{artifact_path}}", 401): 1,
        labels("GET", SEARCH, 403): 1,
        labels("PUT", f"{ARTIFACTS}/{{artifact_path}}", 200): 1,
        labels("PUT", f"{ARTIFACTS}/{{artifact_path}}", 500): 1,
        labels("POST", f"{API}/experiments/create", 403): 1,
    }


def test_requests_are_timed_by_route(server: Server, metrics: Sidecar) -> None:
    series = f'{{method="GET",route="{SEARCH}"}}'
    assert counted(metrics, lambda: search_thrice(server), 3, SECONDS) == {series: 3}


def test_nothing_a_client_makes_up_becomes_a_label(server: Server, metrics: Sidecar) -> None:
    def requests() -> None:
        with server.client(ADMIN) as admin:
            for path in (f"/{'x' * 300}", f"{API}/runs/get/0af3"):
                assert admin.get(path).status_code == 404
            assert admin.request("PROPFIND", "/").status_code == 405

    assert set(counted(metrics, requests, 3)) == {
        labels("GET", "other", 404),
        labels("other", "other", 405),
    }


def test_probes_are_not_counted(server: Server, metrics: Sidecar) -> None:
    def requests() -> None:
        for path in ("/health", "/version", SEARCH):
            httpx.get(server.url + path, verify=False)

    assert counted(metrics, requests, 1) == {labels("GET", SEARCH, 401): 1}


@pytest.mark.parametrize("user", [None, USERS["model-server"], ADMIN])
def test_the_public_port_has_no_metrics(server: Server, user: tuple[str, str] | None) -> None:
    with server.client(user) as client:
        for path in ("/metrics", "/metrics/", "/metrics?name[]=python_info"):
            reply = client.get(path)
            assert reply.status_code in (401, 403, 404)
            assert "# HELP" not in reply.text


def test_it_stops_at_once_and_is_small(server: Server, tmp_path: Path) -> None:
    with sidecar_of(server, tmp_path / "metrics.log") as sidecar:
        for _ in range(20):
            sidecar.samples()
        assert sidecar.memory() <= 30
        assert sidecar.stop() < 1


def test_a_server_that_starts_again_counts_from_zero_and_once(
    postgres: Postgres, migrated: str, tmp_path: Path
) -> None:
    uris = postgres.create_databases("again", template=migrated)
    server = Server(tmp_path, *uris)
    server.counts.mkdir()
    searched = labels("GET", SEARCH, 200)
    with sidecar_of(server, tmp_path / "metrics.log") as metrics:
        assert metrics.samples() == {"mlflow_up": 0}
        for _ in range(2):
            with server:
                assert metrics.samples("mlflow_up") == {"": 1}
                assert searched not in metrics.samples(REQUESTS)
                assert counted(metrics, lambda: search_thrice(server), 3) == {searched: 3}
            assert metrics.samples("mlflow_up") == {"": 0}


def test_the_counts_of_all_worker_processes_are_added_up(
    postgres: Postgres, migrated: str, tmp_path: Path
) -> None:
    uris = postgres.create_databases("workers", template=migrated)
    server = Server(tmp_path, *uris, MLFLOW_WORKERS="2")

    def requests(count: int) -> None:
        for _ in range(count):
            httpx.get(f"{server.url}{SEARCH}?max_results=1", verify=False)

    with server, sidecar_of(server, tmp_path / "metrics.log") as metrics:
        wait_for_files(server.counts, "histogram_*.db", 2)
        while len(list(server.counts.glob("counter_*.db"))) < 2:
            counted(metrics, lambda: requests(1), 1)
        assert counted(metrics, lambda: requests(20), 20) == {labels("GET", SEARCH, 401): 20}


def test_an_answer_for_want_of_a_database_is_an_error_and_the_server_is_up(
    postgres: Postgres, server: Server, metrics: Sidecar
) -> None:
    with server.client(ADMIN) as client:

        def request() -> None:
            assert client.get(f"{SEARCH}?max_results=1").status_code == 503

        postgres.stop()
        try:
            assert counted(metrics, request, 1) == {labels("GET", SEARCH, 503): 1}
            assert metrics.samples("mlflow_up") == {"": 1}
        finally:
            postgres.start()
            server.recover()


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(StartupError, match="PROMETHEUS_MULTIPROC_DIR must name the folder"):
        serve_metrics({"PROMETHEUS_MULTIPROC_DIR": "/nowhere"})


def wait_for_files(folder: Path, pattern: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list(folder.glob(pattern))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.2)
