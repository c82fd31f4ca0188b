"""One prediction request, from its body to its answer, in whichever protocol it comes."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache, partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from model_server.body import (
    READ_SECONDS,
    SMALL_BYTES,
    Body,
    LargeBodies,
    NoPlaceError,
    TooLargeError,
    TooSlowError,
)
from model_server.errors import InputError, in_short
from model_server.follower import Follower
from model_server.lanes import BusyError, Lane, LateError
from model_server.loaded_model import Answer, LoadedModel
from model_server.metrics import Metrics
from model_server.settings import Settings
from model_server.wording import shown

_log = logging.getLogger(__name__)
# A small request that takes longer lets the next one start on a spare thread.
_TURN_SECONDS = 0.2
_SPARE_THREADS = 6
# Large bodies in memory, counting those that still arrive.
_LARGE_BODIES = 3
_LARGE_TIMES = 10


@dataclass(frozen=True)
class Ask:
    """How the model predicts for a body."""

    answer: Callable[[bytes], Answer]
    """In a thread; raises `InputError`."""
    at_once: Callable[[bytes], Answer | None] = lambda _: None
    """Without one, where that is sure to take no time; else None."""


Read = Callable[[Request, LoadedModel], Ask]
"""Checks all of a request but its body, or raises `RefusalError`."""


class RefusalError(Exception):
    """An answer other than a prediction."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Invocations:
    """Predicts in threads, so that the event loop stays free to answer probes. Small requests and
    large ones have separate threads, so that no number of large ones delays a small one."""

    def __init__(self, follower: Follower, metrics: Metrics, settings: Settings) -> None:
        self._follower = follower
        self._metrics = metrics
        self._settings = settings
        self._seconds = settings.prediction_timeout_seconds
        self._large_bodies = LargeBodies(_LARGE_BODIES)
        lane = partial(
            Lane, most_pending=settings.max_pending_requests, answer_seconds=self._seconds
        )
        self._small = lane(
            "small",
            at_once=settings.prediction_threads,
            spare_threads=_SPARE_THREADS,
            turn_seconds=_TURN_SECONDS,
        )
        # One at a time: each takes many times its size while it is decoded.
        self._large = lane("large", at_once=1, spare_threads=1, turn_seconds=self._seconds)
        self._in_flight = 0
        metrics.overdue.set_function(self._overdue)

    async def __call__(self, request: Request, read: Read, word: str = "detail") -> Response:
        """The answer; `word` is what the protocol calls the reason in an error."""
        started = time.perf_counter()
        self._in_flight += 1
        self._metrics.in_flight.set(self._in_flight)
        model: LoadedModel | None = None
        body = Body(request, self._settings.max_request_bytes, self._large_bodies)
        try:
            content = await self._read(body)
            # Taken after the body has arrived, so a slow sender does not pin an old model.
            model = self._follower.current
            if model is None:
                raise RefusalError(503, self._follower.why_no_model())
            response = await self._predict(model, read(request, model), content)
        except RefusalError as refusal:
            response = error_response(refusal.status, refusal.detail, word)
        except ClientDisconnect:
            response = Response(status_code=499)
        finally:
            body.release()
            self._in_flight -= 1
            self._metrics.in_flight.set(self._in_flight)
        version = model.version.version if model else "none"
        if model:
            response.headers["X-Model-Version"] = version
        self._metrics.request_done(version, response.status_code, time.perf_counter() - started)
        return response

    async def _read(self, body: Body) -> bytes:
        try:
            return await body.read()
        except TooLargeError:
            limit = self._settings.max_request_bytes
            raise RefusalError(413, f"The request is larger than {limit} bytes.") from None
        except TooSlowError:
            raise RefusalError(
                408, f"The request body did not arrive within {READ_SECONDS:g} seconds."
            ) from None
        except NoPlaceError:
            raise _busy() from None

    async def _predict(self, model: LoadedModel, ask: Ask, body: bytes) -> Response:
        at_once = ask.at_once(body)
        if at_once is not None:
            return self._respond(model, at_once)
        lane = self._small if len(body) <= SMALL_BYTES else self._large
        version = model.version.version
        try:
            answer = await lane.run(partial(_answer, version, ask.answer, body))
        except BusyError:
            raise _busy() from None
        except LateError:
            _log.warning("version %s did not answer within %g s", version, self._seconds)
            raise RefusalError(
                504, f"Version {version} did not answer within {self._seconds:g} s."
            ) from None
        if isinstance(answer, RefusalError):
            raise answer
        return self._respond(model, answer)

    def _respond(self, model: LoadedModel, answer: Answer) -> Response:
        self._metrics.rows.labels(model.version.version).inc(answer.rows)
        return Response(answer.body, headers=answer.headers)

    def why_stuck(self) -> str | None:
        """A sentence for people if no thread is left to answer; only a restart helps.
        Large requests may well take long, so theirs count much later."""
        if self._small.stuck(self._seconds):
            return f"Every prediction has been running for more than {self._seconds:g} s."
        if self._large.stuck(_LARGE_TIMES * self._seconds):
            longer = _LARGE_TIMES * self._seconds
            return f"Every large prediction has been running for more than {longer:g} s."
        return None

    def _overdue(self) -> int:
        return self._small.overdue(self._seconds) + self._large.overdue(self._seconds)

    def close(self) -> None:
        self._small.close()
        self._large.close()


