"""The documented interface of jobs, which any provider's jobs have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from qdock.errors import JobError, JobTimeoutError
from qdock.tracking.status import JOB_FINAL_STATES, JobStatus, match_status
from qdock.tracking.waiting import Deadline, check_wait, polled

__all__ = ["Job", "JobV1"]


class Job(ABC):
    """One submission of a program. `JobV1` is the same class under its historical name.

    A provider with jobs of its own implements `submit`, `status` and `result`, and `cancel` if it can.

    Parameters
    ----------
    backend : Backend, optional
        What runs it.
    job_id : str
        Unique among the jobs of the backend.
    **kwargs
        Kept as `metadata`.
    """

    version: ClassVar[int] = 1

    def __init__(self, backend: Any, job_id: str, **kwargs: Any) -> None:
        self._backend = backend
        self._job_id = job_id
        self.metadata: dict[str, Any] = kwargs

    @abstractmethod
    def submit(self) -> Any:
        """Submit the job to the backend."""

    @abstractmethod
    def status(self) -> JobStatus:
        """Return the status."""

    @abstractmethod
    def result(self) -> Any:
        """Return the result of the job."""

    def job_id(self) -> str:
        """Return the unique id."""
        return self._job_id

    def backend(self) -> Any:
        """Return the backend that the job was run on.

        Raises
        ------
        JobError
            If the job was made without one.
        """
        if self._backend is None:
            raise JobError(f"The job {self._job_id} does not have any backend.")
        return self._backend

    def cancel(self) -> Any:
        """Attempt to cancel the job; return False, as jobs can't be cancelled unless their class says how."""
        return False

    def done(self) -> bool:
        """Whether the job has successfully run."""
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        """Whether the job is actively running."""
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        """Whether the job has been cancelled."""
        return self.status() is JobStatus.CANCELLED

    def in_final_state(self) -> bool:
        """Whether the job has reached a status that it never leaves: DONE, CANCELLED or ERROR."""
        return self._known(self.status()) in JOB_FINAL_STATES

    def wait_for_final_state(
        self, timeout: float | None = None, wait: float = 5, callback: Callable[..., Any] | None = None
    ) -> None:
        """Query the status until it is final.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; None: without end.
        wait : float
            Seconds between two queries at most. A job that tells of its changes is queried at each of them too.
        callback : callable, optional
            Called after each query, that of the final status included, with ``(job_id, status, job)``.

        Raises
        ------
        JobTimeoutError
            If the status is not final after `timeout` seconds; the job goes on.
        """
        deadline = Deadline(timeout)
        for status in self._queries(deadline, check_wait(wait)):
            if callback is not None:
                callback(self.job_id(), status, self)
            if status in JOB_FINAL_STATES:
                return
        raise self._timed_out(timeout)

    def _queries(self, deadline: Deadline, wait: float) -> Iterator[JobStatus]:
        """Yield the status at each query until the deadline has come."""
        return map(self._known, polled(self.status, deadline, wait))

    def _known(self, answer: Any) -> JobStatus:
        """Return a provider's status as one of ours: one that nobody knows would be waited for without end."""
        try:
            return match_status(answer)
        except ValueError:
            raise JobError(f"`status()` of job {self.job_id()} returned {answer!r}, which is no JobStatus.") from None

    def _timed_out(self, timeout: float | None) -> JobTimeoutError:
        return JobTimeoutError(
            f"Job {self.job_id()} did not finish within {timeout} s. It goes on: wait longer, or call its `cancel()`."
        )


JobV1 = Job
