"""The series that are computed at each scrape: values predicted, drift of the input."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from model_server.observed import Observed
from model_server.values import ValueHistogram


class ObservedCollector(Collector):
    """Values of every version that is kept, drift of the served one only. Scrapes run in a separate
    thread, so what they read is replaced as a whole, never changed."""

    def __init__(self) -> None:
        self._values: dict[str, ValueHistogram] = {}
        self._served: tuple[str, Observed] | None = None

    @property
    def served(self) -> str | None:
        """The version that is served."""
        return self._served[0] if self._served else None

    def take(self, version: str, observed: Observed) -> None:
        self.forget(version)
        if observed.has_values:
            self._values = {**self._values, version: observed.values}
        self._served = version, observed

    def stop(self) -> None:
        self._served = None

    def forget(self, version: str) -> None:
        self._values = {name: kept for name, kept in self._values.items() if name != version}

    def collect(self) -> Iterator[Metric]:
        values = HistogramMetricFamily(
            "model_prediction_value",
            "Predicted values, where a prediction is one decimal number.",
            labels=["model_version"],
        )
        for version, histogram in self._values.items():
            values.add_metric([version], *histogram.read())
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
        version, observed = self._served or ("", None)
        if observed and observed.drift:
            rows.add_metric([version], observed.drift.rows())
            for feature, index in observed.drift.indices(observed.least_rows).items():
                indices.add_metric([version, feature], index)
        yield rows
        yield indices
