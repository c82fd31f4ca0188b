"""The index against its definition, and the window against a clock that the test moves."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from model_server.baseline import Feature
from model_server.drift import DriftWindow, stability_index

RANDOM = np.random.default_rng(20221107)
# Deciles of the standard normal distribution, a hundred training rows in each bin, none missing.
EDGES = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816])
NORMAL = Feature(EDGES, np.array([100.0] * 10 + [0.0]))


class Clock:
    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> DriftWindow:
    return DriftWindow({"x": NORMAL}, 3600, clock)


def observe(window: DriftWindow, values: np.ndarray) -> None:
    window.observe({"x": values}, len(values))


def by_definition(expected: list[int], actual: list[int]) -> float:
    """One bin after the other, as in a textbook."""
    total = 0.0
    for e, a in zip(expected, actual, strict=True):
        if e == a == 0:
            continue
        e_share = max(e / sum(expected), 0.5 / sum(expected), 0.0001)
        a_share = max(a / sum(actual), 0.5 / sum(actual), 0.0001)
        total += (a_share - e_share) * math.log(a_share / e_share)
    return total


def index_of(expected: list[int], actual: list[int]) -> float:
    return float(stability_index(np.array([expected], float), np.array([actual]))[0])


@pytest.mark.parametrize("seed", range(50))
def test_the_index_is_its_definition_for_any_counts(seed: int) -> None:
    random = np.random.default_rng(seed)
    bins = int(random.integers(2, 13))
    expected, actual = (
        (random.integers(0, 10 ** int(random.integers(1, 7)), bins) * (random.random(bins) < 0.7))
        + (np.arange(bins) == 0)  # at least one row
        for _ in range(2)
    )
    index = index_of(expected.tolist(), actual.tolist())
    assert index == pytest.approx(by_definition(expected.tolist(), actual.tolist()))
    assert 0 <= index < math.inf
    # Neither the order of the bins nor ten times as many rows alike in every bin is drift.
    order = random.permutation(bins)
    assert index_of(expected[order].tolist(), actual[order].tolist()) == pytest.approx(index)
    assert index_of(expected.tolist(), (expected * 10).tolist()) == pytest.approx(0, abs=1e-3)


def test_the_index_grows_with_the_shift(window: DriftWindow, clock: Clock) -> None:
    sample = RANDOM.normal(size=5000)
    found = []
    for shift in (0, 0.25, 0.5, 1, 2, 4):
        clock.now += 3600
        observe(window, sample + shift)
        found.append(window.indices(1)["x"])
    assert found == sorted(found)
    # For a shift of a normal distribution by d deviations the index tends to d².
    assert found[0] < 0.01
    assert found[1] == pytest.approx(0.0625, abs=0.02)
    assert found[2] == pytest.approx(0.25, abs=0.04)
    assert found[-1] > 2


def test_a_missing_column_and_missing_values_are_drift_where_training_had_none(
    window: DriftWindow, clock: Clock
) -> None:
    sample = RANDOM.normal(size=1000)
    observe(window, sample)
    alike = window.indices(1)["x"]
    clock.now += 3600
    observe(window, np.where(np.arange(1000) < 100, np.nan, sample))
    tenth = window.indices(1)["x"]
    clock.now += 3600
    window.observe({}, 1000)
    assert alike < 0.05 < 0.25 < tenth < window.indices(1)["x"]


def test_missing_values_as_often_as_in_training_are_no_drift(clock: Clock) -> None:
    half = Feature(EDGES, np.array([100.0] * 10 + [1000.0]))
    window = DriftWindow({"x": half}, 3600, clock)
    sample = RANDOM.normal(size=2000)
    observe(window, np.where(np.arange(2000) % 2, np.nan, sample))
    assert window.indices(1)["x"] < 0.05


def test_there_is_no_index_of_too_few_rows(window: DriftWindow) -> None:
    observe(window, RANDOM.normal(size=199))
    assert window.indices(200) == {}
    observe(window, RANDOM.normal(size=1))
    assert list(window.indices(200)) == ["x"]


def test_the_window_slides_slot_by_slot(window: DriftWindow, clock: Clock) -> None:
    for _ in range(120):
        observe(window, RANDOM.normal(size=10))
        clock.now += 60
    # The slot that has just begun is empty, and the sixtieth before it has left.
    assert window.rows() == 59 * 10
    clock.now += 58 * 60
    assert window.rows() == 10
    clock.now += 60
    assert window.rows() == 0
    assert window.indices(1) == {}


def test_rows_that_waited_to_be_counted_leave_with_their_own_slot(
    window: DriftWindow, clock: Clock
) -> None:
    observe(window, np.zeros(5))
    clock.now += 50 * 60
    observe(window, np.zeros(3))
    assert window.rows() == 8
    clock.now += 15 * 60
    assert window.rows() == 3


def test_many_small_requests_count_as_one_large_one(clock: Clock) -> None:
    features = {
        "few": Feature(np.array([0.5, 1.5, 2.5]), np.array([0.0, 5.0, 5.0, 0.0, 0.0])),
        "normal": NORMAL,
        "sent by nobody": NORMAL,
    }
    rows = 3001
    columns = {
        "normal": RANDOM.normal(size=rows),
        "few": RANDOM.choice([True, False, None], rows).tolist(),
        "of no interest": ["a"] * rows,
    }
    together, apart = DriftWindow(features, 3600, clock), DriftWindow(features, 3600, clock)
    together.observe(columns, rows)
    start = 0
    while start < rows:
        size = int(RANDOM.integers(1, 300))
        part = {name: values[start : start + size] for name, values in columns.items()}
        apart.observe(part, len(part["few"]))
        start += size
    assert together.rows() == apart.rows() == rows
    assert together.indices(1) == apart.indices(1)


def test_no_row_is_lost_between_threads(window: DriftWindow) -> None:
    stop = threading.Event()

    def scrape() -> None:
        while not stop.is_set():
            window.indices(1)

    def send(size: int) -> None:
        for _ in range(500):
            observe(window, np.zeros(size))

    scraper = threading.Thread(target=scrape)
    scraper.start()
    senders = [threading.Thread(target=send, args=(size,)) for size in (1, 7, 300)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()
    stop.set()
    scraper.join()
    assert window.rows() == 500 * (1 + 7 + 300)
