"""Copies of both databases, so that a migration can be undone.

The names show how far the migration is, and change for both databases in one transaction. If it is
killed at any point, the next migration starts again from the databases in use.

- `X` is in use. From the moment it is copied it is read-only: the copy lacks nothing.
- `X_migrating` is being migrated.
- `X_migrated` is complete and tried out. The first server of the new version renames it to `X`.
- `X_before` was in use before the last migration, `X_undone` before the last `roll-back`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from tracking_server.database import connect_engine
from tracking_server.errors import StartupError
from tracking_server.progress import say

MIGRATING, MIGRATED, BEFORE, UNDONE = "_migrating", "_migrated", "_before", "_undone"
# How long the data from before a migration is kept for a roll-back.
KEPT = timedelta(days=7)
_PATIENCE_SECONDS = 30
_LONGEST_NAME = 63
# What Postgres may write in addition: its write-ahead log, up to 1 GiB before it is recycled.
_MARGIN = 2**30
_OBJECT_IN_USE = "55006"
_FILE_COPY_SINCE = 15


@dataclass(frozen=True)
class Pair:
    """The databases of one platform, those in use or one of their copies."""

    tracking: URL
    auth: URL

    @property
    def names(self) -> tuple[str, str]:
        return str(self.tracking.database), str(self.auth.database)

    def named(self, suffix: str) -> "Pair":
        tracking, auth = (f"{name}{suffix}" for name in self.names)
        return Pair(self.tracking.set(database=tracking), self.auth.set(database=auth))


def copy(connection: Connection, pair: Pair, capacity: int | None) -> Pair:
    """Copies both databases as they are now. Those in use are read-only from here on."""
    for name in pair.names:
        if len(name) + len(MIGRATING) > _LONGEST_NAME:
            raise StartupError(
                f"the database {name} must have a name of {_LONGEST_NAME - len(MIGRATING)} "
                "characters at most: the migration makes a copy with a longer name"
            )
    if not _rows(connection, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user")[0][0]:
        raise StartupError(
            "the database user must have the right to create databases, for the migration works on "
            f"a copy: run ALTER ROLE {pair.tracking.username} CREATEDB as Postgres's administrator"
        )
    discard(connection, pair.named(MIGRATING), pair.named(MIGRATED))
    _check_room(connection, pair, capacity)
    for name in pair.names:
        _run(connection, f"ALTER DATABASE {_quoted(name)} SET default_transaction_read_only = on")
    copies = pair.named(MIGRATING)
    # Sessions that are still open may write. None is left when Postgres begins to copy.
    strategy = " STRATEGY FILE_COPY" if _major(connection) >= _FILE_COPY_SINCE else ""
    for name, target in zip(pair.names, copies.names, strict=True):
        template = f"CREATE DATABASE {_quoted(target)} TEMPLATE {_quoted(name)}{strategy}"
        _without_sessions(connection, (name,), lambda s=template: _run(connection, s))
    return copies


def release(connection: Connection, pair: Pair) -> None:
    """Makes the databases in use writable again, and drops copies that no server took over."""
    discard(connection, pair.named(MIGRATING), pair.named(MIGRATED))
    if not is_read_only(connection, pair):
        return
    for name in pair.names:
        _run(connection, f"ALTER DATABASE {_quoted(name)} RESET default_transaction_read_only")
    # A session keeps the setting that it started with.
    _cut(connection, pair.names)


def finish(connection: Connection, pair: Pair) -> None:
    """Leaves migrated copies to the first server of the new version."""
    _rename(connection, pair.named(MIGRATING), pair.named(MIGRATED))


def take_over(connection: Connection, pair: Pair, version: str) -> None:
    """Replaces the databases in use by the migrated copies, and keeps the old ones."""
    discard(connection, pair.named(BEFORE))
    _replace(connection, pair, pair.named(MIGRATED), pair.named(BEFORE))
    _date(connection, pair.named(BEFORE), f"in use before the migration to MLflow {version}")


def roll_back(connection: Connection, pair: Pair) -> None:
    """Replaces the databases in use by those from before the last migration."""
    if not exist(connection, pair.named(BEFORE)):
        raise StartupError(
            f"there is no database {pair.named(BEFORE).names[0]} to go back to: it is kept for "
            f"{KEPT.days} days after a migration; restore a backup instead"
        )
    discard(connection, pair.named(UNDONE))
    _replace(connection, pair, pair.named(BEFORE), pair.named(UNDONE))
    release(connection, pair)
    _date(connection, pair.named(UNDONE), "in use before the roll-back")


def is_migrated_to(connection: Connection, pair: Pair, version: str) -> bool:
    """Whether the databases in use are what the last migration made, and it was to this version."""
    return f" to MLflow {version} " in _comment(connection, pair.named(BEFORE))


def discard_old(connection: Connection, pair: Pair) -> None:
    """Drops old databases once the time to roll back to them is over."""
    for old in (pair.named(BEFORE), pair.named(UNDONE)):
        name = old.names[0]
        try:
            since = datetime.fromisoformat(_comment(connection, old).split()[-1])
        except (IndexError, ValueError):
            continue  # there is none, or its swap was killed before it was dated
        if datetime.now(UTC) - since > KEPT:
            say(f"dropping {name}, kept since {since:%Y-%m-%d}")
            discard(connection, old)


def exist(connection: Connection, pair: Pair) -> bool:
    found = "SELECT FROM pg_database WHERE datname = ANY(:names)"
    return len(_rows(connection, found, names=list(pair.names))) == len(pair.names)


def is_read_only(connection: Connection, pair: Pair) -> bool:
    statement = (
        "SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE "
        "d.datname = ANY(:names) AND 'default_transaction_read_only=on' = ANY(s.setconfig)"
    )
    return bool(_rows(connection, statement, names=list(pair.names)))


def discard(connection: Connection, *pairs: Pair) -> None:
    for name in (name for pair in pairs for name in pair.names):
        statement = f"DROP DATABASE IF EXISTS {_quoted(name)}"
        _without_sessions(connection, (name,), lambda s=statement: _run(connection, s))


def _check_room(connection: Connection, pair: Pair, capacity: int | None) -> None:
    if capacity is None:
        return
    sizes = {
        str(name): int(str(size))
        for name, size in _rows(
            connection, "SELECT datname, pg_database_size(datname) FROM pg_database"
        )
    }
    needed = sum(sizes[name] for name in pair.names)
    free = capacity - sum(sizes.values()) - _MARGIN
    if needed > free:
        raise StartupError(
            f"the volume of the database has room for {max(free, 0) / 2**20:.0f} MiB and the copy "
            f"that the migration works on needs {needed / 2**20:.0f} MiB: make it larger "
            "(databaseStorageSize); nothing was changed"
        )


def _replace(connection: Connection, pair: Pair, new: Pair, old: Pair) -> None:
    """One transaction: no server finds runs of one state and users of the other."""
    out, into = zip(pair.names, old.names, strict=True), zip(new.names, pair.names, strict=True)
    _rename_all(connection, dict([*out, *into]))


def _rename(connection: Connection, pair: Pair, target: Pair) -> None:
    _rename_all(connection, dict(zip(pair.names, target.names, strict=True)))


def _rename_all(connection: Connection, names: Mapping[str, str]) -> None:
    def rename() -> None:
        with connect_engine(connection.engine.url).begin() as transaction:
            for old, new in names.items():
                _run(transaction, f"ALTER DATABASE {_quoted(old)} RENAME TO {_quoted(new)}")

    _without_sessions(connection, tuple(names), rename)


def _without_sessions(
    connection: Connection, names: tuple[str, ...], action: Callable[[], None]
) -> None:
    """Does what Postgres refuses while a database is in use; clients connect again at once."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        _cut(connection, names)
        try:
            action()
            return
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) != _OBJECT_IN_USE:
                raise
            if time.monotonic() >= deadline:
                raise StartupError(
                    f"the database {names[0]} is in use by {_users(connection, names)}: end these "
                    "sessions and run the migration again"
                ) from error


