"""The jobs that somebody holds, by their ids: who asks for one of them gets the same handle."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from qdock.job import RecordedJob

__all__ = ["Handles"]

#: So many jobs are noted before it is looked which of them nobody holds any more.
_FEW = 1000


class Handles:
    """Weak references to jobs. A `weakref.WeakValueDictionary` takes five times as long to note one."""

    def __init__(self) -> None:
        self._refs: dict[str, ref[RecordedJob]] = {}
        self._most = _FEW

    def keep(self, job: RecordedJob) -> None:
        """Note a job."""
        self._refs[job._job_id] = ref(job)
        if len(self._refs) > self._most:
            self._sweep()

    def find(self, job_id: str) -> RecordedJob | None:
        """Return the job if somebody holds it."""
        found = self._refs.get(job_id)
        return None if found is None else found()

    def _sweep(self) -> None:
        # A copy, as other threads go on noting jobs.
        for job_id, held in self._refs.copy().items():
            if held() is None:
                self._refs.pop(job_id, None)
        # So many as there are may come before it is looked again: that makes a step or two for each job.
        self._most = max(_FEW, 2 * len(self._refs))
