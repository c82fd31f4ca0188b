"""The series that are worked out when Prometheus asks: values predicted, drift of the input."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from model_server.observed import Observed


class ObservedCollector(Collector):
    """Values of every version that is kept, drift of the served one alone. Scrapes come in a
    thread of their own, so what they read is replaced as a whole, never changed."""

    def __init__(self) -> None:
        self._kept: dict[str, Observed] = {}
        self.served: str | None = None

    def take(self, version: str, observed: Observed) -> None:
        self._kept = {**self._kept, version: observed}
        self.served = version

    def stop(self) -> None:
        self.served = None

    def forget(self, version: str) -> None:
        self._kept = {name: kept for name, kept in self._kept.items() if name != version}

    def collect(self) -> Iterator[Metric]:
        kept, served = self._kept, self.served
        values = HistogramMetricFamily(
            "model_prediction_value",
            "Predicted values, where a prediction is one decimal number.",
            labels=["model_version"],
        )
        for version, observed in kept.items():
            if observed.has_values:
                values.add_metric([version], *observed.values.read())
        yield values
        rows = GaugeMetricFamily(
            "model_input_drift_rows",
            "Rows in the window that drift is measured over.",
            labels=["model_version"],
        )
        indices = GaugeMetricFamily(
            "model_input_drift_psi",
            "Population-stability index of a feature against the rows of training.",
            labels=["model_version", "feature"],
        )
        current = kept.get(served) if served else None
        if served and current and current.drift:
            rows.add_metric([served], current.drift.rows())
            for feature, index in current.drift.indices(current.least_rows).items():
                indices.add_metric([served, feature], index)
        yield rows
        yield indices
