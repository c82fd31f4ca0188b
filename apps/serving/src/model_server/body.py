"""Reads a request's body without ever holding more than the limits, for one and for all."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

# A body of up to this many bytes is small: it is always read, and predicted apart from large ones.
SMALL_BYTES = 64 * 1024
READ_SECONDS = 30.0
_WAIT_SECONDS = 60.0
_MOST_WAITING = 32
_DRAIN_SECONDS = 2.0
_DRAIN_TIMES_LIMIT = 4


class TooLargeError(Exception):
    """The body is longer than the limit."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


class NoPlaceError(Exception):
    """Too many large bodies are waiting to be received, or one has waited too long."""


class LargeBodies:
    """Holds a few large bodies at a time, from their arrival until their answer. The others are not
    read until there is a place, so they stay with their senders."""

    def __init__(self, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0

    async def take_place(self) -> None:
        """Wait for a place, or `NoPlaceError`."""
        if self._waiting >= _MOST_WAITING:
            raise NoPlaceError
        self._waiting += 1
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise NoPlaceError from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Let the next one in."""
        self._places.release()


class Body:
    """The body of one request, and its place among the large ones if it is one."""

    def __init__(self, request: Request, limit: int, large_bodies: LargeBodies) -> None:
        self._request = request
        self._limit = limit
        self._large_bodies = large_bodies
        self._has_place = False

    async def read(self) -> bytes:
        """All of it. Trusts Content-Length only to refuse early; counts what really arrives."""
        declared = self._request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._limit:
            # A sender that waits for 100-continue has sent nothing, and gets its answer at once.
            if "expect" not in self._request.headers:
                await _drain(self._request, self._limit)
            raise TooLargeError
        try:
            return await self._receive()
        except (TooLargeError, NoPlaceError):
            await _drain(self._request, self._limit)
            raise

    async def _receive(self) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(READ_SECONDS) as deadline:
                async for chunk in self._request.stream():
                    body += chunk
                    if len(body) > self._limit:
                        raise TooLargeError
                    if len(body) > SMALL_BYTES and not self._has_place:
                        deadline.reschedule(None)
                        await self._large_bodies.take_place()
                        self._has_place = True
                        deadline.reschedule(asyncio.get_running_loop().time() + READ_SECONDS)
        except TimeoutError:
            raise TooSlowError from None
        return bytes(body)

    def release(self) -> None:
        """Free the place; the request has been answered."""
        if self._has_place:
            self._has_place = False
            self._large_bodies.leave()


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
