"""How far the rows of the last hour are from those the model was trained on.

A request only stores its values; they are counted into bins a batch at a time, and the
population-stability index is computed from the counts at each scrape.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from model_server.baseline import Feature

_SLOTS = 60
_BATCH_ROWS = 256
_LEAST_SHARE = 1e-4
Columns = Mapping[str, Sequence[Any] | np.ndarray]


class DriftWindow:
    """Counts per feature and bin over a window that slides on in sixtieths of its length."""

    def __init__(
        self,
        features: Mapping[str, Feature],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = list(features)
        widest = max(len(feature.edges) for feature in features.values())
        # One table for all features: no value lies above an edge at infinity, or in a bin there.
        self._edges = np.full((len(features), widest), np.inf)
        self._expected = np.zeros((len(features), widest + 2))
        for row, feature in enumerate(features.values()):
            self._edges[row, : len(feature.edges)] = feature.edges
            self._expected[row, : len(feature.counts) - 1] = feature.counts[:-1]
            self._expected[row, -1] = feature.counts[-1]
        self._first_bin = np.arange(len(features))[:, None] * (widest + 2)
        self._slot_seconds = seconds / _SLOTS
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = np.zeros((_SLOTS, self._expected.size), np.int64)
        self._rows = np.zeros(_SLOTS, np.int64)
        self._slots = np.full(_SLOTS, -_SLOTS)
        self._waiting = np.empty((len(features), _BATCH_ROWS))
        self._waiting_rows = self._waiting_slot = 0

    def observe(self, columns: Columns, rows: int) -> None:
        """Take the rows of a request. A column that it did not send is missing in each."""
        slot = self._now()
        if rows > _BATCH_ROWS:
            values = np.empty((len(self._names), rows))
            self._fill(values, columns)
            counts = self._count(values)  # takes long, so no request waits for it
            with self._lock:
                self._add(slot, counts, rows)
            return
        with self._lock:
            if slot != self._waiting_slot or self._waiting_rows + rows > _BATCH_ROWS:
                self._settle()
                self._waiting_slot = slot
            end = self._waiting_rows + rows
            self._fill(self._waiting[:, self._waiting_rows : end], columns)
            self._waiting_rows = end

    def rows(self) -> int:
        """Rows in the window now."""
        return self._seen()[0]

    def indices(self, least_rows: int) -> dict[str, float]:
        """The index of every feature; none while there are fewer rows than `least_rows`."""
        rows, counts = self._seen()
        if rows < least_rows:
            return {}
        return dict(zip(self._names, stability_index(self._expected, counts).tolist(), strict=True))

    def _seen(self) -> tuple[int, np.ndarray]:
        with self._lock:
            self._settle()
            recent = self._slots > self._now() - _SLOTS
            rows, counts = self._rows[recent].sum(), self._counts[recent].sum(axis=0)
        return int(rows), counts.reshape(self._expected.shape)

    def _settle(self) -> None:
        if self._waiting_rows:
            values = self._waiting[:, : self._waiting_rows]
            self._add(self._waiting_slot, self._count(values), self._waiting_rows)
            self._waiting_rows = 0

    def _add(self, slot: int, counts: np.ndarray, rows: int) -> None:
        place = slot % _SLOTS
        if slot < self._slots[place]:  # older than the window
            return
        if slot > self._slots[place]:
            self._slots[place], self._counts[place], self._rows[place] = slot, 0, 0
        self._counts[place] += counts
        self._rows[place] += rows

    def _fill(self, values: np.ndarray, columns: Columns) -> None:
        for row, name in enumerate(self._names):
            values[row] = columns.get(name, np.nan)

    def _count(self, values: np.ndarray) -> np.ndarray:
        """Rows per feature and bin; a value's bin is the number of edges that it lies above."""
        bins = np.zeros(values.shape, np.int16)
        for edges in self._edges.T:
            bins += values > edges[:, None]
        bins[np.isnan(values)] = self._edges.shape[1] + 1
        return np.bincount((bins + self._first_bin).ravel(), minlength=self._expected.size)

    def _now(self) -> int:
        return int(self._clock() / self._slot_seconds)


def stability_index(expected: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """PSI of each row of counts: the sum over bins of (a - e) · ln(a / e), a and e being shares.

    An empty bin would make that infinite: it counts as half a row, and as a share of at least
    0.0001. Bins that are empty on both sides do not count.
    """
    e, a = _shares(expected), _shares(actual)
    return ((a - e) * np.log(a / e)).sum(axis=1, where=(expected > 0) | (actual > 0))


def _shares(counts: np.ndarray) -> np.ndarray:
    rows = counts.sum(axis=1, keepdims=True)
    return np.maximum(counts / rows, np.maximum(0.5 / rows, _LEAST_SHARE))
