"""The entrypoint of the Postgres image: whose rights its users have, on a real Postgres."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from server import migrate, migration_environment, users_file
from sqlalchemy.engine import URL

from postgres import PASSWORD, binaries, free_port, run_statement, until_it_answers

ENTRYPOINT = Path(__file__).parents[2] / "postgres" / "docker-entrypoint.sh"
# What the component mounts at /docker-entrypoint-initdb.d.
INIT = "CREATE DATABASE mlflow_auth OWNER mlflow;\n"
IS_SUPERUSER = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'mlflow'"
OWNERS = (
    "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace ="
    " 'public'::regnamespace UNION SELECT pg_get_userbyid(datdba) FROM pg_database"
    " WHERE datname LIKE 'mlflow%'"
)
START_EARLIER = """
    pg_ctl -w -o "-c listen_addresses=127.0.0.1 -c unix_socket_directories=$PWD" start > log
    """
STOPS = {
    "orderly": "pg_ctl -m fast -w stop > /dev/null",
    # A process that was killed counts as running until its parent has taken note.
    "power cut": """
        pid=$(head -n 1 "$PGDATA/postmaster.pid")
        kill -KILL "$pid"
        while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
        sleep 1
        """,
}


class Image:
    """The entrypoint in a folder that stands for the container's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        script = ENTRYPOINT.read_text().replace("/tmp", str(folder))
        script = script.replace("/docker-entrypoint-initdb.d", f"{folder}/init")
        (folder / "entrypoint").write_text(script)
        (folder / "init").mkdir()
        (folder / "init" / "auth-database.sql").write_text(INIT)
        self.environment = {
            "PATH": f"{binaries()}:{os.environ['PATH']}",
            "TMPDIR": str(folder),
            "PGPORT": str(self.port),
            "PGDATA": str(folder / "data" / "pgdata"),
            "POSTGRES_USER": "mlflow",
            "POSTGRES_DB": "mlflow",
            "POSTGRES_PASSWORD": PASSWORD,
        }
        # Postgres refuses to run as root.
        self._as_user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
        if self._as_user:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, **self._as_user)

    def run(self, script: str) -> None:
        """Runs shell commands as the image's user."""
        command = ["sh", "-euc", script]
        subprocess.run(command, check=True, env=self.environment, cwd=self.folder, **self._as_user)

    def start(self) -> None:
        """Starts the container and waits until Postgres answers."""
        # In a container every start is process 1, the one that a left-over lock file names.
        script = """
            if [ -e "$PGDATA/postmaster.pid" ]; then sed -i "1s/.*/$$/" "$PGDATA/postmaster.pid"; fi
            exec sh "$PWD/entrypoint" postgres -c fsync=off
            """
        self._process = subprocess.Popen(
            ["sh", "-euc", script],
            env=self.environment,
            cwd=self.folder,
            **self._as_user,
        )
        until_it_answers(self._process, lambda: self.query("SELECT 1"))

    def stop(self) -> None:
        """Stops it as Kubernetes does."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def query(self, sql: str, user: str = "mlflow", database: str = "mlflow") -> list[tuple]:
        """Runs one statement over TCP, as another pod would, and returns its rows."""
        return run_statement(self.port, sql, user, database)

    def migrate(self) -> None:
        """Brings MLflow's schemas up to date, as its migration does before each start."""
        uris = [
            URL.create("postgresql", "mlflow", PASSWORD, "127.0.0.1", self.port, name)
            for name in ("mlflow", "mlflow_auth")
        ]
        texts = [uri.render_as_string(hide_password=False) for uri in uris]
        done = migrate(migration_environment(*texts, users_file(self.folder)))
        assert done.returncode == 0, done.stderr


@contextmanager
def container() -> Iterator[Image]:
    if not binaries():
        pytest.skip("needs Postgres programs: apt-get install postgresql")
    # Not below pytest's folder, which another user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="postgres-image-"))
    container = Image(folder)
    try:
        yield container
    finally:
        container.stop()
        shutil.rmtree(folder)


@pytest.fixture
def image() -> Iterator[Image]:
    with container() as image:
        yield image


