"""Reads a request's body without ever holding more than the limits, for one and for all."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect, Request

# A body of up to this many bytes is small: it is always read, and predicted apart from large ones.
SMALL_BYTES = 64 * 1024
_READ_SECONDS = 30.0
_DRAIN_SECONDS = 2.0
_DRAIN_TIMES_LIMIT = 4


class TooLargeError(Exception):
    """The body is longer than the limit."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


class NoRoomError(Exception):
    """Other large bodies hold all the memory that there is for them."""


class Room:
    """The bytes that large bodies may hold together, from when they arrive until their answer."""

    def __init__(self, size: int) -> None:
        self.free = size

    def share(self) -> Share:
        """What one request holds, given back at the end of the `with` block."""
        return Share(self)


class Share:
    """Counts what has arrived, not what was announced: a header takes nobody's place."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0

    def __enter__(self) -> Share:
        return self

    def hold(self, size: int) -> None:
        """Hold this many bytes, or `NoRoomError`. A small body needs no room."""
        more = size - self._held if size > SMALL_BYTES else 0
        if more > self._room.free:
            raise NoRoomError
        self._room.free -= more
        self._held += more

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._room.free += self._held


async def read_body(request: Request, limit: int, share: Share) -> bytes:
    """The whole body. Trusts Content-Length only to refuse early; counts what really arrives."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        # A sender that waits for 100-continue has sent nothing, and gets its answer at once.
        if "expect" not in request.headers:
            await _drain(request, limit)
        raise TooLargeError
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise TooLargeError
                share.hold(len(body))
    except TimeoutError:
        raise TooSlowError from None
    except (TooLargeError, NoRoomError):
        body.clear()
        await _drain(request, limit)
        raise
    return bytes(body)


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
