"""Follows the alias: keeps the version that it names loaded, whatever goes wrong around it.

- The alias moves: the new version is loaded next to the old one and replaces it once it predicts.
- The new version fails: the old one keeps answering, and the load is retried ever less often.
- A load takes long: the alias is still polled, and a load that is no longer wanted is given up.
- The tracking server is away: the loaded version keeps answering.
- The alias is removed: nothing is served. That is what removing it means.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol

from model_server.errors import FatalLoadError, LoadError, ModelMissingError, RegistryError
from model_server.loaded_model import LoadedModel
from model_server.metrics import Metrics
from model_server.registry import ModelVersion
from model_server.settings import Settings

_log = logging.getLogger(__name__)
_LONGEST_BACKOFF_SECONDS = 300.0
# A load that takes longer is reported, for people to see what they wait for.
_LONG_LOAD_SECONDS = 4.0
# MLflow's page moves an alias by removing it in one request and setting it in another.
_LOOKS_WITHOUT_ALIAS = 2


class _Registry(Protocol):
    def look_up(self) -> ModelVersion | None: ...


class _Loader(Protocol):
    def load(self, version: ModelVersion, replaces: bool) -> LoadedModel: ...


State = Literal["failed", "loading", "missing", "unreachable"]


@dataclass(frozen=True)
class Problem:
    """Why the wanted version is not the served one. Without a version, the registry is away."""

    version: str | None
    reason: str
    state: State = "failed"
    at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)


@dataclass(frozen=True)
class _FailedAttempt:
    version: ModelVersion
    problem: Problem
    attempts: int
    retry_at: float


@dataclass(frozen=True)
class _Load:
    """A load under way, in its own thread: one that hangs must not hold up anything else."""

    version: ModelVersion
    result: asyncio.Future[LoadedModel]
    started: float


class Follower:
    """Holds the model that answers now. Requests take `current` once and keep what they took."""

    def __init__(
        self,
        registry: _Registry,
        loader: _Loader,
        metrics: Metrics,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current: LoadedModel | None = None
        self.problem: Problem | None = None
        self._registry = registry
        self._loader = loader
        self._metrics = metrics
        self._settings = settings
        self._clock = clock
        self._started = clock()
        self._settled = False
        self._looks_without_alias = 0
        self._why_none: str | None = None
        self._failed: _FailedAttempt | None = None
        self._load: _Load | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="registry")

    @property
    def ready(self) -> bool:
        """False while starting: a new pod must not replace one that serves before it serves
        itself. Bounded, so that a platform without a tracking server still comes up."""
        waited = self._clock() - self._started >= self._settings.startup_grace_seconds
        self._settled = self._settled or waited
        return self._settled

    def why_no_model(self) -> str:
        """A sentence for people, while `current` is None."""
        name, alias = self._settings.model_name, self._settings.model_alias
        if self.problem is None:
            if self._why_none is not None:
                return f"No model to serve yet: {self._why_none}."
            return f"Starting: looking for the version of {name} with the alias {alias}."
        if self.problem.version is None:
            return f"No model is loaded: {self.problem.reason}."
        return f"No model is loaded: version {self.problem.version}: {self.problem.reason}."

    async def run(self) -> None:
        """Poll, load and wait until the server stops."""
        while True:
            try:
                await self.step()
            except Exception:  # the loop outlives anything that one round does
                _log.exception("following the alias failed in an unexpected way")
            if self._load is None:
                await asyncio.sleep(self._pause_seconds)

    @property
    def _pause_seconds(self) -> float:
        settings = self._settings
        idle = self.current is None
        return settings.poll_seconds_without_model if idle else settings.poll_seconds

    async def step(self) -> None:
        """Poll the alias, and load its version if needed, waiting for it until the next poll."""
        loop = asyncio.get_running_loop()
        try:
            wanted = await loop.run_in_executor(self._thread, self._registry.look_up)
        except ModelMissingError as error:
            if self.current is None or error.certain:
                self._follow(None, str(error))
            else:  # it may only be hidden, by a permission that was changed
                self._report(Problem(None, str(error), "missing"))
        except RegistryError as error:
            self._metrics.registry_errors.inc()
            self._report(Problem(None, str(error), "unreachable"))
        else:
            name, alias = self._settings.model_name, self._settings.model_alias
            self._follow(wanted, f"no version of {name} has the alias {alias}")
        if self._load is not None:
            await self._await_load(self._load)

    def _follow(self, wanted: ModelVersion | None, why_none: str) -> None:
        if self._load is not None:
            if wanted == self._load.version:
                return
            self._load.result.add_done_callback(_ignore)
            self._load = None
        if wanted is None:
            self._nothing_wanted(why_none)
            return
        self._looks_without_alias = 0
        if self.current is not None and self.current.version == wanted:
            self.problem = self._failed = None
            return
        if self._failed is not None:
            if self._failed.version != wanted:
                self._failed = None
            elif self._clock() < self._failed.retry_at:
                self.problem = self._failed.problem
                return
        thread = ThreadPoolExecutor(1, thread_name_prefix="load")
        load = partial(self._loader.load, wanted, replaces=self.current is not None)
        loading = asyncio.get_running_loop().run_in_executor(thread, load)
        thread.shutdown(wait=False)
        self._load = _Load(wanted, loading, time.perf_counter())

    async def _await_load(self, load: _Load) -> None:
        await asyncio.wait([load.result], timeout=self._pause_seconds)
        if not load.result.done():
            if time.perf_counter() - load.started >= _LONG_LOAD_SECONDS:
                limit = f"{self._settings.load_timeout_seconds:g} s"
                reason = f"it is still loading; after {limit} the attempt is stopped"
                self._report(Problem(load.version.version, reason, "loading"))
            return
        self._load = None
        try:
            loaded = load.result.result()
        except LoadError as error:
            self._load_failed(load.version, error)
            return
        self._metrics.load_seconds.observe(time.perf_counter() - load.started)
        self._take(loaded)

    def _nothing_wanted(self, why: str) -> None:
        self._settled = True
        self._why_none = why
        self._failed = self.problem = None
        self._looks_without_alias += 1
        if self.current is not None and self._looks_without_alias >= _LOOKS_WITHOUT_ALIAS:
            _log.warning("serving stops: %s", why)
            self.current = None
            self._metrics.stopped()

    def _take(self, loaded: LoadedModel) -> None:
        before = self.current.version.version if self.current else "none"
        version = loaded.version
        self.current = loaded  # the swap: one assignment, nothing in between
        self.problem = self._failed = None
        self._settled = True
        self._metrics.taken(version, self._settings.model_alias, loaded.observed)
        _log.info("serving version %s of %s (before: %s)", version.version, version.name, before)

    def _load_failed(self, version: ModelVersion, error: LoadError) -> None:
        attempts = self._failed.attempts + 1 if self._failed else 1
        wait = min(self._settings.poll_seconds * 2**attempts, _LONGEST_BACKOFF_SECONDS)
        problem = Problem(version.version, str(error))
        self._failed = _FailedAttempt(version, problem, attempts, self._clock() + wait)
        cause = error.cause if isinstance(error, FatalLoadError) else None
        self._metrics.load_failed(version.version, cause)
        self._report(problem)

    def _report(self, problem: Problem) -> None:
        """Log a problem when it is new, not at every poll."""
        if problem == self.problem:
            return
        self.problem = problem
        served = self.current.version.version if self.current else "none"
        version = problem.version
        what = f"version {version} is not served" if version else "the alias cannot be read"
        _log.warning("%s: %s (serving: %s)", what, problem.reason, served)

    def close(self) -> None:
        """Release the worker thread without waiting for a load in progress."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _ignore(result: asyncio.Future[LoadedModel]) -> None:
    """Discards the result or the error of a load that is no longer wanted."""
    if not result.cancelled():
        result.exception()
