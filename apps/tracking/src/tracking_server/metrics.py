"""Answers Prometheus on a separate port, next to the server's processes and without a login."""

import os
import signal
import struct
import time
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from tracking_server.errors import StartupError

# The name is prometheus_client's: its presence makes a process write its counts into files there.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_ANSWER_SECONDS = 2


def serve_metrics(environment: Mapping[str, str] = os.environ) -> None:
    """Serves until SIGTERM. It imports no MLflow: it stays small."""
    folder = environment.get(FOLDER, "")
    if not Path(folder).is_dir():
        raise StartupError(f"{FOLDER} must name the folder that the server counts in")
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    registry = CollectorRegistry()
    registry.register(CountedRequests(folder))
    registry.register(ServerState(int(environment.get("MLFLOW_PORT") or 5000)))
    start_http_server(int(environment.get("METRICS_PORT") or 9464), registry=registry)
    signal.sigwait(signals)


class CountedRequests(Collector):
    """What the worker processes count, added up."""

    def __init__(self, folder: str) -> None:
        self._files = MultiProcessCollector(None, path=folder)

    def collect(self) -> Iterable[Metric]:
        """Reads every file; a server that starts removes old ones and creates new ones."""
        try:
            return self._files.collect()
        except (FileNotFoundError, struct.error):
            time.sleep(0.1)
            return self._files.collect()


class ServerState(Collector):
    """Whether the server in the same pod answers; that this process answers does not show it."""

    def __init__(self, port: int) -> None:
        self._port = port

    def collect(self) -> Iterable[Metric]:
        """Requests the health check as Kubernetes does, without a login or the database."""
        yield GaugeMetricFamily("mlflow_up", "1 when the MLflow server answers.", self._answers())

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
