"""The look at the alias gives up soon: what does not answer now may answer in a second."""

from __future__ import annotations

import socket
import time

import pytest
from model_server.errors import RegistryError
from model_server.registry import Registry


@pytest.mark.parametrize("connects", [True, False], ids=["no answer", "no connection"])
def test_a_tracking_server_that_hangs_is_given_up_on_after_three_seconds(connects: bool) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hanging:
        port = hanging.getsockname()[1]
        # A full queue: the kernel drops what comes, as a Service does that has no pods yet.
        queue = [] if connects else [_connecting(port) for _ in range(4)]
        registry = Registry(f"http://127.0.0.1:{port}", "diabetes", "champion")
        started = time.monotonic()
        with pytest.raises(RegistryError, match=r"^no answer within 3 s$"):
            registry.look_up()
        waited = time.monotonic() - started
        for connection in queue:
            connection.close()
    assert 2.5 < waited < 6


def _connecting(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(("127.0.0.1", port))
    return connection
