from collections.abc import Iterator

import pytest
from server import Server, migrate, migration_environment, users_file

from postgres import Postgres, binaries


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not binaries():
        pytest.skip("needs Postgres programs: apt-get install postgresql")
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated pair of databases, to be copied."""
    users = users_file(tmp_path_factory.mktemp("migrated"))
    done = migrate(migration_environment(*postgres.create_databases("migrated"), users))
    assert done.returncode == 0, done.stderr
    return "migrated"


@pytest.fixture(scope="session")
def server(
    postgres: Postgres, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A running server, shared by the tests that do not restart anything."""
    uris = postgres.create_databases("mlflow", template=migrated)
    with Server(tmp_path_factory.mktemp("server"), *uris) as running:
        yield running
