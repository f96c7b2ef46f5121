"""The end of a Dock: its jobs are waited for or cancelled, and then everything is let go of."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from qdock.errors import JobTimeoutError
from qdock.tracking.record import ADOPTED

if TYPE_CHECKING:
    from qdock.dock import Dock
    from qdock.job import RecordedJob

__all__ = ["STOP_SECONDS", "close"]

#: Seconds that jobs are given to stop when a Dock is closed without waiting for them.
STOP_SECONDS = 1.0
#: Seconds after which it is looked whether a job is still to be waited for.
_STEP_SECONDS = 5.0


def close(dock: Dock, wait: bool) -> None:
    """Wait for the jobs of a Dock that takes no more, or cancel them, and let go of what it has."""
    stopped = False
    try:
        if dock._revival is not None:
            dock._revival.close()
        if wait:
            _wait(dock)
        stopped = wait
    finally:
        if not stopped:
            _cancel(dock)
        _let_go(dock, stopped)


def _unfinished(dock: Dock) -> list[RecordedJob]:
    return [] if dock._owner is None else list(dock._owner.jobs.values())


def _wait(dock: Dock) -> None:
    while jobs := [job for job in _unfinished(dock) if job._is_awaited]:
        for job in jobs:
            with suppress(JobTimeoutError):
                job.wait_for_final_state(_STEP_SECONDS)


def _cancel(dock: Dock) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    # What runs elsewhere is not this Dock's to cancel.
    jobs = [job for job in _unfinished(dock) if not (job.record.executor == ADOPTED or job._reattached)]
    for job in jobs:
        job.cancel(wait=0)
    for job in jobs:
        try:
            job.wait_for_final_state(max(deadline - time.monotonic(), 0))
        except JobTimeoutError:
            logging.getLogger(__name__).warning("%r did not stop and is left behind.", job)


def _let_go(dock: Dock, wait: bool) -> None:
    if dock._executor_table is not None:
        dock._executor_table.close(wait)
    for part in (dock._adopter, dock._detached):
        if part is not None:
            part.close()
    if dock._owner is not None:
        dock._owner.close()
    if dock._store is not None and dock._given_store is None:
        dock._store.close()
