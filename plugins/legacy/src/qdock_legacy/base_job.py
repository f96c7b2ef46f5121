"""BaseJob: the abstract job of 2018 to 2021, with the waiting of today's."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from qdock.errors import JobError, JobTimeoutError
from qdock.job import JOB_FINAL_STATES, Job, JobStatus, JobV1

__all__ = ["JOB_FINAL_STATES", "BaseJob", "JobError", "JobStatus", "JobTimeoutError", "JobV1"]


class BaseJob(Job):
    """A job of a provider that was written before `JobV1`: it implements `submit`, `result`, `cancel` and `status`.

    Parameters
    ----------
    backend : object
        The backend used to run the job.
    job_id : str
        A unique id in the context of the backend used to run the job.
    """

    def __init__(self, backend: Any, job_id: str) -> None:
        super().__init__(backend, job_id)

    @abstractmethod
    def cancel(self) -> Any:
        """Attempt to cancel the job."""

    def backend(self) -> Any:
        """Return the backend where this job was executed: what the job was made with, None too."""
        return self._backend

    def _timed_out(self, timeout: float | None) -> JobTimeoutError:
        return JobTimeoutError(
            f"Timeout while waiting for job {self.job_id()}. It goes on: wait longer, or call its `cancel()`."
        )
