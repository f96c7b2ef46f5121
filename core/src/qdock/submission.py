"""From a submission to a job: recorded, and its work done on the spot or given to an executor."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from qdock.backend import LocalBackend, execute
from qdock.call import Call
from qdock.errors import OptionError
from qdock.events import Event, Finished, Log, Progress
from qdock.executors.inline import pass_on_interrupt
from qdock.job import RecordedJob
from qdock.owner import UNFINISHED, log_lines
from qdock.record import Failure, JobProgress, Record, StatusChange, changed
from qdock.status import JobStatus
from qdock.waiting import Listeners
from qdock.worker import Worker, current_worker, describe, work

if TYPE_CHECKING:
    from qdock.circuit import Circuit
    from qdock.dock import Dock
    from qdock.executors import Executor

__all__ = ["SPOT_SECONDS", "Submission", "check_metadata", "check_tags", "do_on_the_spot", "is_small", "start"]

#: What takes less is not worth a thread: handing it over and back costs a tenth of that, and waking up more.
SPOT_SECONDS = 1e-3

_INITIALIZING, _QUEUED, _RUNNING = JobStatus.INITIALIZING, JobStatus.QUEUED, JobStatus.RUNNING


@dataclass(slots=True)
class Submission:
    """What a call of `run` comes to when everything about it has been checked."""

    backend: LocalBackend
    #: A copy of what was given, for the record: one program or a tuple of them.
    program: Any
    #: As the backend runs them; perhaps still somebody else's to change.
    programs: Sequence[Circuit | Call]
    #: The same, nobody else's to change.
    own_programs: Sequence[Circuit | Call]
    options: dict[str, Any]
    seed: int
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    rerun_of: str | None = None
    checkpoint: Any = None

    def record(self, executor: str, owner: str) -> Record:
        """Return the record of a job that does this; it has no status yet."""
        worker = current_worker()
        return Record(
            id=os.urandom(10).hex(),
            backend=self.backend.spec.full_name,
            status=_INITIALIZING,
            history=(),
            created=time.time(),
            owner=owner,
            executor=executor,
            parent=None if worker is None else worker.job_id,
            rerun_of=self.rerun_of,
            checkpoint=self.checkpoint,
            program=self.program,
            options=self.options,
            seed=self.seed,
            tags=self.tags,
            metadata=self.metadata or {},
        )

    def call(self, programs: Sequence[Circuit | Call], job_id: str) -> Call:
        """Return the work that there is to do."""
        return Call(execute, (self.backend, programs, dict(self.options), job_id, self.seed))


def is_small(submission: Submission) -> bool:
    """Whether the work is not worth a thread."""
    seconds = submission.backend.estimate(submission.programs, submission.options)
    return seconds is not None and seconds < SPOT_SECONDS


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags of a job, or raise `OptionError` if they are no texts; one text is one tag."""
    if not tags:
        return ()
    given = (tags,) if isinstance(tags, str) else tuple(tags)
    for tag in given:
        if not isinstance(tag, str):
            raise OptionError(f"Tags are texts, but {tag!r} of type {type(tag).__name__} was given.")
    return given


def check_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a copy of a job's metadata, or raise `OptionError` if it is not JSON."""
    if not metadata:
        return {}
    try:
        values = json.loads(json.dumps(dict(metadata), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"The metadata of a job are JSON values, but these are not: {error}.") from None
    return values  # type: ignore[no-any-return]  # what was a dict is one


def gate(dock: Dock, job: RecordedJob) -> Record:
    """Ask the plugins that want to know of every job, and return its record with the metadata they gave."""
    given = dock.registry.job_submitting(job)
    if given:
        job._bind(dock, changed(job._record, metadata={**job.metadata, **check_metadata(given)}))
    return job._record


# --- on the spot


def do_on_the_spot(dock: Dock, submission: Submission, record: Record) -> RecordedJob:
    """Do the work now, in this thread, and return a job that is born in its final status."""
    job: RecordedJob = submission.backend.job_class(submission.backend, record.id, None)
    job._bind(dock, record)
    record = gate(dock, job)
    worker, begun = Worker(record.id), time.perf_counter()
    finished = work(worker, submission.call(submission.programs, record.id))
    seconds = time.perf_counter() - begun
    job._keep(finished)
    dock.owner.create(job, _born(record, finished, worker.events, seconds), finished.value, _logged(worker.events))
    pass_on_interrupt(finished.exception)
    return job


def _born(record: Record, finished: Finished, events: Sequence[Event], seconds: float) -> Record:
    """Return the record of a job whose way nobody saw until its end."""
    status = _final(finished)
    history = (
        StatusChange(_QUEUED, record.created, 1, True),
        StatusChange(_RUNNING, record.created, 1, True),
        StatusChange(status, max(time.time(), record.created)),
    )
    told = [JobProgress(event.fraction, event.text) for event in events if type(event) is Progress]
    return changed(
        record,
        status=status,
        history=history,
        error=finished.failure,
        progress=told[-1] if told else record.progress,
        metrics={"queued": 0.0, "run": seconds, "total": seconds},
    )


def _final(finished: Finished) -> JobStatus:
    if finished.stopped:
        return JobStatus.CANCELLED
    return JobStatus.DONE if finished.failure is None else JobStatus.ERROR


def _logged(events: Sequence[Event]) -> list[Any]:
    return [line for event in events if type(event) is Log for line in log_lines(event)]


# --- by an executor


def start(dock: Dock, submission: Submission, record: Record, executor: Executor) -> RecordedJob:
    """Record a queued job, give its work to an executor, and return it."""
    job = RecordedJob(dock, record, submission.backend)
    job._listeners, job._created, job._stop = Listeners(), time.perf_counter(), executor.stop
    record = gate(dock, job)
    dock.owner.create(job, moved_to_queue(record))
    try:
        call = submission.call(submission.own_programs, record.id)
        job._handle = executor.start(record.id, call, partial(dock.owner.receive, job))
    except Exception as error:
        failure = Failure("not_started", f"The executor did not take it: {describe(error)}")
        dock.owner.move(job, UNFINISHED, JobStatus.ERROR, error=failure)
        raise
    if job._record.cancel_requested:
        # The request came before there was anything to stop.
        dock.owner.stop(job)
    return job


def moved_to_queue(record: Record) -> Record:
    """Return the first record of a job: what it skipped raised from `run`, so nothing is inferred."""
    return changed(record, status=_QUEUED, history=(StatusChange(_QUEUED, record.created),))
