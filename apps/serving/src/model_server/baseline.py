"""Reads the baseline that training logs with a model, from the metadata in its MLmodel file.

Written by `training.baseline`; the form is described in docs/explanation/drift.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_VERSION = 1
_MOST_EDGES = 100


class BaselineError(Exception):
    """The baseline cannot be used; the text is for the log."""


@dataclass(frozen=True)
class Feature:
    """Bins of one column and the training rows in each; the last count is of missing values."""

    edges: np.ndarray
    counts: np.ndarray
    range: tuple[float, float] | None = None
    """Smallest and largest value; baselines of earlier releases do not have it."""


@dataclass(frozen=True)
class Baseline:
    """What the model saw and predicted in training."""

    features: Mapping[str, Feature]
    predictions: tuple[float, float] | None
    """Smallest and largest prediction, if they are numbers."""

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Smallest and largest value of each feature whose baseline has them."""
        return {name: bins.range for name, bins in self.features.items() if bins.range}


NO_BASELINE = Baseline({}, None)


def read_baseline(metadata: object) -> Baseline:
    """Raise `BaselineError` if there is one and it is not valid."""
    if not isinstance(metadata, dict) or "baseline" not in metadata:
        return NO_BASELINE
    known = metadata["baseline"]
    if not isinstance(known, dict) or known.get("version") != _VERSION:
        raise BaselineError(f"it is not of version {_VERSION}")
    features = known.get("features") or {}
    if not isinstance(features, dict):
        raise BaselineError("features is not an object")
    return Baseline(
        {str(name): _feature(name, bins) for name, bins in features.items()},
        _range(known.get("predictions")),
    )


def _feature(name: object, bins: object) -> Feature:
    if not isinstance(bins, dict):
        raise BaselineError(f"feature {name!r} is not an object")
    edges, counts = _numbers(bins.get("edges")), _numbers(bins.get("counts"))
    if edges is None or counts is None or len(counts) != len(edges) + 2:
        raise BaselineError(f"feature {name!r} needs edges, and a count for each bin and missing")
    if len(edges) > _MOST_EDGES:  # each is compared with every value of every request
        raise BaselineError(f"feature {name!r} has more than {_MOST_EDGES} edges")
    if (np.diff(edges) <= 0).any():
        raise BaselineError(f"the edges of feature {name!r} do not increase")
    if (counts < 0).any() or counts.sum() < 1:
        raise BaselineError(f"the counts of feature {name!r} are negative or all zero")
    return Feature(edges, counts, _limits(name, bins.get("range")))


def _limits(name: object, limits: object) -> tuple[float, float] | None:
    if limits is None:
        return None
    known = _numbers(limits)
    if known is None or len(known) != 2 or known[0] > known[1]:
        raise BaselineError(f"the range of feature {name!r} is not two numbers, the smaller first")
    return float(known[0]), float(known[1])


def _range(predictions: object) -> tuple[float, float] | None:
    if predictions is None:
        return None
    quantiles = _numbers(predictions.get("quantiles") if isinstance(predictions, dict) else None)
    if quantiles is None or not len(quantiles):
        raise BaselineError("predictions needs quantiles")
    # Halved, so that a range beyond what a double holds cannot come back as infinite.
    if np.ptp(quantiles / 2) > np.finfo(float).max / 4:
        raise BaselineError("the predictions have no range to divide into buckets")
    return float(quantiles.min()), float(quantiles.max())


def _numbers(values: object) -> np.ndarray | None:
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        return None
    try:
        array = np.array(values, dtype=float)
    except OverflowError:
        return None
    return array if np.isfinite(array).all() else None
