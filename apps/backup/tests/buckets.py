"""Real servers behind the protocols of buckets, and the environment of a backup that uses them."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from cheap_key import cheap_key, make_cheap
from google_address import GoogleAddress

from postgres import free_port

_CACHE = Path("~/.cache/mlops-platform/tests").expanduser()
_GATEWAY_VERSION = "v1.8.0"
BUCKET = "backups"


@dataclass(frozen=True)
class Bucket:
    """A bucket with a server of its protocol."""

    environment: dict[str, str]
    make_cheap: Callable[[str], None]
    """Replaces the key of the repository in it, given its password."""


@contextmanager
def s3(folder: Path) -> Iterator[Bucket]:
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
        environment = {
            "RESTIC_REPOSITORY": f"s3:http://127.0.0.1:{port}/{BUCKET}/mlflow-backup",
            "AWS_ACCESS_KEY_ID": "backup",
            "AWS_SECRET_ACCESS_KEY": "secret-of-backup",
        }
        repository = folder / "objects" / BUCKET / "mlflow-backup"
        yield Bucket(environment, lambda password: make_cheap(repository, password))


@contextmanager
def google(folder: Path) -> Iterator[Bucket]:
    """fake-gcs-server, with the key of a service account. It is the one of the stage `stores`."""
    program = next((_CACHE / "google-stand-ins").glob("*/bucket"), None)
    if program is None:
        pytest.skip("needs the stand-in for Cloud Storage: npm test -- stores")
    port = free_port()
    url = "https://storage.googleapis.com"
    words = [program, f"-bucket={BUCKET}", f"-port={port}", f"-url={url}"]
    with _running(words, port, folder / "server.log"), GoogleAddress(folder, port) as address:
        environment = {"RESTIC_REPOSITORY": f"gs:{BUCKET}:/mlflow-backup", **address.environment}
        yield Bucket(environment, lambda password: _make_cheap_at_google(port, password))
        assert address.tokens > 0


def _make_cheap_at_google(port: int, password: str) -> None:
    server = f"http://127.0.0.1:{port}"
    objects = f"storage/v1/b/{BUCKET}/o"

    def call(path: str, method: str = "GET", data: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{server}/{path}", method=method, data=data)
        with urllib.request.urlopen(request) as reply:
            return reply.read()

    (key,) = json.loads(call(f"{objects}?prefix=mlflow-backup/keys/"))["items"]
    costly = f"{objects}/{quote(key['name'], safe='')}"
    name, content = cheap_key(call(f"{costly}?alt=media"), password)
    call(f"upload/{objects}?uploadType=media&name=mlflow-backup/keys/{name}", "POST", content)
    call(costly, "DELETE")


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
