"""The pods of the Dask cluster that notebooks share, as processes of this machine."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests
from conftest import free_port

SOURCE = Path(__file__).parents[1] / "src"
SECRET = "a secret of the cluster"


class SharedCluster:
    """A scheduler and workers; each that ends is started again, as Kubernetes does."""

    def __init__(self, folder: Path, workers: int = 2, python_path: str = "", **env: str) -> None:
        self.address = f"tls://127.0.0.1:{free_port()}"
        self.http = f"http://127.0.0.1:{free_port()}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DASK")}
        path = os.pathsep.join(filter(None, [str(SOURCE), python_path]))
        self.env = kept | {"PYTHONPATH": path, "CLUSTER_SECRET": SECRET, **env}
        self.folder = folder
        self.log = folder / "shared.log"
        port = ("--port", self.address.rpartition(":")[2])
        options = [("scheduler", *port, "--protocol", "tls")] + workers * [
            ("worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", "/tmp")
        ]
        http = [self.http.rpartition(":")[2]] + workers * ["0"]
        self.roles = [
            (*role, "--no-dashboard", "--dashboard-address", f"127.0.0.1:{number}")
            for role, number in zip(options, http, strict=True)
        ]
        self.pods = [self._start(index) for index in range(workers + 1)]
        self._is_over = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    def client_env(self) -> dict[str, str]:
        """What the stack's output notebookEnv gives."""
        return {"DASK_SCHEDULER_ADDRESS": self.address, "DASK_CLUSTER_SECRET": SECRET}

    def _start(self, index: int) -> subprocess.Popen:
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask_cluster.shared", *self.roles[index]],
                cwd=self.folder,
                env=self.env,
                stdout=log,
                stderr=log,
            )

    def _keep(self) -> None:
        while not self._is_over.wait(0.2):
            for index, pod in enumerate(self.pods):
                if pod.poll() is not None:
                    self.pods[index] = self._start(index)

    def kill(self, index: int) -> None:
        self.pods[index].kill()

    def wait_until_healthy(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.http}/health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def __enter__(self) -> "SharedCluster":
        self.wait_until_healthy()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._keeper.join()
        for pod in self.pods:
            pod.kill()
            pod.wait()
