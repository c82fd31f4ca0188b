"""What it takes to look up ten thousand runs: this platform's server and the stock
`mlflow server` with MLflow's defaults, on copies of one database.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from comparison import Comparison, keep
from tracking_at_scale import Multiplied
from tracking_servers import OURS, STOCK, Postgres, TrackingServer, tracking_servers
from usage import CLIENT_CORE, on_core

RUNS, METRICS, POINTS = 10_000, 20, 100_000
SEARCHES = 20
NOTES = [
    "MLflow makes four objects of every row: SQLAlchemy took 55 % of a search and 61 % of a "
    "history, and JSON 17 %. This platform's server leaves filters, order and pages to MLflow, "
    "and adds metrics, params and tags to the answer as the database returns them. Half of what "
    "is left of the search is Postgres, which sorts all runs; a third of a history is the client, "
    "which parses 8 MB. The stock server does not check who asks.",
]
SEARCH = "a search ordered by a metric, 95th percentile"
PAGE = "a page of 1,000 runs, newest first"
HISTORY = "a history of 100,000 points"
QUESTIONS = {SEARCH: SEARCHES, PAGE: 5, HISTORY: 3}


def seed(server: TrackingServer, postgres: Postgres) -> None:
    """One run through the API, copied in the tables until there are enough; it gets the history."""
    experiment = server.post("experiments/create", name="bench")["experiment_id"]
    made = server.post("runs/create", experiment_id=experiment, start_time=1, run_name="one")
    run = made["run"]["info"]["run_id"]
    metrics = [
        {"key": f"metric_{name}", "value": name, "timestamp": 1, "step": 1}
        for name in range(METRICS)
    ]
    params = [{"key": f"param_{name}", "value": str(name)} for name in range(5)]
    server.post("runs/log-batch", run_id=run, metrics=metrics, params=params)
    server.post("runs/update", run_id=run, status="FINISHED", end_time=2)
    Multiplied(postgres, "mlflow", experiment, run).reach(RUNS, 1)
    postgres.query(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
        f"SELECT 'loss', 1.0 / n, n, '{run}', n, false FROM generate_series(1, {POINTS}) AS m(n)",
        database="mlflow",
    )
    postgres.query("ANALYZE", database="mlflow")


def questions(server: TrackingServer) -> dict[str, Callable[[], Any]]:
    """What is asked of both."""
    found = server.post("experiments/search", max_results=10, filter="name = 'bench'")
    experiment = found["experiments"][0]["experiment_id"]
    search = partial(server.post, "runs/search", experiment_ids=[experiment])
    run = search(order_by=["start_time"], max_results=1)["runs"][0]["info"]["run_id"]
    return {
        SEARCH: partial(search, order_by=["metrics.metric_1 DESC"], max_results=100),
        # as MLflow's page orders them, and as many as its client gets at a time
        PAGE: partial(search, order_by=["attributes.start_time DESC"], max_results=1000),
        HISTORY: partial(server.get, "metrics/get-history", run_id=run, metric_key="loss"),
    }


def milliseconds(ask: Callable[[], Any], times: int) -> list[float]:
    """How long each of some requests takes, one after the other."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1e3)
    return took


def slow(took: list[float]) -> float:
    """The 95th percentile, or the median of a few."""
    enough = len(took) >= SEARCHES
    return statistics.quantiles(took, n=20)[-1] if enough else statistics.median(took)


def main() -> None:
    """Measure in pairs and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    found: dict[str, dict[str, list[float]]] = {
        question: {OURS: [], STOCK: []} for question in QUESTIONS
    }
    with tracking_servers(seed) as servers, on_core(CLIENT_CORE):
        sides = {name: questions(server) for name, server in servers.items()}
        for question in QUESTIONS:
            ours, theirs = (side[question]() for side in sides.values())
            assert ours == theirs, f"the answers to {question} differ"
        for pair in range(pairs + 1):
            for name in sorted(sides, reverse=bool(pair % 2)):
                for question, times in QUESTIONS.items():
                    took = slow(milliseconds(sides[name][question], times))
                    if pair > 0:  # the first is the warm-up
                        found[question][name].append(took)
            print(f"pair {pair} of {pairs}", flush=True)
    keep(
        "tracking_reads",
        "Looking up runs",
        [
            Comparison(what, STOCK, "ms", *values.values(), moreIsBetter=False, target=3)
            for what, values in found.items()
        ],
        {
            "mlflow": version("mlflow"),
            "python": platform.python_version(),
            "runs": RUNS,
            "notes": NOTES,
        },
    )


if __name__ == "__main__":
    main()
