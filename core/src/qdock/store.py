"""Where job records live: the protocol of a store, and the store in memory.

A change of status is a compare-and-set: whoever names the status that the job has wins, exactly once, and everyone
else is told so. That one rule is all the agreement there is between threads, and later between processes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from qdock.errors import JobError, JobNotFoundError, ResultNotStored
from qdock.tracking.record import LogLine, Record, changed, moved
from qdock.tracking.status import JobStatus, check_transition

if TYPE_CHECKING:
    from qdock.result import Result

__all__ = [
    "LOG_CHARACTERS",
    "LOG_LINES",
    "CappedLog",
    "MemoryStore",
    "Store",
    "array_bytes",
    "dropped_note",
    "leave_alone",
    "may_move",
    "not_found",
]

#: What a job's log keeps at most; older lines go first.
LOG_LINES = 10_000
LOG_CHARACTERS = 1 << 20


class Store(Protocol):
    """Keeps job records. All methods may be called from any thread, and each is atomic."""

    #: Whether other processes may read and write it too.
    shared: bool
    #: Called with the record of a job whose owner has died; true if that is seen to, and it is not lost yet.
    revive: Callable[[Record], bool]

    def create(self, record: Record, result: Result | None = None, logs: Sequence[LogLine] = ()) -> None:
        """Add a record, with its result and log if the job has run already; `JobError` if its id is taken."""

    def get(self, job_id: str) -> Record:
        """Return the newest record; `JobNotFoundError` if there is none."""

    def find(self, text: str) -> Record:
        """Return the record with that id, or the only one whose id begins so, or the ``"last"`` that was created."""

    def select(
        self,
        *,
        status: Collection[JobStatus] | None = None,
        backend: str | None = None,
        tag: str | None = None,
        since: float | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Return records, the last created first; a backend by its full or short name."""

    def transition(
        self,
        job_id: str,
        expected: Collection[JobStatus],
        status: JobStatus,
        *,
        result: Result | None = None,
        at: float | None = None,
        by: str | None = None,
        **changes: Any,
    ) -> Record | None:
        """Move a job to `status` if it is in one of `expected`; None if it is not, or has another owner than `by`.

        The result and the `changes` of other fields are written with the status or not at all. A job whose end was
        asked for is neither started nor queued again. A move that `status.TRANSITIONS` does not allow raises
        `InvalidTransition`, whatever the job's status is.
        """

    def update(self, job_id: str, *, by: str | None = None, **changes: Any) -> Record | None:
        """Change fields other than the status of a job that is not final; None if it is, or has another owner."""

    def add_late(self, job_id: str, attempt: int, result: Result) -> None:
        """Keep the result of an attempt that was given up before it came."""

    def late_results(self, job_id: str) -> dict[int, Result]:
        """Return the results that came too late, by their attempts."""

    def add_logs(self, job_id: str, lines: Sequence[LogLine]) -> None:
        """Append to a job's log, which keeps the newest `LOG_LINES` lines and `LOG_CHARACTERS` characters."""

    def logs(self, job_id: str) -> list[LogLine]:
        """Return what the log kept; a first line says how much it did not."""

    def result(self, job_id: str) -> Result:
        """Return a job's result; `ResultNotStored` if it is not kept."""

    def cancel_requests(self, owner: str) -> list[str]:
        """Return the ids of an owner's unfinished jobs whose end was asked for, by whomever."""

    def watch_over(self, owner: str) -> None:
        """Show that `owner` lives, and end the jobs of those that don't: to be called every few seconds."""

    def prune(self, before: float) -> int:
        """Forget the jobs that ended before that, in seconds since 1970; return how many they were."""

    def after_fork(self) -> None:
        """Let go of what a forked child must not share with its parent: locks, files, connections."""

    def close(self) -> None:
        """Let go of files and connections."""


def may_move(record: Record, expected: Collection[JobStatus], status: JobStatus, by: str | None = None) -> bool:
    """Whether a transition wins: the rule that every store applies while nobody else can write."""
    starts = status is JobStatus.RUNNING or status is JobStatus.QUEUED
    return record.status in expected and not (starts and record.cancel_requested) and by in (None, record.owner)


def leave_alone(record: Record) -> bool:
    """Whether a job of a dead owner is not lost, as somebody may come who sees to it; for a store without a Dock."""
    return record.may_survive


