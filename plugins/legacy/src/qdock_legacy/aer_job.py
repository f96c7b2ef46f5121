"""BasicAerJob: the job of the old simulators, a function and a Qobj in a pool of threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, ClassVar

from qdock.call import Call
from qdock_legacy.base_job import BaseJob
from qdock_legacy.errors import QobjError
from qdock_legacy.unrecorded import UnrecordedJob

__all__ = ["BasicAerJob", "SchemaValidationError"]

#: What a submission raised for an invalid Qobj, under its old name.
SchemaValidationError = QobjError


def _new_pool() -> Executor:
    return ThreadPoolExecutor(thread_name_prefix="qdock-legacy")


class BasicAerJob(UnrecordedJob, BaseJob):
    """A job that calls ``fn(job_id, qobj)`` in a thread once it is submitted.

    It keeps all promises of the core's jobs (waiting, ``await``, callbacks, `history` ...) but is in no Dock's list.

    Parameters
    ----------
    backend : object
        The backend used to run the job.
    job_id : str
        A unique id in the context of the backend used to run the job.
    fn : callable
        What computes the result, called with the job's id and the Qobj; usually a method of the backend.
    qobj : Qobj
        What to run.

    Attributes
    ----------
    _executor : concurrent.futures.Executor
        Executor to handle asynchronous jobs, of all jobs of this class.
    """

    _executor: ClassVar[Executor] = _new_pool()
    #: Whether the Qobj must fit the published schema.
    _strict = True

    def __init__(self, backend: Any, job_id: str, fn: Callable[[str, Any], Any], qobj: Any) -> None:
        super().__init__(backend, job_id, Call(fn, (job_id, qobj)))
        self._qobj = qobj

    def submit(self) -> None:
        """Submit the job to the backend for execution.

        Raises
        ------
        QobjError
            If the Qobj is invalid. The job stays unsubmitted, and may be submitted again when that is repaired.
        JobError
            If the job was submitted already.
        """
        super().submit()

    def qobj(self) -> Any:
        """Return the Qobj submitted for this job."""
        return self._qobj

    def backend(self) -> Any:
        """Return the instance of the backend used for this job."""
        return self._backend

    def _check(self) -> None:
        if self._strict:
            check_qobj(self._qobj)


def check_qobj(qobj: Any) -> None:
    """Raise `QobjError` unless a Qobj is what the published schema says; what is no Qobj at all is fn's business."""
    from qdock_legacy.qobj import Qobj

    data = qobj.to_dict() if callable(getattr(qobj, "to_dict", None)) else qobj
    if isinstance(data, Mapping):
        Qobj.from_dict(data, strict=True)


def _renew_pool() -> None:
    """In a forked child: the threads of the old pool are the parent's."""
    BasicAerJob._executor = _new_pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_pool)
