"""The inputs and predictions of one loaded model, for the metrics."""

from __future__ import annotations

import logging

from model_server.baseline import Baseline
from model_server.drift import Columns, DriftWindow
from model_server.settings import Settings
from model_server.values import DEFAULT_BUCKETS, ValueHistogram, decimals, round_buckets

_log = logging.getLogger(__name__)


class Observed:
    """Begins empty with every load, so rows from before a switch of versions never mix in."""

    def __init__(self, baseline: Baseline, settings: Settings) -> None:
        known = baseline.predictions
        self.values = ValueHistogram(round_buckets(*known) if known else DEFAULT_BUCKETS)
        self.has_values = True
        self.drift: DriftWindow | None = None
        if baseline.features:
            self.drift = DriftWindow(baseline.features, settings.drift_window_seconds)
        self.least_rows = settings.drift_min_rows
        self._failed = False

    def expect(self, predictions: object) -> None:
        """Learn from the first prediction what kind of predictions will come."""
        self.has_values = decimals(predictions) is not None

    def note(self, columns: Columns, rows: int, predictions: object) -> None:
        """Count an answered request. It has its answer, so a fault in here is only logged."""
        try:
            self.values.observe(predictions)
            if self.drift is not None:
                self.drift.observe(columns, rows)
        except Exception:
            if not self._failed:
                self._failed = True
                _log.exception(
                    "a request could not be counted for the drift; further failures are not logged"
                )
