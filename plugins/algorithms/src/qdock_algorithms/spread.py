"""One job's programs spread over the slots of an executor: partial results as they come, and a failure stays alone."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from qdock import CircuitResult, JobCancelledError, Result
from qdock.backend import execute
from qdock.call import Call
from qdock.executors.thread import usable_cpus
from qdock.tracking.record import Failure
from qdock.work.events import Checkpoint, Emit, Event, Finished, Inside, Part, Progress, Started
from qdock_algorithms.runner import describe_failures

__all__ = ["SpreadExecutor"]

#: A piece is at most this much of the work, so that all slots have something to do until the end.
_PIECES_PER_SLOT, _LARGEST_PIECE = 8, 64
#: Failures of a piece that are the whole job's: what comes after it would fail of the same.
_COMMON = ("not_started", "time_limit")


class SpreadExecutor:
    """Gives the programs of a job in pieces to another executor, and makes one result of what comes back.

    A program that fails, or that takes its worker along, leaves the others alone; the job fails at the end, and
    names it. What has come back is kept as the job's parts, so that a retry or a resumed job does only the rest.

    Parameters
    ----------
    inner : Executor
        Where the pieces are done.
    name : str
        What the record says.
    chunk : int, optional
        How many programs make a piece; by default a few pieces for each slot.
    """

    def __init__(self, inner: Any, name: str = "executor", chunk: int | None = None) -> None:
        self.inner, self.name, self.chunk = inner, name, chunk
        self.slots: int = getattr(inner, "slots", None) or usable_cpus()
        self._running: dict[str, _Spread] = {}

    @property
    def keeps_time_limits(self) -> bool:
        """Whether work that takes too long is ended."""
        return bool(getattr(self.inner, "keeps_time_limits", False))

    def start(self, job_id: str, call: Call, emit: Emit, time_limit: float | None = None) -> str:
        """Take a job's work, and return a handle to it."""
        spread = _Spread(self, job_id, call, emit, time_limit)
        self._running[job_id] = spread
        spread.go_on()
        return job_id

    def stop(self, handle: str) -> bool:
        """Ask all pieces to stop; True if none of them runs any more."""
        spread = self._running.get(handle)
        return spread is None or spread.stop()

    def attach(self, handle: str, emit: Emit) -> bool:
        """Return False: who puts the pieces together ends with its process."""
        return False

    def close(self, wait: bool = True) -> None:
        """Do nothing: the executor that does the pieces is somebody else's."""

    def forget(self, job_id: str) -> None:
        """Let go of a job that has ended."""
        self._running.pop(job_id, None)


