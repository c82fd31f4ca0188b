"""`mlflow gc`, never at the same time as a backup or a restore."""

import os

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tracking_server.progress import say
from tracking_server.settings import store_uri

# The lock of apps/backup, in the database that a restore does not swap.
BACKUP_LOCK = 0x6261636B7570
MAINTENANCE = "postgres"


def collect(arguments: list[str]) -> None:
    """Deletes runs that are marked as deleted, and their files."""
    from mlflow.cli import gc

    uri = store_uri()
    engine = create_engine(
        uri.set(database=MAINTENANCE), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        say("waiting until no backup and no restore is running")
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": BACKUP_LOCK})
        store = ["--backend-store-uri", uri.render_as_string(hide_password=False)]
        # It deletes files behind the artifact proxy as any client does, through the server.
        os.environ["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{os.environ['MLFLOW_PORT']}"
        os.environ["MLFLOW_TRACKING_USERNAME"] = os.environ["MLFLOW_AUTH_ADMIN_USERNAME"]
        os.environ["MLFLOW_TRACKING_PASSWORD"] = os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"]
        destination = ["--artifacts-destination", os.environ["MLFLOW_ARTIFACTS_DESTINATION"]]
        gc.main([*store, *destination, *arguments], standalone_mode=False)
