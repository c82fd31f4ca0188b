"""What the guides tell people to write into train.py works as it stands there."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
ROWS = "age,churned\n31,yes\n64,no\n"


def blocks() -> dict[str, str]:
    """The Python of training-data.md by the heading above it."""
    page = (HOW_TO / "training-data.md").read_text()
    return dict(re.findall(r"^## ([\w ]+)$.*?^```python\n(.*?)^```$", page, re.M | re.S))


class Files(SimpleHTTPRequestHandler):
    """Files by their path, as a web server has them, and by the paths of Google's API."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(re.sub(r"^.*/b/my-data/o/([^?]+)\?.*$", r"/\1", path))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "churn.csv").write_text(ROWS)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def rows_of(block: str, env: dict[str, str]) -> str:
    script = f"{block}\nprint(rows.to_csv(index=False), end='')\n"
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_source_has_an_example() -> None:
    assert list(blocks()) == ["HTTP", "A volume", "A bucket"]


def test_rows_come_over_http(url: str) -> None:
    assert rows_of(blocks()["HTTP"], {"DATA_URL": f"{url}/churn.csv"}) == ROWS


def test_rows_come_from_a_volume(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text(ROWS)
    (tmp_path / "2.csv").write_text("age,churned\n18,no\n")
    printed = rows_of(blocks()["A volume"], {"DATA_FOLDER": str(tmp_path)})
    assert printed == ROWS + "18,no\n"


def test_rows_come_from_a_bucket(url: str) -> None:
    env = {"DATA_BUCKET": "my-data", "STORAGE_EMULATOR_HOST": url}
    assert rows_of(blocks()["A bucket"], env) == ROWS
