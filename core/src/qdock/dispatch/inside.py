"""Jobs inside of a job: their work is done at once by the worker of that job, and its owner is told of them."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from qdock.backend import Backend, Target, execute
from qdock.dispatch.launch import born, finished_job, gate, logged
from qdock.dispatch.prepare import prepare
from qdock.dispatch.submission import Submission
from qdock.errors import OptionError
from qdock.executors.inline import pass_on_interrupt
from qdock.job import RecordedJob
from qdock.work.events import Part, Recorded
from qdock.work.worker import Worker, perform

if TYPE_CHECKING:
    from qdock.dock import Dock
    from qdock.work.context import Context

__all__ = ["InnerBackend", "run_inside"]

#: What `run` takes beside a backend's options, as `Dock.run` does.
_ABOUT = ("seed", "tags", "metadata", "job_id")
#: What makes no sense for work that is done at once in its caller's thread; where it is given it is ignored or refused.
_IGNORED, _REFUSED = ("executor", "retries"), "time_limit"


class InnerBackend(Backend):
    """A backend as work sees it: what it runs is part of the job that the work is done for.

    Parameters
    ----------
    dock : Dock
        Where the backend is.
    device : Backend
        What runs the programs.
    context : Context
        Of the job.
    record : bool
        Whether each run gets a record of its own.
    """

    def __init__(self, dock: Dock, device: Backend, context: Context, record: bool) -> None:
        super().__init__(device.spec, device.config)
        self.dock, self.device = dock, device
        self._context, self._recorded = context, record
        self._chosen = device._chosen

    def run(self, programs: Any, **options: Any) -> RecordedJob:
        """Run programs now, in this thread, and return the job, which has ended."""
        about = {name: options.pop(name) for name in _ABOUT if name in options}
        if options.pop(_REFUSED, None) is not None:
            raise OptionError(
                "`time_limit` is for jobs that run by themselves; of one inside of a job limit the outer."
            )
        for name in _IGNORED:
            options.pop(name, None)
        if about.get("seed", self._chosen.get("seed")) is None:
            about["seed"] = self._context.next_seed()
        assert self.dock is not None
        submission = prepare(self.dock, self.device, programs, {**self._chosen, **options}, **about)
        return run_inside(self.dock, submission, self._context, self._recorded)

    def target(self) -> Target | None:
        """Return what the device can do, or None if there is nothing to say."""
        return self.device.target()


def run_inside(dock: Dock, submission: Submission, context: Context, recorded: bool) -> RecordedJob:
    """Do the work of a submission as a part of the context's job, in this thread, and return a job that has ended."""
    job = finished_job(dock, submission.backend, submission.record("inline", "", context.job_id))
    record = gate(dock, job)
    worker, begun = Worker(record.id), time.perf_counter()
    finished = perform(worker, partial(execute, *submission.work(submission.programs, record.id)), context.worker)
    seconds = time.perf_counter() - begun
    job._keep(finished)
    job._lines = [line.text for line in logged(worker.events)]
    for event in worker.events:
        if isinstance(event, Part):
            job._add_part(event.index, event.entry)
    job._record = born(record, finished, worker.events, seconds)
    if recorded:
        context.counter.emit(Recorded(job._record, finished.value, tuple(logged(worker.events))))
    else:
        context.counter.count(record.backend, len(submission.programs), seconds)
    pass_on_interrupt(finished.exception)
    return job
