"""What the commands about recorded jobs share: how a job is named, found, and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

import qdock
from qdock.cli.output import is_terminal, write_note

if TYPE_CHECKING:
    from qdock.job import RecordedJob

__all__ = ["describe", "find_job", "job_argument", "note_memory", "when"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

job_argument: Decorator = click.argument("job_id", metavar="JOB")


def find_job(text: str) -> RecordedJob:
    """Return the job that a text on the command line means."""
    note_memory()
    return qdock.get_job(text)


def note_memory() -> None:
    """Say why there are no jobs where none are kept."""
    if qdock.default_dock().config.get("defaults.store") == "memory:":
        write_note("Jobs end with their process, as `defaults.store` is memory: here; `qdock config` shows who set it.")


def when(seconds: float) -> str:
    """Return a time: as people here write it on a terminal, and else in UTC."""
    from datetime import UTC, datetime

    time = datetime.fromtimestamp(seconds, UTC)
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if is_terminal() else time.isoformat(timespec="milliseconds")


def describe(job: RecordedJob) -> dict[str, Any]:
    """Return what is known of a job, but its program, log and result, as JSON values."""
    record = job.record
    return {
        "job_id": record.id,
        "backend": record.backend,
        "status": record.status.name,
        "created": record.created,
        "seed": record.seed,
        "tags": list(record.tags),
        "metadata": record.metadata,
        "options": {name: _plain(value) for name, value in record.options.items()},
        "executor": record.executor,
        "owner": record.owner,
        "attempt": record.attempt,
        "retries": record.retries,
        "time_limit": record.time_limit,
        "parent": record.parent,
        "rerun_of": record.rerun_of,
        "cancel_requested": record.cancel_requested,
        "progress": record.progress._asdict(),
        "metrics": record.metrics,
        "inside": record.inside,
        "history": [{**line._asdict(), "status": line.status.name} for line in record.history],
        "error": None if record.error is None else record.error._asdict(),
    }


def _plain(value: Any) -> Any:
    """Return an option as JSON; of an array what it is, as it may be large."""
    shape = getattr(value, "shape", None)
    return value if shape is None else {"array": list(shape), "dtype": str(value.dtype)}
