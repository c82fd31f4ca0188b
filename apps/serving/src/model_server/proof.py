"""Tries a version out in a child process, so that a version that kills its process kills only that.

The child is forked by a helper process, which ends with the trial: an idle one would cost the
memory of every page that the server writes to. The first helper is forked while this process has no
threads yet, so a start needs no second Python and shares most of its memory. Each later one
is a new Python.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from threadpoolctl import threadpool_limits

from model_server.errors import Cause, FatalLoadError, LoadError, in_short
from model_server.memory import data_size, headroom, resident_size
from model_server.registry import ModelVersion

Try = Callable[[ModelVersion, Path], Callable[[], object]]
"""Loads a version and predicts with it, or raises a `LoadError`. What it answers is done with the
loaded version once the verdict is known, as far as it succeeds in the time and memory there are."""
# What nearly every model needs: imported once, before the fork, for the parent and the child.
_IMPORTS = ("mlflow.sklearn", "skops.io", "sklearn.ensemble", "sklearn.pipeline", "scipy.sparse")
_MIB = 1024 * 1024
_CANCEL = None
_AFTERWARDS_SECONDS = 20
_NOT_WANTED = "the alias moved on before it was loaded"


@dataclass(frozen=True)
class _Job:
    version: ModelVersion
    files: Path
    seconds: float
    memory: int
    """Bytes that the child may take beyond what it starts with."""


@dataclass(frozen=True)
class _Verdict:
    reason: str = ""
    """Why the version cannot be served; empty if it can."""
    cause: Cause | None = None
    """Set if loading it in the server would have ended or stopped the server."""


class Prover:
    """Has one child at a time, for the load that began last; an earlier one's child is ended."""

    def __init__(self, attempt: Try, seconds: float, memory_limit: int | None) -> None:
        self._attempt = attempt
        self._seconds = seconds
        self._memory_limit = memory_limit
        self._sending = threading.Lock()
        self._proving = threading.Lock()
        self._ticket: object = None
        for name in _IMPORTS:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what is frozen is not written to by collections, so it stays shared
        gc.enable()
        self._helper: _Helper | None = _forked(attempt)

    def begin(self) -> object:
        """The ticket of a load that begins now; those of earlier loads are void."""
        with self._sending:
            self._ticket = object()
            if self._helper is not None:
                with contextlib.suppress(OSError):  # a broken pipe shows when something is proved
                    self._helper.connection.send(_CANCEL)
            return self._ticket

    def prove(self, ticket: object, version: ModelVersion, files: Path) -> None:
        """Raise a `LoadError` unless a child loads the version and predicts with it."""
        with self._proving:
            with self._sending:
                if ticket is not self._ticket:
                    raise LoadError(_NOT_WANTED)
                helper = self._helper = self._helper or _started(self._attempt)
                memory = headroom(self._memory_limit)
                with contextlib.suppress(OSError):  # shows when the verdict is read
                    helper.connection.send(_Job(version, files, self._seconds, memory))
            try:
                verdict: _Verdict = helper.connection.recv()
            except (EOFError, OSError):
                raise LoadError("the process that tries versions out was killed") from None
            finally:
                with self._sending:
                    self._helper = None
                helper.end()
        if verdict.cause is not None:
            raise FatalLoadError(verdict.reason, verdict.cause)
        if verdict.reason:
            raise LoadError(verdict.reason)


class _Helper:
    """A process that tries versions out, until the server's end of the pipe closes."""

    def __init__(self, connection: Connection, wait_for_end: Callable[[], object]) -> None:
        self.connection = connection
        self._wait_for_end = wait_for_end
        # Python waits for a forked process when it exits.
        self._close = weakref.finalize(self, connection.close)

    def end(self) -> None:
        self._close()
        self._wait_for_end()


def _forked(attempt: Try) -> _Helper:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def run() -> None:
        ours.close()
        _attend(theirs, attempt, 0)

    process = context.Process(target=run, name="prover")
    process.start()
    theirs.close()
    return _Helper(ours, process.join)


def _started(attempt: Try) -> _Helper:
    """A new Python, because a copy of this process, which has threads by now, cannot be trusted.
    The start method "spawn" would leave a process of multiprocessing's own behind."""
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        end = theirs.fileno()
        # without collections while it imports, as in __main__.py
        code = f"import gc; gc.disable(); from model_server.proof import attend; attend({end})"
        process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[end])
    ours.send(attempt)
    return _Helper(ours, process.wait)


def attend(end: int) -> None:
    """Entry point of a helper in a new Python, given its end of the pipe."""
    with contextlib.suppress(EOFError):
        connection = Connection(end)
        attempt = connection.recv()  # imports what it needs
        gc.enable()
        _attend(connection, attempt, resident_size())


def _attend(connection: Connection, attempt: Try, own: int) -> None:
    """Prove what is asked for, one after the other, until the server's end of the pipe closes.

    `own` are the bytes that this process takes and does not share with the server.
    """
    # A terminal sends Ctrl-C to all; the server decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    context = multiprocessing.get_context("fork")
    try:
        while True:
            job = connection.recv()
            if job is _CANCEL:
                continue
            job = replace(job, memory=max(0, job.memory - own))
            answers, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_try_out, args=(theirs, attempt, job))
            child.start()
            theirs.close()
            if child.sentinel in wait([child.sentinel, connection], job.seconds):
                child.join()  # the sentinel is ready a moment before the exit status
            verdict = _verdict(child, answers, job, cancelled=connection.poll())
            _end(child)
            connection.send(verdict)
    except (EOFError, OSError):
        os._exit(0)


def _verdict(
    child: multiprocessing.Process, answers: Connection, job: _Job, cancelled: bool
) -> _Verdict:
    status = child.exitcode
    if status is None and cancelled:
        return _Verdict(_NOT_WANTED)
    with contextlib.suppress(EOFError):
        if answers.poll():
            return answers.recv()
    if status is None:
        late = f"it did not load and predict within {job.seconds:g} s, so the attempt was stopped"
        return _Verdict(late, "timeout")
    if status == -signal.SIGKILL:
        return _Verdict(_too_large(job), "memory")
    how = f"crashes ({signal.Signals(-status).name})" if status < 0 else f"exits with {status}"
    return _Verdict(f"the process that loads it or predicts with it {how}", "crash")


def _end(child: multiprocessing.Process) -> None:
    """Kill what is left of the child and of the processes that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.join()


def _try_out(answers: Connection, attempt: Try, job: _Job) -> None:
    """In the child: load, predict, and report the result."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)  # the server logs the same when it loads the version itself
    os.nice(5)
    # Where memory runs out in spite of the limit below, the kernel should end this process.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (data_size() + job.memory, most))
    try:
        # OpenMP would wait for threads that it had before a fork. Requests have one each, too.
        with threadpool_limits(1):
            afterwards = attempt(job.version, job.files)
        verdict = _Verdict()
    except BaseException as error:
        verdict = _Verdict(str(error) if isinstance(error, LoadError) else in_short(error))
        if _ran_out_of_memory(error):
            verdict = _Verdict(_too_large(job), "memory")
        afterwards = None
    limit = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    answers.send(verdict)
    resource.setrlimit(resource.RLIMIT_DATA, limit)
    with contextlib.suppress(BaseException):
        if afterwards is not None:
            signal.alarm(_AFTERWARDS_SECONDS)
            with threadpool_limits(1):
                afterwards()
    os._exit(0)


def _ran_out_of_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _too_large(job: _Job) -> str:
    return (
        f"it needs more memory than the {job.memory // _MIB} MiB that are left for it; "
        "raise the memory limit of the model server, or log a smaller model"
    )
