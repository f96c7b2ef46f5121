"""Any `concurrent.futures.Executor` as an executor of jobs."""

from __future__ import annotations

import concurrent.futures
import itertools
from functools import partial
from typing import Any

from qdock.call import Call
from qdock.tracking.record import Failure
from qdock.work.events import Emit, Event, Finished
from qdock.work.worker import Worker, describe, work_apart

__all__ = ["FutureExecutor"]


class FutureExecutor:
    """Gives the work of jobs to a pool, which stays its owner's: closing this does not shut it down.

    In a pool of threads everything holds that holds for the thread executor. A pool in another process has no way
    back before the end: a job is seen as running, with its progress and its log, only once it is finished, and a
    job that runs can't be stopped.

    Parameters
    ----------
    pool : concurrent.futures.Executor
        Where the work is to be done.
    """

    def __init__(self, pool: concurrent.futures.Executor) -> None:
        self._pool = pool
        self._futures: dict[str, tuple[Worker, concurrent.futures.Future[list[Event]] | None]] = {}
        self._numbers = itertools.count()

    def start(self, job_id: str, call: Call, emit: Emit) -> str:
        """Submit the work to the pool."""
        handle = f"{job_id}.{next(self._numbers)}"
        worker = Worker(job_id, emit, handle)
        # It may begin, say so, and be asked to stop, before the pool has given the future back.
        self._futures[handle] = worker, None
        try:
            future = self._pool.submit(work_apart, worker, call)
        except BaseException:
            del self._futures[handle]
            raise
        self._futures[handle] = worker, future
        if worker.stop_requested:
            future.cancel()
        future.add_done_callback(partial(self._finish, handle, emit))
        return handle

    def stop(self, handle: str) -> bool:
        """Cancel what the pool has not begun; ask the rest to stop at its next `context.check()`."""
        worker, future = self._futures.get(handle, (None, None))
        if worker is None:
            return True
        worker.stop_requested = True
        return future is not None and future.cancel()

    def attach(self, handle: str, emit: Emit) -> bool:
        """Return False: a future does not outlive its process."""
        return False

    def close(self, wait: bool = True) -> None:
        """Cancel what has not begun unless `wait`, which waits for all; the pool itself stays open."""
        futures = [future for _, future in list(self._futures.values()) if future is not None]
        if wait:
            concurrent.futures.wait(futures)
        for future in futures:
            future.cancel()

    def _finish(self, handle: str, emit: Emit, future: concurrent.futures.Future[list[Event]]) -> None:
        for event in _events(future):
            emit(event)
        self._futures.pop(handle, None)


def _events(future: concurrent.futures.Future[Any]) -> list[Event]:
    if future.cancelled():
        return [Finished(stopped=True)]
    error = future.exception()
    if error is None:
        return list(future.result())
    lost = isinstance(error, concurrent.futures.BrokenExecutor)
    return [Finished(failure=Failure("worker_lost" if lost else "exception", describe(error)), exception=error)]
