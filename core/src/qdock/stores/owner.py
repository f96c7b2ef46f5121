"""The owner of jobs: it writes down what happens to them, and tells whoever wants to know."""

from __future__ import annotations

import logging
import os
import platform
import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from qdock.errors import JobCancelledError, JobTimeoutError, StoreError
from qdock.job import RecordedJob
from qdock.stores.following import Following
from qdock.stores.notes import Notes
from qdock.stores.watcher import Watcher
from qdock.tracking.record import RETRIABLE, Failure, JobProgress, LogLine, Record, moved
from qdock.tracking.status import JOB_FINAL_STATES, JobStatus
from qdock.work.complaint import complain
from qdock.work.events import Checkpoint, Event, Finished, Inside, Log, Part, Progress, Recorded, Started
from qdock.work.worker import current_worker, describe

if TYPE_CHECKING:
    from qdock.result import Result
    from qdock.store import Store

__all__ = ["UNFINISHED", "Owner"]

UNFINISHED = (JobStatus.INITIALIZING, JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING)

#: How many results a store that fails is offered again.
UNWRITTEN = 1000
_log = logging.getLogger(__name__)

_Observe = Callable[[RecordedJob, JobStatus, JobStatus], None]


class Owner:
    """Writes the records of the jobs of one Dock; nobody else does.

    Parameters
    ----------
    store : Store
        Where the records are.
    observe : callable
        Called with ``(job, previous, status)`` after every recorded transition.
    """

    def __init__(self, store: Store, observe: _Observe) -> None:
        self._store = store
        self._observe = observe
        self.name = _new_name()
        #: The jobs that are not final, and those of them that were told to stop.
        self.jobs: dict[str, RecordedJob] = {}
        self._told: set[str] = set()
        self._following = Following()
        self._notes = Notes(store)
        self._notes.owner = self.name
        self._watcher = Watcher(
            self._look, lambda: store.shared and bool(self.jobs), lambda: store.watch_over(self.name)
        )
        #: What the store could not take, the newest of it.
        self._unwritten: deque[tuple[RecordedJob, Callable[[], None]]] = deque(maxlen=UNWRITTEN)
        self._fails = False

    def create(
        self, job: RecordedJob, record: Record, result: Result | None = None, logs: Sequence[LogLine] = ()
    ) -> None:
        """Record a new job, as it is now."""
        create = partial(self._store.create, record, result, logs)
        if record.is_final:
            self._write(job, create)
        else:
            create()
            self.jobs[record.id] = job
            self._watcher.wake()
        self._announce(job, record)

    def move(self, job: RecordedJob, expected: Collection[JobStatus], status: JobStatus, **changes: Any) -> bool:
        """Record another status if the job is in one of `expected`; return whether it was."""
        changes = {**self._notes.take(job.job_id()), "metrics": job._measure(status), **changes}
        record = self._store.transition(job.job_id(), expected, status, by=self.name, **changes)
        if record is not None:
            self._announce(job, record)
        return record is not None

    def _announce(self, job: RecordedJob, record: Record) -> None:
        job._advance(record)
        try:
            self._observe(job, record.previous, record.status)
        finally:
            if record.is_final:
                if self.jobs.pop(record.id, None) is not None:
                    self._told.discard(record.id)
                    # Its programs need not be kept for another attempt.
                    job._again = None
                job._settle()

    # --- what the worker says

    def receive(self, job: RecordedJob, event: Event) -> None:
        """Write down an event of a job's work."""
        _RECEIVE[type(event)](self, job, event)

    def _started(self, job: RecordedJob, event: Started) -> None:
        if event.handle is not None:
            job._handle = event.handle
        if not self._begin(job, event.time):
            raise JobCancelledError(f"Job {job.job_id()} was cancelled before it began.")
        job._started = time.perf_counter()

    def _begin(self, job: RecordedJob, at: float) -> bool:
        """Record that the work begins, and return whether it may.

        A store that can't take that keeps no result from whoever asked for it: only this process knows that the job
        runs, and its end is recorded if there is room by then.
        """
        try:
            return self.move(job, (JobStatus.QUEUED,), JobStatus.RUNNING, at=at)
        except (OSError, StoreError) as error:
            self._complain(f"The start of job {job.job_id()} could not be recorded", error)
            begun = moved(job._record, JobStatus.RUNNING, at)
            job._tell({"status": begun.status, "history": begun.history})
            return not job._record.cancel_requested

    def _progress(self, job: RecordedJob, event: Progress) -> None:
        self._notes.change(job, progress=JobProgress(event.fraction, event.text))

    def _logged(self, job: RecordedJob, event: Log) -> None:
        self._notes.log(job, log_lines(event))

    def logs(self, job_id: str) -> list[LogLine]:
        """Return a job's log, with what is not in the store yet."""
        if job_id in self.jobs:
            self._notes.write(job_id)
        return self._store.logs(job_id)

    def _kept(self, job: RecordedJob, event: Checkpoint) -> None:
        self._notes.change(job, checkpoint=event.value)

    def _handed_over(self, job: RecordedJob, event: Part) -> None:
        job._add_part(event.index, event.entry)
        self._notes.change(job, checkpoint=job._parts_so_far)

    def _ran_inside(self, job: RecordedJob, event: Inside) -> None:
        self._notes.change(job, inside=event.runs)

    def _recorded_inside(self, job: RecordedJob, event: Recorded) -> None:
        record = msgspec.structs.replace(event.record, owner=self.name)
        self.create(RecordedJob(job._dock, record), record, event.result, event.logs)

    def _finished(self, job: RecordedJob, event: Finished) -> None:
        if not self._try_again(job, event.failure):
            self._end(job, event)

    def _try_again(self, job: RecordedJob, failure: Failure | None) -> bool:
        """Have the work done once more, if it failed of what may pass and that was asked for; return whether."""
        again = job._again
        if failure is None or failure.kind not in RETRIABLE or not job._record.may_retry or again is None:
            return False
        try:
            if not self._queue_again(job, failure):
                return False
        # Without a record there is no other attempt; that this one failed is told as it is for any job.
        except Exception as error:  # noqa: BLE001
            self._complain(f"Another attempt of job {job.job_id()} could not be recorded", error)
            return False
        again()
        return True

    def _queue_again(self, job: RecordedJob, failure: Failure) -> bool:
        if job._record.status is JobStatus.QUEUED:
            # A pool that broke tells nothing of the work but its end.
            self.move(job, (JobStatus.QUEUED,), JobStatus.RUNNING)
        text = f"Attempt {job._record.attempt} failed and is followed by another: {failure.message}"
        self._notes.log(job, log_lines(Log(text)))
        return self.move(job, (JobStatus.RUNNING,), JobStatus.QUEUED, progress=JobProgress())

    def _end(self, job: RecordedJob, event: Finished) -> None:
        job._keep(event)
        status, changes = _status_of(event)
        changes["metrics"] = job._measure(status)
        changes |= self._take_notes(job)
        kept = {} if status is not JobStatus.DONE else {"result": event.value}
        found: list[Record | None] = []

        def record_end() -> None:
            found[:] = [self._store.transition(job.job_id(), UNFINISHED, status, by=self.name, **kept, **changes)]

        if not self._write(job, record_end):
            found = [moved(job._record, status, time.time(), **changes)]
        if found[0] is not None:
            self._announce(job, found[0])
        elif job._record.status not in JOB_FINAL_STATES:
            self._give_up(job, event)

    def _give_up(self, job: RecordedJob, event: Finished) -> None:
        """Let go of a job that somebody took for lost, and keep what came back all the same."""
        try:
            record = self._store.get(job.job_id())
            if event.failure is None and not event.stopped and record.status is not JobStatus.CANCELLED:
                self._store.add_late(job.job_id(), job._record.attempt, event.value)
            self.hand_over(job, record)
        # It is not this owner's any more: nobody here waits for what can't be written.
        except Exception as error:  # noqa: BLE001
            self._complain(f"The late end of job {job.job_id()} could not be recorded", error)

    def keep_handle(self, job: RecordedJob) -> None:
        """Write down what the next owner can bind to, should this one die."""
        record = self._store.update(job.job_id(), by=self.name, native_id=job._handle)
        if record is not None:
            job._advance(record)

    def take(self, job: RecordedJob) -> None:
        """See to a job from now on whose record names this owner, and count its time from when it was submitted."""
        job._created = _here(job._record.created)
        if job._record.status is JobStatus.RUNNING:
            job._started = max(_here(job._record.history[-1].time), job._created)
        self.jobs[job.job_id()] = job
        self._watcher.wake()

    def hand_over(self, job: RecordedJob, record: Record) -> None:
        """Let another owner have a job: this process learns from the store what becomes of it."""
        self.jobs.pop(record.id, None)
        job._disown(record)
        if job._listeners is not None and job._listeners.has_callbacks:
            self.follow(job)

    def follow(self, job: RecordedJob) -> None:
        """Call the callbacks of a job whose record somebody else writes."""
        self._following.add(job)

    def _take_notes(self, job: RecordedJob) -> dict[str, Any]:
        try:
            return self._notes.take(job.job_id())
        # What was said on the way must not keep the end from being told.
        except Exception as error:  # noqa: BLE001
            self._complain(f"What job {job.job_id()} said last could not be recorded", error)
            return {}

    # --- a store that fails

    def _write(self, job: RecordedJob, write: Callable[[], None]) -> bool:
        """Record how a job ended; if its store can't, this process has what came back, and it is tried again."""
        try:
            write()
        # Whatever a store raises, those who wait must hear that it is over, and nothing that was computed is lost.
        except Exception as error:  # noqa: BLE001
            what = f"The end of job {job.job_id()} could not be recorded, so this process alone knows of it"
            self._complain(what, error)
            job._unrecorded = f"{what}: {describe(error)}"
            self._unwritten.append((job, write))
            return False
        self._fails = False
        if self._unwritten:
            self._write_again()
        return True

    def _complain(self, what: str, error: Exception) -> None:
        # A full disk is one fault, however many jobs meet it: people hear of it once, until it works again.
        # Noted before it is said: many jobs may meet it at once.
        known, self._fails = self._fails, True
        complain(_log, what, error, logging.DEBUG if known else logging.WARNING)

    def _write_again(self) -> None:
        """Try what could not be recorded once more."""
        for _ in range(len(self._unwritten)):
            with suppress(IndexError):
                job, write = self._unwritten.popleft()
                try:
                    write()
                    job._unrecorded = None
                # It has been logged, and its job says so.
                except Exception:  # noqa: BLE001
                    self._unwritten.append((job, write))

    def close(self) -> None:
        """Try a last time to record what could not be, and watch no more."""
        self._write_again()
        self._watcher.stop()

    # --- what users ask for

    def cancel(self, job: RecordedJob, wait: float) -> bool:
        """Record the request, stop what can be stopped, and say truly whether it has."""
        if job.record.status is JobStatus.INITIALIZING and job._owned and job.job_id() not in self.jobs:
            # It is about to be submitted, and not recorded yet.
            return False
        record = self._store.update(job.job_id(), **self._notes.take(job.job_id()), cancel_requested=True)
        if record is not None:
            job._advance(record)
            self.stop(job)
        worker = current_worker()
        # A job that cancels itself must go on to be stopped. One that has ended is about to hear of it.
        with suppress(JobTimeoutError):
            job.wait_for_final_state(0 if worker and worker.job_id == job.job_id() else wait)
        return job.status() is JobStatus.CANCELLED

    def stop(self, job: RecordedJob) -> None:
        """Have the executor stop the work; if it certainly has, the job is cancelled."""
        if job._stop is not None and job._handle is not None and job._stop(job._handle):
            self.move(job, UNFINISHED, JobStatus.CANCELLED)

    def _look(self) -> None:
        """Write down what there is to be, and hear what other processes ask for."""
        self._notes.write_all()
        for job_id in self._store.cancel_requests(self.name):
            job = self.jobs.get(job_id)
            # Not `job._record.cancel_requested`: whoever wrote the job's progress may have read it already.
            if job is not None and job_id not in self._told:
                job._advance(self._store.get(job_id))
                if job._record.cancel_requested:
                    self._told.add(job_id)
                    self.stop(job)

    # --- in a forked child

    def after_fork(self) -> None:
        """Let everyone in this process know that its copies of the jobs will never end here."""
        self.name = _new_name()
        self._store.after_fork()
        self._watcher.after_fork()
        self._following.after_fork()
        self._notes.after_fork()
        self._notes.owner = self.name
        self._unwritten.clear()
        failure = Failure("worker_lost", "This process was forked off while the job ran. It goes on in the parent.")
        for job in self.jobs.values():
            job._abandon(moved(job._record, JobStatus.ERROR, time.time(), error=failure))
        self.jobs = {}


def _here(seconds: float) -> float:
    """Return a point in time, which another process recorded, on the clock that only this one has."""
    return time.perf_counter() - max(time.time() - seconds, 0.0)


def _new_name() -> str:
    return f"{platform.node()}:{os.getpid()}:{secrets.token_hex(4)}"


def _status_of(event: Finished) -> tuple[JobStatus, dict[str, Any]]:
    if event.stopped:
        return JobStatus.CANCELLED, {}
    return (JobStatus.DONE, {}) if event.failure is None else (JobStatus.ERROR, {"error": event.failure})


def log_lines(event: Log) -> list[LogLine]:
    """Return the lines of a logged text."""
    return [LogLine(event.time, line) for line in event.text.splitlines() or [""]]


_RECEIVE: dict[type, Callable[[Owner, RecordedJob, Any], None]] = {
    Started: Owner._started,
    Progress: Owner._progress,
    Log: Owner._logged,
    Checkpoint: Owner._kept,
    Part: Owner._handed_over,
    Inside: Owner._ran_inside,
    Recorded: Owner._recorded_inside,
    Finished: Owner._finished,
}
