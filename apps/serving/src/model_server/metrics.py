"""The Prometheus series of the model server, in one registry per application."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
)

from model_server.collector import ObservedCollector
from model_server.errors import Cause
from model_server.observed import Observed
from model_server.registry import ModelVersion

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
# Versions come and go for as long as the process lives; the series of the last few are enough.
_KEPT_VERSIONS = 5


class ModelRegistry(CollectorRegistry):
    """Adds the name of the model to every series, from the start and for every scraper."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self._model = {"model": model}

    def collect(self) -> Iterator[Metric]:
        for family in super().collect():
            family.samples = [
                sample._replace(labels={**sample.labels, **self._model})
                for sample in family.samples
            ]
            yield family


class Metrics:
    """`model_version` is the version that answered, or `none` when no model did."""

    def __init__(self, model: str) -> None:
        self.registry = registry = ModelRegistry(model)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        by_version = ["model_version"]
        self.requests = Counter(
            "model_requests",
            "Answered prediction requests.",
            [*by_version, "status"],
            registry=registry,
        )
        self.errors = Counter(
            "model_request_errors",
            "Prediction requests answered with status 400 or above.",
            [*by_version, "status"],
            registry=registry,
        )
        self.latency = Histogram(
            "model_request_duration_seconds",
            "Time from the start of a prediction request to its answer.",
            by_version,
            buckets=_SECONDS,
            registry=registry,
        )
        self.rows = Counter(
            "model_predicted_rows", "Rows predicted.", by_version, registry=registry
        )
        self.in_flight = Gauge(
            "model_requests_in_flight", "Prediction requests being answered.", registry=registry
        )
        self.overdue = Gauge(
            "model_predictions_overdue",
            "Predictions that run for longer than the timeout and hold a thread each.",
            registry=registry,
        )
        self.loads = Counter(
            "model_loads",
            "Model versions loaded and put into service.",
            by_version,
            registry=registry,
        )
        self.load_failures = Counter(
            "model_load_failures",
            "Attempts to load a model version that failed.",
            by_version,
            registry=registry,
        )
        self.load_crashes = Counter(
            "model_load_crashes",
            "Attempts to load a model version that ended or stopped the process trying it out.",
            [*by_version, "cause"],
            registry=registry,
        )
        self.load_seconds = Histogram(
            "model_load_duration_seconds",
            "Time to download, load and prove a model version.",
            buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
            registry=registry,
        )
        self.registry_errors = Counter(
            "model_registry_errors",
            "Lookups of the alias that the tracking server did not answer.",
            registry=registry,
        )
        Gauge(
            "model_server_up",
            "1 while the server answers, with a model or without.",
            registry=registry,
        ).set(1)
        self.info = Gauge(
            "model_info",
            "1 for the version that is being served.",
            ["alias", "model_version", "run_id"],
            registry=registry,
        )
        self.http_requests = Counter(
            "model_server_http_requests",
            "HTTP requests by route; paths that do not exist count as `other`.",
            ["route", "status"],
            registry=registry,
        )
        answers = (self.requests, self.errors, self.latency, self.rows)
        self._by_version = (*answers, self.loads, self.load_failures, self.load_crashes)
        self._observed = ObservedCollector()
        registry.register(self._observed)
        self._versions: list[str] = []

    def taken(self, version: ModelVersion, alias: str, observed: Observed) -> None:
        """This version is served now."""
        self.loads.labels(version.version).inc()
        self.info.clear()
        self.info.labels(alias, version.version, version.run_id or "").set(1)
        self._observed.take(version.version, observed)
        self._keep(version.version)

    def stopped(self) -> None:
        """No version is served now."""
        self.info.clear()
        self._observed.stop()

    def load_failed(self, version: str, crash: Cause | None) -> None:
        """An attempt to load this version failed, and how it would have ended the server."""
        self.load_failures.labels(version).inc()
        if crash is not None:
            self.load_crashes.labels(version, crash).inc()
        self._keep(version)

    def _keep(self, version: str) -> None:
        """Keep the series of this version and drop those of the least recently used ones."""
        self._versions = [known for known in self._versions if known != version] + [version]
        while len(self._versions) > _KEPT_VERSIONS:
            oldest = next(known for known in self._versions if known != self._observed.served)
            self._versions.remove(oldest)
            self._observed.forget(oldest)
            for series in self._by_version:
                series.remove_by_labels({"model_version": oldest})

    def request_done(self, version: str, status: int, seconds: float) -> None:
        self.requests.labels(version, status).inc()
        self.latency.labels(version).observe(seconds)
        if status >= 400:
            self.errors.labels(version, status).inc()
