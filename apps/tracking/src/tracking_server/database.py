"""Waiting for Postgres, and locking it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tracking_server.errors import StartupError
from tracking_server.progress import say

# "mlops" in ASCII: the same number in every version, so that two versions exclude each other too.
MIGRATION_LOCK = 0x6D6C6F7073


def connect_engine(uri: URL) -> Engine:
    """An engine for a few statements, without a pool; a server that is away costs 5 seconds."""
    return create_engine(uri, poolclass=NullPool, connect_args={"connect_timeout": 5})


def wait_for_database(uri: URL, name: str, seconds: float) -> None:
    """Returns when the database answers a query; says why it does not, once per reason."""
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
def migration_lock(uri: URL) -> Iterator[None]:
    """Holds Postgres's advisory lock on a session of its own.

    The lock ends with the session, so a migration that was killed leaves none behind. The
    keepalives let Postgres notice within a minute when the holder's whole machine is gone.
    """
    keepalives = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    # AUTOCOMMIT: an open transaction would hold back vacuum for as long as the migration takes.
    engine = create_engine(
        uri,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": keepalives, "connect_timeout": 5},
    )
    with engine.connect() as connection:
        if not _try_lock(connection):
            say("another migration is running: waiting until it ends")
            # Blocks in Postgres; the Job's deadline bounds it.
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        yield


def _try_lock(connection: Connection) -> bool:
    statement = text("SELECT pg_try_advisory_lock(:key)")
    return bool(connection.execute(statement, {"key": MIGRATION_LOCK}).scalar())


def _place(uri: URL) -> str:
    return f"{uri.database} at {uri.host}:{uri.port or 5432}"


def _reason(error: OperationalError) -> str:
    """The last line of what libpq said, without SQLAlchemy's decoration."""
    lines = str(error.orig).strip().splitlines() or ["no reason given"]
    return lines[-1].strip().removeprefix("FATAL:").strip()
