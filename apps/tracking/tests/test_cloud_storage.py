"""Artifacts in a bucket, by Google's own client: a large upload goes in small pieces."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import google_crc32c
import pytest
from mlflow.store.artifact.gcs_artifact_repo import GCSArtifactRepository
from tracking_server.server import defaults

MIB = 2**20


class Bucket(ThreadingHTTPServer):
    """As much of Cloud Storage as a resumable upload needs. Notes the size of each piece."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.pieces: list[int] = []
        self.checksum = google_crc32c.Checksum()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    """Begins an upload with POST, takes a piece of it with PUT."""

    server: Bucket
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {"Location": f"{self.server.url}/upload"}, {})

    def do_PUT(self) -> None:
        piece = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.pieces.append(len(piece))
        self.server.checksum.update(piece)
        last, size = self.headers["Content-Range"].rsplit("-", 1)[1].split("/")
        if int(last) + 1 != int(size):
            self.answer(308, {"Range": f"bytes=0-{last}"}, {})
            return
        crc32c = base64.b64encode(self.server.checksum.digest()).decode()
        self.answer(200, {}, {"size": size, "crc32c": crc32c})

    def answer(self, status: int, headers: dict[str, str], content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_upload_takes_little_memory_however_large_the_file(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in defaults(dict(os.environ)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.url)
    file = tmp_path / "model.bin"
    with file.open("wb") as content:
        content.truncate(150 * MIB)
    GCSArtifactRepository("gs://models/artifacts").log_artifact(str(file))
    assert sum(bucket.pieces) == 150 * MIB
    assert max(bucket.pieces) <= 16 * MIB
