"""`mlflow gc`, never at the same time as a backup or a restore."""

import os
import time
from contextlib import suppress
from pathlib import Path

from tracking_server.database import backup_lock
from tracking_server.settings import store_uri

# How MLflow names a file that is still being uploaded to a volume, and hides it.
UPLOADING = ".artifact.uploading."
_LONGEST_UPLOAD_SECONDS = 24 * 3600


def collect(arguments: list[str]) -> None:
    """Deletes runs that are marked as deleted, their files, and the remains of killed uploads."""
    from mlflow.cli import gc

    uri = store_uri()
    with backup_lock(uri):
        store = ["--backend-store-uri", uri.render_as_string(hide_password=False)]
        # It deletes files behind the artifact proxy as any client does, through the server.
        os.environ["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{os.environ['MLFLOW_PORT']}"
        os.environ["MLFLOW_TRACKING_USERNAME"] = os.environ["MLFLOW_AUTH_ADMIN_USERNAME"]
        os.environ["MLFLOW_TRACKING_PASSWORD"] = os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"]
        artifacts = os.environ["MLFLOW_ARTIFACTS_DESTINATION"]
        destination = ["--artifacts-destination", artifacts]
        gc.main([*store, *destination, *arguments], standalone_mode=False)
        if Path(artifacts).is_absolute():  # a volume, not a bucket
            delete_killed_uploads(Path(artifacts), time.time())


def delete_killed_uploads(store: Path, now: float) -> None:
    """Deletes uploads that have been idle for a day, which a killed server has left."""
    for file in store.rglob(f"{UPLOADING}*"):
        with suppress(FileNotFoundError):  # an upload that has just ended
            if now - file.stat().st_mtime > _LONGEST_UPLOAD_SECONDS:
                file.unlink()
