"""The Prometheus series of the model server, in one registry per application."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """`model_version` is the version that answered, or `none` when no model did."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
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
        self.loads = Counter(
            "model_loads", "Model versions loaded and taken.", by_version, registry=registry
        )
        self.load_failures = Counter(
            "model_load_failures",
            "Attempts to load a model version that failed.",
            by_version,
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
            "Looks at the alias that the tracking server did not answer.",
            registry=registry,
        )
        self.info = Gauge(
            "model_info",
            "1 for the version that is being served.",
            ["name", "alias", "model_version", "run_id"],
            registry=registry,
        )
        self.http_requests = Counter(
            "model_server_http_requests",
            "HTTP requests by route; paths that do not exist count as `other`.",
            ["route", "status"],
            registry=registry,
        )

    def request_done(self, version: str, status: int, seconds: float) -> None:
        self.requests.labels(version, status).inc()
        self.latency.labels(version).observe(seconds)
        if status >= 400:
            self.errors.labels(version, status).inc()
