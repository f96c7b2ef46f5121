"""Every hook on one screen: the whole contract between qdock and a plugin.

A plugin is a module that an entry point in the group ``qdock.v1`` names. It imports the standard library and
`qdock.spec` only, and marks with `qdock.spec.hookimpl` the functions below that it brings; each may leave out
arguments that it doesn't need. Every example is a complete plugin. ``config`` is a `qdock.config.Config`: a plugin
finds its own settings, the table ``[plugins.NAME]``, with ``config.plugin("NAME")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, ExecutorSpec

if TYPE_CHECKING:
    from qdock.config import Config
    from qdock.job import Job, JobStatus

__all__ = [
    "qdock_backends",
    "qdock_commands",
    "qdock_converters",
    "qdock_executors",
    "qdock_job_status_changed",
    "qdock_job_submitting",
]

hookspec = pluggy.HookspecMarker("qdock")


@hookspec
def qdock_backends(config: Config) -> Iterable[BackendSpec]:  # type: ignore[empty-body]  # plugins have the bodies
    """Yield the backends of this plugin: called when backends are listed or one of them is named. No network.

    Examples
    --------
    ::

        from qdock.spec import BackendSpec, Option, hookimpl


        @hookimpl
        def qdock_backends(config):
            for name in config.plugin("coin").get("names", ["coin"]):
                yield BackendSpec(
                    name=name,
                    factory="qdock_coin.backend:CoinBackend",
                    summary="A coin for every clbit.",
                    options={"bias": Option(float, default=0.5, minimum=0, maximum=1, doc="Probability of 1.")},
                )
    """


@hookspec
def qdock_executors(config: Config) -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Yield the executors of this plugin: called when one is asked for that is not built in.

    Examples
    --------
    ::

        from qdock.spec import ExecutorSpec, hookimpl


        @hookimpl
        def qdock_executors():
            yield ExecutorSpec("cluster", "qdock_cluster.executor:ClusterExecutor", "Jobs on the cluster at work.")
    """


@hookspec
def qdock_converters() -> Iterable[ConverterSpec]:  # type: ignore[empty-body]
    """Yield the converters of this plugin: called when a program is met that is neither a Circuit nor a Call.

    Examples
    --------
    ::

        from qdock.spec import ConverterSpec, hookimpl


        @hookimpl
        def qdock_converters():
            yield ConverterSpec("quil", "circuit", "qdock_quil.reader:read", (".quil",), pattern=r"^DECLARE ro BIT")
    """


@hookspec
def qdock_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Yield subcommands of ``qdock``: called when a command is met that is none of the core's.

    Examples
    --------
    ::

        from qdock.spec import CommandSpec, hookimpl


        @hookimpl
        def qdock_commands():
            yield CommandSpec("flip", "qdock_coin.cli:flip", "Flip a coin.")
    """


@hookspec
def qdock_job_submitting(job: Job) -> Mapping[str, Any] | None:
    """Return metadata for a job before it is recorded, or refuse it: a gate.

    What is returned are JSON values. `SubmissionRefused` refuses the job; any other exception stops it too, as an
    error that names the plugin. Of two plugins that give the same key the one called first wins.

    Examples
    --------
    ::

        from qdock.errors import SubmissionRefused
        from qdock.spec import hookimpl


        @hookimpl(tryfirst=True)
        def qdock_job_submitting(job):
            if job.metadata.get("cost", 0) > 100:
                raise SubmissionRefused("This job would cost more than 100.")
            return {"budget": "lab"}
    """


@hookspec
def qdock_job_status_changed(job: Job, previous: JobStatus | None, status: JobStatus) -> None:
    """See a recorded transition of a job, in its owner's process: an observer, whose errors can't hurt the job.

    Examples
    --------
    ::

        import logging

        from qdock.spec import hookimpl


        @hookimpl
        def qdock_job_status_changed(job, status):
            logging.getLogger("qdock_watch").info("%s is now %s", job.job_id(), status)
    """
