"""``qdock logs``: what a job has logged."""

from __future__ import annotations

import click

from qdock.cli.options import debug_option, json_option
from qdock.cli.output import harmless, write, write_json
from qdock.cli.records import find_job, job_argument

__all__ = ["command"]


@click.command("logs")
@job_argument
@json_option
@debug_option
def command(job_id: str, as_json: bool) -> None:
    """Print what a job has logged so far.

    JOB is its id, the beginning of it, or `last`.
    """
    lines = find_job(job_id).logs()
    if as_json:
        write_json(lines)
        return
    for line in lines:
        write(harmless(line))
