"""What counting predicted values and drift adds to a request, measured side by side.

Two model servers serve the same version of the same model; in one of them the counting is taken
out. Requests go to both in turn over one kept connection each, so whatever else the machine does
hits both alike.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
import time
import timeit
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

ROOT = Path(__file__).parents[1]
for folder in ("apps/serving/src", "apps/serving/tests", "apps/training/src"):
    sys.path.insert(0, str(ROOT / folder))

from model_server.baseline import read_baseline  # noqa: E402
from model_server.observed import Observed  # noqa: E402
from model_server.settings import read_settings  # noqa: E402
from processes import Server, model_server, tracking_server, until  # noqa: E402
from training import baseline  # noqa: E402

from models import FEATURES, Models, linear  # noqa: E402

COLUMNS = (
    *("rows", "requests", "10th percentile", "median", "99th percentile"),
    *("CPU per request", "counting alone"),
)
# Both start the same way, so that nothing but the counting differs.
PROGRAM = """
import runpy
from model_server.observed import Observed
{}
runpy.run_module("model_server", run_name="__main__")
"""
WITH, WITHOUT = PROGRAM.format(""), PROGRAM.format("Observed.note = lambda *_: None")


class Client:
    """Sends one body again and again over a kept connection."""

    def __init__(self, server: Server, rows: int) -> None:
        place = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(str(place.hostname), place.port)
        sample = FEATURES.sample(rows, replace=True, random_state=1)
        split = sample.to_dict(orient="split", index=False)
        self._body = json.dumps({"dataframe_split": split}).encode()

    def seconds(self) -> float:
        """Time of one request, from its first byte to the last of its answer."""
        started = time.perf_counter()
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/invocations", self._body, headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200
        return time.perf_counter() - started


def cpu_seconds(server: Server) -> float:
    """CPU time that the process has used so far."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def counting_alone(rows: int) -> float:
    """Seconds that the counting of one request takes in this process, in the best of rounds."""
    settings = read_settings({"MLFLOW_TRACKING_URI": "none", "MODEL_NAME": "none"})
    observed = Observed(read_baseline(baseline(FEATURES, linear().predict(FEATURES))), settings)
    sample = FEATURES.sample(rows, replace=True, random_state=1)
    columns = {name: column.to_numpy() for name, column in sample.items()}
    predictions = linear().predict(sample)
    rounds = timeit.repeat(lambda: observed.note(columns, rows, predictions), number=200, repeat=20)
    return min(rounds) / 200


def compare(servers: dict[str, Server], rows: int, requests: int) -> None:
    """Print one line of the table."""
    clients = {name: Client(server, rows) for name, server in servers.items()}
    for client in clients.values():
        for _ in range(max(20, requests // 20)):
            client.seconds()
    before = {name: cpu_seconds(server) for name, server in servers.items()}
    times = {name: np.empty(requests) for name in servers}
    for request in range(requests):
        # in alternating order, so that neither always follows the other
        for name in sorted(clients, reverse=bool(request % 2)):
            times[name][request] = clients[name].seconds()
    cpu = {name: cpu_seconds(server) - before[name] for name, server in servers.items()}
    cells = [f"{rows:>5}", f"{requests:>8}"]
    for part in (10, 50, 99):
        without, with_ = (np.percentile(times[name], part) * 1e3 for name in ("without", "with"))
        cells.append(f"{without:7.3f} → {with_:7.3f} ms (x {with_ / without:.3f})")
    without, with_ = (cpu[name] / requests * 1e3 for name in ("without", "with"))
    cells.append(f"{without:6.3f} → {with_:6.3f} ms (x {with_ / without:.3f})")
    cells.append(f"{counting_alone(rows) * 1e6:6.1f} µs")
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Start everything, measure, stop everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=4000, help="of one row; a quarter as many of 1000"
    )
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as folder:
        started: list[Server] = []

        def start(server: Server) -> Server:
            server.start()
            started.append(server)
            return server

        def path(name: str) -> Path:
            made = Path(folder, name)
            made.mkdir()
            return made

        try:
            tracking = start(tracking_server(path("mlflow")))
            models = Models(tracking.url, "bench")
            model = linear()
            models.promote(models.add(model, metadata=baseline(FEATURES, model.predict(FEATURES))))
            servers = {
                "with": model_server(path("with"), tracking.url, "bench", ("-c", WITH)),
                "without": model_server(path("without"), tracking.url, "bench", ("-c", WITHOUT)),
            }
            for server in servers.values():
                start(server)
                until(lambda url=server.url: ready(url), "the model is served")
            print("| " + " | ".join(COLUMNS) + " |")
            print("|" + " --- |" * len(COLUMNS))
            compare(servers, 1, requests)
            compare(servers, 1000, requests // 4)
        finally:
            for server in reversed(started):
                server.stop()


def ready(url: str) -> bool:
    """Whether the server has its model."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port)
    connection.request("GET", "/model")
    return connection.getresponse().status == 200


if __name__ == "__main__":
    main()
