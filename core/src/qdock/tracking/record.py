"""The record of a job: everything about it that outlives the process it ran in.

A record is a frozen value. What happens to a job makes a new one of a higher revision; a store keeps the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec

from qdock.tracking.status import JOB_FINAL_STATES, JobStatus, skipped

__all__ = [
    "ADOPTED",
    "FORMAT_VERSION",
    "Deferred",
    "Failure",
    "JobProgress",
    "LogLine",
    "RETRIABLE",
    "Record",
    "StatusChange",
    "changed",
    "fate",
    "loss",
    "moved",
    "unseen",
]

#: Version of the fields below; a store refuses records of a newer one.
FORMAT_VERSION = 1
#: What stands for the executor of a job that was adopted: its work is done elsewhere.
ADOPTED = "adopted"
#: The executors whose work ends with its owner's process at the latest.
IN_OWNER = frozenset(("inline", "thread"))
#: Kinds of failures after which `retries` try again: no fault of the program, as far as anybody knows.
RETRIABLE = frozenset(("worker_lost", "retriable"))


class StatusChange(NamedTuple):
    """One line of a job's history.

    Parameters
    ----------
    status : JobStatus
        What the job became.
    time : float
        Seconds since 1970; never less than that of the line before.
    attempt : int
        1, and one more with each retry.
    inferred : bool
        Whether nobody saw it: the job was found further on.
    """

    status: JobStatus
    time: float
    attempt: int = 1
    inferred: bool = False


#: Makes a line of all its values, in half the time: every job has three.
_line: Callable[[tuple[JobStatus, float, int, bool]], StatusChange] = partial(tuple.__new__, StatusChange)


def unseen(created: float, status: JobStatus, ended: float) -> tuple[StatusChange, ...]:
    """Return the history of a job of which nobody saw anything but its end."""
    return (
        _line((JobStatus.QUEUED, created, 1, True)),
        _line((JobStatus.RUNNING, created, 1, True)),
        _line((status, max(ended, created), 1, False)),
    )


class Failure(NamedTuple):
    """Why a job failed.

    Parameters
    ----------
    kind : str
        ``"exception"`` (the work raised), ``"retriable"`` (it raised what says that another try may succeed),
        ``"interrupted"`` (it raised what ends a program: SystemExit, KeyboardInterrupt), ``"invalid_result"`` (what
        the backend returned is no result), ``"not_started"`` (the executor did not take it), ``"worker_lost"`` (its
        worker died, or its owner), ``"time_limit"``, ``"memory_limit"``,
        ``"unwatched"`` (it was adopted, and nobody here will learn how it ended), ``"result_too_large"`` (it went
        over a limit), ``"result_not_sent"`` (what it returned can't be carried from
        the worker).
    message : str
        The reason, for people.
    traceback : str
        The original traceback as text, empty where there is none.
    """

    kind: str
    message: str
    traceback: str = ""


class JobProgress(NamedTuple):
    """How far a job says it is: a fraction from 0 to 1, and a text for people."""

    fraction: float = 0.0
    text: str = ""


class LogLine(NamedTuple):
    """One line that a job logged, and when, in seconds since 1970."""

    time: float
    text: str


class Deferred:
    """Stands for a program that is read from its store when somebody asks for it.

    Parameters
    ----------
    load : callable
        Returns the program.
    """

    __slots__ = ("load",)

    def __init__(self, load: Callable[[], Any]) -> None:
        self.load = load

    def __eq__(self, other: object) -> bool:
        return bool(self.load() == (other.load() if isinstance(other, Deferred) else other))

    __hash__ = None  # type: ignore[assignment]  # programs can be changed

    def __repr__(self) -> str:
        return "<a program in its store>"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a job but its result and its log.

    All fields are JSON values, except that `options` may hold arrays, and `program` holds the program as it was
    given: one Circuit or Call, or a tuple of them; in records of a durable store it may be `Deferred`.
    """

    id: str
    backend: str
    status: JobStatus
    history: tuple[StatusChange, ...]
    #: Seconds since 1970.
    created: float
    #: Counts the changes: of two records of a job, the one with more is the newer.
    revision: int = 0
    format_version: int = FORMAT_VERSION
    #: Who runs it and writes its record; ``host:pid:token``.
    owner: str = ""
    executor: str = ""
    attempt: int = 1
    #: How many more attempts were asked for, should the first be lost.
    retries: int = 0
    #: Seconds that an attempt may take.
    time_limit: float | None = None
    #: The job inside of which it was started.
    parent: str | None = None
    #: The job that it repeats.
    rerun_of: str | None = None
    #: Its name in the executor or at the service.
    native_id: str | None = None
    #: Whether somebody asked for its end; such a job starts no more.
    cancel_requested: bool = False
    #: What a repetition could go on from.
    checkpoint: Any = None
    program: Any = None
    #: What was used, whoever chose it.
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    seed: int = 0
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    progress: JobProgress = JobProgress()
    #: Seconds: ``queued`` before the last start, ``run`` after it, ``total``.
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    error: Failure | None = None
    #: What was run inside of it and has no records: by backend ``jobs``, ``programs`` and ``seconds``.
    inside: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in JOB_FINAL_STATES

    @property
    def may_retry(self) -> bool:
        """Whether there is to be another attempt, should this one be lost."""
        return self.attempt <= self.retries and not self.cancel_requested

    @property
    def has_outlived(self) -> bool:
        """Whether its work goes on without its owner, where it was given to, as far as anybody knows."""
        return self.native_id is not None and self.executor != ADOPTED

    @property
    def may_survive(self) -> bool:
        """Whether the death of its owner is not its end."""
        return self.has_outlived or (self.may_retry and self.executor != ADOPTED)

    @property
    def previous(self) -> JobStatus:
        """The status that was recorded before this one; INITIALIZING if this is the first."""
        for line in self.history[-2::-1]:
            if not line.inferred:
                return line.status
        return JobStatus.INITIALIZING


