"""The worker's end of the line: how the work of a job tells its owner what happens, and hears that it shall stop.

An executor makes a `Worker` for a job and calls `work` wherever the work is to be done. Which job's work is being
done is known throughout that call, so what is started inside of a job knows its parent.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

from qdock.errors import JobCancelledError, JobError
from qdock.tracking.record import Failure
from qdock.work.events import Emit, Event, Finished, Inside, Started

__all__ = ["InvalidResult", "Worker", "current_worker", "describe", "perform", "work", "work_apart"]

#: Characters that are kept of a reason and of a traceback.
_TEXT_LIMIT = 1 << 16
#: Seconds between two messages about what was run inside of a job.
_INSIDE_SECONDS = 0.2


class InvalidResult(JobError):
    """A backend returned what is no result of the programs it was given."""


class Work(Protocol):
    """What there is to do: a `Call`."""

    def __call__(self) -> Any:
        """Do it."""


class Worker:
    """One job's line to its owner.

    Parameters
    ----------
    job_id : str
        The job.
    emit : callable, optional
        Takes the events. None, or lost in pickling: they are kept in `events`.
    handle : str, optional
        The executor's handle to the job.
    """

    __slots__ = ("_lock", "_parent", "_told", "emit", "events", "handle", "inside", "job_id", "stop_requested")

    def __init__(self, job_id: str, emit: Emit | None = None, handle: str | None = None) -> None:
        self.job_id = job_id
        self.handle = handle
        self.events: list[Event] = []
        self.emit: Emit = self.events.append if emit is None else emit
        self.stop_requested = False
        self._parent: Worker | None = None
        #: What was run inside of the job, by backend.
        self.inside: dict[str, dict[str, float]] = {}
        self._told, self._lock = 0.0, threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        # The other process has no way back to the owner but the value that it returns.
        return Worker, (self.job_id, None, self.handle)

    @property
    def stopping(self) -> bool:
        """Whether this job, or one that it is part of, shall stop."""
        return self.stop_requested or (self._parent is not None and self._parent.stopping)

    def check(self) -> None:
        """Raise `JobCancelledError` if the work shall stop."""
        if self.stop_requested or (self._parent is not None and self._parent.stopping):
            raise JobCancelledError(f"Job {self.job_id} was asked to stop.")

    def count(self, backend: str, programs: int, seconds: float) -> None:
        """Count a run on a backend inside of this job, and tell the owner of all of them now and then."""
        with self._lock:
            seen = self.inside.setdefault(backend, {"jobs": 0, "programs": 0, "seconds": 0.0})
            seen["jobs"] += 1
            seen["programs"] += programs
            seen["seconds"] += seconds
            now = time.monotonic()
            due = now >= self._told + _INSIDE_SECONDS
            if due:
                self._told = now
        if due:
            self.tell_inside()

    def tell_inside(self) -> None:
        """Tell the owner what was run inside of this job."""
        with self._lock:
            runs = {backend: dict(seen) for backend, seen in self.inside.items()}
        self.emit(Inside(runs))


_CURRENT: ContextVar[Worker | None] = ContextVar("qdock_worker", default=None)

#: Returns the worker of the job whose work this is, or None outside of any job.
current_worker: Callable[[], Worker | None] = _CURRENT.get


def work(worker: Worker, call: Work) -> Finished:
    """Do the work and return how it ended; whatever it raises, this does not."""
    try:
        worker.emit(Started(worker.handle))
    except JobCancelledError:
        return Finished(stopped=True)
    # Whoever is told of the start may forbid it.
    except Exception as error:  # noqa: BLE001
        return Finished(failure=_failure("not_started", error))
    return perform(worker, call)


def perform(worker: Worker, call: Work, outer: Worker | None = None) -> Finished:
    """Do the work as `work` does, of a job whose start is nobody's concern; `outer` is the job that it is part of.

    If none is given that is the one whose work this thread does.
    """
    worker._parent = current_worker() if outer is None else outer
    token = _CURRENT.set(worker)
    try:
        worker.check()
        return Finished(value=call())
    # Any exception ends this job and no other: sys.exit() in a user's function must not take a worker along.
    except BaseException as error:  # noqa: BLE001
        return _failed(worker, error)
    finally:
        _CURRENT.reset(token)
        if worker.inside:
            worker.tell_inside()


def work_apart(worker: Worker, call: Work) -> list[Event]:
    """Do the work where no event reaches the owner before the end, and return all of them, the last `Finished`."""
    finished = work(worker, call)
    return [*worker.events, finished]


def _failed(worker: Worker, error: BaseException) -> Finished:
    if isinstance(error, JobCancelledError) and worker.stopping:
        return Finished(stopped=True)
    return Finished(failure=_failure(_kind(error), error), exception=error)


def _failure(kind: str, error: BaseException) -> Failure:
    return Failure(kind, describe(error)[:_TEXT_LIMIT], _traceback(error)[-_TEXT_LIMIT:])


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    # A broken class must not keep its job from ending.
    except Exception:  # noqa: BLE001
        return "".join(traceback.format_tb(error.__traceback__))


def _kind(error: BaseException) -> str:
    if isinstance(error, InvalidResult):
        return "invalid_result"
    if not isinstance(error, Exception):
        return "interrupted"
    return "retriable" if _is_retriable(error) else "exception"


def _is_retriable(error: Exception) -> bool:
    """Whether it says that another try may succeed."""
    try:
        return getattr(error, "retriable", False) is True
    # Whatever its class makes of an attribute that it does not have.
    except Exception:  # noqa: BLE001
        return False


def describe(error: BaseException) -> str:
    """Return an exception's type and message in one line."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  # a broken __str__ must not hide which exception it was
        message = "(its message can't be shown)"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
