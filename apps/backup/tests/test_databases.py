"""Databases that others are at work in."""

import threading
from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from backup import databases
from postgres import PASSWORD, Postgres


@pytest.mark.parametrize(
    "change",
    [lambda: databases.rename_all({"busy": "done"}), lambda: databases.drop("busy")],
    ids=["rename", "drop"],
)
def test_our_own_sessions_are_ended_and_others_are_waited_for(
    change: Callable[[], None], postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = {"host": "127.0.0.1", "port": str(postgres.port), "user": "mlflow"}
    for name, value in (login | {"password": PASSWORD}).items():
        monkeypatch.setenv(f"PG{name.upper()}", value)
    databases.drop("done")
    postgres.administer("CREATE DATABASE busy OWNER mlflow")

    def session(user: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(dbname="busy", user=user, password=PASSWORD)

    # autovacuum and Cloud SQL's own sessions are an administrator's too
    with closing(session("mlflow")) as ours, closing(session("postgres")) as others:
        leave = threading.Timer(0.5, others.close)
        leave.start()
        change()
        leave.join()
        with pytest.raises(psycopg2.OperationalError), ours.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert not databases.exists("busy")