def changed(record: Record, **changes: Any) -> Record:
    """Return `record` with `changes`, one revision on."""
    return msgspec.structs.replace(record, revision=record.revision + 1, **changes)


def moved(record: Record, status: JobStatus, time: float, **changes: Any) -> Record:
    """Return `record` in another status, with what was skipped as inferred and a retry counted.

    The clock may have been set back meanwhile; the history's times never decrease.
    """
    retry = record.status is JobStatus.RUNNING and status is JobStatus.QUEUED
    attempt = record.attempt + retry
    time = max(time, record.history[-1].time) if record.history else time
    lines = [StatusChange(item, time, attempt, True) for item in skipped(record.status, status)]
    history = (*record.history, *lines, StatusChange(status, time, attempt))
    return changed(record, status=status, history=history, attempt=attempt, **changes)


def fate(record: Record) -> tuple[JobStatus, Failure | None]:
    """Return how a job ends whose owner is not there any more, and why it failed if it did.

    One that was asked to stop has stopped, if its work was the owner process's own or had not begun.
    """
    stopped = record.status is JobStatus.QUEUED or record.executor in IN_OWNER
    if record.cancel_requested and stopped and record.executor != ADOPTED:
        return JobStatus.CANCELLED, None
    return JobStatus.ERROR, loss(record)


def loss(record: Record) -> Failure:
    """Return why a job has failed whose owner is not there any more."""
    if record.executor == ADOPTED:
        reason = (
            f"Nobody watches the job any more: who adopted it, {record.owner}, has ended. It was {record.status.name} "
            f"at its provider, under the id {record.native_id!r}. Ask for it there, and adopt it again."
        )
        return Failure("unwatched", reason)
    reason = f"its process, {record.owner}, ended before it"
    return Failure("worker_lost", f"The job was lost: {reason}. Run it again with `job.rerun()`.")
