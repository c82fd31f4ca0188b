"""`python -m model_server`: one process, configured by environment variables only."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from types import FrameType

# Stop at once on SIGTERM while the imports below still run: as process 1 of a container there is
# no default action. uvicorn puts its own handlers in place later.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

for name, value in {
    # Threads of the numeric libraries would compete with those that predict, and each costs memory.
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",  # LightGBM counts the cores itself
    "OPENBLAS_NUM_THREADS": "1",
    # The same for a model's n_jobs: joblib would start that many processes of 150 MiB each.
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

# What is imported is 400,000 objects and hardly any garbage: looking through them again and again
# takes a seventh of the time. proof.py enables it when all is imported.
gc.disable()

# skops searches the modules for each name it trusts, in the order in which they were imported
import scipy.special  # noqa: E402, F401
import uvicorn  # noqa: E402
from prometheus_client import start_http_server  # noqa: E402

from model_server.app import create_app  # noqa: E402
from model_server.connections import Connections, Limits  # noqa: E402
from model_server.loader import remove_downloads  # noqa: E402
from model_server.metrics import Metrics  # noqa: E402
from model_server.settings import SettingsError, read_settings  # noqa: E402

# With the last answers and the preStop hook this stays below the 30 s that a pod gets to stop.
_FINISH_SECONDS = 8


class Server(uvicorn.Server):
    """Answers the last request of each connection before it stops; uvicorn closes them at once."""

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
    # Before any thread starts: it forks the process that tries versions out.
    app = create_app(settings, metrics)
    try:
        # A separate port, so that the network lets only Prometheus reach it, and a separate thread,
        # so that a scrape is answered while every prediction waits.
        scrapes, _ = start_http_server(settings.metrics_port, settings.host, metrics.registry)
    except OSError as error:
        where = f"{settings.host}:{settings.metrics_port}"
        print(
            f"error: METRICS_PORT: cannot listen on {where}: {error.strerror}; choose a free port",
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
    # uvicorn raises the signal again after a clean stop; that is not a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    server.run()
    scrapes.shutdown()  # last, so that scrapes still see the final counts
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
