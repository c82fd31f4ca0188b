"""Bounds what clients can hold by being slow: uvicorn itself only closes idle connections.

A connection is open for a request that arrives, is answered, or may come next. Those whose header
takes too long are closed, as are those that do not read their answer; beyond a number of
connections, the oldest one without a complete request makes room for the next.

A client that keeps its connection never sees the pods that are added, and fails when it sends a
request just as its pod closes the connection. So an old connection ends with an answer that says
so, and while the server stops every connection does.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol


@dataclass(frozen=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    # Well below the 1024 descriptors that some nodes give a container.
    connections: int = 512
    header_bytes: int = 64 * 1024
    header_seconds: float = 10.0
    # An answer that waits to be read: so much of it must be read in so much time.
    unread_seconds: float = 30.0
    read_bytes: int = 1024 * 1024
    # All answers that wait to be read; the last one may be of any size.
    unread_bytes: int = 64 * 1024 * 1024
    # The answer after so long is a connection's last: the client's next one may go to a new pod.
    connection_seconds: float = 30.0
    # How long a server that stops waits for the next request of each open connection.
    farewell_seconds: float = 5.0


class Connections:
    """Every open connection by what it waits for; the one that has waited longest comes first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.all: set[Connection] = set()
        self.headers: dict[Connection, float] = {}
        self.bodies: dict[Connection, float] = {}
        self.idle: dict[Connection, float] = {}
        self.unread: dict[Connection, tuple[float, int]] = {}
        self.farewell_ends: float | None = None

    def say_farewell(self) -> None:
        """From now on every answer is the last of its connection."""
        self.farewell_ends = time.monotonic() + self.limits.farewell_seconds

    @property
    def is_farewell_over(self) -> bool:
        """Whether every client had an answer that closes its connection, or the time for one."""
        ends = self.farewell_ends
        return ends is not None and (time.monotonic() > ends or not (self.idle or self.headers))

    @property
    def protocol(self) -> Any:  # noqa: ANN401
        """What uvicorn takes as `http`."""
        return partial(Connection, self)

    def make_room(self) -> bool:
        """Whether one more may be opened; the oldest without a complete request gives way, or the
        one that has been idle longest."""
        if len(self.all) < self.limits.connections:
            return True
        oldest = [next(iter(place.items())) for place in (self.headers, self.bodies) if place]
        if oldest:
            min(oldest, key=itemgetter(1))[0].drop()
        elif self.idle:
            next(iter(self.idle)).drop()
        return len(self.all) < self.limits.connections

    def stalls(self, connection: Connection) -> None:
        """The client reads an answer more slowly than it is written."""
        self.unread[connection] = (time.monotonic(), connection.unread_bytes)
        held = {other: other.unread_bytes for other in self.unread}
        excess = sum(held.values()) - self.limits.unread_bytes
        for other, size in held.items():
            if excess <= 0 or other is connection:
                return
            other.drop()
            excess -= size

    async def sweep(self) -> None:
        """Close what has waited too long. uvicorn calls it every second or two."""
        now = time.monotonic()
        for connection, since in list(self.headers.items()):
            if now - since < self.limits.header_seconds:
                break
            connection.drop()
        for connection, (since, unread) in list(self.unread.items()):
            if now - since < self.limits.unread_seconds:
                continue
            if unread - connection.unread_bytes < self.limits.read_bytes:
                connection.drop()
            else:
                self.unread[connection] = (now, connection.unread_bytes)


class Connection(HttpToolsProtocol):
    """One connection, which keeps its place among the others up to date."""

    def __init__(self, connections: Connections, **given: Any) -> None:  # noqa: ANN401
        super().__init__(**given)
        self._connections = connections
        self._place: dict[Connection, float] | None = None
        self._receiving = False
        self._unparsed = 0
        self._opened = time.monotonic()

    @property
    def unread_bytes(self) -> int:
        """What was written and has not left for the client."""
        return self.transport.get_write_buffer_size()

    def _move(self, place: dict[Connection, float] | None) -> None:
        if self._place is not None:
            self._place.pop(self, None)
        self._place = place if self in self._connections.all else None
        if self._place is not None:
            self._place[self] = time.monotonic()

    def drop(self) -> None:
        """Close at once; `transport.close()` would wait until all is read."""
        self._forget()
        self.transport.abort()

    def _forget(self) -> None:
        self._connections.all.discard(self)
        self._move(None)
        self._connections.unread.pop(self, None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self._connections.make_room():
            self.drop()
            return
        self._connections.all.add(self)
        self._move(self._connections.headers)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._place is self._connections.idle:
            self._move(self._connections.headers)
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > self._connections.limits.header_bytes:
            self._refuse_header()

    def _refuse_header(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.drop()  # in the middle of another answer
            return
        body = json.dumps({"detail": "The header of the request is too large."}).encode()
        self.transport.write(
            STATUS_LINE[431] + b"content-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        self.transport.close()

    def on_message_begin(self) -> None:
        self._receiving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._move(self._connections.bodies)
        super().on_headers_complete()
        age = time.monotonic() - self._opened
        if (
            self._connections.farewell_ends is not None
            or age > self._connections.limits.connection_seconds
        ):
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0  # so it grows by headers, trailers and the extensions of a chunk only
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._receiving = False
        self._unparsed = 0
        super().on_message_complete()
        if not self.cycle.response_complete:
            self._move(None)

    def on_response_complete(self) -> None:
        if not self.pipeline:
            # The rest of a request that was refused must come as fast as a header, and so must
            # the end of a connection.
            ends = self._receiving or self.transport.is_closing()
            self._move(self._connections.headers if ends else self._connections.idle)
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        self.drop()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self in self._connections.all:
            self._connections.stalls(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.unread.pop(self, None)
        if self._place is self._connections.headers:
            self._move(self._connections.headers)
