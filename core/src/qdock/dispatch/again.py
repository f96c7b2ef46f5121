"""A job run again: with the program, options and seed of another one, as far as nothing else is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdock.errors import JobError

if TYPE_CHECKING:
    from qdock.dock import Dock
    from qdock.job import RecordedJob

__all__ = ["rerun"]

#: What a repetition has of the job that it repeats, besides its program and options.
_KEPT = ("seed", "tags", "metadata", "time_limit", "retries")


def rerun(dock: Dock, job: RecordedJob, resume: bool, changes: dict[str, Any]) -> RecordedJob:
    """Run a job's program again, with its options and seed but for `changes`; see `RecordedJob.rerun`."""
    record = job.record
    if resume and record.checkpoint is None:
        raise JobError(f"Job {record.id} has no checkpoint to go on from. Leave out `resume` to begin again.")
    program = changes.pop("program") if "program" in changes else _program_of(job)
    device = dock._devices.find(changes.pop("backend", None) or job.backend())
    about = {name: changes.pop(name, getattr(record, name)) for name in _KEPT}
    executor = changes.pop("executor", None)
    # Another backend is asked for those of the options that it has.
    same = device.spec.full_name == record.backend
    known = record.options.keys() if same else record.options.keys() & device.options.keys()
    about["fixed"] = {name: record.options[name] for name in known - changes.keys()}
    about["checkpoint"] = record.checkpoint if resume else None
    about |= {"detach": changes.pop("detach", False), "job_id": changes.pop("job_id", None)}
    return dock._run(program, device, executor, changes, {**about, "rerun_of": record.id})


def _program_of(job: RecordedJob) -> Any:
    program = job.program
    if program is None:
        raise JobError(f"Job {job.record.id} can't be run again: nobody knows its program, as no Dock submitted it.")
    reason = getattr(program, "reason", None)
    if reason is not None:
        raise JobError(f"Job {job.record.id} can't be run again: its program could not be stored, as {reason}.")
    return program
