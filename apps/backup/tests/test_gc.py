"""`python -m tracking_server gc` deletes files; a backup must not run meanwhile."""

import subprocess
import sys
from contextlib import closing

import psycopg2
from backup.databases import BACKUP_LOCK
from platforms import Platform

from postgres import PASSWORD


def test_gc_waits_for_a_backup_and_deletes_afterwards(platform: Platform) -> None:
    platform.postgres.query(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = 1", platform.database
    )
    notes = list(platform.artifacts.rglob("notes/text.txt"))
    assert len(notes) == 2
    with platform.server() as server:
        with closing(held_lock(platform)):
            # as in the server's pod
            process = subprocess.Popen(
                [sys.executable, "-m", "tracking_server", "gc"],
                env=server.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stdout
            assert "waiting" in process.stdout.readline()
            assert all(note.exists() for note in notes)
        said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, said + errors
    assert not any(note.exists() for note in notes)


def test_a_backup_waits_for_gc(platform: Platform) -> None:
    with closing(held_lock(platform)):
        process = platform.start("make")
        assert process.stdout
        assert "waiting until it ends" in process.stdout.readline()
    process.communicate(timeout=120)
    assert process.returncode == 0


def held_lock(platform: Platform) -> psycopg2.extensions.connection:
    """A session that holds the lock of backup, restore and gc."""
    session = psycopg2.connect(
        host="127.0.0.1",
        port=platform.postgres.port,
        user="mlflow",
        password=PASSWORD,
        dbname="postgres",
    )
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (BACKUP_LOCK,))
    return session
