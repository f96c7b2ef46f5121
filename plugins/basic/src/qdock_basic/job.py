"""The job of the basic simulator: its result exists when `run` returns."""

from __future__ import annotations

from qdock.job import FinishedJob

__all__ = ["BasicProviderJob"]


class BasicProviderJob(FinishedJob):
    """A job whose result exists when it is made.

    It is what `BasicSimulator.run` returns for work that is done on the spot, and keeps all promises of the core's
    jobs: `submit` raises `JobError`, as the job has been submitted; `cancel` returns False, as there is nothing left
    to stop; `result` and `wait_for_final_state` return at once, whatever their timeout.

    Parameters
    ----------
    backend : Backend, optional
        The backend that ran it.
    job_id : str
        A unique id in the context of the backend.
    result : Result
        What came back.
    **metadata
        Any key value metadata to associate with this job.
    """
