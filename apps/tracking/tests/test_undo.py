"""A migration that does not end well leaves the data in use as it was (see copies.py)."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from make_earlier import create_earlier
from server import migrate, migration_environment, start_migration, users_file
from sqlalchemy import Connection, make_url
from tracking_server import copies
from tracking_server.copies import Pair
from tracking_server.database import migration_lock
from tracking_server.errors import StartupError
from tracking_server.settings import migration_settings
from tracking_server.take_over import roll_back
from tracking_server.trial import try_server

from postgres import Postgres

MEBIBYTE = 2**20


@pytest.fixture
def pair(postgres: Postgres) -> Iterator[Pair]:
    """Two databases with one row, and nothing of MLflow."""
    tracking, auth = postgres.create_databases("small")
    postgres.query("CREATE TABLE runs AS SELECT 1 AS id", "small")
    yield Pair(make_url(tracking), make_url(auth))
    for name in databases(postgres, "small"):
        postgres.administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def session(pair: Pair) -> Iterator[Connection]:
    with migration_lock(pair.tracking) as connection:
        yield connection


def databases(postgres: Postgres, name: str) -> set[str]:
    rows = postgres.query(f"SELECT datname FROM pg_database WHERE datname LIKE '{name}%'")
    return {str(found) for (found,) in rows}


def runs(postgres: Postgres, database: str) -> list[tuple[object, ...]]:
    return postgres.query("SELECT * FROM runs ORDER BY 1", database)


def log(postgres: Postgres, database: str = "small") -> None:
    postgres.query("INSERT INTO runs VALUES (2)", database)


def test_killed_stopped_and_failing_migrations_leave_the_data_as_it_was(
    postgres: Postgres, tmp_path: Path
) -> None:
    environment = migration_environment(*create_earlier(postgres, "doomed"), users_file(tmp_path))
    everything = "SELECT md5(string_agg(r::text, ',' ORDER BY run_uuid)) FROM runs r"
    before = postgres.query(everything, "doomed")

    def interrupted(number: int) -> int:
        process = start_migration(environment)
        assert process.stdout is not None
        for line in process.stdout:
            if "migrating the tracking schema" in line:
                process.send_signal(number)
        process.communicate(timeout=120)
        return process.returncode

    assert interrupted(signal.SIGKILL) == -signal.SIGKILL
    assert postgres.query(everything, "doomed") == before
    assert interrupted(signal.SIGTERM) == 128 + signal.SIGTERM
    assert databases(postgres, "doomed") == {"doomed", "doomed_auth"}
    assert is_writable(postgres, "doomed")

    refuse_changes(postgres, "doomed")
    failed = migrate(environment)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1] == (
        "error: the migration failed and was undone; MLflow keeps its data: a planted fault"
    )
    assert databases(postgres, "doomed") == {"doomed", "doomed_auth"}
    assert postgres.query(everything, "doomed") == before
    assert is_writable(postgres, "doomed")
    assert is_writable(postgres, "doomed_auth")


def is_writable(postgres: Postgres, database: str) -> bool:
    return postgres.query("SHOW transaction_read_only", database) == [("off",)]


def refuse_changes(postgres: Postgres, database: str) -> None:
    for statement in (
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE 'a planted fault'; END $$",
        "CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()",
    ):
        postgres.query(statement, database, user="postgres")


def test_a_server_that_does_not_serve_the_migrated_data_is_not_deployed(
    postgres: Postgres,
    migrated: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    uris = postgres.create_databases("tried", template=migrated)
    for name, value in migration_environment(*uris, users_file(tmp_path)).items():
        monkeypatch.setenv(name, value)
    # As if the image were of another version than the copies.
    postgres.query("UPDATE alembic_version SET version_num = '451aebb31d03'", "tried")
    settings = migration_settings()
    with pytest.raises(StartupError, match=r"the server of this version .* on the migrated data"):
        try_server(Pair(settings.tracking_uri, settings.auth_uri), settings)
    assert "out-of-date database schema" in capsys.readouterr().out


def test_clients_read_and_cannot_write_from_the_copy_until_the_next_server_takes_over(
    postgres: Postgres, session: Connection, pair: Pair
) -> None:
    # As MLflow's pool has one: it must not outlive the copy with the right to write.
    earlier = psycopg2.connect(
        pair.tracking.render_as_string(hide_password=False).replace("+psycopg2", "")
    )
    copies.copy(session, pair, capacity=None)
    with pytest.raises(psycopg2.OperationalError):
        earlier.cursor().execute("SELECT 1")
    for state in ("small_migrating", "small_migrated"):
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            log(postgres)
        assert runs(postgres, "small") == runs(postgres, state) == [(1,)]
        if state == "small_migrating":
            copies.finish(session, pair)
    log(postgres, "small_migrated")

    copies.take_over(session, pair, "9.9.9")
    assert runs(postgres, "small") == [(1,), (2,)]
    assert runs(postgres, "small_before") == [(1,)]
    assert is_writable(postgres, "small")
    assert is_writable(postgres, "small_auth")

    copies.roll_back(session, pair)
    assert runs(postgres, "small") == [(1,)]
    assert runs(postgres, "small_undone") == [(1,), (2,)]
    assert is_writable(postgres, "small")
    assert is_writable(postgres, "small_auth")


def test_a_version_that_never_served_is_rolled_back_from_whatever_its_migration_has_done(
    postgres: Postgres, session: Connection, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.close()
    for name, uri in (("BACKEND_STORE", pair.tracking), ("AUTH_DATABASE", pair.auth)):
        text = uri.render_as_string(hide_password=False)
        monkeypatch.setenv(f"MLFLOW_{name}_URI", text)

    def migrate_small(version: str, *, served: bool) -> None:
        with migration_lock(pair.tracking) as connection:
            copies.copy(connection, pair, capacity=None)
            copies.finish(connection, pair)
            if served:
                copies.take_over(connection, pair, version)

    migrate_small("9.8.0", served=True)
    log(postgres)
    # its pod fitted on no node
    migrate_small("9.9.0", served=False)
    roll_back("9.9.0")
    assert runs(postgres, "small") == [(1,), (2,)]
    assert is_writable(postgres, "small")
    # it needed no migration, so what is kept is of the one before
    roll_back("9.9.0")
    assert runs(postgres, "small") == [(1,), (2,)]
    # it took the copies over and crashed
    migrate_small("9.9.0", served=True)
    postgres.query("DELETE FROM runs", "small")
    roll_back("9.9.0")
    assert runs(postgres, "small") == [(1,), (2,)]
    assert is_writable(postgres, "small")


def test_the_data_from_before_is_dropped_after_a_week(
    postgres: Postgres, session: Connection, pair: Pair
) -> None:
    copies.copy(session, pair, capacity=None)
    copies.finish(session, pair)
    copies.take_over(session, pair, "9.9.9")
    copies.discard_old(session, pair)
    assert copies.exist(session, pair.named(copies.BEFORE))
    old = datetime.now(UTC) - copies.KEPT - timedelta(minutes=1)
    postgres.query(f"COMMENT ON DATABASE small_before IS 'of {old.isoformat()}'")
    copies.discard_old(session, pair)
    assert databases(postgres, "small") == {"small", "small_auth"}


def test_copies_that_no_server_took_over_are_forgotten_by_the_version_that_stays(
    postgres: Postgres, session: Connection, pair: Pair
) -> None:
    copies.copy(session, pair, capacity=None)
    copies.finish(session, pair)
    copies.release(session, pair)
    assert databases(postgres, "small") == {"small", "small_auth"}
    log(postgres)


def test_without_room_for_a_copy_nothing_is_changed(
    postgres: Postgres, session: Connection, pair: Pair
) -> None:
    ((used,),) = postgres.query("SELECT sum(pg_database_size(datname)) FROM pg_database")
    capacity = int(str(used)) + 1024 * MEBIBYTE + 5 * MEBIBYTE
    with pytest.raises(StartupError, match=r"room for 5 MiB and the copy .* needs 1[0-9] MiB"):
        copies.copy(session, pair, capacity)
    log(postgres)
    copies.copy(session, pair, capacity + 100 * MEBIBYTE)


def test_a_session_of_another_user_is_named_and_not_cut(
    postgres: Postgres, session: Connection, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_PATIENCE_SECONDS", 0.5)
    other = psycopg2.connect(
        host="127.0.0.1",
        port=postgres.port,
        user="postgres",
        password=pair.tracking.password,
        dbname="small",
    )
    with pytest.raises(StartupError, match="the database small is in use by postgres: end these"):
        copies.copy(session, pair, capacity=None)
    other.close()


def test_a_user_that_may_not_create_databases_gets_the_fix(
    postgres: Postgres, session: Connection, pair: Pair
) -> None:
    postgres.administer("ALTER ROLE mlflow NOCREATEDB")
    try:
        with pytest.raises(StartupError, match="run ALTER ROLE mlflow CREATEDB"):
            copies.copy(session, pair, capacity=None)
    finally:
        postgres.administer("ALTER ROLE mlflow CREATEDB")
    log(postgres)
