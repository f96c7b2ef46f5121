"""What work says between its start and its end, written down at a steady interval: however much it is, few commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qdock.tracking.record import LogLine

if TYPE_CHECKING:
    from qdock.job import RecordedJob
    from qdock.store import Store

__all__ = ["Notes"]

#: Of the time, at most this part is spent on writing.
_SHARE = 0.1


class Notes:
    """What is known of jobs and not yet in a store that other processes read too; into any other it goes at once.

    Parameters
    ----------
    store : Store
        Where the records are.
    """

    #: Whose jobs they are; nothing is written of a job that somebody else has by now.
    owner: str | None = None

    def __init__(self, store: Store) -> None:
        self._store = store
        self.after_fork()

    def after_fork(self) -> None:
        """Forget everything: in a forked child it is the parent's to write."""
        self._lock, self._writing = threading.Lock(), threading.RLock()
        self._changes: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, list[LogLine]] = {}
        self._due = 0.0

    def change(self, job: RecordedJob, **changes: Any) -> None:
        """Take other values of fields of a job's record; the last one of each counts.

        A callable is called when it is written; until then the record in this process does not have it.
        """
        known = {name: value for name, value in changes.items() if not callable(value)}
        job._tell(known)
        now = {} if self._store.shared else known
        if now:
            self._store.update(job.job_id(), **now)
        later = {name: value for name, value in changes.items() if name not in now}
        if later:
            with self._lock:
                self._changes.setdefault(job.job_id(), {}).update(later)

    def log(self, job: RecordedJob, lines: Sequence[LogLine]) -> None:
        """Take lines of a job's log."""
        if not self._store.shared:
            self._store.add_logs(job.job_id(), lines)
            return
        with self._lock:
            self._lines.setdefault(job.job_id(), []).extend(lines)

    def take(self, job_id: str) -> dict[str, Any]:
        """Return the changes of a job for whoever is about to write its record; its lines are written."""
        with self._writing, self._lock:
            changes, lines = self._changes.pop(job_id, {}), self._lines.pop(job_id, [])
        if lines:
            self._store.add_logs(job_id, lines)
        return {name: value() if callable(value) else value for name, value in changes.items()}

    def write(self, job_id: str) -> None:
        """Write what there is of a job."""
        # Whoever is about to write its end must not come between: after that nothing is written any more.
        with self._writing:
            changes = self.take(job_id)
            if changes:
                self._store.update(job_id, by=self.owner, **changes)

    def write_all(self) -> None:
        """Write what there is, unless that was done just now."""
        begun = time.monotonic()
        if begun < self._due:
            return
        with self._lock:
            job_ids = {*self._changes, *self._lines}
        for job_id in job_ids:
            self.write(job_id)
        end = time.monotonic()
        self._due = end + (end - begun) / _SHARE
