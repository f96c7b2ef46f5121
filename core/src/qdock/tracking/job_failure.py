"""What the result of a job that failed raises: its reason, with the original traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdock.errors import JobError, StoreError
from qdock.tracking.record import Failure

if TYPE_CHECKING:
    from qdock.job import RecordedJob

__all__ = ["failure_of"]


def failure_of(job: RecordedJob) -> Exception:
    """Return the error that `result` raises: what the work raised itself, if that was a call in this process."""
    failure = job.error or Failure("exception", "no reason was recorded")
    error = job._exception
    if isinstance(error, Exception) and job._is_call:
        # Each time as it was: otherwise its traceback would grow with every call.
        return error.with_traceback(job._traceback)
    refusal = JobError(f"Job {job.job_id()} failed: {failure.message}{_hint(job, failure)}")
    refusal.__cause__ = error
    if error is None and failure.traceback:
        refusal.add_note(f"The original traceback:\n{failure.traceback}")
    return refusal


def _hint(job: RecordedJob, failure: Failure) -> str:
    """Say where the result is of a job that was given up too early."""
    try:
        late = job.late_results() if failure.kind == "worker_lost" else {}
    # What is said of the job must not depend on a hint.
    except (JobError, StoreError):
        late = {}
    return " Its result came all the same, too late: `late_results()` has it." if late else ""
