"""Serves a platform's data to the platform that copies it, and changes nothing.

The pod listens on its own loopback address. `npm run copy` carries connections from there to the
pod that receives, so neither pod has to reach the other.
"""

import json
import time
from dataclasses import astuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from backup import databases, make
from backup.manifest import ARTIFACTS, MANIFEST, file_of
from backup.progress import say, size_text
from backup.settings import Settings

# A command that is killed cannot delete its Job. One that works keeps connections open and makes
# lost ones again within a second; one whose machine has lost its network leaves them open.
GONE_SECONDS = 30
IDLE_SECONDS = 600


def send(settings: Settings, port: int) -> None:
    """Answers requests until no more arrive, or the Job is deleted."""
    # as long as it is held, no `gc` deletes a file that the manifest names
    with databases.backup_lock(), make.described(settings, known={}) as manifest:
        dumps = {f"{role}.dump" for role in settings.databases}
        with _Server(settings.work, port, {MANIFEST, *dumps}) as server:
            size = size_text(manifest.size)
            say(f"ready to send {size}: {manifest.counts()}")
            while server.is_wanted():
                server.handle_request()
    say("the copy has ended, or its command was killed")


class _Server(ThreadingHTTPServer):
    timeout = 1
    daemon_threads = True

    def __init__(self, folder: Path, port: int, names: set[str]) -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.folder = folder
        self.names = names
        self.last_request = time.monotonic()
        self.connections: set[_Answers] = set()
        self.last_closed: float | None = None

    def is_wanted(self) -> bool:
        now = time.monotonic()
        is_gone = not self.connections and now > (self.last_closed or now) + GONE_SECONDS
        return not is_gone and now < self.last_request + IDLE_SECONDS


class _Answers(BaseHTTPRequestHandler):
    """A part of a file, or its current state."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self)

    def finish(self) -> None:
        super().finish()
        self.server.connections.discard(self)
        self.server.last_closed = time.monotonic()

    def do_GET(self) -> None:
        self.server.last_request = time.monotonic()
        url = urlsplit(self.path)
        name = unquote(url.path).lstrip("/")
        query = {key: int(value) for key, (value, *_) in parse_qs(url.query).items()}
        try:
            file = self._file(name)
            if "length" not in query:
                self._answer(json.dumps(astuple(file_of(file))).encode())
                return
            with file.open("rb") as content:
                content.seek(query["offset"])
                self._answer(content.read(query["length"]))
        except FileNotFoundError:
            self.send_error(404)

    def _file(self, name: str) -> Path:
        folder = self.server.folder
        file = (folder / name).resolve()
        is_artifact = (folder / ARTIFACTS).resolve() in file.parents
        if not (is_artifact or name in self.server.names) or not file.is_file():
            raise FileNotFoundError(name)
        return file

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
