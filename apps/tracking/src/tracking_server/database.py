"""Waits for Postgres, and takes its advisory locks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tracking_server.errors import StartupError
from tracking_server.progress import say

# "mlops" and "backup" in ASCII: the same in every version, and the latter in apps/backup too.
MIGRATION_LOCK = 0x6D6C6F7073
BACKUP_LOCK = 0x6261636B7570
# Advisory locks belong to a database: this one stays when the others are renamed.
_MAINTENANCE = "postgres"


def connect_engine(uri: URL) -> Engine:
    """An engine for a few statements, without a pool; a server that is away costs 5 seconds."""
    return create_engine(uri, poolclass=NullPool, connect_args={"connect_timeout": 5})


def wait_for_database(uri: URL, name: str, seconds: float) -> None:
    """Returns when the database answers a query; prints why it does not, once per reason."""
    deadline = time.monotonic() + seconds
    engine = connect_engine(uri)
    reason = ""
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            return
        except OperationalError as error:
            now = _reason(error)
        if time.monotonic() >= deadline:
            raise StartupError(
                f"the {name} database {_place(uri)} did not answer within {seconds:g} s: {now}"
            )
        if now != reason:
            say(f"waiting for the {name} database {_place(uri)}: {now}")
            reason = now
        time.sleep(1)


@contextmanager
def migration_lock(uri: URL) -> Iterator[Connection]:
    """Only one migration works on the databases; yields a session that may make and rename them."""
    with _maintenance_session(uri) as connection:
        _lock(connection, MIGRATION_LOCK, "another migration is running: waiting until it ends")
        yield connection


@contextmanager
def backup_lock(uri: URL) -> Iterator[None]:
    """Keeps backups and restores from running."""
    with _maintenance_session(uri) as connection:
        _lock(connection, BACKUP_LOCK, "waiting until no backup and no restore is running")
        yield


def _maintenance_session(uri: URL) -> Connection:
    """Its locks end with it, so a process that was killed leaves none behind.

    The keepalives let Postgres notice within a minute when the holder's whole machine is gone.
    """
    keepalives = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    # AUTOCOMMIT: an open transaction would hold back vacuum for as long as the migration takes.
    engine = create_engine(
        uri.set(database=_MAINTENANCE),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": keepalives, "connect_timeout": 5},
    )
    return engine.connect()


def _lock(connection: Connection, key: int, waiting: str) -> None:
    """Takes an advisory lock; prints a line while another session has it."""
    if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
        say(waiting)
        # Blocks in Postgres; the Job's deadline bounds it.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})


def _place(uri: URL) -> str:
    return f"{uri.database} at {uri.host}:{uri.port or 5432}"


def _reason(error: OperationalError) -> str:
    """The last line of what libpq said, without SQLAlchemy's decoration."""
    lines = str(error.orig).strip().splitlines() or ["no reason given"]
    return lines[-1].strip().removeprefix("FATAL:").strip()