def _cut(connection: Connection, names: tuple[str, ...]) -> None:
    """Ends the sessions of this user, in which MLflow works."""
    _rows(
        connection,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = ANY(:names) AND usename = current_user AND pid <> pg_backend_pid()",
        names=list(names),
    )


def _users(connection: Connection, names: tuple[str, ...]) -> str:
    # autovacuum, which has no name, gives way by itself
    found = _rows(
        connection,
        "SELECT DISTINCT usename FROM pg_stat_activity "
        "WHERE datname = ANY(:names) AND usename IS NOT NULL",
        names=list(names),
    )
    return ", ".join(str(name) for (name,) in found) or "another session"


def _date(connection: Connection, pair: Pair, what: str) -> None:
    for name in pair.names:
        comment = f"{what} of {datetime.now(UTC).isoformat(timespec='seconds')}"
        _run(connection, f"COMMENT ON DATABASE {_quoted(name)} IS '{comment}'")


def _comment(connection: Connection, pair: Pair) -> str:
    """What `_date` has written; nothing where there are no such databases."""
    found = _rows(
        connection,
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :name",
        name=pair.names[0],
    )
    return str(found[0][0] or "") if found else ""


def _major(connection: Connection) -> int:
    return int(str(_rows(connection, "SHOW server_version_num")[0][0])) // 10_000


def _rows(connection: Connection, statement: str, **values: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(statement), values)]


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
