"""What `gc` removes in addition to the files of deleted runs."""

import os
from pathlib import Path

from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from tracking_server.gc import UPLOADING, delete_killed_uploads

NOW = 2_000_000_000


def test_an_upload_that_was_killed_is_deleted_a_day_later(tmp_path: Path) -> None:
    repository = LocalArtifactRepository(str(tmp_path))
    descriptor, killed, _ = repository._create_staging_artifact("weights", "0/run/artifacts")
    os.close(descriptor)
    (tmp_path / "0/run/artifacts/model").write_text("whole")
    under_way = tmp_path / f"{UPLOADING}now"
    under_way.write_text("half")
    for path, age in (killed, 90_000), (tmp_path / "0/run/artifacts/model", 90_000), (under_way, 9):
        os.utime(path, (NOW - age, NOW - age))

    delete_killed_uploads(tmp_path, NOW)

    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(["model", under_way.name])
