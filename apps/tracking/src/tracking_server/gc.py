"""`mlflow gc`, never at the same time as a backup or a restore."""

import os

from tracking_server.database import backup_lock
from tracking_server.settings import store_uri


def collect(arguments: list[str]) -> None:
    """Deletes runs that are marked as deleted, and their files."""
    from mlflow.cli import gc

    uri = store_uri()
    with backup_lock(uri):
        store = ["--backend-store-uri", uri.render_as_string(hide_password=False)]
        # It deletes files behind the artifact proxy as any client does, through the server.
        os.environ["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{os.environ['MLFLOW_PORT']}"
        os.environ["MLFLOW_TRACKING_USERNAME"] = os.environ["MLFLOW_AUTH_ADMIN_USERNAME"]
        os.environ["MLFLOW_TRACKING_PASSWORD"] = os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"]
        destination = ["--artifacts-destination", os.environ["MLFLOW_ARTIFACTS_DESTINATION"]]
        gc.main([*store, *destination, *arguments], standalone_mode=False)
