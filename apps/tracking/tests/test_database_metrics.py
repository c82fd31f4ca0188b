"""The metrics of a real Postgres, above all while it is down."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sidecars import EXPORTER, Sidecar, exporter_folder
from sqlalchemy.engine import make_url
from tracking_server.database_metrics import exporter_environment, serve_database_metrics
from tracking_server.errors import StartupError

from postgres import PASSWORD, Postgres


@pytest.fixture(scope="session")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = exporter_folder(tmp_path_factory.mktemp("exporter"))
    if folder is None:
        pytest.skip(f"needs Debian's exporter: apt-get install {EXPORTER}")
    return folder


@pytest.fixture(scope="module")
def uri(postgres: Postgres) -> str:
    return postgres.create_databases("measured")[0]


def of_database(uri: str, exporter: Path, folder: Path) -> Sidecar:
    """The metrics of a database."""
    path = f"{exporter}:/usr/bin:/bin"
    log = folder / "database-metrics.log"
    return Sidecar("database-metrics", log, PATH=path, MLFLOW_BACKEND_STORE_URI=uri)


def by_database(metrics: Sidecar, family: str) -> dict[str, float]:
    return {
        labels.split('"')[1]: value
        for labels, value in metrics.samples(family).items()
        if labels.startswith('{datname="')
    }


def test_connections_and_sizes_are_reported(
    postgres: Postgres, uri: str, exporter: Path, tmp_path: Path
) -> None:
    with of_database(uri, exporter, tmp_path) as metrics:
        assert metrics.samples("pg_up") == {"": 1}
        assert metrics.samples("pg_exporter_last_scrape_error") == {"": 0}
        place = f'{{server="127.0.0.1:{postgres.port}"}}'
        limit = metrics.samples("pg_settings_max_connections")
        assert limit == {place: float(str(postgres.query("SHOW max_connections")[0][0]))}
        sizes = by_database(metrics, "pg_database_size_bytes")
        assert sizes["measured"] > 1e6
        assert "template1" not in sizes
        # the exporter's own connection, and no other
        assert by_database(metrics, "pg_stat_database_numbackends")["measured"] == 1
        for family in ("xact_commit", "xact_rollback", "deadlocks"):
            assert "measured" in by_database(metrics, f"pg_stat_database_{family}")


def test_it_reports_that_postgres_is_down_and_that_it_is_back(
    postgres: Postgres, uri: str, exporter: Path, tmp_path: Path
) -> None:
    with of_database(uri, exporter, tmp_path) as metrics:
        postgres.stop()
        try:
            for _ in range(3):
                assert metrics.samples("pg_up") == {"": 0}
            assert metrics.samples("pg_database_size_bytes") == {}
        finally:
            postgres.start()
        assert metrics.samples("pg_up") == {"": 1}
        # It told the reason, and to whom it belongs, without the password.
        assert "Error opening connection" in metrics.output()
        assert PASSWORD not in metrics.output()
        assert quote(PASSWORD, safe="") not in metrics.output()


def test_it_may_start_before_postgres(
    postgres: Postgres, uri: str, exporter: Path, tmp_path: Path
) -> None:
    postgres.stop()
    try:
        with of_database(uri, exporter, tmp_path) as metrics:
            assert metrics.samples("pg_up") == {"": 0}
            postgres.start()
            assert metrics.samples("pg_up") == {"": 1}
    finally:
        if not postgres.running:
            postgres.start()


def test_a_user_without_privileges_is_enough_and_learns_of_no_other_database_its_size(
    postgres: Postgres, uri: str, exporter: Path, tmp_path: Path
) -> None:
    postgres.administer("CREATE ROLE plain LOGIN PASSWORD 'a plain one'")
    postgres.administer("CREATE DATABASE closed")
    postgres.administer("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    plain = f"postgresql+psycopg2://plain:a%20plain%20one@127.0.0.1:{postgres.port}/measured"
    try:
        with of_database(plain, exporter, tmp_path) as metrics:
            assert metrics.samples("pg_up") == {"": 1}
            assert metrics.samples("pg_exporter_last_scrape_error") == {"": 0}
            sizes = by_database(metrics, "pg_database_size_bytes")
            assert "measured" in sizes
            assert "closed" not in sizes
            assert by_database(metrics, "pg_stat_database_numbackends")["measured"] == 1
            assert len(metrics.samples("pg_settings_max_connections")) == 1
    finally:
        postgres.administer("DROP DATABASE closed")
        postgres.administer("DROP ROLE plain")


def test_it_is_small_and_stops_at_once(uri: str, exporter: Path, tmp_path: Path) -> None:
    with of_database(uri, exporter, tmp_path) as metrics:
        for _ in range(20):
            metrics.samples()
        assert metrics.memory() <= 30
        assert metrics.stop() < 1


@pytest.fixture(params=["S", "N"])
def answer_about_tls(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """A server that answers the question for TLS, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(8)
                connection.sendall(request.param.encode())

        thread = threading.Thread(target=answer)
        thread.start()
        yield request.param, listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize("told", ["", "?sslmode=prefer"])
def test_tls_is_used_where_it_is_offered_as_by_the_server(
    answer_about_tls: tuple[str, int], told: str
) -> None:
    answer, port = answer_about_tls
    uri = make_url(f"postgresql://u:p@127.0.0.1:{port}/runs{told}")
    mode = "require" if answer == "S" else "disable"
    assert f"sslmode={mode}&" in exporter_environment(uri, {})["DATA_SOURCE_NAME"]


def test_what_the_uri_says_about_tls_is_kept_and_the_password_stays_apart() -> None:
    uri = make_url("postgresql://u:p%40ss@db.example.org/runs?sslmode=verify-full&sslrootcert=/ca")
    environment = exporter_environment(uri, {"PATH": "/bin", "PGSERVICE": "unknown to it"})
    assert environment == {
        "PATH": "/bin",
        "DATA_SOURCE_NAME": "postgresql://db.example.org:5432/?sslmode=verify-full"
        "&sslrootcert=%2Fca&connect_timeout=5&statement_timeout=5000",
        "PGUSER": "u",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "runs",
        "PGAPPNAME": "metrics",
    }


def test_a_password_that_the_uri_lacks_comes_from_the_environment() -> None:
    uri = make_url("postgresql://u@db.example.org/runs")
    assert exporter_environment(uri, {"PGPASSWORD": "p%ss"})["PGPASSWORD"] == "p%ss"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "MLFLOW_BACKEND_STORE_URI must be set"),
        (
            {"MLFLOW_BACKEND_STORE_URI": "postgresql://u:p@h/d?sslmode=disable", "PATH": "/none"},
            f"{EXPORTER} must be installed",
        ),
    ],
)
def test_the_reason_why_it_cannot_start_is_printed(
    environment: dict[str, str], message: str
) -> None:
    with pytest.raises(StartupError, match=message):
        serve_database_metrics(environment)
