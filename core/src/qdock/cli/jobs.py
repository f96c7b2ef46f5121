"""``qdock jobs``: the jobs there are, and ``qdock jobs prune``, which forgets old ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

import qdock
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import is_terminal, write, write_json, write_table
from qdock.cli.records import describe, note_memory, when
from qdock.common.counting import count_of

__all__ = ["command"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.group("jobs", invoke_without_command=True)
@click.option(
    "--status", "statuses", metavar="NAME", multiple=True, help="Only these: done, error...; may be repeated."
)
@click.option("--backend", metavar="NAME", help="Only of this backend.")
@click.option("--tag", metavar="T", help="Only those with this tag.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=0), default=20, show_default=True, help="At most so many."
)
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context, statuses: Sequence[str], backend: str | None, tag: str | None, limit: int, as_json: bool
) -> None:
    """List jobs, the last submitted first.

    On a pipe: one line a job, with tabs between id, status, backend, time of submission (UTC) and tags.
    """
    if ctx.invoked_subcommand is not None:
        return
    note_memory()
    try:
        jobs = qdock.jobs(status=statuses or None, backend=backend, tag=tag, limit=limit)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        write_json([describe(job) for job in jobs])
        return
    records = [job.record for job in jobs]
    rows = [(item.id, item.status.name, item.backend, when(item.created), " ".join(item.tags)) for item in records]
    columns = ["Job", "Status", "Backend", "Submitted", "Tags"]
    # Where there are none, the others have their room on a terminal of 80 columns.
    width = 4 if is_terminal() and not any(item.tags for item in records) else 5
    write_table(columns[:width], [row[:width] for row in rows])


def _seconds(_ctx: click.Context, _parameter: click.Parameter, text: str) -> float:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smhdw])", text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} is no age. Write 30d, 12h, 2w, 45m or 90s.")
    return float(found[1]) * _SECONDS[found[2]]


@command.command("prune")
@click.option("--older-than", "age", metavar="AGE", required=True, callback=_seconds, help="30d, 12h, 2w, 45m or 90s.")
@json_option
@debug_option
def prune(age: float, as_json: bool) -> None:
    """Forget the jobs that ended before that, with their results and logs.

    What has not ended always stays.
    """
    import time

    count = qdock.default_dock().store.prune(time.time() - age)
    if as_json:
        write_json({"pruned": count})
        return
    write(f"{count_of(count, 'job')} forgotten.")
