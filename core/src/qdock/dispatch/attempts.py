"""The attempts of a job: its work is given to an executor, and given again where it is to be tried again."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from qdock.call import Call
from qdock.tracking.record import Failure
from qdock.work.events import Finished
from qdock.work.worker import describe

if TYPE_CHECKING:
    from qdock.executors import Executor
    from qdock.job import RecordedJob
    from qdock.stores.owner import Owner

__all__ = ["Attempts"]


class Attempts:
    """Gives the work of a job that is queued to its executor; calling it again gives it again.

    Parameters
    ----------
    owner : Owner
        Hears of what happens.
    job : RecordedJob
        Whose work it is.
    executor : Executor
        Where it is done.
    call : Call
        The work.
    """

    def __init__(self, owner: Owner, job: RecordedJob, executor: Executor, call: Call) -> None:
        self._owner, self._job, self._executor, self._call = owner, job, executor, call
        limit = job._record.time_limit
        self._limits: dict[str, Any] = {} if limit is None else {"time_limit": limit}
        self._due, self._lock = 0, threading.Lock()

    def __call__(self) -> None:
        """Have the work done.

        An executor that works on the spot calls this again before it has returned from the attempt before: then the
        next one is left to whoever waits for that, so that however many there are, none stands inside of another.
        """
        with self._lock:
            self._due += 1
            if self._due > 1:
                return
        while True:
            self._give()
            with self._lock:
                self._due -= 1
                if not self._due:
                    return

    def _give(self) -> None:
        job, first = self._job, self._job._record.attempt == 1
        receive = partial(self._owner.receive, job)
        try:
            job._handle = self._executor.start(job.job_id(), self._resumed(), receive, **self._limits)
        except Exception as error:
            reason = f"The executor did not take it: {describe(error)}"
            self._owner.receive(job, Finished(failure=Failure("not_started", reason)))
            # Who submitted the job hears of it. Nobody waits here for a later attempt.
            if first:
                raise
            return
        if getattr(self._executor, "outlives_owner", False):
            self._owner.keep_handle(job)
        if job._record.cancel_requested:
            # The request came before there was anything to stop.
            self._owner.stop(job)

    def _resumed(self) -> Call:
        """Return the work, which goes on from what is kept of the attempts before."""
        *rest, _ = self._call.args
        return Call(self._call.function, (*rest, self._job._record.checkpoint))
