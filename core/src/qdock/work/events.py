"""What a worker says to the owner of a job: it started, how far it is, what is to be kept of it, how it ended."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Any

import msgspec

from qdock.tracking.record import Failure, LogLine, Record

if TYPE_CHECKING:
    from qdock.results.circuit_result import CircuitResult

__all__ = ["Checkpoint", "Emit", "Event", "Finished", "Inside", "Log", "Part", "Progress", "Recorded", "Started"]


class Started(msgspec.Struct, frozen=True):
    """The work is about to begin.

    Emitting it from the owner's process raises `JobCancelledError` if it must not begin any more.

    Parameters
    ----------
    handle : str, optional
        What to stop it by, for executors whose `start` returns later than the work begins.
    time : float
        Seconds since 1970.
    """

    handle: str | None = None
    time: float = msgspec.field(default_factory=time)


class Progress(msgspec.Struct, frozen=True):
    """How far the work is: a fraction from 0 to 1, and a text for people."""

    fraction: float
    text: str = ""


class Log(msgspec.Struct, frozen=True):
    """A line for the job's log."""

    text: str
    time: float = msgspec.field(default_factory=time)


class Checkpoint(msgspec.Struct, frozen=True):
    """What another attempt can go on from; the last one counts.

    Parameters
    ----------
    value : dict
        Values that can be stored, and that nobody changes any more.
    """

    value: dict[str, Any]


class Part(msgspec.Struct, frozen=True):
    """The entry of one of a job's programs is there."""

    index: int
    entry: CircuitResult


class Inside(msgspec.Struct, frozen=True):
    """What was run inside of a job so far: by backend how many ``jobs`` and ``programs``, and their ``seconds``."""

    runs: dict[str, dict[str, float]]


class Recorded(msgspec.Struct, frozen=True):
    """A job inside of a job has ended and is to have a record of its own."""

    record: Record
    result: Any = None
    logs: tuple[LogLine, ...] = ()


class Finished(msgspec.Struct, frozen=True):
    """The work ended: with a value, with a failure, or stopped as it was asked to.

    Parameters
    ----------
    value : optional
        What it returned.
    failure : Failure, optional
        Why it failed.
    stopped : bool
        Whether it stopped because it was asked to.
    exception : BaseException, optional
        The exception itself, where it was raised in the owner's process.
    """

    value: Any = None
    failure: Failure | None = None
    stopped: bool = False
    exception: BaseException | None = None


Event = Started | Progress | Log | Checkpoint | Part | Inside | Recorded | Finished
Emit = Callable[[Event], None]
