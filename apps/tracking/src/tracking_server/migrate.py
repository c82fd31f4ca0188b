"""Brings both schemas and the users to what this version of the image expects."""

import signal
from types import FrameType

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from tracking_server import copies
from tracking_server.copies import Pair
from tracking_server.database import backup_lock, migration_lock, wait_for_database
from tracking_server.errors import DatabaseAwayError, StartupError
from tracking_server.progress import say
from tracking_server.schema import Schema, known_schema
from tracking_server.settings import MigrationSettings, migration_settings
from tracking_server.trial import try_server


def migrate(*, in_place: bool = False) -> None:
    """Runs the whole migration. Safe to run twice, at the same time, and after being killed.

    Databases in use are not migrated themselves, but copies of them, which the server of this
    version takes over (copies.py). `in_place` is for databases that nothing uses yet.
    """
    try:
        _migrate(migration_settings(), in_place=in_place)
    except OperationalError as error:
        raise DatabaseAwayError(f"Postgres no longer answers: {_reason(error)}") from error
    say("done")


def _migrate(settings: MigrationSettings, *, in_place: bool) -> None:
    pair = Pair(settings.tracking_uri, settings.auth_uri)
    for name, uri in (("tracking", pair.tracking), ("auth", pair.auth)):
        wait_for_database(uri, name, settings.database_wait_seconds)
    with migration_lock(pair.tracking) as connection:
        # Both are checked before either is changed: a refusal leaves everything as it was.
        schemas = known_schema("tracking", pair.tracking), known_schema("auth", pair.auth)
        is_pending = not all(schema.is_current for schema in schemas)
        # The auth schema comes last: without it no server has worked on the databases yet.
        is_new = schemas[1].revision is None
        if is_pending and not is_new and not in_place:
            with backup_lock(pair.tracking):
                _migrate_copies(connection, pair, schemas, settings)
        else:
            copies.release(connection, pair)
            copies.discard_old(connection, pair)
            _upgrade(pair, schemas, settings)


def _migrate_copies(
    connection: Connection, pair: Pair, schemas: tuple[Schema, Schema], settings: MigrationSettings
) -> None:
    signal.signal(signal.SIGTERM, _stop)
    try:
        say("copying the databases; MLflow can only be read until the new version runs")
        copied = copies.copy(connection, pair, settings.storage_bytes)
        _upgrade(copied, schemas, settings)
        say("trying the server on the migrated copies")
        try_server(copied, settings)
        copies.finish(connection, pair)
    except SystemExit:
        copies.release(connection, pair)
        raise
    except Exception as error:
        copies.release(connection, pair)
        raise StartupError(
            f"the migration failed and was undone; MLflow keeps its data: {_reason(error)}"
        ) from error
    say("the copies are ready; the server of this version takes them over when it starts")


def _upgrade(pair: Pair, schemas: tuple[Schema, Schema], settings: MigrationSettings) -> None:
    tracking, auth = schemas
    for schema in schemas:
        if schema.is_current:
            say(f"{schema.name} schema is up to date ({schema.revision})")
    if not tracking.is_current:
        say(f"migrating the tracking schema from {tracking.revision or 'nothing'}")
        _upgrade_tracking(pair.tracking)
    if not auth.is_current:
        say(f"migrating the auth schema from {auth.revision or 'nothing'}")
    _upgrade_auth_and_users(pair.auth, settings)


def _upgrade_tracking(uri: URL) -> None:
    from mlflow.db import upgrade

    # The command `mlflow db upgrade`, called in this process to keep the URI off the process list.
    upgrade.main([_text(uri)], standalone_mode=False)


def _upgrade_auth_and_users(uri: URL, settings: MigrationSettings) -> None:
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    from tracking_server.users import apply_users

    store = SqlAlchemyStore()
    store.init_db(_text(uri))
    apply_users(store, settings.admin_username, settings.admin_password, settings.users)
    store.engine.dispose()


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _reason(error: BaseException) -> str:
    """One line, without the statement that SQLAlchemy adds."""
    cause = getattr(error, "orig", None) if isinstance(error, SQLAlchemyError) else None
    lines = str(cause or error).strip().splitlines() or [type(error).__name__]
    return lines[0]


def _text(uri: URL) -> str:
    return uri.render_as_string(hide_password=False)
