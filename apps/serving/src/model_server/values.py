"""The distribution of predicted values, in buckets that suit the model."""

from __future__ import annotations

import math
import threading

import numpy as np
from prometheus_client.utils import floatToGoString

_STEPS = (1, 2, 2.5, 5, 10)
_INTERVALS = 14
_BEYOND = 2
_BATCH = 256
# For a model that says nothing about its predictions: shares as well as large numbers.
DEFAULT_BUCKETS = [-1000, -100, -10, -1, 0, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 10, 100, 1e3, 1e4, 1e5]


class ValueHistogram:
    """Counts predicted values since the start, as a Prometheus histogram does."""

    def __init__(self, buckets: list[float]) -> None:
        self._buckets = np.array(buckets, dtype=float)
        self._counts = np.zeros(len(buckets) + 1, np.int64)
        self._sum = 0.0
        self._waiting = np.empty(_BATCH)
        self._waiting_values = 0
        self._lock = threading.Lock()

    def observe(self, predictions: object) -> None:
        """Take predictions that are values, to be counted later; others leave no trace."""
        values = decimals(predictions)
        if values is None:
            return
        with self._lock:
            end = self._waiting_values + len(values)
            if end > _BATCH:
                self._settle()
                self._count(values)
            else:
                self._waiting[self._waiting_values : end] = values
                self._waiting_values = end

    def read(self) -> tuple[list[tuple[str, float]], float]:
        """Upper bounds with the number of values up to each, and the sum of all values."""
        with self._lock:
            self._settle()
            counts, total = np.cumsum(self._counts).tolist(), self._sum
        bounds = [floatToGoString(bound) for bound in [*self._buckets.tolist(), math.inf]]
        return list(zip(bounds, counts, strict=True)), total

    def _settle(self) -> None:
        self._count(self._waiting[: self._waiting_values])
        self._waiting_values = 0

    def _count(self, values: np.ndarray) -> None:
        values = values[np.isfinite(values)]
        places = self._buckets.searchsorted(values)
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum += float(values.sum(dtype=float))


def decimals(predictions: object) -> np.ndarray | None:
    """Predictions of one decimal number per row. Labels, whole numbers (which may be labels) and
    several outputs have no place on one axis."""
    try:
        values = np.asarray(predictions)
    except ValueError:  # lists of unequal length
        return None
    single = values.ndim > 0 and values.size == len(values)
    return values.ravel() if single and values.dtype.kind == "f" else None


def round_buckets(lowest: float, highest: float) -> list[float]:
    """10 to 20 bounds at a round distance that cover the range and two steps on either side.

    None is below zero if no value is: a histogram with negative bounds has no sum, and no mean.
    """
    least = 0.0 if lowest >= 0 else -math.inf
    largest = max(abs(lowest), abs(highest))
    if highest - lowest <= max(largest * 1e-9, 1e-300):  # as good as one value
        half = largest / 2 if largest > 1e-300 else 0.5
        lowest, highest = max(lowest - half, least), highest + half
    span = highest - lowest
    exponent = math.floor(math.log10(span / _INTERVALS))
    step = next(
        candidate
        for factor in _STEPS
        if (candidate := factor * 10.0**exponent) * _INTERVALS >= span * (1 - 1e-9)
    )
    first = math.floor(lowest / step) - _BEYOND
    last = math.ceil(highest / step) + _BEYOND
    bounds = [round(place * step, 1 - exponent) for place in range(first, last + 1)]
    return [bound for bound in bounds if bound >= least]
