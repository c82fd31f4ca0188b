from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prediction_app.listing import listed
from running import RunningPage, start_page
from streamlit.testing.v1 import AppTest
from stub import StubModelServer

PAGE = Path(__file__).parents[1] / "src" / "prediction_app" / "page.py"


@pytest.fixture
def server() -> Iterator[StubModelServer]:
    server = StubModelServer()
    yield server
    server.stop()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AppTest]:
    """Opens the page for a model server at an address, as a new visitor."""

    def opened(url: str) -> AppTest:
        monkeypatch.setenv("MODEL_SERVER_URL", url)
        monkeypatch.delenv("SERVICES_FILE", raising=False)
        listed.cache_clear()
        page = AppTest.from_file(str(PAGE), default_timeout=60).run()
        assert not page.exception
        return page

    return opened


@pytest.fixture
def page(server: StubModelServer, tmp_path: Path) -> Iterator[RunningPage]:
    """The page as a separate process."""
    running = start_page(tmp_path, MODEL_SERVER_URL=server.url)
    yield running
    running.process.kill()
    running.process.wait()
