"""POST /invocations: one prediction request, from its body to its answer."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from email.message import Message

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from model_server.body import TooLargeError, TooSlowError, read_body
from model_server.errors import InputError, in_short
from model_server.follower import Follower
from model_server.loaded_model import Answer, LoadedModel
from model_server.metrics import Metrics
from model_server.settings import Settings

_log = logging.getLogger(__name__)
_MEDIA_TYPES = ("application/json", "text/csv")


class RefusalError(Exception):
    """An answer other than a prediction."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Invocations:
    """Predicts in a bounded pool of threads, so that the event loop stays free to answer probes."""

    def __init__(self, follower: Follower, metrics: Metrics, settings: Settings) -> None:
        self._follower = follower
        self._metrics = metrics
        self._settings = settings
        self._pool = ThreadPoolExecutor(settings.prediction_threads, thread_name_prefix="predict")
        self._pending = 0

    async def __call__(self, request: Request) -> Response:
        started = time.perf_counter()
        model: LoadedModel | None = None
        self._pending += 1
        self._metrics.in_flight.set(self._pending)
        try:
            media_type, body = await self._accept(request)
            # Taken after the body has arrived, so a slow sender does not pin an old model.
            model = self._follower.current
            if model is None:
                raise RefusalError(503, self._follower.why_no_model())
            response = await self._predict(model, media_type, body)
        except RefusalError as refusal:
            response = error_response(refusal.status, refusal.detail)
        except ClientDisconnect:
            response = Response(status_code=499)
        finally:
            self._pending -= 1
            self._metrics.in_flight.set(self._pending)
        version = model.version.version if model else "none"
        if model:
            response.headers["X-Model-Version"] = version
        self._metrics.request_done(version, response.status_code, time.perf_counter() - started)
        return response

    async def _accept(self, request: Request) -> tuple[str, bytes]:
        if self._pending > self._settings.max_pending_requests:
            raise RefusalError(503, "Too many requests at once; try again in a second.")
        limit = self._settings.max_request_bytes
        try:
            body = await read_body(request, limit)
        except TooLargeError:
            raise RefusalError(413, f"The request is larger than {limit} bytes.") from None
        except TooSlowError:
            raise RefusalError(408, "The request body did not arrive within 30 seconds.") from None
        if self._follower.current is None:
            raise RefusalError(503, self._follower.why_no_model())
        return _media_type(request), body

    async def _predict(self, model: LoadedModel, media_type: str, body: bytes) -> Response:
        loop = asyncio.get_running_loop()
        version = model.version.version
        try:
            answer = await loop.run_in_executor(self._pool, _answer, model, media_type, body)
        except InputError as error:
            raise RefusalError(400, _sentence(str(error))) from None
        except Exception as error:
            _log.exception("version %s failed to predict", version)
            raise RefusalError(500, f"Version {version} failed: {in_short(error)}") from None
        self._metrics.rows.labels(version).inc(answer.rows)
        return Response(answer.body, media_type="application/json")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def error_response(status: int, detail: str) -> Response:
    """Every error of the server has this one shape."""
    headers = {"Retry-After": "1"} if status == 503 else None
    body = json.dumps({"detail": detail})
    return Response(body, status, headers=headers, media_type="application/json")


def _answer(model: LoadedModel, media_type: str, body: bytes) -> Answer:
    try:
        return model.answer(media_type, body)
    except SystemExit as error:  # would otherwise travel to the event loop and end the server
        raise RuntimeError("the model called exit()") from error


def _media_type(request: Request) -> str:
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    media_type = header.get_content_type()
    sent = request.headers.get("content-type") or "none"
    if media_type not in _MEDIA_TYPES or "content-type" not in request.headers:
        wanted = " or ".join(_MEDIA_TYPES)
        raise RefusalError(415, f"The content type must be {wanted}, not {sent}.")
    if (header.get_content_charset() or "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise RefusalError(415, f"The charset must be utf-8, not {header.get_content_charset()}.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusalError(415, "A Content-Encoding is not supported; send the body as it is.")
    return media_type


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."
