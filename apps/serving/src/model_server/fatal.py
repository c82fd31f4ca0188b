"""Remembers which version ended a process that loaded it, across restarts of the container."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model_server.errors import FatalLoadError, LoadError
from model_server.registry import ModelVersion

# As long as the follower's longest pause between two attempts.
_PAUSE_SECONDS = 300.0


class FatalVersions:
    """One file in the pod's volume, which outlives the container but not the pod."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()

    def refuse(self, version: ModelVersion) -> None:
        """Raise a `LoadError` for a version that ended its process within the last minutes."""
        known = self._read().get(_key(version))
        if known and self._clock() - known["at"] < _PAUSE_SECONDS:
            raise LoadError(known["reason"])

    def note(self, version: ModelVersion, error: FatalLoadError) -> None:
        entry = {"reason": str(error), "at": self._clock()}
        with self._lock:
            self._write({**self._read(), _key(version): entry})

    @contextmanager
    def watching(self, version: ModelVersion) -> Iterator[None]:
        """Written before the load, so that the next process finds it if this one dies."""
        self.note(version, FatalLoadError("the server ended while it loaded this version", "crash"))
        try:
            yield
        finally:
            with self._lock:
                others = {key: of for key, of in self._read().items() if key != _key(version)}
                self._write(others)

    def _read(self) -> dict[str, dict]:
        try:
            return json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def _write(self, entries: dict[str, dict]) -> None:
        whole = self._file.with_suffix(".new")
        whole.write_text(json.dumps(entries))
        whole.replace(self._file)


def _key(version: ModelVersion) -> str:
    return f"{version.name}/{version.version}/{version.created}"