_HEADERS = {503: {"Retry-After": "1"}, 408: {"Connection": "close"}}


def error_response(status: int, detail: str, word: str = "detail") -> Response:
    """Every error of the server has this one shape."""
    headers = _HEADERS.get(status)
    body = json.dumps({word: detail})
    return Response(body, status, headers=headers, media_type="application/json")


def _busy() -> RefusalError:
    return RefusalError(503, "Too many requests at once; try again in a second.")


def _answer(version: str, ask: Callable[[bytes], Answer], body: bytes) -> Answer | RefusalError:
    """Errors end here, in the thread that has them: their tracebacks would hold everything that the
    request had in memory for as long as they travel."""
    try:
        return ask(body)
    except InputError as error:
        return RefusalError(400, _sentence(str(error)))
    # exit() in a model would end the server
    except (Exception, SystemExit) as error:
        _log.exception("version %s failed to predict", version)
        leaves = isinstance(error, SystemExit)
        why = "the model called exit()" if leaves else in_short(error)
        return RefusalError(500, f"Version {version} failed: {why}")


def ask_mlflow(request: Request, model: LoadedModel) -> Ask:
    """How `POST /invocations` reads a request."""
    refuse_encoding(request)
    media_type = media_type_of(request, ("application/json", "text/csv"))
    probabilities = _wants_probabilities(request)
    answer = partial(model.answer, media_type, probabilities=probabilities)
    plain = media_type == "application/json" and not probabilities
    return Ask(answer, model.at_once) if plain else Ask(answer)


def _wants_probabilities(request: Request) -> bool:
    said = request.query_params.get("probabilities", "false")
    if said not in ("true", "false"):
        raise RefusalError(400, f"probabilities must be true or false, not {shown(said)}.")
    return said == "true"


def media_type_of(request: Request, accepted: Sequence[str]) -> str:
    """The media type of the body, or a refusal."""
    sent = request.headers.get("content-type")
    media_type, charset = _parse_media_type(sent or "")
    if media_type not in accepted or sent is None:
        wanted = " or ".join(accepted)
        raise RefusalError(415, f"The content type must be {wanted}, not {sent or 'none'}.")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise RefusalError(415, f"The charset must be utf-8, not {charset}.")
    return media_type


@lru_cache(maxsize=64)
def _parse_media_type(sent: str) -> tuple[str, str]:
    header = Message()
    header["Content-Type"] = sent
    return header.get_content_type(), header.get_content_charset() or "utf-8"


def refuse_encoding(request: Request) -> None:
    """Raise if the body is compressed."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusalError(415, "A Content-Encoding is not supported; send the body as it is.")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."
