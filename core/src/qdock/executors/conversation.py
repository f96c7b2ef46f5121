"""One job's way through one worker process: what is sent, what comes back, until it has ended in one way or another."""

from __future__ import annotations

import logging
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf

import msgspec

from qdock.errors import JobError
from qdock.executors.carry import unpack_value
from qdock.executors.killable import LOOK_SECONDS, Killable
from qdock.executors.output import Output
from qdock.executors.pipe import Answer, Buffer, FrameReader, Kind, TooLarge, split_head
from qdock.executors.surroundings import Surroundings
from qdock.tracking.record import Failure
from qdock.work.complaint import complain
from qdock.work.events import Emit, Event, Finished, Log, Progress
from qdock.work.worker import describe

__all__ = ["Conversation", "PackedJob", "wait_for_hello"]

#: Seconds that a process has to start, and then a worker to import what a job needs.
START_SECONDS = 60.0
#: Reads in a row from one pipe, so that a flood in it does not starve the other; more than a pipe holds.
_READS = 64
_CHUNK_BYTES = 1 << 16

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class PackedJob:
    """A job as the executor keeps it, packed when it was submitted."""

    job_id: str
    emit: Emit
    message: list[Buffer]
    surroundings: Surroundings
    time_limit: float | None = None
    #: Whether it is still in the queue.
    waiting: bool = True
    #: The worker that it was given to.
    process: Killable | None = field(default=None, repr=False)
    #: Whether somebody asked for its end.
    stopping: bool = False

    def tell(self, event: Event) -> None:
        """Emit an event that may be lost: an owner who can't take it must not stop the work."""
        try:
            self.emit(event)
        except BaseException:  # noqa: BLE001  # whatever its store or its observers raise
            _log.exception("An event of job %s could not be recorded.", self.job_id)


def wait_for_hello(process: Killable) -> None:
    """Return when a worker is ready.

    Raises
    ------
    JobError
        If it does not get there, with what it printed.
    """
    printed, end = bytearray(), time.monotonic() + START_SECONDS
    poll = _poll(process, process.messages, process.output)
    while time.monotonic() < end:
        poll.poll(_milliseconds(process, end))
        gone = process.gone
        with suppress(BlockingIOError):
            printed += os.read(process.output, _CHUNK_BYTES)
        with suppress(BlockingIOError):
            if os.read(process.messages, _CHUNK_BYTES):
                return
        if gone:
            break
    how = process.reason() if process.gone else f"said nothing for {START_SECONDS:g} s"
    shown = printed[-1000:].decode(errors="replace").strip() or "nothing"
    raise JobError(f"A worker process did not start: it {how}. It printed: {shown}")


def _poll(process: Killable, *fds: int) -> select.poll:
    poll = select.poll()
    for fd in (*fds, *(() if process.pidfd is None else (process.pidfd,))):
        poll.register(fd, select.POLLIN)
    return poll


def _milliseconds(process: Killable, end: float) -> float | None:
    """Return how long to wait: until `end`, or to the next look where the system does not tell of a process's end."""
    seconds = min(end - time.monotonic(), LOOK_SECONDS if process.pidfd is None else inf)
    return None if seconds == inf else max(seconds, 0) * 1000 + 1


