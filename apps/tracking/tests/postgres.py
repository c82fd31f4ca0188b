"""A real Postgres on a free port of the loopback interface, in a separate folder."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg2

# Every character that means something in a URI.
PASSWORD = "p%40ss@:/?#&=+ word%"


def binaries() -> Path | None:
    """The folder of Debian's or the PATH's Postgres programs."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*folders, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


def free_port() -> int:
    """A port that no process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Postgres:
    """One server; `with Postgres() as postgres` starts it and leaves nothing behind."""

    def __init__(self) -> None:
        self.port = free_port()
        self._programs = binaries()
        self._process: subprocess.Popen[bytes] | None = None
        # Postgres refuses to run as root, and its folders must be reachable for that user.
        self._user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))

    def __enter__(self) -> "Postgres":
        secret = self._folder / "password"
        secret.write_text(f"{PASSWORD}\n")
        if os.geteuid() == 0:
            for path in (self._folder, secret):
                shutil.chown(path, self._user)
        subprocess.run(
            [
                *(f"{self._programs}/initdb", "-D", f"{self._folder}/data", "--no-sync"),
                *("--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as_user(),
        )
        self.start()
        # As the image makes it: MLflow's user owns its databases and may make more.
        self.administer(f"CREATE ROLE mlflow LOGIN CREATEDB PASSWORD '{PASSWORD}'")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._process = subprocess.Popen(
            [
                *(f"{self._programs}/postgres", "-D", f"{self._folder}/data"),
                *("-p", str(self.port), "-c", "listen_addresses=127.0.0.1"),
                *("-c", f"unix_socket_directories={self._folder}", "-c", "fsync=off"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as_user(),
        )
        until_it_answers(self._process, lambda: self.administer("SELECT 1"))

    def stop(self) -> None:
        """Stops it; connections are cut."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    def uri(self, database: str) -> str:
        """The URI as an operator would write it: user and password URL-encoded."""
        return f"postgresql://mlflow:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def create_databases(self, name: str, template: str | None = None) -> tuple[str, str]:
        """Two databases, for tracking and for auth, empty or copied; returns their URIs."""
        for suffix in ("", "_auth"):
            copy = f'TEMPLATE "{template}{suffix}"' if template else ""
            self.administer(f'DROP DATABASE IF EXISTS "{name}{suffix}" WITH (FORCE)')
            self.administer(f'CREATE DATABASE "{name}{suffix}" {copy} OWNER mlflow')
        return self.uri(name), self.uri(f"{name}_auth")

    def administer(self, sql: str) -> None:
        """Runs one statement as the superuser."""
        self.query(sql, user="postgres")

    def query(
        self, sql: str, database: str = "postgres", user: str = "mlflow"
    ) -> list[tuple[object, ...]]:
        """Runs one statement outside a transaction and returns its rows."""
        return run_statement(self.port, sql, user, database)

    def _as_user(self) -> dict[str, object]:
        root = os.geteuid() == 0
        return {"cwd": self._folder, **({"user": self._user, "group": "nogroup"} if root else {})}


def run_statement(port: int, sql: str, user: str, database: str) -> list[tuple[object, ...]]:
    """Runs one statement over TCP, outside a transaction, and returns its rows."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user=user, password=PASSWORD, dbname=database
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def until_it_answers(process: subprocess.Popen[bytes], ask: Callable[[], object]) -> None:
    """Asks again until Postgres answers; fails when its process has ended or a minute is over."""
    deadline = time.monotonic() + 60
    while True:
        try:
            ask()
            return
        except psycopg2.OperationalError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.1)
