"""Jobs that no Dock made, adopted: recorded, and watched by asking each for its status, all from one thread."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qdock.dispatch.lifetime import close_at_exit
from qdock.dispatch.submission import check_metadata, check_tags
from qdock.errors import OptionError
from qdock.job import RecordedJob
from qdock.tracking.record import ADOPTED, Failure, Record, StatusChange, loss
from qdock.tracking.status import JOB_FINAL_STATES, TRANSITIONS, JobStatus, match_status
from qdock.tracking.waiting import Listeners
from qdock.work.events import Finished, Log
from qdock.work.worker import describe

if TYPE_CHECKING:
    from qdock.dock import Dock
    from qdock.result import Result
    from qdock.stores.owner import Owner

__all__ = ["AdoptedJob", "Adopter", "adopt"]

#: Seconds between two questions to a job: at first, and at most; each time more of them.
ASK_SECONDS = (0.05, 5.0)
#: The same for a job that can't be reached.
RETRY_SECONDS = (0.2, 60.0)
_GROWTH = 1.5
#: Seconds without a job after which the thread ends.
IDLE_SECONDS = 5.0
#: How often a job that says it is done is asked for its result.
RESULT_TRIES = 5


class AdoptedJob(RecordedJob):
    """A recorded job that does not run here: it follows one that another provider made.

    What `result` returns is that job's own result, as long as it lives in this process.

    Parameters
    ----------
    dock : Dock
        Where it is recorded.
    record : Record
        What is known of it.
    original : object
        The job that it follows.
    """

    def __init__(self, dock: Dock, record: Record, original: Any) -> None:
        super().__init__(dock, record, _call_or_none(original, "backend"))
        self.original = original
        self._listeners, self._created, self._handle = Listeners(), time.perf_counter(), record.id
        #: When it is to be asked next, and how long to wait after that.
        self._due, self._pause = 0.0, ASK_SECONDS[0]
        #: What it could not be reached for, how often in a row, and whether its end was asked for and not passed on.
        self._trouble, self._failures, self._cancel_due = "", 0, False
        self._own_result: tuple[Any] | None = None

    @property
    def _is_awaited(self) -> bool:
        return not self._failures and self._record.status is not JobStatus.INITIALIZING

    def _load_result(self) -> Any:
        return super()._load_result() if self._own_result is None else self._own_result[0]


def adopt(dock: Dock, original: Any, tags: Iterable[str], metadata: Mapping[str, Any] | None) -> RecordedJob:
    """Record a job that no Dock made and watch it; see `Dock.adopt`."""
    if isinstance(original, RecordedJob) and original._dock is dock:
        return original
    _check_contract(original)
    known = dock.adopter.find(original)
    if known is not None:
        return known
    job = AdoptedJob(dock, _record(dock, original, tags, metadata), original)
    close_at_exit()
    dock.owner.create(job, job._record)
    dock.adopter.add(job)
    return job


def _check_contract(original: Any) -> None:
    missing = [name for name in ("job_id", "status", "result") if not callable(getattr(original, name, None))]
    if isinstance(original, type) or missing:
        what = f"the class {original.__name__}" if isinstance(original, type) else repr(original)
        lacks = f", which has no {', no '.join(f'`{name}()`' for name in missing)}" if missing else ""
        raise TypeError(
            f"`adopt` takes a job, an object with `job_id()`, `status()` and `result()`, not {what}{lacks}."
        )


def _record(dock: Dock, original: Any, tags: Iterable[str], metadata: Mapping[str, Any] | None) -> Record:
    now, status = time.time(), JobStatus.INITIALIZING
    return Record(
        id=os.urandom(10).hex(),
        backend=_backend_name(original),
        status=status,
        history=(StatusChange(status, now),),
        created=now,
        owner=dock.owner.name,
        executor=ADOPTED,
        native_id=str(original.job_id()),
        tags=check_tags(tags),
        metadata={**_own_metadata(original), **check_metadata(metadata)},
    )


def _own_metadata(original: Any) -> dict[str, Any]:
    """Return those of a job's metadata that are JSON."""
    found: dict[str, Any] = {}
    own = getattr(original, "metadata", None)
    for name, value in own.items() if isinstance(own, Mapping) else ():
        with suppress(OptionError):
            found |= check_metadata({name: value})
    return found


def _backend_name(original: Any) -> str:
    backend = _call_or_none(original, "backend")
    spec = getattr(backend, "spec", None)
    name = getattr(spec, "full_name", None) or getattr(backend, "name", "")
    name = _call_or_none(backend, "name") if callable(name) else name
    return name if isinstance(name, str) else ""


def _call_or_none(what: Any, name: str) -> Any:
    """Return what a method of somebody else's object answers; None if it has none, or raises."""
    try:
        return getattr(what, name)()
    # Whatever it raises, nothing depends on the answer.
    except Exception:  # noqa: BLE001
        return None


