import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cheap_key import make_cheap
from platforms import (
    DESTINATION_PASSWORD,
    Filled,
    Platform,
    fill,
    restic_program,
    state,
)
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
def destination(restic: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty destination for backups, to be copied."""
    folder = tmp_path_factory.mktemp("destination")
    environment = os.environ | {"RESTIC_PASSWORD": DESTINATION_PASSWORD}
    subprocess.run([f"{restic}/restic", "init", "--repo", folder], env=environment, check=True)
    make_cheap(folder, DESTINATION_PASSWORD)
    return folder


@pytest.fixture(scope="session")
def filled(
    postgres: Postgres, restic: str, destination: Path, tmp_path_factory: pytest.TempPathFactory
) -> Filled:
    """Data as people make it, and a backup of it, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    uris = postgres.create_databases("filled")
    done = migrate(migration_environment(*uris, users_file(folder)))
    assert done.returncode == 0, done.stderr
    shutil.copytree(destination, folder / "destination")
    platform = Platform(folder, postgres, "filled", restic, folder / "destination")
    with platform.server() as server:
        fill(server)
        seen = state(server)
    platform.succeed("make")
    return Filled(platform, seen)


@pytest.fixture
def platform(
    postgres: Postgres, filled: Filled, destination: Path, restic: str, tmp_path: Path
) -> Platform:
    """A platform in use that was never backed up, with its own destination."""
    postgres.create_databases("mlflow", template="filled")
    shutil.copytree(filled.platform.artifacts, tmp_path / "artifacts")
    shutil.copytree(destination, tmp_path / "destination")
    return Platform(tmp_path, postgres, "mlflow", restic, tmp_path / "destination")


@pytest.fixture
def backed_up(platform: Platform, filled: Filled) -> None:
    """The platform has one backup, of its present state."""
    shutil.rmtree(platform.destination)
    shutil.copytree(filled.platform.destination, platform.destination)
