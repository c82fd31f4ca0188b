"""A baseline is read as training writes it, and refused with a reason if it is anything else."""

from __future__ import annotations

from typing import Any

import pytest
from model_server.baseline import NO_BASELINE, BaselineError, read_baseline
from models import FEATURES

from training import baseline

BINS = {"edges": [1.0, 2.0], "counts": [1, 1, 1, 0]}


def test_what_training_writes_is_read() -> None:
    known = read_baseline(baseline(FEATURES, FEATURES["bmi"]))
    assert list(known.features) == list(FEATURES.columns)
    assert {feature.counts.sum() for feature in known.features.values()} == {len(FEATURES)}
    assert known.ranges["bmi"] == (FEATURES["bmi"].min(), FEATURES["bmi"].max())
    assert known.predictions == (FEATURES["bmi"].min(), FEATURES["bmi"].max())


@pytest.mark.parametrize("metadata", [None, {}, {"owner": "me"}])
def test_a_model_need_not_have_one(metadata: object) -> None:
    assert read_baseline(metadata) is NO_BASELINE


def test_features_and_predictions_are_optional() -> None:
    assert read_baseline({"baseline": {"version": 1}}) == NO_BASELINE


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ([1, 2], "not of version 1"),
        ({"version": 2}, "not of version 1"),
        ({"features": ["bmi"]}, "features is not an object"),
        ({"features": {"bmi": 3}}, "feature 'bmi' is not an object"),
        ({"features": {"bmi": {**BINS, "edges": [1.0]}}}, "'bmi' needs edges, and a count for"),
        ({"features": {"bmi": {**BINS, "edges": ["1", "2"]}}}, "'bmi' needs edges"),
        ({"features": {"bmi": {**BINS, "edges": [True, 2]}}}, "'bmi' needs edges"),
        ({"features": {"bmi": {**BINS, "edges": [1.0, float("inf")]}}}, "'bmi' needs edges"),
        ({"features": {"bmi": {**BINS, "edges": [1.0, 10**400]}}}, "'bmi' needs edges"),
        ({"features": {"bmi": {"edges": [1.0, 2.0]}}}, "'bmi' needs edges"),
        ({"features": {"bmi": {**BINS, "edges": [2.0, 1.0]}}}, "'bmi' do not increase"),
        ({"features": {"bmi": {**BINS, "edges": [1.0, 1.0]}}}, "'bmi' do not increase"),
        ({"features": {"bmi": {**BINS, "counts": [0, 0, 0, 0]}}}, "are not those of rows"),
        ({"features": {"bmi": {**BINS, "range": [2, 1]}}}, "range of feature 'bmi' is not a"),
        ({"features": {"bmi": {**BINS, "range": [1]}}}, "range of feature 'bmi' is not a"),
        ({"features": {"bmi": {**BINS, "counts": [5, -1, 0, 0]}}}, "are not those of rows"),
        (
            {"features": {"bmi": {"edges": [*range(101)], "counts": [1] * 103}}},
            "'bmi' has more than 100 edges",
        ),
        ({"predictions": {}}, "predictions needs quantiles"),
        ({"predictions": {"quantiles": []}}, "predictions needs quantiles"),
        ({"predictions": {"quantiles": [-1.7e308, 1.7e308]}}, "no range that buckets could"),
    ],
)
def test_anything_else_is_refused_with_a_reason(known: Any, reason: str) -> None:  # noqa: ANN401
    if isinstance(known, dict):
        known = {"version": 1, **known}
    with pytest.raises(BaselineError, match=reason):
        read_baseline({"baseline": known})
