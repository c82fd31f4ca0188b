"""The first server of a new version takes over the databases that its migration prepared."""

import configparser
import os

from sqlalchemy.engine import make_url

from tracking_server import copies
from tracking_server.copies import Pair
from tracking_server.database import connect_engine, migration_lock, wait_for_database
from tracking_server.progress import say
from tracking_server.settings import store_uri

_WAIT_SECONDS = 120


def take_over_copies() -> None:
    """Replaces the databases in use by the migrated ones, if those are for this version.

    By then no server of the old version runs, so none ever works on the new schema.
    """
    pair = _pair_in_environment()
    wait_for_database(pair.tracking, "tracking", _WAIT_SECONDS)
    with connect_engine(pair.tracking).connect() as connection:
        if not copies.exist(connection, pair.named(copies.MIGRATED)):
            return
    import mlflow

    from tracking_server.schema import read_schema

    with migration_lock(pair.tracking) as connection:
        migrated = pair.named(copies.MIGRATED)
        # Writable ones were restored or rolled back after the copy was made.
        is_wanted = copies.exist(connection, migrated) and copies.is_read_only(connection, pair)
        if not is_wanted or not all(
            read_schema(name, uri).is_current
            for name, uri in (("tracking", migrated.tracking), ("auth", migrated.auth))
        ):
            return
        say("taking over the migrated databases")
        copies.take_over(connection, pair, mlflow.__version__)


def roll_back(version: str | None = None) -> None:
    """Goes back to the databases from before the last migration, for the version that used them.

    If a version is given, only where the last migration was to that version.
    """
    pair = _pair_in_environment()
    # a new pod gets its network policies some moments after it has started
    wait_for_database(pair.tracking, "tracking", _WAIT_SECONDS)
    with migration_lock(pair.tracking) as connection:
        is_taken_over = not copies.exist(connection, pair.named(copies.MIGRATED))
        if not is_taken_over and copies.is_read_only(connection, pair):
            copies.release(connection, pair)
            say("no server had taken over the copies; the databases in use are writable again")
            return
        if version and not copies.is_migrated_to(connection, pair, version):
            say(f"no migration to MLflow {version} has changed the databases")
            return
        copies.roll_back(connection, pair)
    say("the databases from before the migration are in use again; deploy the earlier version")


def _pair_in_environment() -> Pair:
    """The databases, from the variables of the server's pod or of the migration's."""
    auth_uri = os.environ.get("MLFLOW_AUTH_DATABASE_URI")
    if not auth_uri:
        ini = configparser.ConfigParser()
        ini.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
        auth_uri = ini["mlflow"]["database_uri"]
    return Pair(store_uri(), make_url(auth_uri))
