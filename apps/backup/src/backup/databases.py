"""Postgres: locking, counting, dumping, restoring and swapping databases."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from backup.errors import BackupError
from backup.progress import say

# "backup" in ASCII. `python -m tracking_server gc` takes the same lock.
BACKUP_LOCK = 0x6261636B7570
# Advisory locks belong to a database: this one stays when a restore swaps the others.
MAINTENANCE = "postgres"


def connect(database: str, patience_seconds: float = 0) -> Connection:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return psycopg2.connect(dbname=database, connect_timeout=10)
        except psycopg2.OperationalError as error:
            if time.monotonic() < deadline:
                time.sleep(1)
                continue
            lines = str(error).strip().splitlines() or ["no reason given"]
            raise BackupError(
                f"cannot connect to the database {database}: {lines[0].strip()}"
            ) from error


def exists(database: str) -> bool:
    return bool(_rows("SELECT FROM pg_database WHERE datname = %s", database))


@contextmanager
def backup_lock(wait_seconds: float = 1800) -> Iterator[None]:
    """Only one of backup, restore and `gc` works on a platform at a time.

    The lock ends with the session, so a process that was killed leaves none behind.
    """
    # A new pod gets its network policies some moments after it has started.
    with closing(connect(MAINTENANCE, patience_seconds=60)) as session:
        session.autocommit = True
        deadline = time.monotonic() + wait_seconds
        is_waiting = False
        with session.cursor() as cursor:
            while True:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (BACKUP_LOCK,))
                if cursor.fetchone()[0]:
                    break
                if time.monotonic() >= deadline:
                    raise BackupError(
                        f"another backup, restore or gc still runs after {wait_seconds:g} s; "
                        "wait for it to end and try again"
                    )
                if not is_waiting:
                    say("another backup, restore or gc is running; waiting until it ends")
                is_waiting = True
                time.sleep(1)
        yield


def dump(database: str, file: Path) -> dict[str, object]:
    """Dumps a database as of one moment, and counts what is in it at that moment."""
    with closing(connect(database)) as session:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with session.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            found = _contents(session)
            # Not compressed, so that restic recognizes what has not changed since the last dump.
            _run(
                *("pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges"),
                *(f"--snapshot={snapshot}", f"--file={file}", f"--dbname={database}"),
            )
    return found


def contents(database: str) -> dict[str, object]:
    """The schema's revision and the number of rows of every table."""
    with closing(connect(database)) as session:
        return _contents(session)


def _contents(session: Connection) -> dict[str, object]:
    with session.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        rows: dict[str, int] = {}
        for table in tables:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            rows[table] = cursor.fetchone()[0]
        revisions: list[str] = []
        for table in tables:
            if table.startswith("alembic_version"):
                cursor.execute(sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(table)))
                revisions += [revision for (revision,) in cursor.fetchall()]
    return {"revision": ",".join(revisions), "rows": rows}


def newest_change(database: str) -> float | None:
    """Seconds since 1970 of the newest run or model version; None where there are none."""
    times = {
        "runs": "greatest(start_time, end_time)",
        "model_versions": "greatest(creation_time, last_updated_time)",
        "logged_models": "last_updated_timestamp_ms",
        "registered_models": "greatest(creation_time, last_updated_time)",
    }
    with closing(connect(database)) as session, session.cursor() as cursor:
        found: list[int] = []
        for table, time_of in times.items():
            cursor.execute("SELECT to_regclass(%s)", (table,))
            if cursor.fetchone()[0] is None:
                continue
            cursor.execute(f"SELECT max({time_of}) FROM {table}")
            newest = cursor.fetchone()[0]
            if newest is not None:
                found.append(newest)
    return max(found) / 1000 if found else None


def restore(file: Path, database: str) -> None:
    """Creates a database from a dump. One that a killed restore has left is created again."""
    drop(database)
    _execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    _run(
        *("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner"),
        *("--no-privileges", f"--dbname={database}", str(file)),
    )


def drop(database: str) -> None:
    """Drops a database; our sessions in it are ended."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database))
    _once_unused([database], lambda: _execute(statement))


def wait_until_unused(databases: list[str], seconds: float) -> None:
    """Waits until no session is left: then MLflow's processes have ended, and their uploads."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _rows("SELECT FROM pg_stat_activity WHERE datname = ANY(%s)", databases):
            return
        time.sleep(0.5)


def rename_all(renames: Mapping[str, str]) -> None:
    """Renames databases in one transaction; our sessions in them are ended."""

    def rename() -> None:
        with closing(connect(MAINTENANCE)) as session, session, session.cursor() as cursor:
            for old, new in renames.items():
                names = (sql.Identifier(old), sql.Identifier(new))
                cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))

    _once_unused(list(renames), rename)


def _once_unused(databases: list[str], action: Callable[[], None]) -> None:
    """Waits for autovacuum and administrators, whose sessions this user may not end."""
    deadline = time.monotonic() + 30
    while True:
        _rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = ANY(%s) AND usename = current_user",
            databases,
        )
        try:
            action()
            return
        except psycopg2.errors.ObjectInUse:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.2)


def _rows(statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(connect(MAINTENANCE)) as session, session.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _execute(statement: sql.Composed) -> None:
    with closing(connect(MAINTENANCE)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(statement)


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")
