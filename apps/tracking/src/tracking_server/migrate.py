"""Brings both schemas and the users to what this version of the image expects."""

from sqlalchemy.engine import URL

from tracking_server.database import migration_lock, wait_for_database
from tracking_server.progress import say
from tracking_server.schema import check_schema
from tracking_server.settings import MigrationSettings, migration_settings


def migrate() -> None:
    """Runs the whole migration. Safe to run twice, at the same time, and after being killed."""
    settings = migration_settings()
    for name, uri in (("tracking", settings.tracking_uri), ("auth", settings.auth_uri)):
        wait_for_database(uri, name, settings.database_wait_seconds)
    with migration_lock(settings.tracking_uri):
        # Both are checked before either is changed: a refusal leaves everything as it was.
        tracking = check_schema("tracking", settings.tracking_uri)
        auth = check_schema("auth", settings.auth_uri)
        for schema in (tracking, auth):
            if schema.is_current:
                say(f"{schema.name} schema is up to date ({schema.revision})")
        if not tracking.is_current:
            say(f"migrating the tracking schema from {tracking.revision or 'nothing'}")
            _upgrade_tracking(settings)
        if not auth.is_current:
            say(f"migrating the auth schema from {auth.revision or 'nothing'}")
        _upgrade_auth_and_users(settings)
    say("done")


def _upgrade_tracking(settings: MigrationSettings) -> None:
    from mlflow.db import upgrade

    # The command `mlflow db upgrade`, called in this process to keep the URI off the process list.
    upgrade.main([_text(settings.tracking_uri)], standalone_mode=False)


def _upgrade_auth_and_users(settings: MigrationSettings) -> None:
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    from tracking_server.users import apply_users

    store = SqlAlchemyStore()
    store.init_db(_text(settings.auth_uri))
    apply_users(store, settings.admin_username, settings.admin_password, settings.users)
    store.engine.dispose()


def _text(uri: URL) -> str:
    return uri.render_as_string(hide_password=False)
