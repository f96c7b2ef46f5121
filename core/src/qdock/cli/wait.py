"""``qdock wait``: wait for the end of a job."""

from __future__ import annotations

import click

from qdock.cli.failures import DONE, FAILED
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import write, write_json
from qdock.cli.records import describe, find_job, job_argument

__all__ = ["command"]


@click.command("wait")
@job_argument
@click.option("--timeout", metavar="S", type=click.FloatRange(min=0), help="Seconds; without it there is no end.")
@json_option
@debug_option
def command(job_id: str, timeout: float | None, as_json: bool) -> int:
    """Wait for the end of a job and say how it ended.

    JOB is its id, the beginning of it, or `last`. Ctrl-C ends the wait, not the job.
    """
    job = find_job(job_id)
    job.wait_for_final_state(timeout)
    if as_json:
        write_json(describe(job))
    else:
        write(job.status().name)
    return DONE if job.done() else FAILED
