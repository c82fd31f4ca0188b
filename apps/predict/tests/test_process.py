"""The page as the image runs it: the settings file in place, a process, a signal."""

import signal

import pytest
import requests
from running import RunningPage
from websockets.sync.client import connect


def test_stops_at_once_on_sigterm_with_a_visitor_on_the_page(
    page: RunningPage,
) -> None:
    address, process = page.address, page.process
    with connect(f"ws://{address}/_stcore/stream", origin=f"http://{address}"):
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)


def test_another_site_cannot_open_a_session(page: RunningPage) -> None:
    address = page.address
    with pytest.raises(Exception, match="403"):
        connect(f"ws://{address}/_stcore/stream", origin="http://elsewhere.example")


def test_an_upload_without_the_token_of_the_page_is_refused(
    page: RunningPage,
) -> None:
    address = page.address
    reply = requests.put(
        f"http://{address}/_stcore/upload_file/session/file", files={"f": b"x"}, timeout=10
    )
    assert reply.status_code == 403
