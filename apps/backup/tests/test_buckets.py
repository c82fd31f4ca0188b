"""A bucket as destination, behind either protocol, from the first backup to a restore."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from buckets import google, s3
from platforms import Platform


@pytest.fixture(params=[s3, google])
def in_bucket(
    request: pytest.FixtureRequest, platform: Platform, tmp_path: Path
) -> Iterator[Platform]:
    """A platform whose destination is an empty bucket."""
    server: Callable[[Path], AbstractContextManager[dict[str, str]]] = request.param
    folder = tmp_path / "server"
    folder.mkdir()
    with server(folder) as environment:
        extra = {**environment, "BACKUP_VOLUME": ""}
        yield Platform(**{**vars(platform), "extra": extra})


def test_backups_in_a_bucket_come_back_and_old_ones_go(in_bucket: Platform) -> None:
    assert in_bucket.snapshots() == []
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


def test_a_bucket_that_cannot_be_read_is_not_an_empty_one(in_bucket: Platform) -> None:
    wrong = {"AWS_SECRET_ACCESS_KEY": "another", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = Platform(**{**vars(in_bucket), "extra": {**in_bucket.extra, **wrong}}).run("list")
    assert done.returncode == 1
    assert "cannot open the destination" in done.stderr
