"""The jobs of one ``qdock run``: submitting them, waiting with a progress bar, cancelling what Ctrl-C interrupts."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import qdock
from qdock.cli.failures import INTERRUPTED, TERMINATED
from qdock.cli.output import harmless, is_watched, write_note
from qdock.common.counting import count_of
from qdock.errors import JobTimeoutError, QdockError

if TYPE_CHECKING:
    from qdock.job import Job, RecordedJob

__all__ = ["Submission", "run_all", "submit_all"]

#: Seconds without a progress bar; work that ends sooner needs none.
_PATIENCE = 0.5
#: Seconds between two looks at the progress of jobs.
_REFRESH = 0.1
#: Seconds that running work gets to stop after Ctrl-C.
_GRACE = 1.0

#: Submits the program of a file as the job of an id.
Submit = Callable[[str, str], "RecordedJob"]


@dataclass
class Submission:
    """A file and what became of it: a job, or the error that prevented one, or neither yet.

    The job's id is known before there is a job, so that one is found whose submission Ctrl-C did not let return.
    """

    file: str
    job: RecordedJob | None = None
    error: Exception | None = None
    job_id: str = field(default_factory=lambda: os.urandom(10).hex())


class Terminated(KeyboardInterrupt):
    """SIGTERM came: to be taken like Ctrl-C, which is to stop what runs, but for the exit status."""


def run_all(submissions: Sequence[Submission], submit: Submit) -> int:
    """Submit a job for each file and wait for all of them; return the exit status if that was interrupted, or 0.

    A file that gives no job keeps its error, and the others are run.
    """
    try:
        with _terminated_by_sigterm():
            submit_all(submissions, submit)
            _wait(_jobs(submissions))
    except KeyboardInterrupt as error:
        terminated = isinstance(error, Terminated)
        _find_what_was_submitted(submissions)
        _cancel(_jobs(submissions), "Terminated" if terminated else "Interrupted")
        return TERMINATED if terminated else INTERRUPTED
    return 0


@contextlib.contextmanager
def _terminated_by_sigterm() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Terminated

    # Python lets no other thread say what a signal does.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def submit_all(submissions: Sequence[Submission], submit: Submit) -> None:
    """Submit a job for each file; one that gives no job keeps its error."""
    for submission in submissions:
        _submit(submission, submit)


def _submit(submission: Submission, submit: Submit) -> None:
    try:
        submission.job = submit(submission.file, submission.job_id)
    except Exception as error:  # noqa: BLE001 - it is reported with its file, after the others were run
        submission.error = error


def _jobs(submissions: Sequence[Submission]) -> list[RecordedJob]:
    return [submission.job for submission in submissions if submission.job is not None]


# --- waiting


def _wait(jobs: Sequence[Job]) -> None:
    if is_watched() and not _end_soon(jobs):
        _wait_with_progress(jobs)
    for job in jobs:
        job.wait_for_final_state()


def _end_soon(jobs: Sequence[Job]) -> bool:
    """Wait a moment, and return whether all jobs ended meanwhile."""
    import time

    end = time.monotonic() + _PATIENCE
    for job in jobs:
        _wait_shortly(job, max(end - time.monotonic(), 0))
    return all(job.in_final_state() for job in jobs)


def _wait_shortly(job: Job, seconds: float) -> None:
    with contextlib.suppress(JobTimeoutError):
        job.wait_for_final_state(seconds)


def _wait_with_progress(jobs: Sequence[Job]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    # Texts come from backends: no markup in them is obeyed.
    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_describe(jobs, len(jobs)), total=len(jobs))
        while running := [job for job in jobs if not job.in_final_state()]:
            done = len(jobs) - len(running)
            bar.update(task, description=_describe(running, len(jobs)), completed=done + sum(map(_fraction, running)))
            _wait_shortly(running[0], _REFRESH)


def _describe(running: Sequence[Job], total: int) -> str:
    if total > 1:
        return f"{total - len(running)} of {total} jobs"
    progress = getattr(running[0], "progress", None)
    return harmless((progress.text if progress else "") or running[0].status().name.lower())


def _fraction(job: Job) -> float:
    progress = getattr(job, "progress", None)
    return progress.fraction if progress else 0.0


# --- Ctrl-C


def _find_what_was_submitted(submissions: Sequence[Submission]) -> None:
    """Give each file the job that was recorded for it before the signal came, and that nobody was handed."""
    for submission in submissions:
        if submission.job is None and submission.error is None:
            with contextlib.suppress(QdockError):
                submission.job = qdock.get_job(submission.job_id)


def _cancel(jobs: Sequence[RecordedJob], why: str) -> None:
    """Cancel what has not ended and say what became of it."""
    running = [job for job in jobs if not job.in_final_state()]
    for job in running:
        job.cancel(wait=0)
    for job in running:
        _wait_shortly(job, _GRACE / len(running))
    write_note(f"{why}: {_what_became(running)}." if running else f"{why}.")


def _what_became(told: Sequence[RecordedJob]) -> str:
    """Return how many of the jobs that were told to stop did, and what the others come to: this process ends now."""
    stopped = sum(job.in_final_state() for job in told)
    text = f"{stopped} of {count_of(len(told), 'job')} stopped"
    return text if stopped == len(told) else f"{text} when told; what still runs here ends now"
