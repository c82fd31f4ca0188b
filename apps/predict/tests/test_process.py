"""The page as the image runs it: the settings file in place, a process, a signal."""

import signal
from pathlib import Path

import pytest
import requests
from running import RunningPage
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

XSRF = "_streamlit_xsrf"


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


def test_uploads_are_turned_away_while_there_is_no_room_for_them(page: RunningPage) -> None:
    browser = requests.Session()
    token = browser.get(f"http://{page.address}/_stcore/health", timeout=10).cookies[XSRF]
    large = b"x" * 19_000_000
    with connect(f"ws://{page.address}/_stcore/stream", origin=f"http://{page.address}") as visit:
        visit.send(BackMsg(rerun_script={}).SerializeToString())
        session = ForwardMsg.FromString(visit.recv(30)).new_session.initialize.session_id
        address = f"http://{page.address}/_stcore/upload_file/{session}"
        statuses = [
            browser.put(
                f"{address}/{number}",
                files={"file": ("a.csv", large)},
                headers={"X-Xsrftoken": token},
                timeout=60,
            ).status_code
            for number in range(6)
        ]
    assert statuses == [204] * 4 + [503] * 2


def test_a_visitor_with_no_file_makes_the_page_load_no_pandas(page: RunningPage) -> None:
    with connect(f"ws://{page.address}/_stcore/stream", origin=f"http://{page.address}") as visit:
        visit.send(BackMsg(rerun_script={}).SerializeToString())
        while ForwardMsg.FromString(visit.recv(30)).WhichOneof("type") != "script_finished":
            pass
    mapped = Path(f"/proc/{page.process.pid}/maps").read_text()
    assert "site-packages" in mapped
    assert "pandas" not in mapped
