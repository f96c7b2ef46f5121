"""Dock: one registry, one store and its executors, and the way that a program goes through them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qdock.config import Config
from qdock.discovery.plugins import PluginInfo
from qdock.dispatch.devices import Devices
from qdock.dispatch.handles import Handles
from qdock.dispatch.lifetime import remember
from qdock.errors import JobError
from qdock.registry import Registry
from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, ExecutorSpec

if TYPE_CHECKING:
    import concurrent.futures
    from datetime import datetime, timedelta
    from types import TracebackType

    from qdock.backend import Backend
    from qdock.convert import Converters
    from qdock.dispatch.adoption import Adopter
    from qdock.dispatch.executor_table import ExecutorTable
    from qdock.dispatch.handover import DetachedOwner
    from qdock.dispatch.job_list import JobList
    from qdock.dispatch.revival import Revival
    from qdock.executors import Executor
    from qdock.job import JobStatus, RecordedJob
    from qdock.store import Store
    from qdock.stores.owner import Owner
    from qdock.tracking.record import Record
    from qdock.work.context import Context

__all__ = ["Dock"]


class Dock:
    """Runs programs on backends, and finds the jobs again.

    Several can live in one process and know nothing of each other. `close` it, or use it in a ``with`` statement;
    at the interpreter's exit every Dock that is still open waits for its jobs.

    Parameters
    ----------
    config : Config, optional
        Settings in force; those of files and environment if not given.
    store : Store, optional
        Where job records live; the one that ``[defaults] store`` names if not given.
    entry_points : iterable, optional
        Entry points of plugins to use instead of the installed ones.

    Examples
    --------
    ::

        with Dock() as dock:
            job = dock.run(circuit, "basic_simulator", shots=100)
            print(job.result().get_counts())
    """

    def __init__(
        self, config: Config | None = None, *, store: Store | None = None, entry_points: Iterable[Any] | None = None
    ) -> None:
        self.config = Config.load() if config is None else config
        self.registry = Registry(self.config, entry_points)
        self._given_store = store
        self._store: Store | None = None
        self._owner: Owner | None = None
        self._adopter: Adopter | None = None
        self._detached: DetachedOwner | None = None
        self._revival: Revival | None = None
        self._converters: Converters | None = None
        self._executor_table: ExecutorTable | None = None
        self._devices = Devices(self)
        self._handles = Handles()
        self._lock = threading.RLock()
        self._closed = False
        remember(self)

    # --- what there is

    def backends(self, **filters: Any) -> list[BackendSpec]:
        """Return the backends there are; see `Registry.backends` for the filters."""
        return self.registry.backends(**filters)

    def plugins(self) -> list[PluginInfo]:
        """Return every plugin that was found and its state; none is imported by that."""
        return self.registry.plugins()

    def executors(self) -> list[ExecutorSpec]:
        """Return the executors there are."""
        return self.registry.executors()

    def commands(self) -> list[CommandSpec]:
        """Return the commands that plugins bring."""
        return self.registry.commands()

    def register(self, spec: BackendSpec | ExecutorSpec | ConverterSpec | CommandSpec) -> None:
        """Add a backend, executor, converter or command without installing it; one of that name is replaced."""
        self.registry.register(spec)

    def get_backend(self, name: str | None = None) -> Backend:
        """Return a backend by its full name, short name or alias: the same object each time.

        Parameters
        ----------
        name : str, optional
            None: the one that ``[defaults] backend`` names.

        Raises
        ------
        BackendNotFoundError
            If there is none of that name.
        PluginError
            If it can't be made.
        """
        return self._devices.get(name)

    def take_backend(self, backend: Backend) -> None:
        """Have a backend, which was made of its spec in this process, be the one that this Dock made."""
        self._devices.take(backend, backend.spec)

    def made(self, backend: Backend) -> bool:
        """Whether this Dock made the backend of its spec, so that another process can make it again."""
        return self._devices.made(backend)

    def get_executor(self, executor: str | Executor | concurrent.futures.Executor) -> Executor:
        """Return an executor by its name, always the same one, or adapt a `concurrent.futures.Executor`.

        Raises
        ------
        ExecutorNotFoundError
            If there is none of that name.
        PluginError
            If it can't be made.
        """
        return self.executor_table.get(executor)

    @property
    def executor_table(self) -> ExecutorTable:
        """The executors that were asked for."""
        if self._executor_table is None:
            from qdock.dispatch.executor_table import ExecutorTable

            with self._lock:
                self._executor_table = self._executor_table or ExecutorTable(self.config, self.registry)
        return self._executor_table

    # --- the way a program goes

    def run(
        self,
        program: Any,
        backend: str | Backend | None = None,
        *,
        executor: str | Executor | concurrent.futures.Executor | None = None,
        seed: int | None = None,
        tags: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        retries: int = 0,
        detach: bool = False,
        job_id: str | None = None,
        **options: Any,
    ) -> RecordedJob:
        """Submit a job and return it at once; what takes less than a millisecond is done already.

        Parameters
        ----------
        program : program or sequence of programs
            A Circuit, a Call, a path, a text, or whatever an installed converter makes one of.
        backend : str or Backend, optional
            What runs it, by name or itself. None: the one that ``[defaults] backend`` names.
        executor : str or Executor, optional
            Where the work is done. None: ``[defaults] executor``, else what the backend prefers, else threads.
            A job that is started inside of another is done by that one's worker, whatever is said here.
        seed : int, optional
            Of all random draws, from 0 to ``2**64 - 1``. None: one is drawn.
        tags : iterable of str
            To find the job by.
        metadata : mapping, optional
            JSON values to keep with the job.
        time_limit : float, optional
            Seconds after which the work is ended; the job fails with the kind ``time_limit``. Only an executor that
            can kill keeps it: if none is named, ``"process"``.
        retries : int
            How often the work is tried again if its worker is lost, or if it raises an error that is marked as
            retriable, like `qdock.errors.RetriableError`. Any other error is the program's own and ends the job.
        detach : bool
            Have an owner process of its own see to the job, which goes on when this process ends, however that may
            be. It takes a store that is a file; if no executor is named, it is ``"process"``.
        job_id : str, optional
            An id of your own, that no other job in the store has. None: one is made up.
        **options
            The backend's options; `shots` for all that run circuits.

        Raises
        ------
        BackendNotFoundError, ExecutorNotFoundError
            If there is none of that name.
        ConversionError, ProgramError, CircuitError, LoweringError, LimitExceeded
            If the backend can't run the program.
        OptionError
            If an option is unknown or its value is not allowed.
        SubmissionRefused
            If a plugin refuses the job.
        """
        about = {
            "seed": seed,
            "tags": tags,
            "metadata": metadata,
            "time_limit": time_limit,
            "retries": retries,
            "detach": detach,
            "job_id": job_id,
        }
        return self._run(program, backend, executor, options, about)

    def _run(
        self,
        program: Any,
        backend: str | Backend | None,
        executor: Any,
        options: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> RecordedJob:
        if self._closed:
            self._check_open()
        job: RecordedJob = self._submit(self, self._devices.find(backend), program, executor, options, about)
        self._handles.keep(job)
        return job

    @cached_property
    def _submit(self) -> Callable[..., RecordedJob]:
        # Not at the top, as what only lists backends runs none; once, as an import that is done takes a microsecond.
        from qdock.dispatch.launch import submit

        return submit

    def inside(self, backend: str | Backend | None, context: Context, record: bool) -> Backend:
        """Return a backend for runs inside of a job; see `Context.backend`."""
        from qdock.dispatch.inside import InnerBackend

        return InnerBackend(self, self._devices.find(backend), context, record)

    def convert(self, program: Any, target: str = "circuit", path: str | os.PathLike[str] | None = None) -> Any:
        """Return a program in another format, by the shortest path through the converters.

        Of a program in which a converter finds several, such as a file of many circuits, it is a list of them.

        Parameters
        ----------
        program : object, path or text
        target : str
            Name of the format.
        path : path, optional
            The file that a text came from.

        Raises
        ------
        ConversionError
            If no installed converters lead there.
        ProgramError
            If the program is invalid.
        """
        return self.converters.convert(program, target, path)

    @property
    def converters(self) -> Converters:
        """The converters there are."""
        if self._converters is None:
            from qdock.convert import Converters

            self._converters = Converters.of(self.registry)
        return self._converters

    # --- jobs

    @property
    def store(self) -> Store:
        """Where the job records are."""
        if self._store is None:
            with self._lock:
                if self._store is None:
                    self._store = self._open()
        return self._store

    def _open(self) -> Store:
        store = self._given_store
        if store is None:
            from qdock.stores.open_store import open_store

            store = open_store(self.config.get("defaults.store"))
        if store.shared:
            from qdock.dispatch.revival import Revival

            self._revival = store.revive = Revival(self)
        return store

    @property
    def owner(self) -> Owner:
        """What writes the records of this Dock's jobs."""
        if self._owner is None:
            from qdock.stores.owner import Owner

            with self._lock:
                self._owner = self._owner or Owner(self.store, self.registry.job_status_changed)
        return self._owner

    def adopt(self, job: Any, *, tags: Iterable[str] = (), metadata: Mapping[str, Any] | None = None) -> RecordedJob:
        """Record a job that no Dock made, under an id of its own, and watch it until it ends.

        It is asked for its status now and then, and what it says is recorded, with its result if that can be stored.
        One that can't be reached is asked again. The job's own id is its record's `native_id`.

        Parameters
        ----------
        job : object
            Of any class that keeps the documented contract: `job_id()`, `status()` and `result()`, and `cancel()` if
            it can be. Its statuses are matched by name, so they may be of another package, or texts.
        tags : iterable of str
            To find the job by.
        metadata : mapping, optional
            JSON values to keep with the job, besides those that it has.

        """
        from qdock.dispatch.adoption import adopt

        self._check_open()
        adopted = adopt(self, job, tags, metadata)
        self._handles.keep(adopted)
        return adopted

    @property
    def detached(self) -> DetachedOwner:
        """The owner process of detached jobs."""
        if self._detached is None:
            from qdock.dispatch.handover import DetachedOwner

            with self._lock:
                self._detached = self._detached or DetachedOwner(self)
        return self._detached

    @property
    def adopter(self) -> Adopter:
        """What watches the adopted jobs."""
        if self._adopter is None:
            from qdock.dispatch.adoption import Adopter

            with self._lock:
                self._adopter = self._adopter or Adopter(self.owner)
        return self._adopter

    def get_job(self, job_id: str) -> RecordedJob:
        """Return a job by its id, by the beginning of it, or the ``"last"``.

        Raises
        ------
        JobNotFoundError
            If there is none, or several ids begin so.
        """
        return self._handle(self.store.find(job_id))

    def jobs(
        self,
        *,
        status: JobStatus | str | Iterable[JobStatus | str] | None = None,
        backend: str | None = None,
        tag: str | None = None,
        since: float | datetime | timedelta | None = None,
        limit: int | None = 100,
    ) -> JobList:
        """Return jobs, the last submitted first: a list that shows itself as a table.

        Parameters
        ----------
        status : JobStatus or str, or several of them, optional
        backend : str, optional
            Full or short name.
        tag : str, optional
        since : float, datetime or timedelta, optional
            Submitted after that: seconds since 1970, a point in time, or how long ago.
        limit : int, optional
            At most so many, the newest 100 if nothing is said; None: all, however many there are.
        """
        from qdock.dispatch.job_list import JobList, check_limit, timestamp
        from qdock.tracking.status import find_statuses

        check_limit(limit)
        statuses = None if status is None else find_statuses(status)
        records = self.store.select(status=statuses, backend=backend, tag=tag, since=timestamp(since), limit=limit)
        return JobList(self._handle(record) for record in records)

    def _handle(self, record: Record) -> RecordedJob:
        """Return the job of a record: the one that somebody has already, or a new one."""
        from qdock.job import RecordedJob
        from qdock.tracking.waiting import Listeners

        with self._lock:
            job = self.owner.jobs.get(record.id) or self._handles.find(record.id)
            if job is None:
                job = RecordedJob(self, record)
                if not record.is_final:
                    job._owned, job._listeners = False, Listeners()
                self._handles.keep(job)
        return job

    def rerun(self, job: RecordedJob, resume: bool = False, changes: Mapping[str, Any] | None = None) -> RecordedJob:
        """Run a job's program again, with its options and seed unless changed; see `RecordedJob.rerun`."""
        from qdock.dispatch.again import rerun

        return rerun(self, job, resume, dict(changes or {}))

    # --- the end

    @property
    def closed(self) -> bool:
        """Whether it takes no more jobs."""
        return self._closed

    def close(self, wait: bool = True) -> None:
        """Take no more jobs, and return when none runs any more.

        Parameters
        ----------
        wait : bool
            Whether to wait for the jobs that are queued or running. If not, they are cancelled, and those that don't
            stop within a second are left behind, which is logged. Ctrl-C during the wait cancels them too.
        """
        from qdock.work.worker import current_worker

        if current_worker() is not None:
            raise JobError("A job can't close a Dock: it would wait for itself.")
        with self._lock:
            if self._closed:
                return
            self._closed = True
        from qdock.dispatch.closing import close

        close(self, wait)

    def after_fork(self) -> None:
        """Give up all jobs, which the parent has: what a Dock does in a forked child.

        The child has none of its parent's threads, and locks that nobody will release.
        """
        self._lock = threading.RLock()
        self.registry.after_fork()
        if self._owner is not None:
            self._owner.after_fork()
        for part in (self._devices, self._adopter, self._detached, self._revival, self._executor_table):
            if part is not None:
                part.after_fork()

    def _check_open(self) -> None:
        if self._closed:
            from qdock.work.worker import current_worker

            # What runs to its end may start what belongs to it.
            if current_worker() is None:
                raise JobError("This Dock is closed and takes no more jobs. Make another one.")

    def __enter__(self) -> Dock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=kind is None)
