"""Jobs of other processes that somebody here waits for: one thread asks the store for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdock.errors import JobNotFoundError, StoreError
from qdock.stores.watcher import Watcher

if TYPE_CHECKING:
    from qdock.job import RecordedJob

__all__ = ["Following"]


class Following:
    """The jobs whose records others write and whose callbacks are called here."""

    def __init__(self) -> None:
        self._jobs: dict[str, RecordedJob] = {}
        self._watcher = Watcher(self._look, lambda: bool(self._jobs))

    def add(self, job: RecordedJob) -> None:
        """Call a job's callbacks once its record says that it has ended."""
        self._jobs[job.job_id()] = job
        self._watcher.wake()

    def after_fork(self) -> None:
        """Forget the thread and the jobs, which are the parent's to follow."""
        self._jobs = {}
        self._watcher.after_fork()

    def _look(self) -> None:
        for job_id, job in list(self._jobs.items()):
            try:
                # Reading the record calls the callbacks, if it has become final.
                ended = job.record.is_final
            except JobNotFoundError:
                # Somebody had it forgotten: who waits for it hears that.
                ended = True
                job._settle()
            except StoreError:
                ended = False
            if ended:
                self._jobs.pop(job_id, None)
