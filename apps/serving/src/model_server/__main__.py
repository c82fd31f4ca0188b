"""`python -m model_server`: one process, configured by environment variables only."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

# Stop at once on SIGTERM while the imports below still run: as process 1 of a container there is
# no default action. uvicorn puts its own handlers in place later.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

for name, value in {
    # Threads of the numeric libraries would fight those that predict, and cost memory each.
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",  # LightGBM counts the cores itself
    "OPENBLAS_NUM_THREADS": "1",
    # The same for a model's n_jobs, which joblib takes for processes of 150 MiB each.
    "JOBLIB_MULTIPROCESSING": "0",
    # Only for downloads; other requests have separate timeouts. MLflow fetches an object from a
    # bucket as a whole before it sends the first byte.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "300",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}.items():
    os.environ.setdefault(name, value)

import uvicorn  # noqa: E402
from prometheus_client import start_http_server  # noqa: E402

from model_server.app import create_app  # noqa: E402
from model_server.connections import Connections, Limits  # noqa: E402
from model_server.loader import remove_downloads  # noqa: E402
from model_server.metrics import Metrics  # noqa: E402
from model_server.settings import SettingsError, read_settings  # noqa: E402

# With the farewell and the pod's preStop this stays well below the 30 s that a pod is given.
_FINISH_SECONDS = 8


class Server(uvicorn.Server):
    """Stops after the farewell; uvicorn by itself closes connections that are about to be used."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and self._connections.farewell_ends is None:
            self._connections.say_farewell()
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._connections.is_farewell_over


def main() -> int:
    """Serve until SIGTERM or SIGINT, then finish what is in flight."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    metrics = Metrics(settings.model_name)
    # First of all, while there are no threads: it forks the process that tries versions out.
    app = create_app(settings, metrics)
    try:
        # A port of its own, so that only Prometheus need be let through to it, and a thread of its
        # own, so that a scrape is answered while every prediction waits.
        scrapes, _ = start_http_server(settings.metrics_port, settings.host, metrics.registry)
    except OSError as error:
        where = f"{settings.host}:{settings.metrics_port}"
        print(
            f"error: METRICS_PORT: cannot listen on {where}: {error.strerror}; "
            "give it a port that is free",
            file=sys.stderr,
        )
        return 2
    connections = Connections(Limits())
    config = uvicorn.Config(
        app,
        http=connections.protocol,
        ws="none",
        callback_notify=connections.sweep,
        timeout_notify=0,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than clients keep idle connections, which avoids resets
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    server = Server(config, connections)
    # uvicorn raises the signal again after a clean stop; that is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    server.run()
    scrapes.shutdown()  # last, so that the end of the work is still seen
    scrapes.server_close()
    remove_downloads(settings)
    return 0 if server.started else 1


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: that waits for threads, and a load or a prediction may hang for good.
    os._exit(status)
