"""Detached jobs: submitted here, and seen to by an owner process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdock.backend import execute
from qdock.call import Call
from qdock.dispatch.handover import Handed
from qdock.errors import JobError, OptionError
from qdock.executors.carry import pack_call
from qdock.tracking.record import Failure
from qdock.work.events import Finished
from qdock.work.worker import current_worker, describe

if TYPE_CHECKING:
    from qdock.dispatch.submission import Submission
    from qdock.dock import Dock
    from qdock.job import RecordedJob

__all__ = ["detached_executor", "hand_over", "pack"]


def detached_executor(dock: Dock, submission: Submission, executor: object) -> str:
    """Return the executor of a detached job, or raise for what can't be detached."""
    if not dock.store.shared or not hasattr(dock.store, "path"):
        raise JobError(
            "`detach=True` takes a store that is a file, for other processes, but job records are kept in memory here. "
            "Set QDOCK_STORE=sqlite: or sqlite:///path."
        )
    if current_worker() is not None:
        raise JobError("A job can't detach another one: only its owner writes to the store. Detach the outer one.")
    if executor is None:
        chosen = dock.executor_table.default or submission.backend.spec.executor
        return chosen if chosen and chosen != "inline" else "process"
    if not isinstance(executor, str) or executor == "inline":
        raise OptionError(
            f"`detach=True` takes the name of an executor that another process can work with, not {executor!r}. Leave "
            f"it out, or use executor='process'."
        )
    return executor


def pack(submission: Submission, job_id: str) -> bytes:
    """Return the work of a job as bytes for the owner process, or raise `JobError` if it can't travel."""
    return pack_call(Call(execute, submission.work(submission.own_programs(), job_id)))


def hand_over(dock: Dock, submission: Submission, job: RecordedJob, executor: str, packed: bytes) -> None:
    """Have the owner process take a job that is recorded here; a job that it does not take has failed."""
    record = job._record
    try:
        dock.detached.take(Handed(record.id, record.owner, executor, dock.made(submission.backend)), packed)
    except BaseException as error:
        dock.owner.receive(job, Finished(failure=Failure("not_started", describe(error))))
        raise
    dock.owner.hand_over(job, dock.store.get(record.id))
