"""The page as the image runs it: the settings file in place, a process, a signal."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from conftest import PAGE
from stub import StubModelServer
from websockets.sync.client import connect

SETTINGS = PAGE.parents[2] / "streamlit.toml"


@pytest.fixture
def page(server: StubModelServer, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    (tmp_path / ".streamlit").mkdir()
    shutil.copy(SETTINGS, tmp_path / ".streamlit" / "config.toml")
    env = os.environ | {
        "PYTHONPATH": str(PAGE.parents[1]),
        "HOME": str(tmp_path),
        "MODEL_SERVER_URL": server.url,
        "STREAMLIT_SERVER_PORT": str(port),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(PAGE)]
    process = subprocess.Popen(command, cwd=tmp_path, env=env)
    try:
        _wait_healthy(f"http://127.0.0.1:{port}", process)
        yield f"127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def test_stops_at_once_on_sigterm_with_a_visitor_on_the_page(
    page: tuple[str, subprocess.Popen],
) -> None:
    address, process = page
    with connect(f"ws://{address}/_stcore/stream", origin=f"http://{address}"):
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)


def test_another_site_cannot_open_a_session(page: tuple[str, subprocess.Popen]) -> None:
    address, _ = page
    with pytest.raises(Exception, match="403"):
        connect(f"ws://{address}/_stcore/stream", origin="http://elsewhere.example")


def test_an_upload_without_the_token_of_the_page_is_refused(
    page: tuple[str, subprocess.Popen],
) -> None:
    address, _ = page
    reply = requests.put(
        f"http://{address}/_stcore/upload_file/session/file", files={"f": b"x"}, timeout=10
    )
    assert reply.status_code == 403


def _wait_healthy(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/_stcore/health", timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise RuntimeError("the page did not become healthy")
