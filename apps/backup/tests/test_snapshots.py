"""What a backup keeps, and what it finds damaged."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from platforms import Platform


def test_a_second_backup_stores_almost_nothing(platform: Platform) -> None:
    (platform.artifacts / "1/large.bin").write_bytes(os.urandom(4 << 20))
    platform.succeed("make")
    before = stored(platform.destination)
    platform.succeed("make")
    assert stored(platform.destination) < before * 1.1


def test_snapshots_are_listed_with_what_people_need_to_choose_one(platform: Platform) -> None:
    shutil.rmtree(platform.destination)
    assert platform.snapshots() == []
    platform.succeed("make")
    (found,) = platform.snapshots()
    assert found["verified"] is True
    assert found["mlflowVersion"] == platform.environment["MLFLOW_VERSION"]
    assert int(str(found["size"])) > 10_000


def test_snapshots_beyond_count_and_age_are_deleted(platform: Platform) -> None:
    for _ in range(3):
        platform.succeed("make")
    assert len(platform.snapshots()) == 3, "all of them are of this day"
    (aged,) = [platform.snapshots()[-1]["id"]]
    limits = {"BACKUP_KEEP_COUNT": "1"}
    fewer = Platform(**{**vars(platform), "extra": limits})
    fewer.succeed("make")
    assert aged in [one["id"] for one in fewer.snapshots()]


@pytest.mark.usefixtures("backed_up")
def test_a_backup_made_with_a_fast_clock_is_not_the_latest(platform: Platform) -> None:
    before = platform.content()
    platform.add_snapshot(datetime.now(UTC) + timedelta(days=90))
    platform.succeed("restore", "latest", "--replace")
    platform.succeed("swap")
    assert platform.content() == before


@pytest.mark.usefixtures("backed_up")
def test_a_damaged_repository_is_detected_and_reported(platform: Platform) -> None:
    packs = [path for path in (platform.destination / "data").rglob("*") if path.is_file()]
    for pack in packs:
        pack.chmod(0o600)
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 1
        pack.write_bytes(bytes(content))
    with gateway() as (url, pushed):
        told = Platform(**{**vars(platform), "extra": {"PUSHGATEWAY_URL": url}})
        done = told.run("verify", "latest")
        assert done.returncode == 1
        assert "is damaged" in done.stderr
    assert "mlops_backup_verified 0" in pushed[-1]
    assert told.snapshots()[0]["verified"] is False
    assert "no snapshot" in told.run("restore", "latest", "--replace").stderr


def test_a_success_is_pushed_to_prometheus(platform: Platform) -> None:
    with gateway() as (url, pushed):
        Platform(**{**vars(platform), "extra": {"PUSHGATEWAY_URL": url}}).succeed("make")
    names = {line.split()[0] for line in pushed[-1].splitlines()}
    assert names == {
        f"mlops_backup_{name}"
        for name in (
            *("last_success_timestamp_seconds", "duration_seconds", "max_age_seconds"),
            *("size_bytes", "stored_bytes", "verified"),
            *("destination_free_bytes", "destination_size_bytes"),
        )
    }


@pytest.mark.usefixtures("backed_up")
def test_another_password_is_refused(platform: Platform) -> None:
    done = Platform(**{**vars(platform), "extra": {"RESTIC_PASSWORD": "another"}}).run("make")
    assert done.returncode == 1
    assert "encrypted with another password" in done.stderr


def test_a_missing_setting_is_named(platform: Platform) -> None:
    done = Platform(**{**vars(platform), "extra": {"BACKUP_KEEP_DAYS": "many"}}).run("make")
    assert done.stderr == "error: BACKUP_KEEP_DAYS must be a whole number of at least 1, not many\n"


def stored(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def gateway() -> Iterator[tuple[str, list[str]]]:
    """Stands for the Pushgateway: its URL, and what was pushed."""
    pushed: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/metrics/job/backup"
            pushed.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", pushed
    finally:
        server.shutdown()
        thread.join()
