"""The pods of a Job with a cluster, as processes of this machine."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from conftest import free_port

SOURCE = Path(__file__).parents[1] / "src"


class Pods:
    """Starts every pod, and a new one for each that has ended, as a Job does."""

    def __init__(self, workers: int, *command: str | Path, folder: Path, **env: str) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        self.env = kept | {
            "PYTHONPATH": str(SOURCE),
            "CLUSTER_SCHEDULER": f"127.0.0.1:{free_port()}",
            "CLUSTER_WORKER_PORT": "0",
            "CLUSTER_METRICS_PORT": "0",
            "CLUSTER_WORKERS": str(workers),
            "CLUSTER_THREADS": "1",
            "CLUSTER_SECRET": "a secret of the Job",
            "TRAINING_GROUP": f"job-{folder.name}",
            **env,
        }
        self.command = [str(word) for word in command]
        self.folder = folder
        self.log = folder / "pods.log"
        self.pods = [self._start(index) for index in range(workers + 1)]
        self._is_over = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    def _start(self, index: int) -> subprocess.Popen:
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask_cluster", *self.command],
                cwd=self.folder,
                env=self.env | {"JOB_COMPLETION_INDEX": str(index)},
                stdout=log,
                stderr=log,
                # a share of the processor for each, as pods have
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self._is_over.wait(0.2):
            for index, pod in enumerate(self.pods[1:], start=1):
                if pod.poll() is not None:
                    self.pods[index] = self._start(index)

    def kill(self, index: int) -> None:
        self.pods[index].kill()

    def start_first_again(self) -> None:
        self.pods[0].wait(20)
        self.pods[0] = self._start(0)

    def wait(self, seconds: float = 300) -> int:
        """The exit code of the first pod."""
        return self.pods[0].wait(seconds)

    def wait_for_line(self, line: str, seconds: float = 200) -> None:
        deadline = time.monotonic() + seconds
        while line not in self.log.read_text():
            assert time.monotonic() < deadline, f"no {line!r} in\n{self.log.read_text()}"
            time.sleep(0.05)

    def __enter__(self) -> "Pods":
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._keeper.join()
        for pod in self.pods:
            pod.kill()
            pod.wait()