class _Spread:
    """One attempt of one job."""

    def __init__(self, executor: SpreadExecutor, job_id: str, call: Call, emit: Emit, time_limit: float | None) -> None:
        backend, self._programs, self._options, _, seed, kept = call.args
        self._executor, self._job_id, self._emit = executor, job_id, emit
        self._backend, self._seed = backend, seed
        self._limit, self._begun = time_limit, 0.0
        self._lock, self._numbers = threading.RLock(), itertools.count()
        self._entries = _kept_entries(kept)
        self._pieces = deque(self._cut())
        #: The pieces that are at work, by number: their executor's handle, once it is known.
        self._at_work: dict[int, str | None] = {}
        self._inside: dict[int, dict[str, dict[str, float]]] = {}
        self._metadata: dict[str, Any] = {}
        self._stopping, self._ended, self._going_on = False, False, False
        self._failure: Failure | None = None

    def _cut(self) -> list[range]:
        """Return what is to be done, in pieces without gaps."""
        todo = [index for index in range(len(self._programs)) if index not in self._entries]
        size = self._executor.chunk or len(todo) // (_PIECES_PER_SLOT * self._executor.slots)
        size = min(max(size, 1), self._executor.chunk or _LARGEST_PIECE)
        pieces: list[range] = []
        for index in todo:
            if pieces and pieces[-1].stop == index and len(pieces[-1]) < size:
                pieces[-1] = range(pieces[-1].start, index + 1)
            else:
                pieces.append(range(index, index + 1))
        return pieces

    # --- giving

    def go_on(self) -> None:
        """Give pieces to the executor as long as it has slots, and end the job when there are none left.

        An executor that works on the spot calls this from inside of it: then the one outside goes on.
        """
        with self._lock:
            if self._going_on:
                return
            self._going_on = True
        while (piece := self._next()) is not None:
            self._give(*piece)
        self._end()

    def _next(self) -> tuple[int, range] | None:
        with self._lock:
            if not self._pieces or len(self._at_work) >= self._executor.slots:
                self._going_on = False
                return None
            number = next(self._numbers)
            self._at_work[number] = None
            return number, self._pieces.popleft()

    def _give(self, number: int, piece: range) -> None:
        programs = list(self._programs[piece.start : piece.stop])
        work = (self._backend, programs, dict(self._options), self._job_id, self._seed, None, piece.start)
        receive = partial(self._receive, number, piece)
        try:
            name = f"{self._job_id}.{number}"
            handle = self._executor.inner.start(name, Call(execute, work), receive, **self._limits())
        # What one executor may raise for a piece that it does not take is up to it.
        except Exception as error:  # noqa: BLE001
            receive(Finished(failure=Failure("not_started", f"The executor did not take it: {error}")))
            return
        with self._lock:
            if number in self._at_work:
                self._at_work[number] = handle
                stopping = self._stopping
            else:
                stopping = False
        if stopping:
            self.stop()

    def _limits(self) -> dict[str, float]:
        if self._limit is None:
            return {}
        spent = time.monotonic() - self._begun if self._begun else 0.0
        return {"time_limit": max(self._limit - spent, 0.001)}

    # --- what comes back

    def _receive(self, number: int, piece: range, event: Event) -> None:
        take = _TAKE.get(type(event))
        if take is not None:
            take(self, number, piece, event)
        else:
            self._emit(event)

    def _started(self, number: int, piece: range, event: Started) -> None:
        with self._lock:
            first, self._begun = not self._begun, self._begun or time.monotonic()
            if self._stopping:
                raise JobCancelledError(f"Job {self._job_id} was asked to stop.")
        if first:
            self._emit(Started(time=event.time))

    def _ignored(self, number: int, piece: range, event: Event) -> None:
        """Forget what single pieces say about the whole."""

    def _ran_inside(self, number: int, piece: range, event: Inside) -> None:
        with self._lock:
            self._inside[number] = event.runs
            total: dict[str, dict[str, float]] = {}
            for runs in self._inside.values():
                for backend, seen in runs.items():
                    sums = total.setdefault(backend, dict.fromkeys(seen, 0))
                    for name, value in seen.items():
                        sums[name] += value
        self._emit(Inside(total))

    def _part(self, number: int, piece: range, event: Part) -> None:
        self._keep(event.index, event.entry)

    def _keep(self, index: int, entry: CircuitResult) -> None:
        with self._lock:
            if index in self._entries:
                return
            self._entries[index] = entry
            done, total = len(self._entries), len(self._programs)
        self._emit(Part(index, entry))
        self._emit(Progress(done / total, f"{done:,} of {total:,}"))

    def _finished(self, number: int, piece: range, event: Finished) -> None:
        if event.failure is not None:
            self._fail(piece, event.failure)
        elif not event.stopped and isinstance(event.value, Result):
            self._metadata = event.value.metadata
            for index, entry in zip(piece, event.value, strict=True):
                self._keep(index, entry)
        with self._lock:
            # A piece that was stopped while it waited has been taken off the list.
            known = self._at_work.pop(number, _UNKNOWN) is not _UNKNOWN
        if known:
            self.go_on()

    def _fail(self, piece: range, failure: Failure) -> None:
        """Note which program a piece failed of: the first that has no entry; those after it are to be done yet."""
        missing = [index for index in piece if index not in self._entries]
        if failure.kind in _COMMON:
            self._failure = failure
            with self._lock:
                self._pieces.clear()
        elif missing:
            index = missing[0]
            name = getattr(self._programs[index], "name", f"program {index}")
            self._keep(index, CircuitResult(name=name, error=failure.message))
            if len(missing) > 1:
                with self._lock:
                    self._pieces.append(range(missing[1], piece.stop))

    # --- the end

    def stop(self) -> bool:
        """Ask all pieces to stop; True if none of them runs any more."""
        with self._lock:
            self._stopping = True
            self._pieces.clear()
            at_work = list(self._at_work.items())
        for number, handle in at_work:
            if handle is not None and self._executor.inner.stop(handle):
                with self._lock:
                    self._at_work.pop(number, None)
        with self._lock:
            if self._at_work:
                return False
            self._ended = True
        self._executor.forget(self._job_id)
        return True

    def _end(self) -> None:
        with self._lock:
            if self._ended or self._pieces or self._at_work:
                return
            self._ended = True
        self._executor.forget(self._job_id)
        self._emit(self._outcome())

    def _outcome(self) -> Finished:
        if self._stopping:
            return Finished(stopped=True)
        if self._failure is not None:
            return Finished(failure=self._failure)
        entries = [self._entries[index] for index in range(len(self._programs))]
        failed = {index: entry.error for index, entry in enumerate(entries) if entry.error}
        if failed:
            return Finished(failure=Failure("retriable", describe_failures(failed, len(entries))))
        about = {"job_id": self._job_id, "backend": self._backend.spec.full_name, "seed": self._seed}
        return Finished(value=Result(entries, {**self._metadata, **about}))


def _kept_entries(kept: Any) -> dict[int, CircuitResult]:
    """Return what came back in an earlier attempt, by index, without what failed."""
    parts = (kept or {}).get("parts")
    if parts is None:
        return {}
    found = zip(parts["indices"], parts["result"], strict=True)
    return {index: entry for index, entry in found if not entry.error}


_UNKNOWN = object()

_TAKE: dict[type, Callable[[_Spread, int, range, Any], None]] = {
    Started: _Spread._started,
    Progress: _Spread._ignored,
    Checkpoint: _Spread._ignored,
    Inside: _Spread._ran_inside,
    Part: _Spread._part,
    Finished: _Spread._finished,
}
