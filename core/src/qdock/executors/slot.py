"""A thread's place for one worker process at a time: it is started, used for one job after the other, and replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdock.errors import JobCancelledError
from qdock.executors.conversation import Conversation, PackedJob, wait_for_hello
from qdock.executors.killable import Killable
from qdock.tracking.record import Failure
from qdock.work.events import Finished, Started
from qdock.work.worker import describe

if TYPE_CHECKING:
    from qdock.executors.process import ProcessExecutor

__all__ = ["Slot"]


class Slot:
    """A thread's place for one process at a time.

    Parameters
    ----------
    executor : ProcessExecutor
        Whose jobs it does.
    """

    def __init__(self, executor: ProcessExecutor) -> None:
        self._executor = executor
        self._process: Killable | None = None

    @property
    def is_warm(self) -> bool:
        """Whether there is a process that waits for work."""
        return self._process is not None

    def do(self, job: PackedJob) -> None:
        """Have a job done and tell how it ended; keep the process if it can do another one."""
        clean = False
        try:
            finished, clean = self._attempt(job)
        # No process, no pipes, no memory: this job can't be done; the next one perhaps can.
        except BaseException as error:  # noqa: BLE001
            kind = "not_started" if job.process is None else "worker_lost"
            finished = Finished(failure=Failure(kind, describe(error)))
        self._executor.settle(job, finished)
        process = self._process
        if process is not None and not (clean and process.jobs < self._executor.settings.jobs_per_worker):
            self.empty(politely=False)

    def empty(self, politely: bool = True) -> None:
        """End the process: let it go, or kill it, which takes less time."""
        process, self._process = self._process, None
        if process is not None:
            if politely:
                process.leave()
            process.dispose()

    def _attempt(self, job: PackedJob) -> tuple[Finished, bool]:
        """Return how a job ended, and whether the process is as it was before."""
        announced = False
        while True:
            process = self._fitting(job)
            try:
                if not announced:
                    job.emit(Started(job.job_id))
            except JobCancelledError:
                return Finished(stopped=True), True
            announced = True
            if not self._executor.assign(job, process):
                return Finished(stopped=True), True
            conversation = Conversation(job, process, self._executor.settings.result_limit)
            finished = conversation.run()
            lost = finished.failure is not None and finished.failure.kind == "worker_lost"
            # One that died while it was idle, unseen: the work has not begun, so a fresh one may do it.
            if not lost or conversation.begun or process.jobs == 1:
                return finished, conversation.clean

    def _fitting(self, job: PackedJob) -> Killable:
        """Return a process that is ready for a job: the one there is, or a fresh one."""
        process = self._process
        if process is not None and not process.gone and process.surroundings == job.surroundings:
            return process
        self.empty(politely=False)
        self._process = process = Killable(job.surroundings, self._executor.settings.memory_limit)
        wait_for_hello(process)
        return process
