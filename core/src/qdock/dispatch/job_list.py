"""Lists of jobs, and what they are chosen by."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qdock.expressions.arithmetic import whole
from qdock.job import RecordedJob
from qdock.tracking.job_views import jobs_html, jobs_text

if TYPE_CHECKING:
    from datetime import datetime, timedelta

__all__ = ["JobList", "check_limit", "timestamp"]


class JobList(list[RecordedJob]):
    """A list of jobs that shows itself as a table, on a terminal and in a notebook."""

    def __repr__(self) -> str:
        return jobs_text(self)

    def _repr_html_(self) -> str:
        return jobs_html(self)


def timestamp(since: float | datetime | timedelta | None) -> float | None:
    """Return a point in time as seconds since 1970; a timedelta is so long ago."""
    if since is None or (isinstance(since, (int, float)) and not isinstance(since, bool)):
        return since
    if hasattr(since, "timestamp"):
        return since.timestamp()
    if hasattr(since, "total_seconds"):
        return time.time() - since.total_seconds()
    raise TypeError(f"`since` is a number of seconds since 1970, a datetime or a timedelta, but {since!r} was given.")


def check_limit(limit: int | None) -> None:
    """Raise `ValueError` unless it is None or a whole number of at least 0."""
    count = 0 if limit is None else whole(limit)
    if count is None or count < 0:
        raise ValueError(f"`limit` must be a whole number of at least 0, but is {limit!r}.")
