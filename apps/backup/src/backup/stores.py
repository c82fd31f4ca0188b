"""Where artifacts that are received go: a volume, or through the tracking server into a bucket."""

import base64
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import quote

from backup.errors import BackupError
from backup.manifest import File, files_of, hash_stream
from backup.settings import Settings

_API = "/api/2.0/mlflow-artifacts/artifacts"
_TIMEOUT_SECONDS = 600
_READERS = 4


class Store(Protocol):
    """Files by their path in the artifact store."""

    def hashes(self, wanted: Mapping[str, File]) -> dict[str, str]:
        """SHA-256 of the wanted files that are there, each read back."""
        ...

    def put(self, path: str, size: int, content: Iterable[bytes]) -> None: ...


class Folder:
    """Next to the files in use, which a swap replaces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hashes(self, wanted: Mapping[str, File]) -> dict[str, str]:
        found = files_of(self._folder)
        for path in found.keys() - wanted.keys():
            (self._folder / path).unlink()  # left by a copy that was interrupted and restarted
        return {path: file.sha256 for path, file in found.items()}

    def put(self, path: str, size: int, content: Iterable[bytes]) -> None:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as copy:
            copy.writelines(content)


class ThroughServer:
    """Into the place of the files, which no database knows before the swap.

    The tracking server has the right to its bucket, so the pod needs none.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + _API
        user = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
        self._authorization = f"Basic {base64.b64encode(user.encode()).decode()}"

    def hashes(self, wanted: Mapping[str, File]) -> dict[str, str]:
        folders = {"/".join(path.split("/")[:depth]) for path in wanted for depth in _depths(path)}
        there = [path for path in self._list("", folders) if path in wanted]
        with ThreadPoolExecutor(_READERS) as pool:
            return dict(zip(there, pool.map(self._hash, there), strict=True))

    def put(self, path: str, size: int, content: Iterable[bytes]) -> None:
        # urllib sends an iterable as it comes, also an empty one
        self._request("PUT", f"/{quote(path)}", content, {"Content-Length": str(size)}).close()

    def _list(self, folder: str, folders: set[str]) -> Iterator[str]:
        with self._request("GET", f"?path={quote(folder, safe='')}" if folder else "") as answer:
            entries = json.load(answer).get("files", [])
        for entry in entries:
            path = "/".join(part for part in (folder, entry["path"]) if part)
            if not entry["is_dir"]:
                yield path
            elif path in folders:
                yield from self._list(path, folders)

    def _hash(self, path: str) -> str:
        with self._request("GET", f"/{quote(path)}") as content:
            return hash_stream(content)

    def _request(
        self,
        method: str,
        path: str,
        body: Iterable[bytes] | None = None,
        headers: Mapping[str, str] = {},
    ) -> IO[bytes]:
        request = urllib.request.Request(self._url + path, data=body, method=method)
        for name, value in {"Authorization": self._authorization, **headers}.items():
            request.add_header(name, value)
        try:
            return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")[:300]
            raise BackupError(f"MLflow answers {error.code} for {path}: {reason}") from error
        except OSError as error:
            raise BackupError(f"cannot reach MLflow at {self._url}: {error}") from error


def _depths(path: str) -> range:
    return range(1, path.count("/") + 1)


def store_of(settings: Settings) -> Store:
    if settings.tracking is not None:
        return ThroughServer(settings.tracking)
    return Folder(settings.received)
