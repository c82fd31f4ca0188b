"""joblib's `dask` backend, for workers that may be lost.

joblib's own backend hangs when a worker ends while data is sent to it, and when a task
fails on the way rather than in its function: neither reaches the caller. And data that it sent to
a worker is gone with it. Here data is a task, which Dask runs again, and every failure of a
batch reaches the caller.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from distributed import Client, Future, get_client
from joblib import parallel_config, register_parallel_backend
from joblib._dask import (
    Batch,
    DaskDistributedBackend,
    _WeakKeyDictionary,
    is_weakrefable,
    sizeof,
)
from joblib._utils import _TracebackCapturingWrapper
from toolz import identity

_LEAST_BYTES = 1000
"""Smaller arguments travel with the call. The same as in joblib's own backend."""


class _Batch(Batch):
    """Calls that one task makes. Their use of joblib stays in their worker: joblib's own backend
    makes a task of each tree of each forest of a search."""

    def __call__(self, tasks: list[Any]) -> list[Any]:
        with parallel_config(backend="threading", n_jobs=1):
            return [function(*args, **kwargs) for function, args, kwargs in tasks]


class LastingDaskBackend(DaskDistributedBackend):
    def __init__(self, client: Client | None = None, **options: Any) -> None:  # noqa: ANN401
        # long enough for replacement pods to start
        super().__init__(client=client or _client(), **{"wait_for_workers_timeout": 600, **options})
        self._data = _WeakKeyDictionary()
        self._running: set[Future] = set()

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()

    def effective_n_jobs(self, n_jobs: int) -> int:
        # for one job joblib would make the calls in this process
        return max(2, super().effective_n_jobs(n_jobs))

    def start_call(self) -> None:
        self._data = _WeakKeyDictionary()

    def stop_call(self) -> None:
        self._data.clear()

    def submit(self, func: Any, callback: Callable[[Any], None]) -> None:  # noqa: ANN401
        self.client.loop.add_callback(self._run, func.items, callback)

    async def _run(self, calls: list[Any], callback: Callable[[Any], None]) -> None:
        future = None
        try:
            tasks = [
                (function, [self._in_graph(value) for value in args], self._shared_by_name(kwargs))
                for function, args, kwargs in calls
            ]
            batch = _Batch(tasks)
            future = self.client.submit(
                _TracebackCapturingWrapper(batch),
                tasks=tasks,
                key=f"{batch!r}-{uuid4().hex}",
                **self.submit_kwargs,
            )
            self._running.add(future)
            result = await future
        except Exception as error:
            result = error  # which joblib raises where the result is taken
        finally:
            self._running.discard(future)
        callback(result)

    def _shared_by_name(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: self._in_graph(value) for name, value in values.items()}

    def _in_graph(self, value: Any) -> Any:  # noqa: ANN401
        """Large data once for all calls that have it, as a task: it outlives its worker."""
        if (given := self.data_futures.get(id(value))) is not None:
            return given
        if not is_weakrefable(value) or sizeof(value) <= _LEAST_BYTES:
            return value
        try:
            return self._data[value]
        except KeyError:
            future = self._data[value] = self.client.submit(identity, value, pure=False)
            return future

    def abort_everything(self, ensure_ready: bool = True) -> None:
        self.client.cancel(list(self._running))


def _client() -> Client:
    try:
        return get_client()
    except ValueError:
        return Client()


def register() -> None:
    """Makes `joblib.parallel_config("dask")` use it, in this process."""
    register_parallel_backend("dask", LastingDaskBackend)
