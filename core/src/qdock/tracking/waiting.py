"""Waiting for jobs: deadlines, queries that can't outlive them, and jobs in the order they finish."""

from __future__ import annotations

import concurrent.futures
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from qdock.errors import JobTimeoutError
from qdock.tracking.status import JobStatus

if TYPE_CHECKING:
    from qdock.job import Job, RecordedJob

__all__ = ["Callback", "Deadline", "JobFuture", "Listeners", "as_completed", "call_back", "check_wait", "polled"]

_log = logging.getLogger(__name__)

Callback = Callable[[Any], Any]

#: Seconds that a query gets which is made when the time is up: one answer is wanted even with `timeout=0`.
_LAST_QUERY_SECONDS = 0.05
#: Seconds between two looks at jobs that don't say themselves when they are finished: from, to.
_POLL_SECONDS = (0.05, 5.0)
#: No wait is shorter: `wait=0` must not keep a processor busy.
_SHORTEST_WAIT = 0.001


class Deadline:
    """The end of a wait, on a clock that nobody can set.

    Parameters
    ----------
    timeout : float, optional
        Seconds from now; None: never. What is negative counts as 0.

    Raises
    ------
    ValueError
        If `timeout` is NaN.
    TypeError
        If it is nothing like a number.
    """

    __slots__ = ("_end", "timeout")

    def __init__(self, timeout: float | None) -> None:
        if isinstance(timeout, (bool, str)) or not (timeout is None or hasattr(timeout, "__float__")):
            raise TypeError(f"`timeout` must be a number of seconds, or None for no end, but is {timeout!r}.")
        if timeout is not None and math.isnan(timeout):
            raise ValueError("`timeout` must be a number of seconds, but is NaN.")
        self.timeout = timeout
        self._end = math.inf if timeout is None else time.monotonic() + timeout

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self._end

    def seconds(self, at_most: float = math.inf) -> float | None:
        """Return the seconds left, `at_most` so many; None for no end, as `threading` takes it."""
        left = min(self._end - time.monotonic(), at_most)
        return None if left == math.inf else min(max(left, 0.0), threading.TIMEOUT_MAX)


class Listeners:
    """Who wants to know what becomes of one job: threads that wait for a change, callbacks that wait for the end."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        #: Whether all callbacks have been called; then whoever comes must look after himself.
        self.settled = False
        self._callbacks: list[Callback] = []
        self._settler: int | None = None

    def add(self, callback: Callback) -> bool:
        """Have `callback` called at the end; False if that is over."""
        with self.changed:
            if not self.settled:
                self._callbacks.append(callback)
            return not self.settled

    @property
    def has_callbacks(self) -> bool:
        """Whether somebody is to be told of the end."""
        return bool(self._callbacks)

    def wait(self, test: Callable[[], bool], seconds: float | None) -> bool:
        """Wait until `test` is true, which is asked at once and at every change; return whether it is."""
        with self.changed:
            return self.changed.wait_for(test, seconds)

    def settle(self, job: RecordedJob) -> None:
        """Call the callbacks, each once, those included that are added meanwhile."""
        self._settler = threading.get_ident()
        while callbacks := self._take():
            for callback in callbacks:
                call_back(callback, job)

    def _take(self) -> list[Callback]:
        with self.changed:
            callbacks, self._callbacks = self._callbacks, []
            self.settled = not callbacks
            self.changed.notify_all()
            return callbacks

    def wait_until_settled(self, seconds: float | None) -> None:
        """Give the callbacks a moment, so that whoever waited for the end finds them called."""
        if self._settler != threading.get_ident():
            self.wait(lambda: self.settled, seconds)


def call_back(callback: Callback, job: RecordedJob) -> None:
    """Call a user's callback; what it raises is logged and hurts nothing."""
    try:
        callback(job)
    # Whatever it raises, the other callbacks are called.
    except Exception:  # noqa: BLE001
        _log.exception("A callback of job %s failed; the job is not affected.", job.job_id())


def check_wait(wait: float) -> float:
    """Return the seconds between queries, or raise `ValueError` if they are negative or no number."""
    if not wait >= 0:
        raise ValueError(f"`wait` must be a number of seconds, 0 or more, but is {wait}.")
    return max(wait, _SHORTEST_WAIT)


