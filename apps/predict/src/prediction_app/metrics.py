"""What Prometheus is told about the page. No label holds anything that a visitor typed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Not the common registry: a module that is loaded again would find its names taken there.
REGISTRY = CollectorRegistry()

_REQUESTS = ("describe", "predict")
_OUTCOMES = ("ok", "no_model", "refused", "unavailable")

sessions = Gauge("prediction_app_sessions", "Browsers that have the page open.", registry=REGISTRY)
run_errors = Counter(
    "prediction_app_run_errors",
    "Draws of the page that failed by a fault of the page itself.",
    registry=REGISTRY,
)
predictions = Counter(
    "prediction_app_predictions", "Rows predicted for visitors.", registry=REGISTRY
)
model_server_requests = Counter(
    "prediction_app_model_server_requests",
    "Requests to the model server; what is not ok was told to a visitor.",
    ["request", "outcome"],
    registry=REGISTRY,
)
_runs = Counter(
    "prediction_app_runs",
    "Draws of the whole page: by a visit, a click, or a new model.",
    registry=REGISTRY,
)
_run_seconds = Histogram(
    "prediction_app_run_duration_seconds",
    "Time to draw the whole page, predicting included.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)

# Every series is there from the start, so that the first fault is a rise from 0.
for request in _REQUESTS:
    for outcome in _OUTCOMES:
        model_server_requests.labels(request, outcome)


@contextmanager
def run() -> Iterator[None]:
    """Counts and times one draw of the page, however it ends."""
    started = time.perf_counter()
    try:
        yield
    finally:
        _runs.inc()
        _run_seconds.observe(time.perf_counter() - started)
