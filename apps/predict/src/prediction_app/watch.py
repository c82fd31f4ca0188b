"""The state of each model server, without waiting long for any of them."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from prediction_app.client import AskError, ModelServer, NoModelError
from prediction_app.model import Model

# A server that takes longer must hold up neither its page nor the overview.
_PATIENCE_SECONDS = 1.5
_PATIENCE_FOR_ALL_SECONDS = 0.5
_FRESH_SECONDS = 10

Answer = TypeVar("Answer")
Seen_co = TypeVar("Seen_co", covariant=True)


class Question(Generic[Answer]):
    """Requested once for all visitors: while a request is open, no second one is sent."""

    def __init__(self, name: str, describe: Callable[[], Answer]) -> None:
        self._describe = describe
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"look-{name}")
        self._lock = threading.Lock()
        self._asked: Future[Answer] | None = None
        self._last: Answer | None = None
        self._answered_at = float("-inf")

    def ask(self) -> None:
        """Starts a request without waiting for it."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._thread.submit(self._note)

    def answer(self, patience: float) -> Answer | None:
        """The answer, or one from a moment ago; None if there is neither."""
        try:
            return self._asked.result(patience) if self._asked else None
        except StillWaiting:
            is_fresh = time.monotonic() - self._answered_at < _FRESH_SECONDS
            return self._last if is_fresh else None

    def _note(self) -> Answer:
        self._last = answer = self._describe()
        self._answered_at = time.monotonic()
        return answer


@dataclass(frozen=True)
class Look:
    """The state of a model server: the model to draw, and any problem."""

    model: Model | None = None
    waiting: str | None = None
    """Why there is no model."""
    away: str | None = None
    """Why the server cannot be reached right now."""


class Watched:
    """A model server whose state all visitors share."""

    def __init__(
        self, name: str, url: str, public_url: str | None = None, owner: str | None = None
    ) -> None:
        self.name = name
        self.server = ModelServer(url, name)
        self.public_url = public_url or url
        self.owner = owner
        self.key = (name, url, public_url, owner)
        self._question = Question(name, self._describe)
        self._model: Model | None = None

    def ask(self) -> None:
        self._question.ask()

    def look(self) -> Look:
        """Requests the model; while the server is away or slow, the last one stays."""
        self.ask()
        return self.seen(_PATIENCE_SECONDS)

    def seen(self, patience: float) -> Look:
        found = self._question.answer(patience)
        return found or Look(model=self._model, away="The model server has not answered yet.")

    def _describe(self) -> Look:
        try:
            found = Look(model=self.server.describe())
        except NoModelError as reason:
            found = Look(waiting=str(reason))
        except AskError as reason:
            found = Look(model=self._model, away=str(reason))
        self._model = found.model
        return found


class Askable(Protocol[Seen_co]):
    def ask(self) -> object: ...

    def seen(self, patience: float) -> Seen_co: ...


def look_at_all(askables: Sequence[Askable[Seen_co]]) -> list[Seen_co]:
    """Requests the state of all of them at once."""
    for one in askables:
        one.ask()
    until = time.monotonic() + _PATIENCE_FOR_ALL_SECONDS
    return [one.seen(max(0.0, until - time.monotonic())) for one in askables]
