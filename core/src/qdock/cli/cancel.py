"""``qdock cancel``: ask for the end of a job."""

from __future__ import annotations

import click

from qdock.cli.failures import DONE, FAILED
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import write, write_json
from qdock.cli.records import find_job, job_argument

__all__ = ["command"]


@click.command("cancel")
@job_argument
@click.option("--wait", metavar="S", type=click.FloatRange(min=0), default=5.0, show_default=True, help="Seconds.")
@json_option
@debug_option
def command(job_id: str, wait: float, as_json: bool) -> int:
    """Ask for the end of a job, and wait a moment for it.

    JOB is its id, the beginning of it, or `last`. The exit status is 0 if the work has certainly stopped.
    """
    job = find_job(job_id)
    stopped = job.cancel(wait=wait) or job.cancelled()
    if as_json:
        write_json({"job_id": job.job_id(), "status": job.status().name, "cancelled": stopped})
    elif stopped:
        write(f"Job {job.job_id()} is cancelled.")
    elif job.in_final_state():
        write(f"Job {job.job_id()} was {job.status().name} already.")
    else:
        write(f"Job {job.job_id()} is {job.status().name}; the request stands.")
    return DONE if stopped else FAILED
