"""Which schema a database has, and whether this MLflow knows it."""

from dataclasses import dataclass
from pathlib import Path

import mlflow
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL

from tracking_server.database import connect_engine
from tracking_server.errors import StartupError

_MLFLOW = Path(mlflow.__file__).parent
# Where MLflow keeps the migrations of each schema, and the table that says how far they went.
_MIGRATIONS = {
    "tracking": (_MLFLOW / "store" / "db_migrations", "alembic_version"),
    "auth": (_MLFLOW / "server" / "auth" / "db" / "migrations", "alembic_version_auth"),
}


@dataclass(frozen=True)
class Schema:
    """The state of one schema; the revision is None when nothing has been migrated yet."""

    name: str
    revision: str | None
    is_current: bool
    is_known: bool


def read_schema(name: str, uri: URL) -> Schema:
    folder, version_table = _MIGRATIONS[name]
    revision = _revision(uri, version_table)
    configuration = Config()
    configuration.set_main_option("script_location", str(folder))
    scripts = ScriptDirectory.from_config(configuration)
    known = {None, *(script.revision for script in scripts.walk_revisions())}
    is_current = revision == scripts.get_current_head()
    return Schema(name, revision, is_current, is_known=revision in known)


def known_schema(name: str, uri: URL) -> Schema:
    """The state of a schema; one that only a newer MLflow can have made is refused."""
    schema = read_schema(name, uri)
    if not schema.is_known:
        raise StartupError(
            f"the {name} database was migrated by a newer MLflow (schema {schema.revision}) than "
            f"this one ({mlflow.__version__}), and nothing was changed: deploy that version again, "
            "or go back to the data from before its migration (docs/how-to/upgrade.md)"
        )
    return schema


def _revision(uri: URL, version_table: str) -> str | None:
    with connect_engine(uri).connect() as connection:
        if not inspect(connection).has_table(version_table):
            return None
        return connection.execute(text(f"SELECT version_num FROM {version_table}")).scalar()
