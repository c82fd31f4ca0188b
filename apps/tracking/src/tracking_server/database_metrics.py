"""Answers Prometheus with the state of the database, by Debian's prometheus-postgres-exporter."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy.engine import URL

from tracking_server.errors import StartupError
from tracking_server.settings import database_uri

_EXPORTER = "prometheus-postgres-exporter"
_ARGUMENTS = [
    # Its own queries need more rights than a user may have, and make hundreds of series: ours are
    # in queries.yaml.
    *("--disable-default-metrics", "--disable-settings-metrics"),
    *("--no-collector.database", "--no-collector.bgwriter"),
    f"--extend.query-path={Path(__file__).with_name('queries.yaml')}",
    "--log.level=warn",
]
# Names of files that a URI may give for TLS.
_CERTIFICATES = ("sslrootcert", "sslcert", "sslkey")
_ANSWER_SECONDS = 5
# The request for TLS, the first message to a Postgres: length 8, request code 80877103.
_TLS_QUESTION = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


def serve_database_metrics(environment: Mapping[str, str] = os.environ) -> None:
    """Becomes the exporter. While the database is away, it reports `pg_up 0`."""
    uri = database_uri(environment, "MLFLOW_BACKEND_STORE_URI")
    port = environment.get("METRICS_PORT") or "9187"
    words = [_EXPORTER, *_ARGUMENTS, f"--web.listen-address=:{port}"]
    try:
        os.execvpe(_EXPORTER, words, exporter_environment(uri, environment))
    except FileNotFoundError as error:
        raise StartupError(f"{_EXPORTER} must be installed; Debian has a package of it") from error


def exporter_environment(uri: URL, environment: Mapping[str, str]) -> dict[str, str]:
    """The same login in the exporter's words.

    User, password and database are separate from the address: the exporter cannot parse an address
    with a space in it, and its error would print the address, password included.
    """
    host = f"[{uri.host}]" if ":" in (uri.host or "") else uri.host
    options = {
        "sslmode": _tls_mode(uri),
        **{name: str(uri.query[name]) for name in _CERTIFICATES if name in uri.query},
        "connect_timeout": str(_ANSWER_SECONDS),
        "statement_timeout": str(_ANSWER_SECONDS * 1000),
    }
    return {
        "PATH": environment.get("PATH", os.defpath),
        "DATA_SOURCE_NAME": f"postgresql://{host}:{uri.port or 5432}/?{urlencode(options)}",
        "PGUSER": uri.username or "",
        "PGPASSWORD": uri.password or environment.get("PGPASSWORD", ""),
        "PGDATABASE": uri.database or "",
        "PGAPPNAME": "metrics",
    }


def _tls_mode(uri: URL) -> str:
    """By default MLflow's driver uses TLS where it is offered, which the exporter cannot do."""
    told = str(uri.query.get("sslmode", "prefer"))
    if told not in ("prefer", "allow"):
        return told
    try:
        address = (uri.host or "localhost", uri.port or 5432)
        with socket.create_connection(address, _ANSWER_SECONDS) as connection:
            connection.sendall(_TLS_QUESTION)
            return "require" if connection.recv(1) == b"S" else "disable"
    except OSError:
        return "disable"
