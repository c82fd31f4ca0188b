"""Rules of following the alias that would take minutes, or luck, to see in a running server."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import pytest
from model_server.baseline import NO_BASELINE
from model_server.errors import LoadError, ModelMissingError, RegistryError
from model_server.follower import Follower, Problem
from model_server.metrics import Metrics
from model_server.observed import Observed
from model_server.registry import ModelVersion
from model_server.settings import Settings, read_settings

ENVIRONMENT = {"MLFLOW_TRACKING_URI": "http://mlflow:5000", "MODEL_NAME": "diabetes"}


class Loaded:
    """Stands for a loaded model; only its version matters here."""

    def __init__(self, version: ModelVersion) -> None:
        self.version = version
        self.observed = Observed(NO_BASELINE, read_settings(ENVIRONMENT))


class World:
    """A registry, a loader and a clock that do what the test says."""

    def __init__(self) -> None:
        self.alias: ModelVersion | None = None
        self.away = False
        self.missing: ModelMissingError | None = None
        self.broken: set[str] = set()
        self.attempts: list[str] = []
        self.now = 1000.0

    def look_up(self) -> ModelVersion | None:
        if self.away:
            raise RegistryError("the tracking server does not answer: connection refused")
        if self.missing:
            raise self.missing
        return self.alias

    def load(self, version: ModelVersion, replaces: bool) -> Loaded:
        self.attempts.append(version.version)
        if version.version in self.broken:
            raise LoadError("it is broken")
        return Loaded(version)


def version(number: int, created: int = 0) -> ModelVersion:
    return ModelVersion("diabetes", str(number), None, created)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def settings() -> Settings:
    return read_settings(ENVIRONMENT)


@pytest.fixture
def follower(world: World, settings: Settings) -> Follower:
    return Follower(world, world, Metrics("m"), settings, clock=lambda: world.now)  # type: ignore[arg-type]


def step(follower: Follower, times: int = 1) -> None:
    for _ in range(times):
        asyncio.run(follower.step())


def served(follower: Follower) -> str | None:
    return follower.current.version.version if follower.current else None


def test_a_broken_version_is_tried_ever_less_often(world: World, follower: Follower) -> None:
    world.alias, world.broken = version(1), {"1"}
    moments = []
    start = world.now
    for _ in range(250):
        before = len(world.attempts)
        step(follower)
        if len(world.attempts) > before:
            moments.append(world.now - start)
        world.now += 5
    assert moments == [0, 10, 30, 70, 150, 310, 610, 910, 1210]


def test_a_repaired_version_is_taken_at_the_next_attempt(world: World, follower: Follower) -> None:
    world.alias, world.broken = version(1), {"1"}
    step(follower)
    world.broken = set()
    step(follower)
    assert served(follower) is None
    world.now += 10
    step(follower)
    assert served(follower) == "1"
    assert follower.problem is None


def test_another_version_does_not_wait_for_the_backoff(world: World, follower: Follower) -> None:
    world.alias, world.broken = version(1), {"1"}
    step(follower)
    world.alias = version(2)
    step(follower)
    assert served(follower) == "2"


def test_the_same_number_of_a_model_registered_anew_is_another_version(
    world: World, follower: Follower
) -> None:
    world.alias = version(1, created=1)
    step(follower, 2)
    world.alias = version(1, created=2)
    step(follower, 2)
    assert world.attempts == ["1", "1"]


def test_one_look_without_the_alias_is_not_believed(world: World, follower: Follower) -> None:
    world.alias = version(1)
    step(follower)
    world.alias = None
    step(follower)
    assert served(follower) == "1"
    world.alias = version(2)
    step(follower)
    world.alias = None
    step(follower)
    assert served(follower) == "2"
    step(follower)
    assert served(follower) is None


def test_the_failure_of_a_version_is_shown_again_after_an_outage(
    world: World, follower: Follower
) -> None:
    world.alias, world.broken = version(1), {"1"}
    step(follower)
    world.away = True
    step(follower)
    assert "does not answer" in follower.why_no_model()
    world.away = False
    step(follower)
    assert follower.why_no_model() == "No model is loaded: version 1: it is broken."
    assert world.attempts == ["1"]


@pytest.mark.parametrize(
    ("away", "alias", "broken", "ready"),
    [
        (False, None, set(), True),
        (False, version(1), set(), True),
        (False, version(1), {"1"}, False),
        (True, version(1), set(), False),
    ],
    ids=["no alias", "loaded", "broken", "registry away"],
)
def test_ready_once_it_serves_or_has_nothing_to_serve_or_has_waited_long_enough(
    world: World,
    follower: Follower,
    away: bool,
    alias: ModelVersion | None,
    broken: set[str],
    ready: bool,
) -> None:
    assert not follower.ready
    world.away, world.alias, world.broken = away, alias, broken
    step(follower)
    assert follower.ready is ready
    world.now += 60
    assert follower.ready


def test_ready_stays_when_the_registry_goes_away(world: World, follower: Follower) -> None:
    step(follower)
    world.away = True
    step(follower)
    assert follower.ready


def test_a_replaced_model_lives_exactly_as_long_as_its_last_request(
    world: World, follower: Follower
) -> None:
    world.alias = version(1)
    step(follower)
    for thread in threading.enumerate():  # one that has handed the model over may not have returned
        if thread.name.startswith("load"):
            thread.join()
    request = follower.current
    old = weakref.ref(follower.current)
    gc.disable()  # reference counting alone must do it: a collection may be far away
    try:
        world.alias = version(2)
        step(follower)
        assert old() is not None
        del request
        assert old() is None
    finally:
        gc.enable()


def test_the_loop_survives_what_nobody_expected(world: World, settings: Settings) -> None:
    class Surprising(World):
        def look_up(self) -> ModelVersion | None:
            self.attempts.append("look")
            raise ZeroDivisionError

    surprising = Surprising()
    follower = Follower(surprising, surprising, Metrics("m"), settings)  # type: ignore[arg-type]

    async def two_rounds() -> None:
        following = asyncio.create_task(follower.run())
        while len(surprising.attempts) < 2:
            await asyncio.sleep(0.01)
        following.cancel()

    asyncio.run(asyncio.wait_for(two_rounds(), 30))
    assert len(surprising.attempts) >= 2


def test_a_deleted_model_stops_being_served_when_that_is_certain(
    world: World, follower: Follower
) -> None:
    world.alias = version(1)
    step(follower)
    world.missing = ModelMissingError("no model diabetes is registered in MLflow", certain=True)
    step(follower, 2)
    assert served(follower) is None
    assert follower.why_no_model() == (
        "No model to serve yet: no model diabetes is registered in MLflow."
    )


def test_a_model_that_may_only_be_hidden_keeps_being_served_and_is_reported(
    world: World, follower: Follower
) -> None:
    world.alias = version(1)
    step(follower)
    world.missing = ModelMissingError("it is gone, or user x may not read it", certain=False)
    step(follower, 3)
    assert served(follower) == "1"
    assert follower.problem == Problem(None, str(world.missing), "missing")
    world.missing = None
    step(follower)
    assert follower.problem is None
