"""A job of the core as a value that can be pickled, for a process that does not have it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

import qdock
from qdock.job import JobStatus, RecordedJob
from qdock.tracking.record import Record

__all__ = ["Frozen", "freeze", "thaw"]


class Frozen(NamedTuple):
    """How a job ended, or, without a record, the id under which a shared store has it."""

    job_id: str
    record: Record | None = None
    result: Any = None
    logs: list[str] | None = None


class _Ended(RecordedJob):
    """A job that ended in another process."""

    def __init__(self, frozen: Frozen) -> None:
        assert frozen.record is not None
        super().__init__(None, frozen.record)
        self._result, self._lines = frozen.result, frozen.logs


def freeze(job: RecordedJob) -> Frozen:
    """Return what another process needs of a job, which is waited for unless that process can watch it too."""
    if not job.in_final_state() and job._dock is not None and job._dock.store.shared:
        return Frozen(job.job_id())
    job.wait_for_final_state()
    result = job.result() if job.status() is JobStatus.DONE else None
    # The function has done its work, and need not travel.
    return Frozen(job.job_id(), msgspec.structs.replace(job.record, program=None), result, job.logs())


def thaw(frozen: Frozen) -> RecordedJob:
    """Return the job that was frozen.

    Raises
    ------
    JobNotFoundError
        If it runs, and the store of this process is another one.
    """
    return qdock.get_job(frozen.job_id) if frozen.record is None else _Ended(frozen)