@pytest.fixture(scope="module")
def old_data() -> Iterator[Path]:
    """A data folder of an earlier image: MLflow's user is the superuser that initdb made."""
    with container() as image:
        image.run(
            """
            mkdir data && printf '%s\\n' "$POSTGRES_PASSWORD" > password
            initdb --username=mlflow --pwfile=password --encoding=UTF8 --locale=C.UTF-8 \
              --auth-local=trust --auth-host=scram-sha-256 --no-sync > /dev/null
            """
        )
        image.run(START_EARLIER)
        image.run(
            """
            psql -q -h "$PWD" -U mlflow -d postgres -c 'CREATE DATABASE mlflow'
            psql -q -h "$PWD" -U mlflow -d postgres -f init/auth-database.sql
            """
        )
        image.migrate()
        image.run(STOPS["orderly"])
        yield image.folder / "data"


def use(old_data: Path, image: Image) -> None:
    """Has the earlier image's server run on a copy, and write to it."""
    subprocess.run(["cp", "-a", old_data, image.folder], check=True)
    image.run(START_EARLIER)
    image.query("CREATE TYPE color AS ENUM ('red')")
    image.query("CREATE SCHEMA extra")
    image.query("CREATE TABLE extra.kept (id serial, color color)")
    image.query("CREATE VIEW extra.seen AS SELECT * FROM extra.kept")
    image.query("CREATE FUNCTION extra.one() RETURNS int LANGUAGE sql RETURN 1")
    image.query("INSERT INTO extra.kept (color) VALUES ('red')")


def check_rights(image: Image) -> None:
    """MLflow's user owns its databases, and may make others for a restore."""
    assert image.query(IS_SUPERUSER) == [(False, False, True)]
    for database in ("mlflow", "mlflow_auth"):
        assert image.query(OWNERS, database=database) == [("mlflow",)]
    for forbidden in (
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE ROLE another SUPERUSER",
        "ALTER ROLE mlflow SUPERUSER",
        "SET SESSION AUTHORIZATION postgres",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            image.query(forbidden)
    for superuser in ("postgres", "mlflow-without-rights"):
        with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
            image.query("SELECT 1", user=superuser)
    image.run('test "$(psql -At -h "$PWD" -U postgres -c "SHOW is_superuser" postgres)" = on')


# SECURITY.md: MLflow's database user owns MLflow's two databases and is no superuser, except with
# the official Postgres image.
# SECURITY.md: In ours, the superuser has no password and logs in from inside its pod only.
def test_mlflow_migrates_new_data_without_a_superusers_rights(image: Image) -> None:
    image.start()
    check_rights(image)
    image.migrate()
    check_rights(image)


@pytest.mark.parametrize("stop", STOPS)
def test_data_of_an_earlier_image_keeps_working_without_a_superusers_rights(
    image: Image, old_data: Path, stop: str
) -> None:
    use(old_data, image)
    runs = image.query("SELECT count(*) FROM alembic_version")
    image.run(STOPS[stop])
    for _ in range(2):
        image.start()
        check_rights(image)
        assert image.query("SELECT count(*) FROM alembic_version") == runs
        assert image.query("SELECT id, color, extra.one() FROM extra.seen") == [(1, "red", 1)]
        image.query("ALTER TABLE extra.kept ADD COLUMN more int")
        image.query("ALTER TABLE extra.kept DROP COLUMN more")
        image.query("ALTER TYPE color ADD VALUE IF NOT EXISTS 'blue'")
        image.stop()
    image.start()
    image.migrate()


def test_a_start_that_was_killed_while_it_took_the_rights_is_finished_by_the_next(
    image: Image, old_data: Path
) -> None:
    use(old_data, image)
    image.query('CREATE ROLE "mlflow-without-rights"')
    image.query('ALTER TABLE experiments OWNER TO "mlflow-without-rights"')
    image.query('ALTER DATABASE mlflow OWNER TO "mlflow-without-rights"')
    image.run(STOPS["orderly"])
    image.start()
    check_rights(image)
    image.migrate()