def polled(query: Callable[[], JobStatus], deadline: Deadline, wait: float) -> Iterator[JobStatus]:
    """Yield what `query` answers, now and every `wait` seconds, and once when the deadline has come.

    It ends early when a query itself does not end in time.
    """
    while True:
        answers = _ask(query, deadline)
        yield from answers
        if not answers or deadline.passed:
            return
        time.sleep(deadline.seconds(wait) or 0.0)


def _ask(query: Callable[[], JobStatus], deadline: Deadline) -> list[JobStatus]:
    """Return the answer, or nothing if it does not come in time: then the query is left behind in its thread."""
    if deadline.timeout is None:
        return [query()]
    asked = concurrent.futures.Future[JobStatus]()
    threading.Thread(target=_answer, args=(asked, query), name="qdock-query", daemon=True).start()
    try:
        return [asked.result(max(deadline.seconds() or 0.0, _LAST_QUERY_SECONDS))]
    except TimeoutError:
        if not asked.done():
            return []
        raise


def _answer(asked: concurrent.futures.Future[Any], query: Callable[[], Any]) -> None:
    try:
        asked.set_result(query())
    # It is raised again where the answer is waited for.
    except BaseException as error:  # noqa: BLE001
        asked.set_exception(error)


def as_completed(jobs: Iterable[Job], timeout: float | None = None) -> Iterator[Job]:
    """Yield jobs as they reach a final status, each once; those that have already come first.

    Parameters
    ----------
    jobs : iterable of Job
        Of any backends. Jobs that don't tell when they are finished are asked for their status.
    timeout : float, optional
        Seconds from this call until all must have been yielded.

    Raises
    ------
    JobTimeoutError
        If the time is up; the jobs go on.

    Examples
    --------
    ::

        for job in qdock.as_completed([backend.run(circuit, seed=seed) for seed in range(10)]):
            print(job.result().get_counts())
    """
    deadline = Deadline(timeout)
    pending = {id(job): job for job in jobs}
    return _completed(pending, deadline)


def _completed(pending: dict[int, Job], deadline: Deadline) -> Iterator[Job]:
    finished: SimpleQueue[tuple[Job, BaseException | None]] = SimpleQueue()
    total, silent, given_up = len(pending), [], threading.Event()
    for job in pending.values():
        subscribe = getattr(job, "add_done_callback", None)
        if subscribe is None:
            silent.append(job)
        else:
            subscribe(lambda job: finished.put((job, None)))
    if silent:
        threading.Thread(target=_watch, args=(silent, finished, given_up), name="qdock-watch", daemon=True).start()
    try:
        while pending:
            job, error = _next(finished, deadline, len(pending), total)
            if error is not None:
                raise error
            yield pending.pop(id(job))
    finally:
        given_up.set()


def _next(finished: SimpleQueue[Any], deadline: Deadline, left: int, total: int) -> tuple[Job, BaseException | None]:
    try:
        return finished.get(timeout=deadline.seconds())  # type: ignore[no-any-return]  # what _completed put there
    except Empty:
        raise JobTimeoutError(
            f"{left} of {total} jobs did not finish within {deadline.timeout} s; they go on."
        ) from None


def _watch(jobs: list[Job], finished: SimpleQueue[Any], given_up: threading.Event) -> None:
    pause, longest = _POLL_SECONDS
    while jobs and not given_up.is_set():
        for job in list(jobs):
            outcome = concurrent.futures.Future[bool]()
            _answer(outcome, job.in_final_state)
            if outcome.exception() or outcome.result():
                finished.put((job, outcome.exception()))
                jobs.remove(job)
        given_up.wait(pause)
        pause = min(1.5 * pause, longest)


class JobFuture(concurrent.futures.Future[Any]):
    """A job as a `concurrent.futures.Future`, for code that knows nothing of jobs."""

    def __init__(self, job: Any) -> None:
        super().__init__()
        self._job: RecordedJob = job
        job.add_done_callback(self._finish)

    def cancel(self) -> bool:
        """Cancel the job; True if its work has stopped already."""
        return self._job.cancel(wait=0) or self._job.cancelled()

    def running(self) -> bool:
        """Whether the job is running."""
        return self._job.running()

    def _finish(self, job: Any) -> None:
        if job.cancelled():
            super().cancel()
            self.set_running_or_notify_cancel()
        else:
            _answer(self, job.result)