class Adopter:
    """Asks the adopted jobs of one Dock for their status, each in its own time, from one thread.

    Parameters
    ----------
    owner : Owner
        Writes down what they say.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self.after_fork()

    def after_fork(self) -> None:
        """Forget all jobs and the thread: they are the parent's."""
        self._changed, self._running, self._closed = threading.Condition(), False, False
        self._jobs: list[AdoptedJob] = []

    def find(self, original: Any) -> AdoptedJob | None:
        """Return the unfinished job that follows `original`."""
        with self._changed:
            return next((job for job in self._jobs if job.original is original), None)

    def add(self, job: AdoptedJob) -> None:
        """Ask a job at once, and watch it unless it is final."""
        job._stop = lambda _: self._ask_for_its_end(job)
        self._ask(job)
        if job._record.is_final:
            return
        with self._changed:
            self._jobs.append(job)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="qdock-adopted", daemon=True).start()
            self._changed.notify()
        # One that tells of its end is heard at once.
        with suppress(Exception):
            job.original.add_done_callback(lambda _: self._hurry(job))

    def close(self) -> None:
        """Ask no more; what has not ended is said to be watched by nobody."""
        with self._changed:
            self._closed, jobs = True, list(self._jobs)
            self._changed.notify()
        for job in jobs:
            self._owner.receive(job, Finished(failure=loss(job._record)))

    def _hurry(self, job: AdoptedJob) -> None:
        with self._changed:
            job._due, job._pause = 0.0, ASK_SECONDS[0]
            self._changed.notify()

    def _ask_for_its_end(self, job: AdoptedJob) -> bool:
        # Whether its provider has stopped the work only the status tells.
        job._cancel_due = True
        self._hurry(job)
        return False

    # --- in the thread

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._ask(job)

    def _next(self) -> AdoptedJob | None:
        """Wait for the job whose turn is next."""
        with self._changed:
            while not self._closed:
                self._jobs = [job for job in self._jobs if not job._record.is_final]
                first = min(self._jobs, key=lambda job: job._due, default=None)
                seconds = IDLE_SECONDS if first is None else first._due - time.monotonic()
                if first is not None and seconds <= 0:
                    return first
                if not self._changed.wait(seconds) and not self._jobs:
                    break
            self._running = False
            return None

    def _ask(self, job: AdoptedJob) -> None:
        """Write down what a job says of itself; if it can't be reached that is logged, and it is asked again."""
        try:
            if job._cancel_due:
                job._cancel_due = False
                job.original.cancel()
            self._take(job, match_status(job.original.status()))
            job._trouble, job._failures = "", 0
        # Whatever it raises, the other jobs are watched, and nothing is known of this one: least of all that it failed.
        except BaseException as error:  # noqa: BLE001
            self._fail(job, error)
        shortest, longest = RETRY_SECONDS if job._failures else ASK_SECONDS
        job._due = time.monotonic() + max(job._pause, shortest)
        job._pause = min(max(job._pause, shortest) * _GROWTH, longest)

    def _fail(self, job: AdoptedJob, error: BaseException) -> None:
        job._failures += 1
        text = f"{type(job.original).__name__} could not be asked, and is asked again: {describe(error)}"
        if text != job._trouble:
            job._trouble = text
            with suppress(Exception):
                self._owner.receive(job, Log(text))

    def _take(self, job: AdoptedJob, status: JobStatus) -> None:
        previous = job._record.status
        if status in JOB_FINAL_STATES:
            end = _END[status](job)
            if end is not None:
                self._owner.receive(job, end)
        elif status is not previous and status in TRANSITIONS[previous]:
            if status is JobStatus.RUNNING:
                job._started = time.perf_counter()
            if self._owner.move(job, (previous,), status):
                job._pause = ASK_SECONDS[0]


# --- how it ended


def _done(job: AdoptedJob) -> Finished:
    try:
        result = job.original.result()
    except Exception as error:
        # That it is done is certain; why its result does not come is not.
        if job._failures + 1 < RESULT_TRIES:
            raise
        reason = f"The job is done, but its provider does not give its result: {describe(error)}"
        return Finished(failure=Failure("result_not_sent", reason), exception=error)
    job._own_result = (result,)
    return Finished(value=_recordable(job, result))


def _recordable(job: AdoptedJob, result: Any) -> Result:
    """Return a result as one of ours: what can be stored of it is its value, or what its `to_dict()` says."""
    from qdock.result import Result
    from qdock.results.circuit_result import CircuitResult
    from qdock.results.values import Unstorable, encode

    if isinstance(result, Result):
        return result
    try:
        encode(result, {})
    except Unstorable:
        plain = _call_or_none(result, "to_dict")
        result = result if plain is None else plain
    return Result([CircuitResult.from_value(str(job.record.native_id), result)])


def _failed(job: AdoptedJob) -> Finished:
    own = getattr(job.original, "error", None)
    if isinstance(own, Failure):
        return Finished(failure=own)
    try:
        job.original.result()
    # It says why.
    except Exception as error:  # noqa: BLE001
        text = "".join(traceback.format_exception(error))
        return Finished(failure=Failure("exception", describe(error), text), exception=error)
    return Finished(failure=Failure("exception", "Its provider says no more than that it failed."))


def _cancelled(_: AdoptedJob) -> Finished:
    return Finished(stopped=True)


_END = {JobStatus.DONE: _done, JobStatus.ERROR: _failed, JobStatus.CANCELLED: _cancelled}
