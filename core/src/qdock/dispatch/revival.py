"""Jobs whose owner has died: bound to again where their work lives on, tried again where that was asked for.

Whichever Dock observes such a job first claims it, in one write that only one can win. The work of another attempt is
not done here, as this process may be about to end, but by an owner process of its own, like that of a detached job.
"""

from __future__ import annotations

import logging
import threading
import weakref
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from qdock.dispatch.lifetime import close_at_exit
from qdock.dispatch.prepare import prepare
from qdock.errors import JobError, QdockError, StoreError
from qdock.stores.owner import log_lines
from qdock.tracking.record import Failure, JobProgress, Record, loss
from qdock.tracking.status import JobStatus
from qdock.work.complaint import complain
from qdock.work.events import Finished, Log
from qdock.work.worker import describe

if TYPE_CHECKING:
    from qdock.dispatch.submission import Submission
    from qdock.dock import Dock
    from qdock.job import RecordedJob

__all__ = ["Revival"]

_log = logging.getLogger(__name__)


class Revival:
    """Sees to the jobs of dead owners that are not lost yet; it is what a store calls when it finds one.

    Parameters
    ----------
    dock : Dock
        Whose executors and backends there are.
    """

    def __init__(self, dock: Dock) -> None:
        # The store that calls this may outlive the Dock.
        self._dock = weakref.ref(dock)
        self.after_fork()

    def after_fork(self) -> None:
        """Forget what the parent has claimed."""
        self._claimed: SimpleQueue[Record | None] = SimpleQueue()
        self._lock, self._thread = threading.Lock(), None

    _thread: threading.Thread | None

    def __call__(self, record: Record) -> bool:
        """Return whether a job is seen to, so that it is not lost; the rest is done in a thread."""
        dock = self._dock()
        if dock is None or dock.closed:
            # Somebody else will see it.
            return record.may_survive
        if not record.may_survive:
            return False
        if record.has_outlived and not _knows(dock, record.executor):
            # Who has that executor will bind to it.
            return True
        # A store that can't be written is still to be read; whoever can write it sees to the job.
        with suppress(StoreError):
            claimed = _claim(dock, record)
            if claimed is not None:
                self._put(claimed)
        return True

    def _put(self, record: Record) -> None:
        with self._lock:
            self._claimed.put(record)
            if self._thread is None:
                close_at_exit()
                self._thread = threading.Thread(target=self._run, name="qdock-revival", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Return when all that was claimed has been seen to."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._claimed.put(None)
            thread.join()

    def _run(self) -> None:
        while (record := self._claimed.get()) is not None:
            dock = self._dock()
            if dock is not None:
                _see_to(dock, record)
            del dock


def _knows(dock: Dock, executor: str) -> bool:
    try:
        dock.registry.get_executor_spec(executor)
    except QdockError:
        return False
    return True


def _claim(dock: Dock, record: Record) -> Record | None:
    """Make a dead owner's job this Dock's; None if somebody else was quicker."""
    if record.status is JobStatus.RUNNING and not record.has_outlived:
        return _next_attempt(dock, record, record.owner)
    return dock.store.update(record.id, by=record.owner, owner=dock.owner.name)


def _next_attempt(dock: Dock, record: Record, owner: str) -> Record | None:
    changes: dict[str, Any] = {"owner": dock.owner.name, "progress": JobProgress(), "native_id": None}
    found = dock.store.transition(record.id, (JobStatus.RUNNING,), JobStatus.QUEUED, by=owner, **changes)
    if found is not None:
        text = f"Attempt {record.attempt} was lost with its process, {record.owner}, and is followed by another."
        dock.store.add_logs(record.id, log_lines(Log(text)))
    return found


def _see_to(dock: Dock, record: Record) -> None:
    job = dock._handle(record)
    # Somebody may have had this handle before, with what was known then.
    job._advance(record)
    dock.owner.take(job)
    try:
        if not (record.has_outlived and _attach(dock, job, record)):
            _try_again(dock, job, record)
    # Whatever it is: it is known of now, and the job has ended.
    except Exception as error:  # noqa: BLE001
        complain(_log, f"Job {record.id} could not be tried again", error)
        reason = f"{loss(record).message} It could not be tried again: {describe(error)}"
        dock.owner.receive(job, Finished(failure=Failure("worker_lost", reason)))


def _attach(dock: Dock, job: RecordedJob, record: Record) -> bool:
    """Bind to work that outlived its owner; False if it is gone."""
    executor = dock.get_executor(record.executor)
    job._owned, job._reattached, job._stop, job._handle = True, True, executor.stop, record.native_id
    if executor.attach(str(record.native_id), partial(dock.owner.receive, job)):
        if record.cancel_requested:
            dock.owner.stop(job)
        return True
    job._owned, job._reattached, job._stop = False, False, None
    return False


def _try_again(dock: Dock, job: RecordedJob, record: Record) -> None:
    # What starts processes; few stores have such a job.
    from qdock.dispatch.detach import hand_over, pack

    if record.has_outlived and not record.may_retry:
        dock.owner.receive(job, Finished(failure=loss(record)))
        return
    if record.status is JobStatus.RUNNING:
        found = _next_attempt(dock, record, dock.owner.name)
        if found is None:
            raise JobError("Somebody has asked for its end.")
        job._advance(found)
    submission = _submission(dock, job)
    hand_over(dock, submission, job, _executor(dock, record), pack(submission, record.id))


def _submission(dock: Dock, job: RecordedJob) -> Submission:
    """Return what was submitted, made again of what is recorded."""
    record, program = job._record, job.program
    reason = getattr(program, "reason", None)
    if reason is not None:
        raise JobError(f"Its program could not be stored, as {reason}.")
    device = dock.get_backend(record.backend)
    about: dict[str, Any] = {"seed": record.seed, "time_limit": record.time_limit, "checkpoint": record.checkpoint}
    return prepare(dock, device, program, {}, fixed=record.options, **about)


def _executor(dock: Dock, record: Record) -> str:
    """Return where another attempt is made: where the first was, if an owner process can do that."""
    return record.executor if record.executor != "inline" and _knows(dock, record.executor) else "process"
