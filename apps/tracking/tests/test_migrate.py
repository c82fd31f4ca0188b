"""The migration: idempotent, exclusive, repairable, and careful with newer databases."""

import json
import time
from pathlib import Path

import mlflow
import pytest
from server import (
    ADMIN,
    USERS,
    migrate,
    migration_environment,
    start_migration,
    users_file,
)

from postgres import PASSWORD, Postgres, free_port


@pytest.fixture
def databases(postgres: Postgres) -> tuple[str, str]:
    return postgres.create_databases("migrate")


@pytest.fixture
def migrated_databases(postgres: Postgres, migrated: str) -> tuple[str, str]:
    return postgres.create_databases("migrate", template=migrated)


def passwords(postgres: Postgres) -> dict[str, str]:
    rows = postgres.query("SELECT username, password_hash FROM users", "migrate_auth")
    return {str(name): str(value) for name, value in rows}


def writers(postgres: Postgres) -> set[str]:
    rows = postgres.query(
        "SELECT u.username FROM users u JOIN user_role_assignments a ON a.user_id = u.id "
        "JOIN roles r ON r.id = a.role_id WHERE r.name = 'write'",
        "migrate_auth",
    )
    return {str(name) for (name,) in rows}


def tables(postgres: Postgres) -> int:
    rows = postgres.query(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'", "migrate"
    )
    return int(str(rows[0][0]))


def test_an_empty_database_gets_schemas_and_users_and_a_second_run_changes_nothing(
    postgres: Postgres, databases: tuple[str, str], tmp_path: Path
) -> None:
    environment = migration_environment(*databases, users_file(tmp_path))
    first = migrate(environment)
    assert first.returncode == 0, first.stderr
    before = passwords(postgres)
    assert set(before) == {ADMIN[0], *USERS}
    assert writers(postgres) == {"training", "notebook"}
    admins = postgres.query("SELECT username FROM users WHERE is_admin", "migrate_auth")
    assert admins == [(ADMIN[0],)]

    second = migrate(environment)
    assert second.returncode == 0, second.stderr
    assert "tracking schema is up to date" in second.stdout
    assert "auth schema is up to date" in second.stdout
    assert "user" not in second.stdout
    assert passwords(postgres) == before
    assert PASSWORD not in first.stdout + first.stderr


def test_two_at_once_one_migrates_and_the_other_finds_nothing_to_do(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    environment = migration_environment(*databases, users_file(tmp_path))
    running = [start_migration(environment) for _ in range(2)]
    outputs = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    migrated = [stdout for stdout, _ in outputs if "migrating the tracking schema" in stdout]
    waited = [stdout for stdout, _ in outputs if "another migration is running" in stdout]
    assert len(migrated) == 1
    assert len(waited) == 1
    assert migrated != waited
    assert "tracking schema is up to date" in waited[0]


@pytest.mark.parametrize("at_least", [1, 60])
def test_a_killed_migration_is_repaired_by_the_next(
    postgres: Postgres, databases: tuple[str, str], tmp_path: Path, at_least: int
) -> None:
    environment = migration_environment(*databases, users_file(tmp_path))
    process = start_migration(environment)
    deadline = time.monotonic() + 60
    while tables(postgres) < at_least and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate()

    repaired = migrate(environment)
    assert repaired.returncode == 0, repaired.stderr
    assert set(passwords(postgres)) == {ADMIN[0], *USERS}


@pytest.mark.parametrize(
    ("database", "table", "name"),
    [("migrate", "alembic_version", "tracking"), ("migrate_auth", "alembic_version_auth", "auth")],
)
def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    postgres: Postgres,
    databases: tuple[str, str],
    tmp_path: Path,
    database: str,
    table: str,
    name: str,
) -> None:
    environment = migration_environment(*databases, users_file(tmp_path))
    postgres.query(f"CREATE TABLE {table} (version_num varchar(32) PRIMARY KEY)", database)
    postgres.query(f"INSERT INTO {table} VALUES ('fffffffffff0')", database)

    refused = migrate(environment)

    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"error: the {name} database was migrated by a newer MLflow (schema fffffffffff0) than "
        f"this one ({mlflow.__version__}), and nothing was changed: deploy that version again, or "
        "go back to the data from before its migration (docs/how-to/upgrade.md)"
    ]
    assert postgres.query(f"SELECT version_num FROM {table}", database) == [("fffffffffff0",)]
    assert tables(postgres) <= 1


def test_passwords_and_permissions_follow_the_file_and_users_made_by_hand_stay(
    postgres: Postgres, migrated_databases: tuple[str, str], tmp_path: Path
) -> None:
    before = passwords(postgres)
    postgres.query(
        "INSERT INTO users (username, password_hash, is_admin) VALUES ('ada', 'x', true)",
        "migrate_auth",
    )
    path = users_file(tmp_path, training="read", **{"model-server": "write"})
    entries = json.loads(path.read_text())
    for entry in entries:
        if entry["username"] == "notebook":
            entry["password"] = "another-password"
    path.write_text(json.dumps(entries))
    environment = migration_environment(*migrated_databases, path)
    environment["MLFLOW_AUTH_ADMIN_PASSWORD"] = "another-admin-password"

    changed = migrate(environment)

    assert changed.returncode == 0, changed.stderr
    after = passwords(postgres)
    assert after.pop("ada") == "x"
    assert {name for name in after if after[name] != before[name]} == {ADMIN[0], "notebook"}
    assert writers(postgres) == {"model-server", "notebook"}
    assert "another" not in changed.stdout + changed.stderr


def test_it_waits_for_a_database_that_is_not_there_yet(
    postgres: Postgres, migrated_databases: tuple[str, str], tmp_path: Path
) -> None:
    environment = migration_environment(*migrated_databases, users_file(tmp_path))
    postgres.stop()
    process = start_migration(environment)
    assert process.stdout is not None
    waiting = process.stdout.readline()
    postgres.start()
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert f"waiting for the tracking database migrate at 127.0.0.1:{postgres.port}" in waiting


def test_it_gives_up_with_the_reason_and_without_the_password(tmp_path: Path) -> None:
    port = free_port()
    uri = f"postgresql://mlflow:secret-word@127.0.0.1:{port}"
    environment = migration_environment(f"{uri}/a", f"{uri}/b", users_file(tmp_path))
    failed = migrate({**environment, "MLOPS_DATABASE_WAIT_SECONDS": "1.5"})
    assert failed.returncode == 1
    message = f"error: the tracking database a at 127.0.0.1:{port} did not answer within 1.5 s: "
    assert failed.stderr.startswith(message)
    assert len(failed.stderr.splitlines()) == 1
    assert "secret-word" not in failed.stdout + failed.stderr
