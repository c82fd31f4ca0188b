"""The server as a guest of Kubernetes: hosts, signals, and a database that goes away."""

import time
from pathlib import Path

import pytest
from server import ADMIN, USERS, Server, migrate, migration_environment, users_file
from sqlalchemy.engine import make_url

from postgres import PASSWORD, Postgres

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/x"
CREATE = "/api/2.0/mlflow/experiments/create"


LISTED = [
    *("mlflow", "mlflow:5000", "mlflow.ml:5000", "mlflow.ml.svc:5000"),
    *("mlflow.ml.svc.cluster.local:5000", "localhost:8080", "127.0.0.1:30001"),
    *("192.168.49.2:30001", "[2001:db8::1]:30001", "[2001:db8::1]", "mlflow.example.org"),
]
UNLISTED = [
    *("evil.example", "10.evil.example", "192.168.evil.example", "172.16.evil.example"),
    *("10.0.0.5", "10.0.0.5:5000", "192.168.1.1", "172.31.0.1:5000"),
    *("mlflow.evil.example", "mlflow.ml.svc.cluster.local.evil.example", "2:30001"),
]


# SECURITY.md: MLflow's host and origin checks are on, with the names it is really reachable by and
# no range of addresses; server-side jobs are off.
@pytest.mark.parametrize(
    ("host", "status"), [*((host, 200) for host in LISTED), *((host, 403) for host in UNLISTED)]
)
def test_only_listed_hosts_are_answered(server: Server, host: str, status: int) -> None:
    with server.client(ADMIN) as client:
        assert client.get(SEARCH, headers={"Host": host}).status_code == status


def test_load_balancers_check_the_health_of_a_pod_by_its_address(server: Server) -> None:
    with server.client() as client:
        assert client.get("/health", headers={"Host": "10.0.0.5"}).text == "OK"


# SECURITY.md: MLflow's host and origin checks are on, with the names it is really reachable by and
# no range of addresses; server-side jobs are off.
def test_only_listed_origins_may_write(server: Server) -> None:
    with server.client(ADMIN) as client:
        body = {"name": "from a page"}
        foreign = {"Origin": "http://evil.example"}
        assert client.post(CREATE, json=body, headers=foreign).status_code == 403
        own = {"Origin": "http://mlflow:5000"}
        assert client.post(CREATE, json=body, headers=own).status_code == 200


# SECURITY.md: MLflow's host and origin checks are on, with the names it is really reachable by and
# no range of addresses; server-side jobs are off.
def test_neither_a_job_runner_nor_a_second_copy_of_mlflow_is_started(server: Server) -> None:
    assert server.process
    assert [command(pid) for pid in descendants(server.process.pid)] == []


def test_it_stops_within_five_seconds_of_sigterm_with_a_connection_open(
    postgres: Postgres, migrated: str, tmp_path: Path
) -> None:
    uris = postgres.create_databases("stop", template=migrated)
    with Server(tmp_path, *uris) as server, server.client(ADMIN) as client:
        assert client.get(SEARCH).is_success
        assert server.stop() < 5


def test_it_lives_without_postgres_and_recovers_by_itself(
    postgres: Postgres, server: Server
) -> None:
    with server.client(ADMIN) as client:
        assert client.get(SEARCH).is_success
        postgres.stop()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            # Clients try these again; a 401 would end a training run.
            assert client.get(SEARCH).status_code == 503
            upload = client.put(ARTIFACT, content=b"x")
            assert upload.status_code == 503
            health = client.get("/health")
            assert health.is_success
            assert health.elapsed.total_seconds() < 2
        postgres.start()
        server.recover()
        assert server.process
        assert server.process.poll() is None


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it ended just now
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    children = parents.get(pid, [])
    return children + [each for child in children for each in descendants(child)]


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def test_the_password_of_the_database_may_be_in_the_environment_alone(
    postgres: Postgres, tmp_path: Path
) -> None:
    tracking, auth = (
        make_url(uri).set(password=None).render_as_string(hide_password=False)
        for uri in postgres.create_databases("apart")
    )
    environment = migration_environment(tracking, auth, users_file(tmp_path))
    done = migrate({**environment, "PGPASSWORD": PASSWORD})
    assert done.returncode == 0, done.stderr
    with (
        Server(tmp_path, tracking, auth, PGPASSWORD=PASSWORD) as server,
        server.client(USERS["notebook"]) as client,
    ):
        made = client.post("/api/2.0/mlflow/experiments/create", json={"name": "apart"})
        assert made.is_success, made.text
