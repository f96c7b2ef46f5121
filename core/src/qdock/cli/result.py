"""``qdock result``: what came back of a job."""

from __future__ import annotations

import click

from qdock.cli.options import DEBUG, debug_option, json_option
from qdock.cli.records import find_job, job_argument

__all__ = ["command"]


@click.command("result")
@job_argument
@click.option("-o", "target", metavar="FILE", type=click.Path(dir_okay=False), help="Save the result there as well.")
@json_option
@debug_option
@click.pass_context
def command(ctx: click.Context, job_id: str, target: str | None, as_json: bool) -> int:
    """Show the result of a job, as `qdock run` does.

    JOB is its id, the beginning of it, or `last`. It does not wait: `qdock wait` does.
    """
    from qdock.cli.outcomes import show_all
    from qdock.cli.submissions import Submission
    from qdock.errors import JobError

    job = find_job(job_id)
    if not job.in_final_state():
        raise JobError(f"Job {job.job_id()} is {job.status().name}. `qdock wait {job.job_id()}` waits for its end.")
    submission = Submission(job.job_id(), job)
    return show_all([submission], target=target, as_json=as_json, debug=ctx.meta[DEBUG])
