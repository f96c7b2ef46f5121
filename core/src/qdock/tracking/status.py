"""The seven statuses of a job, and which may follow which."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from typing import Any

from qdock.errors import InvalidTransition

__all__ = [
    "JOB_FINAL_STATES",
    "TRANSITIONS",
    "JobStatus",
    "check_transition",
    "find_statuses",
    "match_status",
    "skipped",
]


class JobStatus(Enum):
    """Status of a job; the values are the historical texts."""

    INITIALIZING = "job is being initialized"
    QUEUED = "job is queued"
    VALIDATING = "job is being validated"
    RUNNING = "job is actively running"
    CANCELLED = "job has been cancelled"
    DONE = "job has successfully run"
    ERROR = "job incurred error"


_INITIALIZING, _VALIDATING, _QUEUED, _RUNNING, _DONE, _ERROR, _CANCELLED = (
    JobStatus[name] for name in ("INITIALIZING", "VALIDATING", "QUEUED", "RUNNING", "DONE", "ERROR", "CANCELLED")
)

#: Nothing leaves these.
JOB_FINAL_STATES = (_DONE, _CANCELLED, _ERROR)

#: The order of a job that skips nothing.
_ORDER = (_INITIALIZING, _VALIDATING, _QUEUED, _RUNNING, _DONE)

#: Status -> what may follow it. Forwards anything may be skipped; RUNNING to QUEUED is a retry.
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    _INITIALIZING: frozenset((_VALIDATING, _QUEUED, _RUNNING, _DONE, _ERROR, _CANCELLED)),
    _VALIDATING: frozenset((_QUEUED, _RUNNING, _DONE, _ERROR, _CANCELLED)),
    _QUEUED: frozenset((_RUNNING, _DONE, _ERROR, _CANCELLED)),
    _RUNNING: frozenset((_QUEUED, _DONE, _ERROR, _CANCELLED)),
    _DONE: frozenset(),
    _ERROR: frozenset(),
    _CANCELLED: frozenset(),
}


def check_transition(previous: JobStatus, status: JobStatus) -> None:
    """Raise `InvalidTransition` unless `status` may follow `previous`."""
    if status not in TRANSITIONS[previous]:
        allowed = ", ".join(sorted(item.name for item in TRANSITIONS[previous])) or "nothing: it is final"
        raise InvalidTransition(
            f"A job can't go from {previous.name} to {status.name}. {previous.name} allows {allowed}."
        )


def skipped(previous: JobStatus, status: JobStatus) -> tuple[JobStatus, ...]:
    """Return what a job that went from `previous` to `status` must have passed through unseen.

    What failed or was cancelled may have done so anywhere, so nothing is inferred then.
    """
    if previous not in _ORDER or status not in _ORDER:
        return ()
    return _ORDER[_ORDER.index(previous) + 1 : _ORDER.index(status)]


def find_statuses(wanted: JobStatus | str | Iterable[JobStatus | str]) -> tuple[JobStatus, ...]:
    """Return the statuses that one or several texts mean: a name in any case, or a historical text.

    Raises
    ------
    ValueError
        If there is no such status.
    """
    if isinstance(wanted, (JobStatus, str)):
        return (_find_status(wanted),)
    return tuple(_find_status(status) for status in wanted)


def match_status(answer: Any) -> JobStatus:
    """Return the status that a provider's answer means, matched by name.

    It may be one of ours, a member of another package's enumeration, or a text.

    Raises
    ------
    ValueError
        If it means none.
    """
    for text in (answer, getattr(answer, "name", None), getattr(answer, "value", None)):
        if isinstance(text, (JobStatus, str)):
            with suppress(ValueError):
                return _find_status(text)
    raise ValueError(f"{answer!r} is no job status. The statuses: {', '.join(item.name for item in JobStatus)}.")


def _find_status(status: JobStatus | str) -> JobStatus:
    if isinstance(status, JobStatus):
        return status
    for member in JobStatus:
        if status.upper() == member.name or status == member.value:
            return member
    raise ValueError(f"{status!r} is no job status. The statuses: {', '.join(item.name for item in JobStatus)}.")