class CappedLog:
    """The newest lines of a log, within bounds; what went is counted."""

    def __init__(
        self, lines: Iterable[LogLine] = (), max_lines: int = LOG_LINES, max_characters: int = LOG_CHARACTERS
    ) -> None:
        self._lines: deque[LogLine] = deque()
        self._max_lines, self._max_characters = max_lines, max_characters
        self._size = self._dropped = 0
        self.extend(lines)

    def extend(self, lines: Iterable[LogLine]) -> None:
        """Append lines; of one that is too long its beginning is kept."""
        for line in lines:
            text = line.text
            if len(text) > self._max_characters:
                text = text[: self._max_characters] + "..."
            self._lines.append(LogLine(line.time, text))
            self._size += len(text)
            self._shorten()

    def _shorten(self) -> None:
        while len(self._lines) > self._max_lines or (self._size > self._max_characters and len(self._lines) > 1):
            self._size -= len(self._lines.popleft().text)
            self._dropped += 1

    def lines(self) -> list[LogLine]:
        """Return what is kept, after a line that says what is not."""
        if not self._dropped:
            return list(self._lines)
        note = dropped_note(self._dropped, self._max_lines, self._max_characters)
        return [LogLine(self._lines[0].time, note), *self._lines]


def dropped_note(dropped: int, max_lines: int = LOG_LINES, max_characters: int = LOG_CHARACTERS) -> str:
    """Return the line that says how many lines of a log are not kept."""
    limits = f"a log holds {max_lines} lines, {max_characters} characters"
    return f"[{dropped} earlier lines are not kept: {limits}]"


