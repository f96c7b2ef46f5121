"""``qdock rerun``: run the program of a job again."""

from __future__ import annotations

from typing import Any

import click

from qdock.cli.functions import find_modules_here
from qdock.cli.options import DEBUG, debug_option, json_option, retries_option, time_limit_option
from qdock.cli.records import find_job, job_argument

__all__ = ["command"]


@click.command("rerun")
@job_argument
@click.option("--new-seed", is_flag=True, help="Draw another seed; without this the counts are the same.")
@click.option("--resume", is_flag=True, help="Go on from the job's checkpoint instead of from the beginning.")
@time_limit_option
@retries_option
@json_option
@debug_option
@click.pass_context
def command(ctx: click.Context, /, job_id: str, new_seed: bool, resume: bool, as_json: bool, **given: Any) -> int:
    """Run the program of a job again, with its options and seed, and show what comes back.

    JOB is its id, the beginning of it, or `last`. What runs is a new job; Ctrl-C cancels it.
    """
    from qdock.cli.outcomes import show_all
    from qdock.cli.submissions import Submission, run_all

    job = find_job(job_id)
    find_modules_here()
    changes = {name: value for name, value in given.items() if value is not None}
    if new_seed:
        changes["seed"] = None
    submissions = [Submission(job.job_id())]
    interrupted = run_all(submissions, lambda _, job_id: job.rerun(resume=resume, job_id=job_id, **changes))
    return show_all(submissions, target=None, as_json=as_json, debug=ctx.meta[DEBUG], interrupted=interrupted)
