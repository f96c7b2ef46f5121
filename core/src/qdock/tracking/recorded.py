"""What a job's record says of it, for whatever has one: the core's own job, and a job that stands before another."""

from __future__ import annotations

from qdock.tracking.record import Failure, JobProgress, Record, StatusChange

__all__ = ["OfRecord"]


class OfRecord:
    """The facts that every job with a record shows."""

    @property
    def record(self) -> Record:
        """The newest record there is."""
        raise NotImplementedError

    @property
    def history(self) -> tuple[StatusChange, ...]:
        """Every status that the job has had, with time, attempt, and whether it was inferred."""
        return self.record.history

    @property
    def error(self) -> Failure | None:
        """Why the job failed: kind, message and traceback; None if it did not."""
        return self.record.error

    @property
    def progress(self) -> JobProgress:
        """How far it says it is: a fraction from 0 to 1, and a text."""
        return self.record.progress

    @property
    def metrics(self) -> dict[str, float]:
        """Seconds: ``queued`` before the last start, ``run`` after it, ``total``; those that are known by now."""
        return dict(self.record.metrics)