class MemoryStore:
    """Job records in this process's memory; they end with it.

    Parameters
    ----------
    max_finished : int
        How many finished jobs are kept; the oldest are forgotten first. A job that has not finished always stays.
    max_result_bytes : int
        How much memory the arrays of kept results may take together, at least the newest result stays. A `Job` in
        somebody's hands keeps its own result.
    """

    shared = False

    def __init__(self, max_finished: int = 10_000, max_result_bytes: int = 1 << 30) -> None:
        self._max_finished, self._max_result_bytes = max_finished, max_result_bytes
        self._records: dict[str, Record] = {}
        self._results: dict[str, tuple[Result, int]] = {}
        self._logs: dict[str, CappedLog] = {}
        self.revive: Callable[[Record], bool] = leave_alone
        self._late: dict[str, dict[int, Result]] = {}
        self._finished: deque[str] = deque()
        self._result_bytes = 0
        self.after_fork()

    def after_fork(self) -> None:
        """See `Store`: in a forked child the old lock may be held by a thread that does not exist there."""
        self._lock = threading.Lock()

    def create(self, record: Record, result: Result | None = None, logs: Sequence[LogLine] = ()) -> None:
        """See `Store`."""
        with self._lock:
            if record.id in self._records:
                raise JobError(f"There is a job {record.id!r} already. Give each job an id of its own.")
            self._records[record.id] = record
            if logs:
                self._logs[record.id] = CappedLog(logs)
            if record.is_final:
                self._finish(record.id, result)

    def get(self, job_id: str) -> Record:
        """See `Store`."""
        try:
            return self._records[job_id]
        except KeyError:
            raise JobNotFoundError(f"There is no job {job_id!r} in this store.") from None

    def find(self, text: str) -> Record:
        """See `Store`."""
        with self._lock:
            if text in self._records:
                return self._records[text]
            if text == "last" and self._records:
                return next(reversed(self._records.values()))
            found = [record for job_id, record in self._records.items() if job_id.startswith(text)] if text else []
        if len(found) == 1:
            return found[0]
        raise not_found(text, [record.id for record in found[:3]], len(found))

    def select(
        self,
        *,
        status: Collection[JobStatus] | None = None,
        backend: str | None = None,
        tag: str | None = None,
        since: float | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """See `Store`."""
        with self._lock:
            records = list(reversed(self._records.values()))
        found = [
            record
            for record in records
            if (status is None or record.status in status)
            and (backend is None or backend in (record.backend, record.backend.rpartition("/")[2]))
            and (tag is None or tag in record.tags)
            and (since is None or record.created >= since)
        ]
        return found[:limit]

    def transition(
        self,
        job_id: str,
        expected: Collection[JobStatus],
        status: JobStatus,
        *,
        result: Result | None = None,
        at: float | None = None,
        by: str | None = None,
        **changes: Any,
    ) -> Record | None:
        """See `Store`."""
        for previous in expected:
            check_transition(previous, status)
        with self._lock:
            record = self.get(job_id)
            if not may_move(record, expected, status, by):
                return None
            record = moved(record, status, time.time() if at is None else at, **changes)
            self._records[job_id] = record
            if record.is_final:
                self._finish(job_id, result)
            return record

    def update(self, job_id: str, *, by: str | None = None, **changes: Any) -> Record | None:
        """See `Store`."""
        with self._lock:
            record = self.get(job_id)
            if record.is_final or by not in (None, record.owner):
                return None
            self._records[job_id] = record = changed(record, **changes)
            return record

    def add_late(self, job_id: str, attempt: int, result: Result) -> None:
        """See `Store`."""
        with self._lock:
            self.get(job_id)
            self._late.setdefault(job_id, {})[attempt] = result

    def late_results(self, job_id: str) -> dict[int, Result]:
        """See `Store`."""
        self.get(job_id)
        return dict(self._late.get(job_id, {}))

    def add_logs(self, job_id: str, lines: Sequence[LogLine]) -> None:
        """See `Store`."""
        with self._lock:
            self.get(job_id)
            self._logs.setdefault(job_id, CappedLog()).extend(lines)

    def logs(self, job_id: str) -> list[LogLine]:
        """See `Store`."""
        with self._lock:
            self.get(job_id)
            log = self._logs.get(job_id)
            return log.lines() if log else []

    def result(self, job_id: str) -> Result:
        """See `Store`."""
        self.get(job_id)
        try:
            return self._results[job_id][0]
        except KeyError:
            raise ResultNotStored(
                f"The result of job {job_id} is not in the store: it has none, or the store in memory let it go to "
                f"stay below {self._max_result_bytes} bytes. Run it again with `job.rerun()`."
            ) from None

    def cancel_requests(self, owner: str) -> list[str]:
        """See `Store`."""
        with self._lock:
            records = list(self._records.values())
        return [item.id for item in records if item.owner == owner and item.cancel_requested and not item.is_final]

    def watch_over(self, owner: str) -> None:
        """See `Store`: jobs in memory end with their owner."""

    def prune(self, before: float) -> int:
        """See `Store`."""
        with self._lock:
            old = [job_id for job_id in self._finished if _ended(self._records[job_id]) < before]
            for job_id in old:
                self._finished.remove(job_id)
                self._forget(job_id)
        return len(old)

    def close(self) -> None:
        """See `Store`: memory needs no closing."""

    # --- under the lock

    def _finish(self, job_id: str, result: Result | None) -> None:
        self._finished.append(job_id)
        if result is not None:
            size = array_bytes(result)
            self._results[job_id] = result, size
            self._result_bytes += size
        while self._result_bytes > self._max_result_bytes and len(self._results) > 1:
            self._drop_result(next(iter(self._results)))
        while len(self._finished) > self._max_finished:
            self._forget(self._finished.popleft())

    def _forget(self, job_id: str) -> None:
        self._drop_result(job_id)
        self._logs.pop(job_id, None)
        self._late.pop(job_id, None)
        del self._records[job_id]

    def _drop_result(self, job_id: str) -> None:
        self._result_bytes -= self._results.pop(job_id, (None, 0))[1]


def _ended(record: Record) -> float:
    return record.history[-1].time if record.history else record.created


def not_found(text: str, ids: Sequence[str], count: int) -> JobNotFoundError:
    """Return the error about an id that none, or `count` jobs have, of which the first ids are given."""
    if not ids:
        return JobNotFoundError(f"No job's id is, or begins with, {text!r}. `qdock.jobs()` lists what there is.")
    return JobNotFoundError(
        f"{count} jobs have ids that begin with {text!r}: {', '.join(ids)}, ... Give more of the id."
    )


def array_bytes(result: Result) -> int:
    """Return the bytes of a result's arrays; the rest of it is small."""
    if result._columns is not None:
        return result._columns.nbytes
    size, arrays_of = 0, _arrays_of()
    for entry in result.entries:
        for array in arrays_of(vars(entry)):
            if array is not None:
                size += array.nbytes
        if entry.data:
            size += sum(getattr(value, "nbytes", 0) for value in entry.data.values())
    return size


@cache
def _arrays_of() -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    from qdock.results.circuit_result import ARRAYS

    return itemgetter(*ARRAYS)
