"""Executors: where the work of local jobs happens. This is the protocol; the core's own stand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qdock.call import Call
from qdock.common.lazy import lazily
from qdock.work.events import Emit, Event, Finished, Log, Progress, Started

if TYPE_CHECKING:
    from qdock.executors.futures import FutureExecutor
    from qdock.executors.inline import InlineExecutor
    from qdock.executors.process import ProcessExecutor
    from qdock.executors.thread import ThreadExecutor

__all__ = [
    "Emit",
    "Event",
    "Executor",
    "Finished",
    "FutureExecutor",
    "InlineExecutor",
    "Log",
    "ProcessExecutor",
    "Progress",
    "Started",
    "ThreadExecutor",
]

#: Module -> what it has of the names above, beside those that are imported here.
_NAMES = {
    "futures": ("FutureExecutor",),
    "inline": ("InlineExecutor",),
    "process": ("ProcessExecutor",),
    "thread": ("ThreadExecutor",),
}

__getattr__, __dir__ = lazily(__name__, _NAMES)


class Executor(Protocol):
    """Where the work of jobs happens. Made by a factory that is called with ``(spec, config)``.

    An executor calls `qdock.work.worker.work` with a `Worker` for the job wherever the work is to be done, and emits
    the `Finished` that it returns: exactly one for every job that was started and not stopped while it was waiting.

    One whose work goes on when the process that started it has ended says ``outlives_owner = True``. The handle is
    then kept in the job's record, and the next owner that finds the job calls `attach` with it.

    One that can end work that takes too long says ``keeps_time_limits = True``, and its `start` takes ``time_limit``
    in seconds too.
    """

    def start(self, job_id: str, call: Call, emit: Emit) -> str:
        """Take a job's work and return a handle to it, at once.

        `emit` takes the events of the work, from any thread: `Started` right before it begins, `Progress` and
        `Log` at any time, `Finished` once, as the last. While it takes the `Finished` of an attempt that is to be
        tried again, it may start the next one of the same job.
        """

    def stop(self, handle: str) -> bool:
        """Ask the work to stop; return True only if it certainly does not run any more, and never will."""

    def attach(self, handle: str, emit: Emit) -> bool:
        """Bind to work that an executor started before this process did; False if it is gone."""

    def close(self, wait: bool = True) -> None:
        """Take no more work; with `wait`, return when all of it is finished, else drop what has not begun."""
