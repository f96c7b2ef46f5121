"""PrimitiveJob and AlgorithmJob: a function and its arguments as a job."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import qdock
from qdock import JobError
from qdock.call import Call
from qdock.job import Job, JobStatus, RecordedJob
from qdock.streams import draw_seed
from qdock.tracking.recorded import OfRecord
from qdock.tracking.waiting import Deadline, JobFuture
from qdock.work.context import Context
from qdock.work.worker import current_worker
from qdock_algorithms.frozen import Frozen, freeze, thaw

if TYPE_CHECKING:
    from qdock import Result
    from qdock.backend import Backend
    from qdock.dock import Dock
    from qdock.executors import Executor
    from qdock.tracking.record import Record

__all__ = ["AlgorithmJob", "PrimitiveJob"]

T = TypeVar("T")
Self = TypeVar("Self", bound="PrimitiveJob[Any]")


class PrimitiveJob(OfRecord, Job, Generic[T]):
    """A call of a function that becomes a job when it is submitted.

    How the job runs is said to `submit`; all arguments here, whatever their names, are the function's. A parameter
    named ``context`` that has none is given the job's `qdock.backend.Context`.

    Parameters
    ----------
    function : callable or str
        The function, or where to import it from: ``"package.module:name"``.
    *args, **kwargs
        Its arguments.

    Examples
    --------
    ::

        job = PrimitiveJob(minimize, "H2", maxiter=100)
        job.submit(executor="process", time_limit=60)
        print(job.result())
    """

    def __init__(self, function: Callable[..., T] | str, /, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, str(uuid.uuid4()))
        if not callable(function) and not isinstance(function, str):
            # Whatever is no function is found out where it is called, as it has always been.
            function, args = _call, (function, *args)
        self._program: Any = Call(function, args, kwargs)
        self._job: RecordedJob | None = None
        self._submitting = threading.Lock()

    #: What runs the program, and with which options.
    _on: str | Backend | None = "algorithm_runner"
    _options: Mapping[str, Any] = {}

    def submit(
        self,
        *,
        executor: str | Executor | Any = None,
        time_limit: float | None = None,
        retries: int = 0,
        tags: Iterable[str] = (),
        seed: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        dock: Dock | None = None,
    ) -> None:
        """Submit the job and return at once.

        Parameters
        ----------
        executor, time_limit, retries, tags, seed, metadata : optional
            As for `qdock.run`.
        dock : Dock, optional
            Where it runs; None: the default Dock.

        Raises
        ------
        JobError
            If it was submitted before, or its function or an argument can't travel to where it is to run.
        """
        with self._submitting:
            if self._job is not None:
                raise JobError("Primitive job has already been submitted.")
            about: dict[str, Any] = {"time_limit": time_limit, "retries": retries, "tags": tags}
            about |= {"seed": seed, "metadata": metadata, "job_id": self._job_id}
            dock = qdock.default_dock() if dock is None else dock
            try:
                self._job = self._run(dock, executor, {**self._options, **about})
            except BaseException:
                # An attempt that an executor refused has a record under the old id.
                self._job_id = str(uuid.uuid4())
                raise
            self.metadata = self._job.metadata

    def _run(self, dock: Dock, executor: Any, about: dict[str, Any]) -> RecordedJob:
        outer = current_worker()
        if outer is None:
            where = self._where(dock, executor, about["time_limit"])
            return dock.run(self._program, self._on, executor=where, **about)
        # Inside of a job it is a part of that one, and done when this returns.
        about["seed"] = draw_seed() if about["seed"] is None else about["seed"]
        context = Context(outer.job_id, worker=outer)
        return dock.inside(self._on, context, record=False).run(self._program, **about)

    def _where(self, dock: Dock, executor: Any, time_limit: float | None) -> Any:
        return executor

    @property
    def _submitted(self) -> RecordedJob:
        if self._job is None:
            raise JobError("Job not submitted yet!. You have to .submit() first!")
        return self._job

    def status(self) -> JobStatus:
        """Return the status of the job."""
        return self._submitted.status()

    def result(self, timeout: float | None = None) -> T:
        """Return what the function returned, waiting for it if need be.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; None: without end.

        Raises
        ------
        JobTimeoutError
            If it has not returned after that time; the job goes on.
        JobCancelledError
            If the job was cancelled.
        JobError
            If it failed elsewhere, or of what ends a program.
        Exception
            What the function raised, itself, if that was in this process.
        """
        return self._value(self._submitted.result(timeout))

    def _value(self, result: Result) -> T:
        value: T = result.get_value()
        return value

    def cancel(self, wait: float = 1.0) -> bool:
        """Ask for the end of the job, and return whether its work has certainly stopped; see `RecordedJob.cancel`."""
        return self._submitted.cancel(wait)

    def backend(self) -> Any:
        """Return the backend that runs the function.

        Raises
        ------
        JobError
            If the job was not submitted.
        """
        return super().backend() if self._job is None else self._job.backend()

    def _queries(self, deadline: Deadline, wait: float) -> Iterator[JobStatus]:
        return self._submitted._queries(deadline, wait)

    # --- what every job of the core has

    @property
    def record(self) -> Record:
        """The newest record there is."""
        return self._submitted.record

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags it was submitted with."""
        return self._submitted.tags

    @property
    def seed(self) -> int:
        """The seed of all random draws."""
        return self._submitted.seed

    @property
    def future(self) -> Future[T]:
        """The job as a `concurrent.futures.Future`."""
        return JobFuture(self)

    def logs(self) -> list[str]:
        """Return the lines that the function has logged."""
        return self._submitted.logs()

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        """Call `callback` with this job once it is final, at once if it is."""
        self._submitted.add_done_callback(lambda _: callback(self))

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for the result in any event loop; the loop goes on meanwhile."""
        return self._value((yield from self._submitted.__await__()))

    def rerun(self: Self, resume: bool = False, **changes: Any) -> Self:
        """Return a new job, submitted, that calls the function again; see `RecordedJob.rerun`."""
        return type(self).from_job(self._submitted.rerun(resume, **changes))

    @classmethod
    def from_job(cls: type[Self], job: RecordedJob) -> Self:
        """Return a job of the backend ``algorithm_runner``, such as `qdock.get_job` finds, as one of this class."""
        made = cls.__new__(cls)
        made.__setstate__({"program": None, "job_id": job.job_id(), "job": job})
        return made

    def __repr__(self) -> str:
        state = "not submitted" if self._job is None else self._job.status().name
        return f"<{type(self).__name__} {self._job_id} {state}>"

    # --- in another process

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels: of a job that was submitted how it ended, or where it can be watched."""
        if self._job is not None:
            return {"program": None, "job_id": self._job_id, "job": freeze(self._job)}
        more = {"on": self._on, "options": self._options}
        return {"program": self._program, "job_id": self._job_id, "job": None, **more}

    def __setstate__(self, state: dict[str, Any]) -> None:
        job = state["job"]
        super().__init__(None, state["job_id"])
        self._program, self._submitting = state["program"], threading.Lock()
        self._on, self._options = state.get("on", self._on), state.get("options", self._options)
        self._job = thaw(job) if isinstance(job, Frozen) else job
        if self._job is not None:
            self.metadata = self._job.metadata


class AlgorithmJob(PrimitiveJob[T]):
    """A `PrimitiveJob` whose function is an algorithm; it differs in its name only, for typing."""


def _call(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)
