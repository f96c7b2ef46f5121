"""The executor that works in processes of its own, which can be killed, a bounded number at a time.

A thread stands beside each process: it starts it, gives it jobs, listens to it, and outlives it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from typing import Any

from qdock.call import Call
from qdock.common.forks import renew_in_children
from qdock.errors import JobError
from qdock.executors.carry import pack_call
from qdock.executors.conversation import PackedJob
from qdock.executors.killable import Killable
from qdock.executors.pipe import Kind, Task, frame, with_head
from qdock.executors.settings import ProcessSettings
from qdock.executors.slot import Slot
from qdock.executors.surroundings import Surroundings
from qdock.executors.thread import usable_cpus
from qdock.work.events import Emit, Finished

__all__ = ["ProcessExecutor", "ProcessSettings"]

_log = logging.getLogger(__name__)


class ProcessExecutor:
    """Works in at most `slots` processes; what comes then waits in the order it came.

    A process is started when there is work for it and reused for what comes next, unless a job left something behind
    in it or the surroundings have changed; `stop` and a time limit kill it, and nothing else with it.

    Parameters
    ----------
    spec, config : optional
        As for any executor; the settings are read from ``[executors.process]``.
    **settings
        See `ProcessSettings`, in place of what the configuration says.

    Raises
    ------
    ConfigError
        If a setting makes no sense.
    JobError
        If this system has no processes as they are needed here.
    """

    #: Whether `start` takes a time limit.
    keeps_time_limits = True

    def __init__(self, spec: Any = None, config: Any = None, **settings: Any) -> None:
        if os.name != "posix":
            raise JobError(f"The executor 'process' needs Linux, macOS or another POSIX system, not {os.name!r}.")
        table = {} if config is None else dict(config.executor("process"))
        self.settings = ProcessSettings.of({**table, **settings})
        self._slots = self.settings.slots or usable_cpus()
        self._surroundings: Surroundings | None = None
        self._closed = False
        self.after_fork()
        renew_in_children(self)

    @property
    def slots(self) -> int:
        """How many jobs run at a time."""
        return self._slots

    def start(self, job_id: str, call: Call, emit: Emit, time_limit: float | None = None) -> str:
        """Take the work of a job; its handle is the job's id.

        Raises
        ------
        JobError
            If a part of it can't travel, or this is closed.
        """
        task = Task(job_id, self.settings.result_limit)
        message = frame(Kind.JOB, *with_head(task, pack_call(call)))
        job = PackedJob(job_id, emit, message, self._look_around(), time_limit)
        with self._changed:
            if self._closed:
                raise JobError("This executor is closed and takes no more jobs.")
            self._jobs[job_id] = job
            self._queue.append(job)
            if self._idle < len(self._queue) and len(self._serving) < self._slots:
                self._add_thread(job)
            else:
                self._changed.notify()
        return job_id

    def _look_around(self) -> Surroundings:
        """Return the surroundings; as long as they are the same, the same object."""
        now = Surroundings.now()
        if self._surroundings is None or now != self._surroundings:
            self._surroundings = now
        return self._surroundings

    def _add_thread(self, job: PackedJob) -> None:
        thread = threading.Thread(target=self._serve, name="qdock-process", daemon=True)
        self._threads.add(thread)
        self._serving.add(thread)
        try:
            thread.start()
        except RuntimeError:
            # The system gives no more threads. Those that there are will come to it; without any nobody would.
            self._threads.discard(thread)
            self._serving.discard(thread)
            if not self._serving:
                self._queue.remove(job)
                del self._jobs[job.job_id]
                raise

    def stop(self, handle: str) -> bool:
        """Take the work out of the queue, or kill the process that does it; True if it certainly does not run."""
        with self._changed:
            job = self._jobs.get(handle)
            if job is None:
                return True
            job.stopping = True
            if job.waiting:
                # What it holds is let go of now, its place in the queue when its turn comes.
                job.message = []
                del self._jobs[handle]
            process = job.process
        return process is None or process.end()

    def attach(self, handle: str, emit: Emit) -> bool:
        """Return False: no worker process outlives its owner."""
        return False

    def close(self, wait: bool = True) -> None:
        """Take no more work; with `wait`, return when all is finished and no process is left, else drop what waits."""
        with self._changed:
            self._closed = True
            if not wait:
                for job in self._queue:
                    self._jobs.pop(job.job_id, None)
                self._queue.clear()
            self._changed.notify_all()
            mine = {threading.current_thread()}
            self._changed.wait_for(lambda: not wait or not self._threads - mine)

    # --- in the threads

    def _serve(self) -> None:
        slot = Slot(self)
        try:
            while (job := self._take(slot)) is not None:
                slot.do(job)
                # While the thread waits it must not keep the last job's circuits and arrays alive.
                del job
        finally:
            slot.empty()
            with self._changed:
                self._serving.discard(threading.current_thread())
                self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    def _take(self, slot: Slot) -> PackedJob | None:
        with self._changed:
            self._idle += 1
            try:
                # Who has no process to keep warm need not stay.
                seconds = self.settings.idle_seconds if slot.is_warm else 0
                while (job := self._next()) is None:
                    if self._closed or not (self._changed.wait(seconds) or self._queue):
                        self._serving.discard(threading.current_thread())
                        return None
            finally:
                self._idle -= 1
            return job

    def _next(self) -> PackedJob | None:
        while self._queue:
            job = self._queue.popleft()
            if not job.stopping:
                job.waiting = False
                return job
        return None

    def assign(self, job: PackedJob, process: Killable) -> bool:
        """Note who does a job: from here on `stop` kills the process. False if it is not to be done any more."""
        with self._changed:
            job.process = process
            return not job.stopping

    def settle(self, job: PackedJob, finished: Finished) -> None:
        """Tell how a job ended: from here on `stop` does not find it, and leaves the process alone."""
        with self._changed:
            self._jobs.pop(job.job_id, None)
        try:
            job.emit(Finished(stopped=True) if job.stopping else finished)
        # The owner could not take it; the next job must not suffer for that.
        except BaseException:  # noqa: BLE001
            _log.exception("The end of job %s could not be reported.", job.job_id)

    def after_fork(self) -> None:
        """Have no work and no threads: in a forked child those there were are the parent's."""
        self._changed = threading.Condition()
        self._queue: deque[PackedJob] = deque()
        #: The jobs that are not over, by handle.
        self._jobs: dict[str, PackedJob] = {}
        #: The threads, and those of them that take jobs; the others see to the end of their process.
        self._threads: set[threading.Thread] = set()
        self._serving: set[threading.Thread] = set()
        self._idle = 0
