"""Buckets that people can read, and counts like those of Prometheus' own histogram."""

from __future__ import annotations

import numpy as np
import pytest
from model_server.values import ValueHistogram, decimals, round_buckets
from prometheus_client import Histogram


def test_buckets_are_round() -> None:
    assert round_buckets(57.3, 289.1) == [float(bound) for bound in range(0, 341, 20)]
    shares = round_buckets(0.02, 0.97)
    assert shares == [tenth / 10 for tenth in range(13)]
    assert round_buckets(-1, 1) == [round(place * 0.2, 1) for place in range(-7, 8)]


@pytest.mark.parametrize("seed", range(50))
def test_every_range_gets_a_readable_number_of_buckets_that_cover_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    lowest = random.uniform(-1, 1) * 10.0 ** random.integers(-9, 9)
    highest = lowest + random.random() * 10.0 ** random.integers(-9, 9)
    bounds = round_buckets(lowest, highest)
    assert 10 <= len(bounds) <= 20
    assert bounds[0] < lowest <= highest < bounds[-1]
    assert (bounds[0] < 0) == (lowest < 0)
    assert (np.diff(bounds) > 0).all()


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-310, 1e300, 1e16])
def test_a_single_value_has_buckets_around_it(value: float) -> None:
    bounds = round_buckets(value, value)
    assert 10 <= len(bounds) <= 20
    assert bounds[0] <= value < bounds[-1]
    assert (np.diff(bounds) > 0).all()


@pytest.mark.parametrize("lowest", [0, -10])
def test_it_counts_as_prometheus_own_histogram_does(lowest: float) -> None:
    bounds = round_buckets(lowest, 10)
    theirs = Histogram("x", "x", buckets=bounds, registry=None)
    ours = ValueHistogram(bounds)
    values = np.random.default_rng(1).normal(5, 5, 1000)
    values[:10] = bounds[:10]
    for value in values:
        theirs.observe(value)
    ours.observe(values[:1])
    ours.observe(values[1:])
    ours.observe(np.array([np.nan, np.inf]))  # an answer has null for these
    buckets, total = ours.read()
    expected = {
        (sample.name, sample.labels.get("le")): sample.value
        for family in theirs.collect()
        for sample in family.samples
    }
    for bound, count in buckets:
        assert expected["x_bucket", bound] == count
    assert total == pytest.approx(expected.get(("x_sum", None), values.sum()))


@pytest.mark.parametrize(
    ("predictions", "single"),
    [
        (np.array([1.5, 2.0]), True),
        (np.array([[1.5], [2.0]], np.float32), True),
        ([1.0, 2.5], True),
        (["setosa", "virginica"], False),
        (np.array([0, 1]), False),
        ([True, False], False),
        (np.eye(3), False),
        ([[1.0], [1.0, 2.0]], False),
        ([{"a": 1.0}], False),
        (1.5, False),
        (None, False),
    ],
)
def test_a_value_is_one_decimal_number_per_row(predictions: object, single: bool) -> None:
    found = decimals(predictions)
    assert (found is not None) is single
    if found is not None:
        assert found.shape == (2,)
