"""Jobs that a program makes itself, rather than a Dock: the core's own job, on a record that nobody else sees."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from qdock.call import Call
from qdock.common.forks import renew_in_children
from qdock.errors import JobError
from qdock.executors.futures import FutureExecutor
from qdock.job import JobStatus, RecordedJob, StatusChange
from qdock.store import MemoryStore
from qdock.stores.owner import Owner
from qdock.tracking.record import Record
from qdock.tracking.waiting import Deadline, Listeners

if TYPE_CHECKING:
    from qdock.dock import Dock

__all__ = ["UnrecordedJob"]

#: What waits for its turn is told as the old jobs told it: they knew no queue.
_SHOWN = {JobStatus.QUEUED: JobStatus.INITIALIZING}

_UNSUBMITTED = "Job not submitted yet!. You have to .submit() first!"


class _Store(MemoryStore):
    """One job's record; its result, which may be any object, is kept by the job."""

    def transition(self, *args: Any, result: Any = None, **changes: Any) -> Record | None:
        return super().transition(*args, **changes)


class _Ledger:
    """What such a job has in place of a Dock: a store and an owner of its own, so that ids may repeat."""

    def __init__(self) -> None:
        self.store = _Store()
        self.owner = Owner(self.store, lambda *_: None)
        renew_in_children(self)

    def after_fork(self) -> None:
        """In a forked child: say of every unfinished job that it will never end there."""
        self.owner.after_fork()

    def rerun(self, job: RecordedJob, *_: Any) -> NoReturn:
        raise JobError(f"Job {job.job_id()} was made by hand, not by a Dock. To run it again make another one.")


class UnrecordedJob(RecordedJob):
    """A call that runs in a pool once it is submitted. It keeps the promises of the core's jobs.

    It is in no Dock's list of jobs, and nothing of it is written down.

    Parameters
    ----------
    backend : object
        What it is said to run on.
    job_id : str
        Any text: several jobs may have the same.
    call : Call
        What there is to do.
    """

    #: Where jobs of this class run.
    _executor: ClassVar[Executor]

    def __init__(self, backend: Any, job_id: str, call: Call) -> None:
        self._call, self._submitted, self._submitting = call, False, threading.Lock()
        record = Record(id=job_id, backend=_name_of(backend), status=JobStatus.INITIALIZING, history=(), created=0.0)
        super().__init__(None, record, backend)
        self._listeners = Listeners()

    # --- submit

    def submit(self) -> None:
        """Give the work to the pool.

        Raises
        ------
        JobError
            If that was done already.
        """
        with self._submitting:
            if self._submitted:
                raise JobError("We have already submitted the job!")
            self._check()
            self._start()

    def _check(self) -> None:
        """Raise if the work can't be done; then the job stays unsubmitted, and may be submitted again."""

    def _start(self) -> None:
        ledger, taker, now = _Ledger(), FutureExecutor(self._executor), time.time()
        record = Record(
            id=self._job_id,
            backend=self._record.backend,
            status=JobStatus.QUEUED,
            history=(StatusChange(JobStatus.QUEUED, now),),
            created=now,
            owner=ledger.owner.name,
            program=self._call,
            metadata=self.metadata,
        )
        self._bind(cast("Dock", ledger), record)
        self._stop, self._created, self._submitted = taker.stop, time.perf_counter(), True
        ledger.owner.create(self, record)
        try:
            self._handle = taker.start(self._job_id, self._call, partial(ledger.owner.receive, self))
        except BaseException:
            self._submitted = False
            raise
        if self._record.cancel_requested:
            # The request came before there was anything to stop.
            ledger.owner.stop(self)

    # --- what it says

    @property
    def record(self) -> Record:
        """The newest record, or `JobError` if the job was not submitted."""
        if not self._submitted:
            raise JobError(_UNSUBMITTED)
        return super().record

    def status(self) -> JobStatus:
        """Return the status: INITIALIZING until the work begins."""
        return _shown(super().status())

    @property
    def history(self) -> tuple[StatusChange, ...]:
        """Every status that the job has had, and when."""
        return tuple(line._replace(status=_shown(line.status)) for line in super().history)

    def cancel(self, wait: float = 1.0) -> bool:
        """Ask for the end of the job.

        Parameters
        ----------
        wait : float
            Seconds to wait for work that runs to stop.

        Returns
        -------
        bool
            True if the job is CANCELLED, also if it was before. Work that runs and does not ask whether it shall
            stop goes on.
        """
        return super().cancel(wait) or self.cancelled()

    def __repr__(self) -> str:
        return super().__repr__() if self._submitted else f"<{type(self).__name__} {self._job_id}, not submitted>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object: its work and its result live in this process")

    # --- how the core's job does it

    def _queries(self, deadline: Deadline, wait: float) -> Iterator[JobStatus]:
        return map(_shown, super()._queries(deadline, wait))

    @property
    def _is_settled(self) -> bool:
        return self._submitted and super()._is_settled

    def _load_result(self) -> Any:
        return self._result


def _shown(status: JobStatus) -> JobStatus:
    return _SHOWN.get(status, status)


def _name_of(backend: Any) -> str:
    name = getattr(backend, "name", "")
    name = name() if callable(name) else name
    return name if isinstance(name, str) else ""
