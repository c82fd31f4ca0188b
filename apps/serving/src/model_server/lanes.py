"""Threads that predict, in lanes, so that slow requests cannot keep fast ones from an answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """Too many requests wait, or no thread became free in time."""


class LateError(Exception):
    """The work did not end in time. Its thread cannot be stopped and keeps running."""


class Lane:
    """Runs `at_once` requests at a time; the others wait for their turn.

    A request keeps its turn for `turn_seconds` at most. If it takes longer, the next one starts on
    a spare thread, so a model that hangs on some requests still answers the others.
    """

    def __init__(
        self,
        name: str,
        *,
        at_once: int,
        spare_threads: int,
        most_pending: int,
        turn_seconds: float,
        answer_seconds: float,
    ) -> None:
        self._threads = at_once + spare_threads
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix=name)
        self._turns = asyncio.Semaphore(at_once)
        self._most_pending = most_pending
        self._turn_seconds = min(turn_seconds, answer_seconds)
        self._answer_seconds = answer_seconds
        self._pending = 0
        self._started: dict[int, float] = {}  # when the work of each thread began

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, or `BusyError` or `LateError`."""
        if self._pending >= self._most_pending:
            raise BusyError
        self._pending += 1
        try:
            await self._wait_for_turn()
            return await self._finish(work)
        finally:
            self._pending -= 1

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise BusyError from None

    async def _finish(self, work: Callable[[], Result]) -> Result:
        job = self._pool.submit(self._timed, work)
        answer = asyncio.wrap_future(job)
        try:
            await asyncio.wait([answer], timeout=self._turn_seconds)
        finally:
            self._turns.release()
        if not answer.done():
            await asyncio.wait([answer], timeout=self._answer_seconds - self._turn_seconds)
        if answer.done():
            return answer.result()
        raise BusyError if job.cancel() else LateError

    def _timed(self, work: Callable[[], Result]) -> Result:
        thread = threading.get_ident()
        self._started[thread] = time.monotonic()
        try:
            return work()
        finally:
            del self._started[thread]

    def overdue(self, seconds: float) -> int:
        """How many threads have worked on one request for longer than this."""
        latest = time.monotonic() - seconds
        return sum(started < latest for started in list(self._started.values()))

    def stuck(self, seconds: float) -> bool:
        """Whether every thread is overdue, so that none is left to answer."""
        return self.overdue(seconds) >= self._threads

    def close(self) -> None:
        """Release the threads without waiting for work in progress."""
        self._pool.shutdown(wait=False, cancel_futures=True)
