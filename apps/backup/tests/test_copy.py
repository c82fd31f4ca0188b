"""A platform is copied to another one, with real Postgres servers and a real MLflow."""

import hashlib
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from platforms import ADA, Filled, Platform, state
from server import ADMIN, USERS, Server, migrate, migration_environment, users_file
from tunnels import Tunnels

from postgres import Postgres, free_port


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Another Postgres server, with the databases of a platform that is new."""
    with Postgres() as server:
        server.administer("ALTER ROLE mlflow CREATEDB")
        users = users_file(tmp_path_factory.mktemp("fresh"))
        migrated = migrate(migration_environment(*server.create_databases("fresh"), users))
        assert migrated.returncode == 0, migrated.stderr
        yield server


@pytest.fixture
def target(elsewhere: Postgres, destination: Path, restic: str, tmp_path: Path) -> Platform:
    """A platform that was deployed a moment ago."""
    folder = tmp_path / "target"
    folder.mkdir()
    elsewhere.create_databases("target", template="fresh")
    shutil.copytree(destination, folder / "destination")
    return Platform(folder, elsewhere, "target", restic, folder / "destination")


def test_a_copy_is_complete_and_the_source_is_unchanged(
    platform: Platform, target: Platform
) -> None:
    before = platform.content()
    said = copy(platform, target)
    assert "2 runs, 2 logged models, 2 registered models, 3 versions, 1 aliases, 5 users" in said
    assert platform.content() == before
    assert_equal(target, before)
    assert target.postgres.query("SELECT count(*) FROM trace_info", target.database) == [(1,)]


def test_files_go_through_the_server_where_there_is_no_volume(
    platform: Platform, target: Platform, filled: Filled
) -> None:
    (platform.artifacts / "1/empty.txt").touch()
    (platform.artifacts / "1/ä file (1) + x.bin").write_bytes(b"x" * 9_000_000)
    before = platform.content()
    with bucket(target) as server:
        cloud = through(target, server)
        count = sum(name.startswith("1/") for name in before)
        said = received(platform, cloud).stdout
        assert f"\n0 of {count} files are already here" in said
        # as after a pod that was lost before it swapped
        said = received(platform, cloud).stdout
        assert f"\n{count} of {count} files are already here" in said
        uris = target.uris("_restored")
        migrated = migrate(migration_environment(*uris, users_file(target.folder)))
        assert migrated.returncode == 0, migrated.stderr
        cloud.succeed("swap")
        assert state(server) == filled.state
        for who in (ADA, USERS["training"]):
            with server.client(who) as http:
                assert http.get("/api/2.0/mlflow/experiments/get?experiment_id=1").is_success
        with server.client(ADMIN) as http:
            for path, content in before.items():
                if path.startswith("1/"):
                    assert hashlib.sha256(artifact(http, path)).hexdigest() == content
        assert "point-in-time recovery brings them back" in refused(platform, cloud)


def test_a_killed_copy_continues_where_it_ended(platform: Platform, target: Platform) -> None:
    for number in range(40):
        (platform.artifacts / f"1/{number}.bin").write_bytes(bytes([number]) * 200_000)
    before, untouched = platform.content(), target.content()
    with sending(platform) as sender:
        port = free_port()
        with Tunnels(sender, port) as tunnels:
            process = target.start("receive", str(port))
            while tunnels.carried < 3_000_000:
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
        process.communicate(timeout=60)
    assert target.content() == untouched
    said = copy(platform, target)
    already = re.search(r"^(\d+) of \d+ files are already here", said, re.MULTILINE)
    assert already
    assert int(already[1]) > 0
    assert_equal(target, before)


def test_a_source_is_released_soon_after_the_copy_command_was_killed(
    platform: Platform,
) -> None:
    hasty = "import backup.send; backup.send.GONE_SECONDS = 1"
    with sending(platform, after=hasty) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            time.sleep(3)
            connection.sendall(b"GET /manifest.json HTTP/1.1\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200", "as long as it is connected"
        started = time.monotonic()
        platform.succeed("make")
        assert time.monotonic() - started < 60


def test_lost_connections_are_reopened(platform: Platform, target: Platform) -> None:
    (platform.artifacts / "1/large.bin").write_bytes(b"large" * 8_000_000)
    before = platform.content()
    with sending(platform) as sender:
        port = free_port()
        with Tunnels(sender, port) as tunnels:
            process = target.start("receive", str(port))
            for carried in (1, 12_000_000, 24_000_000):
                while tunnels.carried < carried and process.poll() is None:
                    time.sleep(0.01)
                tunnels.cut()
            said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, said + errors
    target.succeed("swap")
    assert_equal(target, before)


def test_data_in_use_is_copied_over_only_on_request_and_can_be_restored(
    platform: Platform, target: Platform
) -> None:
    copy(platform, target)
    target.log_more()
    newer = target.content()
    assert "the stack holds 2 runs, 2 logged models" in refused(platform, target)
    assert target.content() == newer
    copy(platform, target, "--replace")
    assert_equal(target, platform.content())
    (saved,) = target.snapshots()
    assert saved["beforeRestore"]
    target.succeed("restore", str(saved["id"]), "--replace")
    target.succeed("swap")
    assert target.content() == newer


def test_locations_in_the_old_store_follow_and_others_stay(
    platform: Platform, target: Platform
) -> None:
    platform.postgres.query(
        "UPDATE runs SET artifact_uri = '/mlflow/artifacts/1/a' WHERE name = 'slope 2';"
        "UPDATE runs SET artifact_uri = 'gs://bucket/1/b' WHERE name = 'slope 3'",
        platform.database,
    )
    said = copy(platform, target)
    assert "rewrote 1 locations of runs that began with /mlflow/artifacts/" in said
    assert "1 artifact locations are outside of the artifact store" in said
    found = target.postgres.query("SELECT artifact_uri FROM runs ORDER BY 1", target.database)
    assert found == [("gs://bucket/1/b",), ("mlflow-artifacts:/1/a",)]


def test_a_newer_mlflow_is_refused(platform: Platform, target: Platform) -> None:
    newer = Platform(**{**vars(platform), "extra": {"MLFLOW_VERSION": "99.0.0"}})
    assert "upgrade the stack first" in refused(newer, target)


def test_the_sender_serves_only_artifacts_and_dumps(platform: Platform) -> None:
    (platform.folder / "private").write_text("private")
    (platform.artifacts / "link").symlink_to(platform.folder / "private")
    with sending(platform) as port:
        url = f"http://127.0.0.1:{port}"
        assert urllib.request.urlopen(f"{url}/manifest.json").status == 200
        for path in (
            "private",
            "artifacts/../private",
            "artifacts/%2e%2e/private",
            "artifacts/link",
        ):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/{path}?offset=0&length=9")


@contextmanager
def sending(platform: Platform, after: str = "") -> Iterator[int]:
    """The port on which the platform sends."""
    port = free_port()
    process = platform.start("send", str(port), after=after)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("ready"):
            break
    try:
        yield port
    finally:
        # as the Job is deleted
        process.terminate()
        process.communicate(timeout=60)


def received(
    platform: Platform, target: Platform, *options: str
) -> "subprocess.CompletedProcess[str]":
    with sending(platform) as sender:
        port = free_port()
        with Tunnels(sender, port):
            return target.run("receive", str(port), *options)


def refused(platform: Platform, target: Platform) -> str:
    done = received(platform, target)
    assert done.returncode == 1, done.stdout
    return done.stderr


def copy(platform: Platform, target: Platform, *options: str) -> str:
    done = received(platform, target, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + target.succeed("swap")


def assert_equal(target: Platform, wanted: dict[str, object]) -> None:
    """Every row of the runs' database and every file are those of the source."""
    found = target.content()
    names = {name for name in wanted if not name.startswith("mlflow_auth.")}
    assert {name.replace("target.", "mlflow.", 1) for name in found} >= names
    for name in names:
        assert found[name.replace("mlflow.", "target.", 1)] == wanted[name], name


