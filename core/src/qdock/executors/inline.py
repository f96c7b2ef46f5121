"""The executor that works in the caller's thread: what is started has ended when `start` returns."""

from __future__ import annotations

import threading
from typing import Any

from qdock.call import Call
from qdock.work.events import Emit, Finished
from qdock.work.worker import Worker, work

__all__ = ["InlineExecutor", "interrupted", "pass_on_interrupt"]


class InlineExecutor:
    """Works in the caller's thread. Slots don't apply: whoever starts a job does it."""

    def __init__(self, spec: Any = None, config: Any = None) -> None:
        self._workers: dict[str, Worker] = {}

    def start(self, job_id: str, call: Call, emit: Emit) -> str:
        """Do the work and return when it has ended.

        Raises
        ------
        KeyboardInterrupt
            If the user pressed Ctrl-C meanwhile, which has cancelled the job.
        """
        self._workers[job_id] = worker = Worker(job_id, emit, job_id)
        try:
            finished = interrupted(work(worker, call))
            emit(finished)
        finally:
            del self._workers[job_id]
        pass_on_interrupt(finished.exception)
        return job_id

    def stop(self, handle: str) -> bool:
        """Ask the work to stop at its next `context.check()`; True if it has ended."""
        worker = self._workers.get(handle)
        if worker is None:
            return True
        worker.stop_requested = True
        return False

    def attach(self, handle: str, emit: Emit) -> bool:
        """Return False: no work outlives its process here."""
        return False

    def close(self, wait: bool = True) -> None:
        """Do nothing: nothing waits here."""


def interrupted(finished: Finished) -> Finished:
    """Return how work ended: Ctrl-C has cancelled the job that it hit."""
    error = finished.exception
    return Finished(exception=error, stopped=True) if error is not None and _is_ctrl_c(error) else finished


def pass_on_interrupt(error: BaseException | None) -> None:
    """Raise a Ctrl-C that hit a job: it was meant for the whole program."""
    if error is not None and _is_ctrl_c(error):
        raise error


def _is_ctrl_c(error: BaseException) -> bool:
    # Python raises it in the main thread only; in another one it is the program's own.
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()
