"""Real servers behind the protocols of buckets, and the environment of a backup that uses them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google_address import GoogleAddress

from postgres import free_port

_CACHE = Path("~/.cache/mlops-platform/tests").expanduser()
_GATEWAY_VERSION = "v1.8.0"
BUCKET = "backups"


@contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    """Versity's gateway, which checks the signature of every request."""
    (folder / "objects" / BUCKET).mkdir(parents=True)
    (folder / "attributes").mkdir()
    port = free_port()
    words = [
        *(_gateway(), "--quiet", "--port", f"127.0.0.1:{port}"),
        *("--access", "backup", "--secret", "secret-of-backup"),
        *("posix", "--sidecar", folder / "attributes", folder / "objects"),
    ]
    with _running(words, port, folder / "server.log"):
        yield {
            "RESTIC_REPOSITORY": f"s3:http://127.0.0.1:{port}/{BUCKET}/mlflow-backup",
            "AWS_ACCESS_KEY_ID": "backup",
            "AWS_SECRET_ACCESS_KEY": "secret-of-backup",
        }


@contextmanager
def google(folder: Path) -> Iterator[dict[str, str]]:
    """fake-gcs-server, with the key of a service account. It is the one of the stage `stores`."""
    program = next((_CACHE / "google-stand-ins").glob("*/bucket"), None)
    if program is None:
        pytest.skip("needs the stand-in for Cloud Storage: npm test -- stores")
    port = free_port()
    url = "https://storage.googleapis.com"
    words = [program, f"-bucket={BUCKET}", f"-port={port}", f"-url={url}"]
    with _running(words, port, folder / "server.log"), GoogleAddress(folder, port) as address:
        yield {"RESTIC_REPOSITORY": f"gs:{BUCKET}:/mlflow-backup", **address.environment}
        assert address.tokens > 0


def _gateway() -> Path:
    """Built once, from the Go module."""
    program = _CACHE / f"versitygw-{_GATEWAY_VERSION}" / "versitygw"
    if program.exists():
        return program
    if not shutil.which("go"):
        pytest.skip("needs Go, to build a server that speaks S3")
    module = f"github.com/versity/versitygw/cmd/versitygw@{_GATEWAY_VERSION}"
    environment = os.environ | {"GOBIN": str(program.parent), "CGO_ENABLED": "0"}
    command = ["go", "install", "-trimpath", "-ldflags=-s -w", module]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        pytest.skip(f"cannot build a server that speaks S3: {built.stderr[-300:]}")
    return program


@contextmanager
def _running(words: list[str | Path], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