@contextmanager
def bucket(target: Platform) -> Iterator[Server]:
    """The target's server with a store that its backup pods do not see.

    The stand-in for Cloud Storage is built for the end-to-end tests; without it, it is a folder.
    """
    cache = Path("~/.cache/mlops-platform/tests/google-stand-ins").expanduser()
    program = next(cache.glob("*/bucket"), None)
    if program is None:
        with target.server(MLFLOW_ARTIFACTS_DESTINATION=str(target.folder / "bucket")) as server:
            yield server
        return
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["-bucket=kept", f"-port={port}", f"-url={url}"]
    with (target.folder / "bucket.log").open("wb") as log:
        storage = subprocess.Popen([program, *words], stdout=log, stderr=log)
    environment = {
        "STORAGE_EMULATOR_HOST": url,
        "GOOGLE_CLOUD_PROJECT": "project",
        "MLFLOW_ARTIFACTS_DESTINATION": "gs://kept/artifacts",
    }
    try:
        with target.server(**environment) as server:
            yield server
    finally:
        storage.terminate()
        storage.wait(30)


def through(target: Platform, server: Server) -> Platform:
    user, password = ADMIN
    extra = {
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": user,
        "MLFLOW_TRACKING_PASSWORD": password,
        "RESTIC_REPOSITORY": "",
    }
    return Platform(**{**vars(target), "extra": extra})


def artifact(http: httpx.Client, path: str) -> bytes:
    url = "/api/2.0/mlflow-artifacts/artifacts/" + urllib.request.quote(path)
    answer = http.get(url)
    assert answer.is_success, answer.text
    return answer.content
