"""The page as the image runs it: the settings file in place, a separate process."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

SOURCE = Path(__file__).parents[1] / "src"
SETTINGS = SOURCE.with_name("streamlit.toml")


@dataclass(frozen=True)
class RunningPage:
    """Where it answers visitors and Prometheus."""

    address: str
    metrics_url: str
    process: subprocess.Popen

    def samples(self) -> dict[str, float]:
        """What Prometheus reads, by name and labels."""
        text = requests.get(self.metrics_url, timeout=10).text
        lines = (line for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def write_listing(
    folder: Path, models: dict[str, str], services: list[dict[str, Any]] | None = None
) -> str:
    """Writes the list of the page as Kubernetes does, which puts another file in its place."""
    content = {
        "models": [{"name": name, "serverUrl": url} for name, url in models.items()],
        "services": services or [],
    }
    draft = folder / "services.new"
    draft.write_text(json.dumps(content))
    return str(draft.replace(folder / "services.json"))


def start_page(folder: Path, **servers: str) -> RunningPage:
    """Starts it on free ports of the loopback interface and waits until it is healthy."""
    port, metrics_port = _free_ports(2)
    (folder / ".streamlit").mkdir()
    shutil.copy(SETTINGS, folder / ".streamlit" / "config.toml")
    environment = os.environ | servers
    environment |= {
        "PYTHONPATH": str(SOURCE),
        "HOME": str(folder),
        "STREAMLIT_SERVER_PORT": str(port),
        "METRICS_PORT": str(metrics_port),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(SOURCE / "prediction_app" / "app.py")]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    page = RunningPage(f"127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}/metrics", process)
    _wait_healthy(page)
    return page


def _wait_healthy(page: RunningPage) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and page.process.poll() is None:
        try:
            if requests.get(f"http://{page.address}/_stcore/health", timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    page.process.kill()
    page.process.wait()
    raise RuntimeError("the page did not become healthy")


def _free_ports(count: int) -> list[int]:
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
