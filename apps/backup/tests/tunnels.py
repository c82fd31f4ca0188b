"""Stands for `npm run copy`: joins connections to the sending and to the receiving pod."""

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType


class Tunnels:
    """Keeps connections open between two ports of the loopback interface."""

    def __init__(self, sender: int, receiver: int, count: int = 5) -> None:
        self._ports = (receiver, sender)
        self._ended = threading.Event()
        self._open: set[socket.socket] = set()
        self._keepers = [threading.Thread(target=self._keep, daemon=True) for _ in range(count)]
        self.carried = 0

    def __enter__(self) -> "Tunnels":
        for keeper in self._keepers:
            keeper.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self.cut()

    def cut(self) -> None:
        """Every connection is lost."""
        _shut(list(self._open))

    def _keep(self) -> None:
        while not self._ended.is_set():
            ends: list[socket.socket] = []
            try:
                for port in self._ports:
                    ends.append(socket.create_connection(("127.0.0.1", port)))
                self._join(*ends)
            except OSError:
                time.sleep(0.05)
            finally:
                for end in ends:
                    end.close()

    def _join(self, receiver: socket.socket, sender: socket.socket) -> None:
        ends = (receiver, sender)
        self._open.update(ends)
        back = threading.Thread(target=self._carry, args=(sender, receiver), daemon=True)
        back.start()
        self._carry(receiver, sender)
        back.join()
        self._open.difference_update(ends)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                self.carried += len(data)
        _shut((source, target))


def _shut(ends: Iterable[socket.socket]) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
