"""qdock: run quantum programs on any installed backend in one way.

Importing this imports no other part of it: every name is looked up when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from qdock.common.lazy import lazily

if TYPE_CHECKING:
    from qdock.backend import Backend, Context, LocalBackend, Target
    from qdock.call import Call
    from qdock.circuit import Circuit
    from qdock.common.version import __version__
    from qdock.config import Config, Secret
    from qdock.default import (
        adopt,
        backends,
        convert,
        default_dock,
        executors,
        get_backend,
        get_job,
        jobs,
        plugins,
        register,
        run,
    )
    from qdock.dock import Dock
    from qdock.errors import JobCancelledError, JobError, JobTimeoutError, QdockError, SubmissionRefused
    from qdock.expr import Parameter
    from qdock.gates import gate
    from qdock.job import JOB_FINAL_STATES, Job, JobStatus, JobV1, as_completed
    from qdock.result import CircuitResult, Counts, Result
    from qdock.spec import BackendSpec, ConverterSpec, ExecutorSpec, Option, hookimpl

#: Module -> what it has of the names below.
_NAMES = {
    "backend": ("Backend", "Context", "LocalBackend", "Target"),
    "call": ("Call",),
    "circuit": ("Circuit",),
    "common.version": ("__version__",),
    "config": ("Config", "Secret"),
    "default": (
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
    ),
    "dock": ("Dock",),
    "errors": ("JobCancelledError", "JobError", "JobTimeoutError", "QdockError", "SubmissionRefused"),
    "expr": ("Parameter",),
    "gates": ("gate",),
    "job": ("JOB_FINAL_STATES", "Job", "JobStatus", "JobV1", "as_completed"),
    "result": ("CircuitResult", "Counts", "Result"),
    "spec": ("BackendSpec", "ConverterSpec", "ExecutorSpec", "Option", "hookimpl"),
}

__all__ = [
    "JOB_FINAL_STATES",
    "Backend",
    "BackendSpec",
    "Call",
    "Circuit",
    "CircuitResult",
    "Config",
    "Context",
    "ConverterSpec",
    "Counts",
    "Dock",
    "ExecutorSpec",
    "Job",
    "JobCancelledError",
    "JobError",
    "JobStatus",
    "JobTimeoutError",
    "JobV1",
    "LocalBackend",
    "Option",
    "Parameter",
    "QdockError",
    "Result",
    "Secret",
    "SubmissionRefused",
    "Target",
    "__version__",
    "adopt",
    "as_completed",
    "backends",
    "convert",
    "default_dock",
    "executors",
    "gate",
    "get_backend",
    "get_job",
    "hookimpl",
    "jobs",
    "plugins",
    "register",
    "run",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)


class _Function(ModuleType):
    """A module that has the name of a function of `qdock`, and can be called as that function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(import_module("qdock.default"), self.__name__.rpartition(".")[2])(*args, **kwargs)


class _Package(ModuleType):
    """A package in which functions may have the names of modules: `executors`, `convert`.

    Importing such a module puts it in the function's place, where it can be called too.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in __all__:
            value.__class__ = _Function
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
