"""Reads a request's body without ever holding more than the limit."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

_READ_SECONDS = 30.0
_DRAIN_SECONDS = 2.0
_DRAIN_TIMES_LIMIT = 4


class TooLargeError(Exception):
    """The body is longer than the limit."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Trusts Content-Length only to refuse early; counts what really arrives."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        # A sender that waits for 100-continue has sent nothing, and gets its answer at once.
        if "expect" not in request.headers:
            await _drain(request, limit)
        raise TooLargeError
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    chunks.clear()
                    break
                chunks.append(chunk)
    except TimeoutError:
        raise TooSlowError from None
    if size > limit:
        await _drain(request, limit)
        raise TooLargeError
    return b"".join(chunks)


async def _drain(request: Request, limit: int) -> None:
    """Throw away a bounded rest: a client still writing would see a reset, not the answer."""
    left = limit * _DRAIN_TIMES_LIMIT
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                message = await request.receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                left -= len(message.get("body", b""))
    except (TimeoutError, ClientDisconnect):
        return
