"""A command of the image as a process, with what every one of them gets."""

import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

SOURCE = Path(__file__).parents[1] / "src"


class Command(ABC):
    """`with` starts it, waits until it answers, and ends it."""

    def __init__(self, name: str, log: Path, environment: dict[str, str], patience: float) -> None:
        self._name = name
        self._log = log
        self.environment = {**base_environment(), **environment}
        self._patience = patience
        self.process: subprocess.Popen[bytes] | None = None

    def words(self) -> list[str]:
        """What Python runs."""
        return ["-m", "tracking_server", self._name]

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does what it was started for."""

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.words()],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.answers():
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        self.stop()
        raise AssertionError(f"{self._name} did not start:\n{self.output()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> float:
        """Ends it as Kubernetes does; returns how many seconds that took."""
        started = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        return time.monotonic() - started

    def output(self) -> str:
        """What it has printed."""
        return self._log.read_text()


def base_environment() -> dict[str, str]:
    """What every command gets."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(SOURCE),
        "HOME": "/tmp",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
