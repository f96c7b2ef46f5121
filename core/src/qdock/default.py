"""The default Dock, and its methods as functions: ``qdock.run``, ``qdock.backends``, ``qdock.get_job``..."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qdock.dock import Dock

if TYPE_CHECKING:
    import concurrent.futures
    from datetime import datetime, timedelta

    from qdock.backend import Backend
    from qdock.discovery.plugins import PluginInfo
    from qdock.dispatch.job_list import JobList
    from qdock.executors import Executor
    from qdock.job import JobStatus, RecordedJob
    from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, ExecutorSpec

__all__ = [
    "adopt",
    "backends",
    "convert",
    "default_dock",
    "executors",
    "get_backend",
    "get_job",
    "jobs",
    "plugins",
    "register",
    "run",
]

_lock = threading.Lock()
_dock: Dock | None = None


def default_dock() -> Dock:
    """Return the Dock whose methods are the functions of `qdock`; it is made when it is first asked for.

    After it was closed there is a new one.
    """
    global _dock  # noqa: PLW0603  # it is the one default of a process
    with _lock:
        if _dock is None or _dock.closed:
            _dock = Dock()
        return _dock


def run(
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
    **options: Any,
) -> RecordedJob:
    """Submit a job and return it at once; see `Dock.run`."""
    return default_dock().run(
        program,
        backend,
        executor=executor,
        seed=seed,
        tags=tags,
        metadata=metadata,
        time_limit=time_limit,
        retries=retries,
        detach=detach,
        **options,
    )


def adopt(job: Any, *, tags: Iterable[str] = (), metadata: Mapping[str, Any] | None = None) -> RecordedJob:
    """Record a job that no Dock made and watch it; see `Dock.adopt`."""
    return default_dock().adopt(job, tags=tags, metadata=metadata)


def backends(**filters: Any) -> list[BackendSpec]:
    """Return the backends there are; see `Dock.backends`."""
    return default_dock().backends(**filters)


def get_backend(name: str | None = None) -> Backend:
    """Return a backend by its full name, short name or alias; see `Dock.get_backend`."""
    return default_dock().get_backend(name)


def get_job(job_id: str) -> RecordedJob:
    """Return a job by its id, by the beginning of it, or the ``"last"``; see `Dock.get_job`."""
    return default_dock().get_job(job_id)


def jobs(
    *,
    status: JobStatus | str | Iterable[JobStatus | str] | None = None,
    backend: str | None = None,
    tag: str | None = None,
    since: float | datetime | timedelta | None = None,
    limit: int | None = 100,
) -> JobList:
    """Return jobs, the last submitted first; see `Dock.jobs`."""
    return default_dock().jobs(status=status, backend=backend, tag=tag, since=since, limit=limit)


def plugins() -> list[PluginInfo]:
    """Return every plugin that was found and its state; see `Dock.plugins`."""
    return default_dock().plugins()


def executors() -> list[ExecutorSpec]:
    """Return the executors there are; see `Dock.executors`."""
    return default_dock().executors()


def register(spec: BackendSpec | ExecutorSpec | ConverterSpec | CommandSpec) -> None:
    """Add a backend, executor, converter or command without installing it; see `Dock.register`."""
    default_dock().register(spec)


def convert(program: Any, target: str = "circuit", path: str | os.PathLike[str] | None = None) -> Any:
    """Return a program in another format; see `Dock.convert`."""
    return default_dock().convert(program, target, path)


# Whoever asks for help gets all of it.
for _function in (adopt, backends, convert, executors, get_backend, get_job, jobs, plugins, register, run):
    _function.__doc__ = getattr(Dock, _function.__name__).__doc__


def _reset() -> None:
    """Forget the parent's Dock in a forked child, which makes one of its own."""
    global _dock, _lock
    _dock, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)
