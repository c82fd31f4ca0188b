import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from platforms import Filled, Platform, fill, restic_program, state
from server import migrate, migration_environment, users_file

from postgres import Postgres, binaries


@pytest.fixture(scope="session")
def restic(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder that restic is in."""
    folder = restic_program(tmp_path_factory.mktemp("restic"))
    if folder is None:
        pytest.skip("needs restic: apt-get install restic")
    return str(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not binaries():
        pytest.skip("needs Postgres programs: apt-get install postgresql")
    with Postgres() as server:
        # As in the image: a restore creates its own databases.
        server.administer("ALTER ROLE mlflow CREATEDB")
        yield server


@pytest.fixture(scope="session")
def filled(postgres: Postgres, restic: str, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Data as people make it, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    uris = postgres.create_databases("filled")
    done = migrate(migration_environment(*uris, users_file(folder)))
    assert done.returncode == 0, done.stderr
    platform = Platform(folder, postgres, "filled", restic, folder / "destination")
    with platform.server() as server:
        fill(server)
        return Filled(platform.artifacts, state(server))


@pytest.fixture
def platform(postgres: Postgres, filled: Filled, restic: str, tmp_path: Path) -> Platform:
    """A platform in use with its own backup destination."""
    postgres.create_databases("mlflow", template="filled")
    shutil.copytree(filled.artifacts, tmp_path / "artifacts")
    return Platform(tmp_path, postgres, "mlflow", restic, tmp_path / "destination")