class Conversation:
    """Gives a worker a job and listens until that has ended; `run` returns how.

    Parameters
    ----------
    job : PackedJob
    process : Killable
        One that is ready.
    result_limit : int
        Bytes of the largest result to accept.
    """

    def __init__(self, job: PackedJob, process: Killable, result_limit: int) -> None:
        self._job, self._process = job, process
        self._unsent = [memoryview(part).cast("B") for part in job.message]
        # Room for what else is in the last message.
        self._reader = FrameReader(process.messages, result_limit + (1 << 20))
        self._output = Output(lambda text: job.tell(Log(text)))
        self._poll = _poll(process, process.messages, process.output)
        self._deadline = time.monotonic() + START_SECONDS
        self._progress: Progress | None = None
        self._finished: Finished | None = None
        #: Whether the work itself has begun.
        self.begun = False
        #: Whether the worker is as it was and can be given another job.
        self.clean = False

    def run(self) -> Finished:
        """Return how the job ended."""
        # What was printed since the last job is nobody's.
        self._read(self._process.output, bytes)
        self._poll.register(self._process.tasks, select.POLLOUT)
        while self._finished is None:
            self._poll.poll(_milliseconds(self._process, self._deadline))
            gone = self._process.gone
            self._send()
            self._listen()
            if self._finished is None and gone:
                self._finished = self._lost()
            elif self._finished is None and time.monotonic() >= self._deadline:
                self._finished = self._late()
        self._output.finish()
        self._process.jobs += 1
        return self._finished

    def _send(self) -> None:
        try:
            while self._unsent:
                count = os.write(self._process.tasks, self._unsent[0])
                self._unsent[0] = self._unsent[0][count:]
                if not self._unsent[0]:
                    del self._unsent[0]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # Nobody reads it: the process has ended, which is seen by itself.
            self._unsent.clear()
        with suppress(KeyError):
            self._poll.unregister(self._process.tasks)

    # --- what comes

    def _listen(self) -> None:
        """Take what has come; what was printed before a message is passed on before it."""
        try:
            frames = self._frames()
        except (TooLarge, msgspec.DecodeError) as error:
            frames = []
            self._finished = self._lost(f"sent what can't be understood: {error}")
        self._read(self._process.output, self._output.feed)
        for kind, body in frames:
            self._take(kind, body)
        self._tell_progress()

    def _frames(self) -> list[tuple[int, bytearray]]:
        frames: list[tuple[int, bytearray]] = []
        with suppress(BlockingIOError):
            for _ in range(_READS):
                read = self._reader.read()
                if read is None:
                    # It can't be heard any more: if it is not gone, nobody would know when it has finished.
                    self._process.end()
                    break
                frames += read
        return frames

    def _read(self, fd: int, take: Callable[[bytes], object]) -> None:
        with suppress(BlockingIOError):
            for _ in range(_READS):
                data = os.read(fd, _CHUNK_BYTES)
                if not data:
                    with suppress(KeyError):
                        self._poll.unregister(fd)
                    return
                take(data)

    def _take(self, kind: int, body: bytearray) -> None:
        try:
            if kind == Kind.PROGRESS:
                # Of many at once the last one says it all.
                self._progress = Progress(*msgspec.msgpack.decode(body, type=tuple[float, str]))
                return
            self._tell_progress()
            _TAKE[Kind(kind)](self, body)
        except (ValueError, KeyError, msgspec.MsgspecError) as error:
            self._finished = self._lost(f"sent what can't be understood: {describe(error)}")

    def _tell_progress(self) -> None:
        if self._progress is not None:
            self._job.tell(self._progress)
            self._progress = None

    def _begun(self, body: bytearray) -> None:
        self.begun = True
        limit = self._job.time_limit
        self._deadline = inf if limit is None else time.monotonic() + limit

    def _logged(self, body: bytearray) -> None:
        at, text = msgspec.msgpack.decode(body, type=tuple[float, str])
        self._job.tell(Log(text, at))

    def _told(self, body: bytearray) -> None:
        try:
            event = unpack_value(bytes(body[:1]), memoryview(body)[1:])
        # What a value does when it is unpickled is up to it; the work goes on.
        except Exception as error:  # noqa: BLE001
            complain(_log, f"What job {self._job.job_id} sent on its way can't be unpacked here", error)
        else:
            self._job.tell(event)

    def _answered(self, body: bytearray) -> None:
        answer, rest = split_head(body, Answer)
        self.clean = answer.clean
        self._finished = Finished(failure=answer.failure, stopped=answer.stopped)
        if answer.failure is None and not answer.stopped:
            self._finished = _with_value(rest)

    # --- how it ends without an answer

    def _lost(self, how: str = "") -> Finished:
        if how:
            self._process.end()
        if self._job.stopping:
            return Finished(stopped=True)
        reason = f"Its worker process {self._process.pid} {how or self._process.reason()}."
        return Finished(failure=Failure("worker_lost", reason))

    def _late(self) -> Finished:
        self._process.end()
        self._listen()
        if self._finished is not None:
            return self._finished
        if self._job.stopping:
            return Finished(stopped=True)
        if not self.begun:
            reason = f"A worker process did not get to begin it within {START_SECONDS:g} s: importing took too long."
            return Finished(failure=Failure("not_started", reason))
        reason = f"It took longer than its time limit of {self._job.time_limit:g} s and was ended."
        return Finished(failure=Failure("time_limit", reason))


def _with_value(rest: memoryview) -> Finished:
    try:
        return Finished(value=unpack_value(bytes(rest[:1]), rest[1:]))
    # What a value does when it is unpickled is up to it.
    except Exception as error:  # noqa: BLE001
        reason = f"It ended, but what it returned can't be unpacked here: {describe(error)}"
        return Finished(failure=Failure("result_not_sent", reason))


_TAKE: dict[Kind, Callable[[Conversation, bytearray], None]] = {
    Kind.BEGUN: Conversation._begun,
    Kind.LOG: Conversation._logged,
    Kind.EVENT: Conversation._told,
    Kind.FINISHED: Conversation._answered,
}
