"""A bucket as destination, behind either protocol, from the first backup to a restore."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from buckets import Bucket, google, s3
from platforms import DESTINATION_PASSWORD, Platform


@dataclass(frozen=True)
class InBucket(Platform):
    """A platform whose destination is an empty bucket."""

    bucket: Bucket | None = None

    def initialize(self) -> None:
        """Makes the repository as the first backup does; it opens quickly from then on."""
        program = "from backup.repository import ensure_repository; ensure_repository()"
        subprocess.run([sys.executable, "-c", program], env=self.environment, check=True)
        assert self.bucket
        self.bucket.make_cheap(DESTINATION_PASSWORD)


@pytest.fixture(params=[s3, google])
def in_bucket(
    request: pytest.FixtureRequest, platform: Platform, tmp_path: Path
) -> Iterator[InBucket]:
    server: Callable[[Path], AbstractContextManager[Bucket]] = request.param
    folder = tmp_path / "server"
    folder.mkdir()
    with server(folder) as bucket:
        extra = {**bucket.environment, "BACKUP_VOLUME": ""}
        yield InBucket(**{**vars(platform), "extra": extra, "bucket": bucket})


def test_backups_in_a_bucket_come_back_and_old_ones_go(in_bucket: InBucket) -> None:
    assert in_bucket.snapshots() == []
    in_bucket.initialize()
    before = in_bucket.content()
    in_bucket.succeed("make")
    in_bucket.add_snapshot(datetime(2020, 1, 1, tzinfo=UTC))
    assert len(in_bucket.snapshots()) == 2
    in_bucket.log_more()
    in_bucket.succeed("make")
    first, second = in_bucket.snapshots()
    assert first["verified"] is second["verified"] is True, "the old one is deleted"
    assert "every file was read" in in_bucket.succeed("verify", str(first["id"]))
    in_bucket.lose_everything()
    in_bucket.succeed("restore", str(first["id"]))
    in_bucket.succeed("swap")
    assert in_bucket.content() == before


def test_an_unreadable_bucket_does_not_count_as_empty(in_bucket: InBucket) -> None:
    wrong = {"AWS_SECRET_ACCESS_KEY": "another", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = replace(in_bucket, extra={**in_bucket.extra, **wrong}).run("list")
    assert done.returncode == 1
    assert "cannot open the destination" in done.stderr
