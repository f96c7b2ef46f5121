"""The core's own job: a live handle on a record. What else has to do with jobs can be imported from here too."""

from __future__ import annotations

import math
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from qdock.errors import JobCancelledError, JobError, StoreWarning
from qdock.tracking.abstract_job import Job, JobV1
from qdock.tracking.job_failure import failure_of
from qdock.tracking.record import Deferred, Failure, JobProgress, Record, StatusChange
from qdock.tracking.recorded import OfRecord
from qdock.tracking.status import JOB_FINAL_STATES, JobStatus
from qdock.tracking.waiting import Callback, Deadline, JobFuture, Listeners, as_completed, call_back

if TYPE_CHECKING:
    from concurrent.futures import Future

    from qdock.backend import Backend
    from qdock.dock import Dock
    from qdock.result import Result
    from qdock.results.circuit_result import CircuitResult
    from qdock.work.events import Finished

__all__ = [
    "JOB_FINAL_STATES",
    "Failure",
    "FinishedJob",
    "Job",
    "JobProgress",
    "JobStatus",
    "JobV1",
    "RecordedJob",
    "StatusChange",
    "as_completed",
]


class RecordedJob(OfRecord, Job):
    """A job of the core: a live handle on a record, made by `Backend.run` and `Dock.get_job`.

    Waiting for it never polls: whoever changes the status wakes whoever waits. All methods may be called from any
    thread.

    Parameters
    ----------
    dock : Dock, optional
        Where it was run, and where its record is.
    record : Record
        What is known of it.
    backend : Backend, optional
        What runs it; None: the one that the record names.
    """

    # What most jobs never need stands here, so that a job that was done on the spot costs next to nothing.
    #: None: nobody has to be told anything, as the job is final.
    _listeners: Listeners | None = None
    _future: JobFuture | None = None
    _result: Result | None = None
    _exception: BaseException | None = None
    _traceback: TracebackType | None = None
    #: The executor's handle, and what to give it to.
    _handle: str | None = None
    _stop: Callable[[str], bool] | None = None
    #: What has its work done, once more each time it is called; None: nobody can.
    _again: Callable[[], None] | None = None
    #: When it was made and started, on a clock that nobody can set.
    _created: float | None = None
    _started: float | None = None
    #: Why this process alone knows how it ended.
    _unrecorded: str | None = None
    #: What it logged, where no store has it.
    _lines: list[str] | None = None
    #: What has come back so far, by the index of the program.
    _parts: dict[int, CircuitResult] | None = None
    #: Whether its work was started by another process, and goes on when this one ends.
    _reattached = False
    #: Whether this handle hears of every change, or must ask the store.
    _owned = True

    def __init__(self, dock: Dock | None, record: Record, backend: Any = None) -> None:
        self._dock, self._backend = dock, backend
        self._job_id, self._record, self.metadata = record.id, record, record.metadata

    def _bind(self, dock: Dock | None, record: Record) -> None:
        self._dock = dock
        self._record = record
        self.metadata = record.metadata

    def submit(self) -> None:
        """Raise `JobError`: `run` has submitted the job."""
        raise JobError(f"Job {self._job_id} has been submitted already: `run` did it. To repeat it call `rerun()`.")

    def status(self) -> JobStatus:
        """Return the status."""
        return self.record.status

    def result(self, timeout: float | None = None) -> Result:
        """Return the result, waiting for it if need be.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; None: without end.

        Raises
        ------
        JobTimeoutError
            If there is none after that time; the job goes on.
        JobCancelledError
            If the job was cancelled.
        JobError
            If it failed, with the reason and the original traceback.
        Exception
            What the function of a `Call` raised, itself, as long as it lives in this process.
        """
        if not self._is_settled:
            deadline = Deadline(timeout)
            if not any(status in JOB_FINAL_STATES for status in self._queries(deadline, threading.TIMEOUT_MAX)):
                raise self._timed_out(timeout)
        return self._outcome()

    def _outcome(self) -> Result:
        status = self._record.status
        if self._unrecorded is not None:
            warnings.warn(self._unrecorded, StoreWarning, stacklevel=3)
        if status is JobStatus.CANCELLED:
            raise JobCancelledError(f"Job {self._job_id} was cancelled, so it has no result.")
        if status is JobStatus.ERROR:
            raise failure_of(self)
        return self._load_result()

    def backend(self) -> Backend:
        """Return the backend that the job was run on.

        Raises
        ------
        JobError
            If the job was made without one.
        BackendNotFoundError
            If the job is of another process, and its backend is not installed here.
        """
        if self._backend is None and self._dock is not None and self._record.backend:
            self._backend = self._dock.get_backend(self._record.backend)
        return super().backend()  # type: ignore[no-any-return]  # a provider's own jobs may have any backend

    def cancel(self, wait: float = 1.0) -> bool:
        """Ask for the end of the job, and wait a moment for it.

        What has not begun never will. What runs is stopped where the executor can do that, or else stops itself
        at its next `context.check()`.

        Parameters
        ----------
        wait : float
            Seconds to wait for the work to stop.

        Returns
        -------
        bool
            True if the work has certainly stopped and the job is CANCELLED. False if the request still stands, or
            the job was final already.
        """
        if self._dock is None or self.status() in JOB_FINAL_STATES:
            return False
        return self._dock.owner.cancel(self, wait)

    def rerun(self, resume: bool = False, **changes: Any) -> RecordedJob:
        """Run the same program again, with the same options and seed, as a new job linked to this one.

        Parameters
        ----------
        resume : bool
            Go on from this job's checkpoint instead of from the beginning.
        **changes
            What to do otherwise: whatever `Dock.run` takes, ``program`` included. ``seed=None`` draws a new seed.

        Raises
        ------
        JobError
            If the job was not made by a Dock, or there is no checkpoint to go on from.
        """
        if self._dock is None:
            raise JobError(f"Job {self._job_id} was not run by a Dock, so nobody knows how to run it again.")
        return self._dock.rerun(self, resume, changes)

    # --- what is known

    @property
    def record(self) -> Record:
        """The newest record there is."""
        if not self._owned and not self._record.is_final and self._dock is not None:
            self._advance(self._dock.store.get(self._job_id))
        return self._record

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags it was given."""
        return self._record.tags

    @property
    def options(self) -> dict[str, Any]:
        """The options that are used, whoever chose them; a copy."""
        return dict(self._record.options)

    @property
    def seed(self) -> int:
        """The seed that is used."""
        return self._record.seed

    @property
    def program(self) -> Any:
        """The program that it runs, as it was when it was submitted; whoever changes it changes nothing else."""
        program = self._record.program
        if isinstance(program, Deferred):
            return program.load()
        return tuple(map(_own, program)) if type(program) is tuple else _own(program)

    def logs(self) -> list[str]:
        """Return the lines that the work has logged; of a long log the newest."""
        if self._lines is not None or self._dock is None:
            return list(self._lines or ())
        return [line.text for line in self._dock.owner.logs(self._job_id)]

    def late_results(self) -> dict[int, Result]:
        """Return the results of attempts that had been given up when they came, by the attempts' numbers.

        That is of an owner that was taken for dead and was not: its file of locks was removed, or its disk was gone
        for a while. `result` is that of the attempt that counts, or says that there is none.
        """
        return {} if self._dock is None else self._dock.store.late_results(self._job_id)

    def __repr__(self) -> str:
        where = f" on {self._record.backend}" if self._record.backend else ""
        return f"<{type(self).__name__} {self._job_id} {self.status().name}{where}>"

    def _repr_html_(self) -> str:
        from qdock.tracking.job_views import job_html

        return job_html(self)

    # --- waiting

    def add_done_callback(self, callback: Callback) -> None:
        """Call `callback` with this job once it is final, at once if it is.

        It is called in the thread that finished the job. What it raises is logged and hurts nothing.
        """
        if self._listeners is None and not self._record.is_final:
            self._listeners = Listeners()
        if self._listeners is None or not self._listeners.add(callback):
            call_back(callback, self)
        elif not self._owned and self._dock is not None:
            self._dock.owner.follow(self)

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for the result in any event loop; the loop goes on meanwhile."""
        if not self._is_settled:
            import asyncio

            loop = asyncio.get_running_loop()
            finished = loop.create_future()

            def finish() -> None:
                if not finished.done():
                    finished.set_result(None)

            def wake(_: Any) -> None:
                # A loop that was closed meanwhile has nobody left to wake.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(finish)

            self.add_done_callback(wake)
            yield from finished
        return self._outcome()

    @property
    def future(self) -> Future[Result]:
        """The job as a `concurrent.futures.Future`, the same one each time."""
        if self._future is None:
            # Of two threads that come here at once both get a future that works.
            self._future = JobFuture(self)
        return self._future

    @property
    def _is_awaited(self) -> bool:
        """Whether a Dock that is closed waits for it."""
        return self._owned and not self._reattached

    @property
    def _is_settled(self) -> bool:
        return self._record.is_final and (self._listeners is None or self._listeners.settled)

    def _queries(self, deadline: Deadline, wait: float) -> Iterator[JobStatus]:
        record = self.record
        seen = len(record.history)
        self._settle_down(deadline)
        yield record.status
        while not deadline.passed:
            self._wait_for_change(seen, Deadline(deadline.seconds(wait)))
            record = self.record
            changes = [line.status for line in record.history[seen:] if not line.inferred]
            seen = len(record.history)
            self._settle_down(deadline)
            yield from changes or [record.status]

    def _wait_for_change(self, seen: int, deadline: Deadline) -> None:
        if self._listeners is None:
            return
        step = math.inf if self._owned else _STORE_SECONDS
        while not self._listeners.wait(lambda: len(self._record.history) > seen, deadline.seconds(step)):
            if deadline.passed or len(self.record.history) > seen:
                return

    def _settle_down(self, deadline: Deadline) -> None:
        if self._record.is_final and self._listeners is not None:
            self._listeners.wait_until_settled(deadline.seconds(_SETTLE_SECONDS))

    # --- what the owner does with it

    def _advance(self, record: Record) -> None:
        """Take a newer record and wake whoever waits; an older one, that came late, changes nothing."""
        if self._listeners is None:
            self._record = record
            return
        with self._listeners.changed:
            if record.revision <= self._record.revision:
                return
            news = len(record.history) > len(self._record.history)
            self._record = record
            if news:
                self._listeners.changed.notify_all()
        if record.is_final and not self._owned:
            self._settle()

    def _tell(self, changes: dict[str, Any]) -> None:
        """Take what is not in the store yet; it is no other revision."""
        listeners = self._listeners
        if listeners is not None:
            with listeners.changed:
                if not self._record.is_final:
                    self._record = msgspec.structs.replace(self._record, **changes)

    @property
    def parts(self) -> dict[int, CircuitResult]:
        """What has come back so far for single programs, where the backend hands it over, by their index."""
        if self._parts is not None:
            return dict(self._parts)
        kept = (self.record.checkpoint or {}).get("parts")
        return {} if kept is None else dict(zip(kept["indices"], kept["result"], strict=True))

    def iter_parts(self, timeout: float | None = None) -> Iterator[tuple[int, CircuitResult]]:
        """Yield the index and the entry of each program as it comes back, until the job has ended.

        Parameters
        ----------
        timeout : float, optional
            Seconds from now; None: without end.

        Raises
        ------
        JobTimeoutError
            If the job has not ended by then; it goes on.
        """
        deadline, seen = Deadline(timeout), set[int]()
        while True:
            status = self.status()
            parts = dict(enumerate(self.result())) if status is JobStatus.DONE else self.parts
            for index in sorted(parts.keys() - seen):
                seen.add(index)
                yield index, parts[index]
            if status in JOB_FINAL_STATES:
                return
            if deadline.passed:
                raise self._timed_out(timeout)
            if self._listeners is not None:
                self._listeners.wait(partial(self._has_more, len(seen)), deadline.seconds(_STORE_SECONDS))

    def _add_part(self, index: int, entry: CircuitResult) -> None:
        self._parts = {} if self._parts is None else self._parts
        self._parts[index] = entry
        if self._listeners is not None:
            with self._listeners.changed:
                self._listeners.changed.notify_all()

    def _has_more(self, parts: int) -> bool:
        return self._record.is_final or len(self._parts or ()) > parts

    def _parts_so_far(self) -> dict[str, Any] | None:
        """Return the parts that there are as a checkpoint."""
        from qdock.result import Result

        parts = dict(self._parts or {})
        return {"parts": {"indices": list(parts), "result": Result(parts.values())}}

    def _disown(self, record: Record) -> None:
        """Follow the record from now on, as another process writes it."""
        self._again, self._stop, self._owned = None, None, False
        self._result = self._exception = None
        if self._listeners is not None:
            self._advance(record)
            with self._listeners.changed:
                self._listeners.changed.notify_all()

    def _settle(self) -> None:
        """Call the callbacks of a job that has just become final."""
        if self._listeners is not None:
            self._listeners.settle(self)

    def _keep(self, event: Finished) -> None:
        """Keep what came back, which the record does not have."""
        self._result, self._exception = event.value, event.exception
        self._traceback = None if event.exception is None else event.exception.__traceback__

    def _measure(self, status: JobStatus) -> dict[str, float]:
        """Return the seconds that are known when the job gets `status`."""
        now = time.perf_counter()
        created = now if self._created is None else self._created
        if status not in JOB_FINAL_STATES:
            return {} if status is JobStatus.QUEUED else {"queued": now - created}
        started = now if self._started is None else self._started
        return {"queued": started - created, "run": now - started, "total": now - created}

    def _abandon(self, record: Record) -> None:
        """Take the record of a job that is lost to this process, where nobody else can know of it."""
        self._listeners, self._record = None, record

    @property
    def _is_call(self) -> bool:
        from qdock.call import Call

        return isinstance(self._record.program, Call)

    def _load_result(self) -> Result:
        if self._result is None:
            if self._dock is None:
                raise JobError(f"Job {self._job_id} has no result.")
            self._result = self._dock.store.result(self._job_id)
        return self._result


class FinishedJob(RecordedJob):
    """A job whose result exists when it is made: nothing is left to wait for, and nothing to cancel.

    It is what a Dock makes of work that a backend does on the spot; a backend chooses a class of its own for that
    with `LocalBackend.job_class`.

    Parameters
    ----------
    backend : Backend, optional
        What ran it.
    job_id : str
        A unique id.
    result : Result
        What came back.
    **metadata
        Kept as `metadata`.
    """

    def __init__(self, backend: Any, job_id: str, result: Any, **metadata: Any) -> None:
        now = time.time()
        name = "" if backend is None else str(getattr(backend, "name", ""))
        history = (StatusChange(JobStatus.DONE, now),)
        record = Record(id=job_id, backend=name, status=JobStatus.DONE, history=history, created=now, metadata=metadata)
        super().__init__(None, record, backend)
        self._result = result


def _own(program: Any) -> Any:
    # The records of all jobs that ran one circuit have the same snapshot of it.
    return program.copy() if hasattr(program, "snapshot") else program


#: Seconds that whoever waits for a job grants its callbacks after the end.
_SETTLE_SECONDS = 0.1
#: Seconds between two looks into the store for jobs of another owner.
_STORE_SECONDS = 0.25
