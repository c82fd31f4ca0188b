"""The sending platform, from the point of view of the receiving one."""

import hashlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from backup.errors import BackupError
from backup.manifest import MANIFEST, File, Manifest, from_json
from backup.progress import sparingly

# A forwarded port has no flow control: everything requested at once is held in the memory of the
# machine that forwards it.
PART = 4 << 20
CONNECTIONS = 4
IDLE_SECONDS = 120
_ANSWER_SECONDS = 120


class Peer:
    """Reads files over incoming connections, as many at a time as there are threads.

    `npm run copy` connects to both pods and joins the connections, so here the client listens.
    """

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=CONNECTIONS)
        self._listener.settimeout(IDLE_SECONDS)
        self._own = threading.local()
        self._report = sparingly(10)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def manifest(self) -> Manifest:
        return from_json(b"".join(self._parts(MANIFEST, self.file(MANIFEST).size)))

    def file(self, name: str) -> File:
        """The current state of the file."""
        return File(*json.loads(self._get(f"/{quote(name)}")))

    def content(self, name: str, size: int) -> "Content":
        return Content(self._parts(name, size))

    def read(self, name: str, target: Path) -> None:
        with target.open("wb") as copy:
            for part in self._parts(name, self.file(name).size):
                copy.write(part)

    def _parts(self, name: str, size: int) -> Iterator[bytes]:
        for offset in range(0, size, PART):
            length = min(PART, size - offset)
            yield self._get(f"/{quote(name)}?offset={offset}&length={length}")

    def _get(self, path: str) -> bytes:
        while True:
            connection = self._connection()
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                self._own.connection = None
                self._report("a connection was lost; waiting for the next one")
                continue
            if response.status != 200:
                raise BackupError(
                    f"{path[1:]} was deleted during the copy; run `npm run copy` again"
                )
            return body

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("sender")
            try:
                connection.sock, _ = self._listener.accept()
            except TimeoutError:
                raise BackupError(
                    f"no connection for {IDLE_SECONDS} s; run `npm run copy` again: files that "
                    "are already here are not copied again"
                ) from None
            connection.sock.settimeout(_ANSWER_SECONDS)
            self._own.connection = connection
        return connection


class Content:
    """The content of a file, which is hashed as it passes."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self._digest.update(part)
            yield part

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
