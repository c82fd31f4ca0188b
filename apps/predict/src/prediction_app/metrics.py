"""Metrics of the page. No label contains anything that a visitor typed.

`model` is the registered name of the model that a visitor looks at; it is empty on the overview.
"""

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from streamlit import runtime

# Not the common registry: a module that is loaded again would find its names taken there.
REGISTRY = CollectorRegistry()

_OVERVIEW = ""
_REQUESTS = ("describe", "predict")
_OUTCOMES = ("ok", "no_model", "refused", "unavailable")


class Sessions(Collector):
    """Browsers that have the page open. Streamlit knows which are, and the page what they show."""

    def __init__(self, models: Iterable[str]) -> None:
        self._lock = Lock()
        self._models = set(models)
        self._listed: Callable[[], object] = lambda: None
        self._shown: dict[str, str] = {}

    def follow(self, listed: Callable[[], object]) -> None:
        """Calls this before counting, so that an added model has its series without a visitor."""
        self._listed = listed
        listed()

    def expect(self, models: Iterable[str]) -> None:
        """Counts these also while no browser shows them."""
        self._models = self._models | set(models)

    def show(self, session: str, model: str) -> None:
        with self._lock:
            self._shown = self._open() | {session: model}

    def _open(self) -> dict[str, str]:
        if not runtime.exists():
            return {}
        is_open = runtime.get_instance().is_active_session
        return {session: model for session, model in self._shown.items() if is_open(session)}

    def collect(self) -> Iterator[Metric]:
        self._listed()
        with self._lock:
            self._shown = self._open()
            shown = Tally(self._shown.values())
        family = GaugeMetricFamily(
            "prediction_app_sessions", "Browsers that have the page open.", labels=["model"]
        )
        for model in {*self._models, *shown}:
            family.add_metric([model], shown[model])
        yield family


sessions = Sessions([_OVERVIEW])
REGISTRY.register(sessions)
run_errors = Counter(
    "prediction_app_run_errors",
    "Draws of the page that failed by a fault of the page itself.",
    ["model"],
    registry=REGISTRY,
)
predictions = Counter(
    "prediction_app_predictions", "Rows predicted for visitors.", ["model"], registry=REGISTRY
)
model_server_requests = Counter(
    "prediction_app_model_server_requests",
    "Requests to the model server; a visitor saw an error for those that are not ok.",
    ["model", "request", "outcome"],
    registry=REGISTRY,
)
_runs = Counter(
    "prediction_app_runs",
    "Draws of the whole page: by a visit, a click, or a new model.",
    ["model"],
    registry=REGISTRY,
)
_run_seconds = Histogram(
    "prediction_app_run_duration_seconds",
    "Time to draw the whole page, predicting included.",
    ["model"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)


def expect(models: Iterable[str]) -> None:
    """Every series of these models is there from the start: the first fault is a rise from 0."""
    sessions.expect(models)
    for model in (_OVERVIEW, *models):
        for family in (run_errors, _runs, _run_seconds):
            family.labels(model)
    for model in models:
        predictions.labels(model)
        for request in _REQUESTS:
            for outcome in _OUTCOMES:
                model_server_requests.labels(model, request, outcome)


@contextmanager
def run(model: str) -> Iterator[None]:
    """Counts and times one draw of the page, however it ends."""
    started = time.perf_counter()
    try:
        yield
    finally:
        _runs.labels(model).inc()
        _run_seconds.labels(model).observe(time.perf_counter() - started)
