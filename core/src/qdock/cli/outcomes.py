"""What became of the jobs of one ``qdock run``, and the exit status that follows from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qdock.cli.failures import DONE, FAILED, report
from qdock.cli.output import flush, write, write_json, write_note
from qdock.cli.pictures import show_result
from qdock.common.counting import count_of
from qdock.errors import JobError, QdockError

if TYPE_CHECKING:
    from qdock.cli.submissions import Submission
    from qdock.job import RecordedJob
    from qdock.result import Result

__all__ = ["show_all", "show_ids"]


def show_all(
    submissions: Sequence[Submission], *, target: str | None, as_json: bool, debug: bool, interrupted: int = 0
) -> int:
    """Show every result and every error, and return the exit status.

    Parameters
    ----------
    submissions : sequence of Submission
        The jobs, in the order of their files.
    target : str, optional
        The file to save the result in.
    as_json : bool
        Whether to print one JSON document instead of pictures and lines.
    debug : bool
        Whether to print tracebacks.
    interrupted : int
        The exit status, if Ctrl-C or SIGTERM ended it: then only what was done by then is shown.
    """
    status = DONE
    several = len(submissions) > 1
    documents = []
    for submission in submissions:
        result = None
        if not interrupted or _is_done(submission):
            result, ended = _settle(submission, debug, submission.file if several else "")
            status = max(status, ended)
        if as_json:
            documents.append(_describe(submission, result))
        elif result is not None and submission.job is not None:
            title = _title(submission.file, submission.job, result)
            show_result(title, result, [submission.file] if several else [])
        if result is not None and target is not None:
            status = max(status, _save(result, target, debug))
    if as_json:
        write_json(documents if several else documents[0])
    return _leave(submissions, interrupted) if interrupted else status


def show_ids(submissions: Sequence[Submission], *, as_json: bool, debug: bool) -> int:
    """Show the ids of jobs that go on without us, and every error, and return the exit status."""
    status, several = DONE, len(submissions) > 1
    for submission in submissions:
        if submission.error is not None:
            about = submission.file if several else ""
            status = max(status, report(submission.error, debug=debug, about=about))
        elif submission.job is not None and not as_json:
            write(submission.job.job_id())
    if as_json:
        documents = [_describe(submission, None) for submission in submissions]
        write_json(documents if several else documents[0])
    return status


def _is_done(submission: Submission) -> bool:
    return submission.job is not None and submission.job.done()


def _settle(submission: Submission, debug: bool, about: str) -> tuple[Result | None, int]:
    """Return the result, or report why there is none; and the exit status."""
    if submission.job is None:
        assert submission.error is not None
        return None, report(submission.error, debug=debug, about=about)
    try:
        return submission.job.result(), DONE
    except Exception as error:  # noqa: BLE001 - whatever the work raised, its job has failed
        report(_as_failure(error, submission.job), debug=debug, about=about)
        return None, FAILED


def _as_failure(error: Exception, job: RecordedJob) -> Exception:
    """Return a function's own exception as the failure of its job: it is no fault of the command."""
    if isinstance(error, QdockError) or job.error is None:
        return error
    failure = JobError(f"Job {job.job_id()} failed: {job.error.message}")
    failure.__cause__ = error
    return failure


def _save(result: Result, target: str, debug: bool) -> int:
    """Save a result, which has been shown already: a full disk does not lose it."""
    try:
        result.save(target)
    except Exception as error:  # noqa: BLE001 - reported, and what is left to do is done
        return report(error, debug=debug, about=target)
    write_note(f"Saved in {target}.")
    return DONE


def _title(file: str, job: RecordedJob, result: Result) -> str:
    shots = _shots(job, result)
    facts = [_name_of(job), *([count_of(shots, "shot")] if shots else []), f"seed {job.seed}"]
    if "run" in job.metrics:
        facts.append(_duration(job.metrics["run"]))
    return f"{file} on {', '.join(facts)}"


def _shots(job: RecordedJob, result: Result | None) -> int | None:
    """Return how many shots there were, which may be none, or else how many there should have been."""
    return result[0].shots if result else job.options.get("shots")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def _name_of(job: RecordedJob) -> str:
    return str(job.record.backend)


def _describe(submission: Submission, result: Result | None) -> dict[str, Any]:
    """Return a job, or what prevented it, as JSON values."""
    job, error = submission.job, submission.error
    document: dict[str, Any] = {
        "job_id": job and job.job_id(),
        "backend": job and _name_of(job),
        "status": job and job.status().name,
        "seed": job and job.seed,
        "shots": job and _shots(job, result),
        "results": [] if result is None else [entry.to_dict() for entry in result],
    }
    if error is not None:
        document["error"] = {"kind": type(error).__name__, "message": str(error)}
    elif job is not None and job.error is not None:
        document["error"] = {"kind": job.error.kind, "message": job.error.message}
    return document


def _leave(submissions: Sequence[Submission], status: int) -> int:
    """Return the status of an interrupted run; leave at once where work would not stop."""
    if any(submission.job is not None and not submission.job.in_final_state() for submission in submissions):
        # The interpreter would wait for the thread that the work is in, which does not listen.
        flush()
        sys.stderr.flush()
        os._exit(status)
    return status
