"""The executor that works in threads of this process, a bounded number at a time."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from typing import Any

from qdock.call import Call
from qdock.common.forks import renew_in_children
from qdock.errors import ConfigError, JobError
from qdock.executors.settings import check_names
from qdock.work.events import Emit
from qdock.work.worker import Worker, work

__all__ = ["ThreadExecutor", "usable_cpus"]

#: Seconds after which an idle thread ends, so that a forgotten Dock leaves none behind.
IDLE_SECONDS = 5.0

_log = logging.getLogger(__name__)


def usable_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadExecutor:
    """Works in at most `slots` threads; what comes then waits in the order it came.

    The threads are daemons, so that one that hangs can't keep a program from its end; `Dock.close`, which the
    interpreter calls at its exit, waits for the work.

    Parameters
    ----------
    spec, config : optional
        As for any executor; ``[executors.thread] slots`` is read from the configuration.
    slots : int, optional
        How many threads, if not what the configuration says: by default the processors that it may use.

    Raises
    ------
    ConfigError
        If `slots` is no whole number of at least 1, or there is no setting of a name in the configuration.
    """

    def __init__(self, spec: Any = None, config: Any = None, slots: int | None = None) -> None:
        table = {} if config is None else config.executor("thread")
        check_names("thread", table, ["slots"])
        slots = table.get("slots") if slots is None else slots
        self._slots = _check_slots(usable_cpus() if slots is None else slots)
        self._closed = False
        self.after_fork()
        renew_in_children(self)

    @property
    def slots(self) -> int:
        """How many jobs run at a time."""
        return self._slots

    def start(self, job_id: str, call: Call, emit: Emit) -> str:
        """Take the work of a job; its handle is the job's id."""
        with self._changed:
            if self._closed:
                raise JobError("This executor is closed and takes no more jobs.")
            self._waiting[job_id] = Worker(job_id, emit, job_id), call
            self._queue.append(job_id)
            if self._idle < len(self._queue) and self._threads < self._slots:
                self._add_thread(job_id)
            else:
                self._changed.notify()
        return job_id

    def _add_thread(self, job_id: str) -> None:
        try:
            threading.Thread(target=self._serve, name="qdock-thread", daemon=True).start()
        except RuntimeError:
            # The system gives no more threads. Those that there are will come to it; without any nobody would.
            if not self._threads:
                del self._waiting[job_id]
                raise
        else:
            self._threads += 1

    def stop(self, handle: str) -> bool:
        """Take the work out of the queue, or ask it to stop at its next `context.check()`."""
        with self._changed:
            if self._waiting.pop(handle, None) is not None:
                return True
            worker = self._running.get(handle)
            if worker is None:
                return True
            worker.stop_requested = True
            return False

    def attach(self, handle: str, emit: Emit) -> bool:
        """Return False: no thread outlives its process."""
        return False

    def close(self, wait: bool = True) -> None:
        """Take no more work; with `wait`, return when all of it is finished, else drop what has not begun."""
        with self._changed:
            self._closed = True
            if not wait:
                self._waiting.clear()
            self._changed.notify_all()
            # A job's callback that closes this runs in one of the threads, and can't wait for itself.
            own = threading.get_ident() in self._idents
            self._changed.wait_for(lambda: not wait or len(self._waiting) + len(self._running) <= own)

    # --- in the threads

    def _serve(self) -> None:
        self._idents.add(threading.get_ident())
        try:
            self._work_off()
        finally:
            self._idents.discard(threading.get_ident())

    def _work_off(self) -> None:
        while (task := self._take()) is not None:
            worker, call = task
            try:
                worker.emit(work(worker, call))
            # The owner could not take it; the next job must not suffer for that.
            except BaseException:  # noqa: BLE001
                _log.exception("The end of job %s could not be reported.", worker.job_id)
            self._finish(worker)
            # While the thread waits it must not keep the last job's circuits and arrays alive.
            del task, worker, call

    def _take(self) -> tuple[Worker, Call] | None:
        with self._changed:
            self._idle += 1
            try:
                while (task := self._next()) is None:
                    if self._closed or not (self._changed.wait(IDLE_SECONDS) or self._queue):
                        self._threads -= 1
                        return None
            finally:
                self._idle -= 1
            self._running[task[0].job_id] = task[0]
            return task

    def _next(self) -> tuple[Worker, Call] | None:
        while self._queue:
            task = self._waiting.pop(self._queue.popleft(), None)
            if task is not None:
                return task
        return None

    def _finish(self, worker: Worker) -> None:
        with self._changed:
            # Its next attempt may have begun by now.
            if self._running.get(worker.job_id) is worker:
                del self._running[worker.job_id]
            if self._closed:
                self._changed.notify_all()

    def after_fork(self) -> None:
        """Have no work and no threads: in a forked child those there were are the parent's."""
        self._changed = threading.Condition()
        self._queue: deque[str] = deque()
        self._waiting: dict[str, tuple[Worker, Call]] = {}
        self._running: dict[str, Worker] = {}
        self._threads = self._idle = 0
        self._idents: set[int] = set()


def _check_slots(slots: Any) -> int:
    if isinstance(slots, bool) or not isinstance(slots, int) or slots < 1:
        raise ConfigError(f"`slots` of the thread executor must be a whole number of at least 1, but is {slots!r}.")
    return slots
