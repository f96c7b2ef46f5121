"""``qdock show``: everything about a job but its log and its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from qdock.cli.options import debug_option, json_option
from qdock.cli.output import write_json, write_table
from qdock.cli.records import describe, find_job, job_argument, when
from qdock.common.counting import count_of
from qdock.errors import StoreError

if TYPE_CHECKING:
    from qdock.job import RecordedJob

__all__ = ["command"]

#: Programs of one job.
_SHOWN = 4


@click.command("show")
@job_argument
@json_option
@debug_option
def command(job_id: str, as_json: bool) -> None:
    """Show what is known of a job.

    JOB is its id, the beginning of it, or `last`. On a pipe: one line a fact, with a tab between name and value.
    """
    job = find_job(job_id)
    if as_json:
        write_json(describe(job))
        return
    write_table(("Fact", "Value"), _facts(job))


def _facts(job: RecordedJob) -> Iterator[tuple[str, object]]:
    record = job.record
    yield "job", record.id
    yield "status", record.status.name
    yield "backend", record.backend
    yield "program", _programs(job)
    for name, value in describe(job)["options"].items():
        yield f"option {name}", value
    yield "seed", record.seed
    yield from ((name, value) for name, value in _rarer(job) if value)
    for line in record.history:
        attempt = f" (attempt {line.attempt})" if line.attempt > 1 else ""
        inferred = " (nobody saw it)" if line.inferred else ""
        yield line.status.name.lower(), f"{when(line.time)}{attempt}{inferred}"
    for name, seconds in record.metrics.items():
        yield f"{name} seconds", f"{seconds:.3g}"


def _programs(job: RecordedJob) -> str:
    """Return a job's program as a text, of many the first few, or why it can't be read."""
    try:
        program = job.program
    except StoreError as error:
        return str(error)
    if not isinstance(program, tuple) or len(program) <= _SHOWN:
        return repr(program)
    return f"({', '.join(map(repr, program[:_SHOWN]))}, and {len(program) - _SHOWN:,} more)"


def _summary(runs: Mapping[str, float]) -> str:
    jobs, programs = int(runs["jobs"]), int(runs["programs"])
    return f"{count_of(jobs, 'job')} of {count_of(programs, 'program')}, {runs['seconds']:.3g} s"


def _rarer(job: RecordedJob) -> Iterator[tuple[str, object]]:
    record = job.record
    yield "tags", " ".join(record.tags)
    yield from ((f"metadata {name}", value) for name, value in record.metadata.items())
    yield "executor", record.executor
    yield "time limit", f"{record.time_limit:g} s" if record.time_limit else None
    yield "attempt", f"{record.attempt} of up to {record.retries + 1}" if record.retries else None
    yield "part of", record.parent
    yield "repeats", record.rerun_of
    yield from ((f"ran inside on {name}", _summary(runs)) for name, runs in record.inside.items())
    yield "progress", f"{record.progress.fraction:.0%} {record.progress.text}" if any(record.progress) else None
    yield "end asked for", "yes" if record.cancel_requested and not record.is_final else None
    yield "error", record.error and record.error.message
