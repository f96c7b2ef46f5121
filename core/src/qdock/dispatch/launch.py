"""From a submission to a job: recorded, and its work done on the spot or given to an executor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from qdock.backend import Backend, LocalBackend, execute
from qdock.call import Call
from qdock.dispatch.attempts import Attempts
from qdock.dispatch.lifetime import close_at_exit
from qdock.dispatch.prepare import prepare
from qdock.dispatch.submission import Submission, check_metadata
from qdock.errors import OptionError
from qdock.executors.inline import interrupted, pass_on_interrupt
from qdock.job import FinishedJob, RecordedJob
from qdock.stores.owner import log_lines
from qdock.tracking.record import JobProgress, Record, StatusChange, changed, unseen
from qdock.tracking.status import JobStatus
from qdock.tracking.waiting import Listeners
from qdock.work.events import Event, Finished, Inside, Log, Progress, Recorded
from qdock.work.worker import Worker, current_worker, perform

if TYPE_CHECKING:
    from qdock.dock import Dock
    from qdock.executors import Executor

__all__ = ["DEFAULT_EXECUTOR", "SPOT_SECONDS", "born", "finished_job", "gate", "logged", "submit"]

#: Where jobs run if nobody says otherwise.
DEFAULT_EXECUTOR = "thread"
#: What takes less is not worth a thread: handing it over and back costs a tenth of that, and waking up more.
SPOT_SECONDS = 1e-3

_QUEUED = JobStatus.QUEUED


def submit(
    dock: Dock, backend: Backend, program: Any, executor: Any, options: Mapping[str, Any], about: Mapping[str, Any]
) -> RecordedJob:
    """Return the job of a program: it runs, or is queued, or is done already; `about` is the rest of `prepare`'s."""
    submission, worker = prepare(dock, backend, program, options, **about), current_worker()
    if submission.detach:
        return _detach(dock, submission, executor)
    if worker is not None:
        # A job inside a job takes no slot of its own: it could wait for ever for the one that waits for it.
        executor = "inline"
    elif executor is None and submission.time_limit is not None:
        executor = "process"
    chosen = dock.executor_table.default if executor is None else None
    if executor in (None, "inline") and submission.time_limit is None and is_small(submission):
        if not submission.retries:
            return do_on_the_spot(dock, submission, None if worker is None else worker.job_id)
        executor = "inline"
    if executor is None:
        executor = chosen or submission.backend.spec.executor or DEFAULT_EXECUTOR
    name = executor if isinstance(executor, str) else getattr(executor, "name", type(executor).__name__)
    taker = dock.get_executor(executor)
    _check_limit(submission, taker, name)
    close_at_exit()
    record = submission.record(name, dock.owner.name, None if worker is None else worker.job_id)
    return start(dock, submission, record, taker)


def _check_limit(submission: Submission, executor: Executor, name: str) -> None:
    if submission.time_limit is not None and not getattr(executor, "keeps_time_limits", False):
        raise OptionError(
            f"`time_limit` is for executors that can kill what takes too long, but {name!r} can't. Use "
            f"executor='process', and for a job inside of a job limit the outer one."
        )


def is_small(submission: Submission) -> bool:
    """Whether the work is not worth a thread."""
    seconds = submission.backend.estimate(submission.programs, submission.options)
    return seconds is not None and seconds < SPOT_SECONDS


def gate(dock: Dock, job: RecordedJob) -> Record:
    """Ask the plugins that want to know of every job, and return its record with the metadata they gave."""
    given = dock.registry.job_submitting(job)
    if given:
        job._bind(dock, changed(job._record, metadata={**job.metadata, **check_metadata(given)}))
    return job._record


# --- on the spot


def do_on_the_spot(dock: Dock, submission: Submission, parent: str | None) -> RecordedJob:
    """Do the work now, in this thread, and return a job that is born in its final status."""
    owner = dock.owner
    job = finished_job(dock, submission.backend, submission.record("inline", owner.name, parent))
    record = gate(dock, job)
    worker, begun = Worker(record.id), time.perf_counter()
    finished = perform(worker, partial(execute, *submission.work(submission.programs, record.id)))
    seconds, error = time.perf_counter() - begun, finished.exception
    if error is not None:
        finished = interrupted(finished)
    job._keep(finished)
    owner.create(job, born(record, finished, worker.events, seconds), finished.value, logged(worker.events))
    for event in worker.events:
        if type(event) is Recorded:
            owner.receive(job, event)
    if error is not None:
        pass_on_interrupt(error)
    return job


def finished_job(dock: Dock, backend: LocalBackend, record: Record) -> RecordedJob:
    """Return the job of the backend's own class for a record."""
    kind = backend.job_class
    if kind.__init__ is not FinishedJob.__init__:
        job = kind(backend, record.id, None)
        job._bind(dock, record)
        return job
    # It would make a record of its own, in whose place this one comes.
    job = kind.__new__(kind)
    RecordedJob.__init__(job, dock, record, backend)
    return job


def born(record: Record, finished: Finished, events: Sequence[Event], seconds: float) -> Record:
    """Return the record of a job whose way nobody saw until its end."""
    status = _final(finished)
    history = unseen(record.created, status, time.time())
    metrics = {"queued": 0.0, "run": seconds, "total": seconds}
    told = _told(events) if events else {}
    return changed(record, status=status, history=history, error=finished.failure, metrics=metrics, **told)


def _told(events: Sequence[Event]) -> dict[str, Any]:
    """Return what events say last of a job's progress and of what was run inside of it."""
    told: dict[str, Any] = {}
    for event in events:
        if type(event) is Progress:
            told["progress"] = JobProgress(event.fraction, event.text)
        elif type(event) is Inside:
            told["inside"] = event.runs
    return told


def _final(finished: Finished) -> JobStatus:
    if finished.stopped:
        return JobStatus.CANCELLED
    return JobStatus.DONE if finished.failure is None else JobStatus.ERROR


def logged(events: Sequence[Event]) -> list[Any]:
    """Return the lines that were logged."""
    return [line for event in events if type(event) is Log for line in log_lines(event)] if events else []


# --- by an executor


def start(dock: Dock, submission: Submission, record: Record, executor: Executor) -> RecordedJob:
    """Record a queued job, give its work to an executor, and return it."""
    job = _waiting(dock, submission, record)
    job._stop = executor.stop
    record = gate(dock, job)
    dock.owner.create(job, moved_to_queue(record))
    call = Call(execute, submission.work(submission.own_programs(), record.id))
    job._again = Attempts(dock.owner, job, executor, call)
    job._again()
    return job


def _waiting(dock: Dock, submission: Submission, record: Record) -> RecordedJob:
    job = RecordedJob(dock, record, submission.backend)
    job._listeners, job._created = Listeners(), time.perf_counter()
    return job


def _detach(dock: Dock, submission: Submission, executor: Any) -> RecordedJob:
    """Record a queued job, have an owner process of its own take it, and return it."""
    # What starts processes; most jobs do without it.
    from qdock.dispatch.detach import detached_executor, hand_over, pack

    name = detached_executor(dock, submission, executor)
    _check_limit(submission, dock.get_executor(name), name)
    record = submission.record(name, dock.owner.name)
    packed = pack(submission, record.id)
    job = _waiting(dock, submission, record)
    dock.owner.create(job, moved_to_queue(gate(dock, job)))
    hand_over(dock, submission, job, name, packed)
    return job


def moved_to_queue(record: Record) -> Record:
    """Return the first record of a job: what it skipped raised from `run`, so nothing is inferred."""
    return changed(record, status=_QUEUED, history=(StatusChange(_QUEUED, record.created),))
