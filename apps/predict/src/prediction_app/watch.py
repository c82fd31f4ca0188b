"""What is known about each model server, without waiting long for any of them."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import dataclass

from prediction_app.client import AskError, ModelServer, NoModelError
from prediction_app.model import Model

# A server that takes longer must hold up neither its page nor the overview.
_PATIENCE_SECONDS = 1.5
_PATIENCE_FOR_ALL_SECONDS = 0.5
_FRESH_SECONDS = 10


@dataclass(frozen=True)
class Look:
    """One look at a model server: the model to draw, and what stands in the way."""

    model: Model | None = None
    waiting: str | None = None
    """Why there is no model."""
    away: str | None = None
    """Why the server cannot be asked right now."""


class Watched:
    """A model server whose state all visitors share."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.server = ModelServer(url, name)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"look-{name}")
        self._lock = threading.Lock()
        self._asked: Future[Look] | None = None
        self._last = Look()
        self._seen_at = float("-inf")

    def look(self) -> Look:
        """Asks it; while it is away or slow, the model of the last time stays."""
        return self._look_of(self._ask(), _PATIENCE_SECONDS)

    def _ask(self) -> Future[Look]:
        """A question that is still open is not asked twice."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._thread.submit(self._describe)
            return self._asked

    def _look_of(self, asked: Future[Look], patience: float) -> Look:
        try:
            return asked.result(patience)
        except StillWaiting:
            if time.monotonic() - self._seen_at < _FRESH_SECONDS:
                return self._last
            return Look(model=self._last.model, away="The model server has not answered yet.")

    def _describe(self) -> Look:
        try:
            found = Look(model=self.server.describe())
        except NoModelError as reason:
            found = Look(waiting=str(reason))
        except AskError as reason:
            found = Look(model=self._last.model, away=str(reason))
        self._last, self._seen_at = found, time.monotonic()
        return found


def look_at_all(servers: list[Watched]) -> list[Look]:
    """Looks at all of them at once."""
    questions = [watched._ask() for watched in servers]
    until = time.monotonic() + _PATIENCE_FOR_ALL_SECONDS
    return [
        watched._look_of(asked, max(0.0, until - time.monotonic()))
        for watched, asked in zip(servers, questions, strict=True)
    ]
