"""What a worker process runs, as ``python -m``: one job after the other, until its owner is gone.

It never imports the owner's ``__main__``. A thread reads what the owner says; the work is done in the main thread,
where a function may do what only a main thread may.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import msgspec

from qdock.errors import LimitExceeded
from qdock.executors.carry import pack_value, unpack_call
from qdock.executors.pipe import Answer, Buffer, FrameReader, Kind, Task, frame, split_head, with_head, write_all
from qdock.executors.surroundings import Surroundings, settle_in
from qdock.tracking.record import Failure
from qdock.work.events import Event, Finished, Log, Progress, Started
from qdock.work.worker import Worker, describe, work

__all__ = ["main"]

#: Seconds that an idle worker has to end in the usual way when its owner lets it go.
_LEAVE_SECONDS = 0.25
#: Characters of a logged text that are passed on.
_TEXT_LIMIT = 1 << 20
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Serve an owner.

    Parameters
    ----------
    arguments : list of str
        The owner's process id, the pipe on which jobs come, the one for messages, the one that ends with the owner, and
        the most bytes of address space.
    """
    owner, jobs, messages, guard, memory_limit = map(int, arguments)
    _die_with(owner)
    settle_in()
    _post_guard(guard)
    faulthandler.enable(all_threads=False)
    _limit_memory(memory_limit)
    for fd in (jobs, messages):
        os.set_inheritable(fd, False)
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # a text file
    Server(jobs, messages, memory_limit).serve()


# --- its own end


def _die_with(owner: int) -> None:
    """Have the system kill this process when its owner dies, even where no Python runs that could see it."""
    if sys.platform == "linux":
        # A sandbox may forbid it; the lifeline still holds.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != owner:
        os._exit(0)


def _post_guard(lifeline: int) -> None:
    """Have a shell kill this process and all that it started when the owner dies, whatever Python does meanwhile.

    The shell that stays is nobody's child, so that work that waits for its children does not wait for it. It is in the
    group of this process, which its kill is for.
    """
    script = "exec 3<&0; { read _ <&3; kill -9 0; } &"
    quiet = subprocess.DEVNULL
    # Where there is no shell, the rest holds.
    with suppress(OSError):
        subprocess.run(["/bin/sh", "-c", script], stdin=lifeline, stdout=quiet, stderr=quiet, check=False)
    os.close(lifeline)


def _limit_memory(size: int) -> None:
    if size:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))


class Server:
    """Does the jobs of one owner."""

    def __init__(self, jobs: int, messages: int, memory_limit: int) -> None:
        self._jobs, self._messages = jobs, messages
        self._memory_limit = memory_limit
        self._queue: queue.SimpleQueue[tuple[Task, memoryview] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = False
        os.register_at_fork(after_in_child=self._cut_off)

    def serve(self) -> None:
        """Do what comes until nobody is there any more."""
        threading.Thread(target=self._watch, name="qdock-lifeline", daemon=True).start()
        self.send(Kind.HELLO)
        while (task := self._queue.get()) is not None:
            self._do(*task)
            del task
            self._busy = False

    def _watch(self) -> None:
        """Read what the owner sends; when it is gone, so is this process."""
        reader = FrameReader(self._jobs, sys.maxsize)
        while (frames := reader.read()) is not None:
            for _, body in frames:
                self._busy = True
                self._queue.put(split_head(body, Task))
        if not self._busy:
            # Whoever registered something for the end of the program is heard, if it does not take long.
            self._queue.put(None)
            time.sleep(_LEAVE_SECONDS)
        os._exit(0)

    def _cut_off(self) -> None:
        """Say nothing any more: this is a process that the work forked off, and it is not the worker."""
        self._messages = os.open(os.devnull, os.O_WRONLY)
        self._lock = threading.Lock()

    # --- messages

    def send(self, kind: Kind, *parts: Buffer) -> None:
        """Send a message; the threads of a job may do so at any time."""
        with self._lock:
            write_all(self._messages, frame(kind, *parts))

    def emit(self, event: Event) -> None:
        """Send an event of the work."""
        if isinstance(event, Started):
            self.send(Kind.BEGUN)
        elif isinstance(event, Log):
            self.send(Kind.LOG, msgspec.msgpack.encode((event.time, event.text[:_TEXT_LIMIT])))
        elif isinstance(event, Progress):
            self.send(Kind.PROGRESS, msgspec.msgpack.encode((event.fraction, event.text[:_TEXT_LIMIT])))
        else:
            self.send(Kind.EVENT, *pack_value(event))

    # --- jobs

    def _do(self, task: Task, data: memoryview) -> None:
        before = _state()
        finished = self._finish(task, data)
        answer, packed = self._answer(task, finished)
        _flush()
        answer.clean = not isinstance(finished.exception, MemoryError) and _state() == before
        self.send(Kind.FINISHED, *with_head(answer, *packed))

    def _finish(self, task: Task, data: memoryview) -> Finished:
        try:
            call = unpack_call(bytes(data))
        # The modules that it needs are imported by that, and they may raise anything.
        except BaseException as error:  # noqa: BLE001
            reason = f"A worker process can't unpack it: {describe(error)}"
            return Finished(failure=Failure("not_started", reason), exception=error)
        return work(Worker(task.job_id, self.emit, task.job_id), call)

    def _answer(self, task: Task, finished: Finished) -> tuple[Answer, tuple[bytes, ...]]:
        if finished.failure is not None or finished.stopped:
            return Answer(self._name_limit(finished), finished.stopped), ()
        try:
            packed = pack_value(finished.value)
        except LimitExceeded as error:
            return Answer(Failure("result_too_large", str(error))), ()
        # What a value does when it is pickled is up to it.
        except BaseException as error:  # noqa: BLE001
            kind = type(finished.value).__name__
            reason = f"It ended, but what it returned, of type {kind}, can't travel to its owner: {describe(error)}"
            return Answer(Failure("result_not_sent", reason)), ()
        size = sum(map(len, packed))
        if size > task.result_limit:
            reason = (
                f"It ended, but its result of {size:,} bytes is over the limit of {task.result_limit:,} bytes. Return "
                f"less, or raise `result_limit` in [executors.process]."
            )
            return Answer(Failure("result_too_large", reason)), ()
        return Answer(), packed

    def _name_limit(self, finished: Finished) -> Failure | None:
        failure = finished.failure
        if failure is None or not self._memory_limit or not isinstance(finished.exception, MemoryError):
            return failure
        reason = f"It needed more memory than its limit of {self._memory_limit:,} bytes: {failure.message}"
        return Failure("memory_limit", reason, failure.traceback)


def _state() -> tuple[Any, ...]:
    """Return what must be as before when the next job begins."""
    threads = frozenset(thread.ident for thread in threading.enumerate())
    handlers = tuple(signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM))
    return Surroundings.now(), threads, handlers, sys.stdout, sys.stderr


def _flush() -> None:
    """Write out what was printed, from Python and from C, before the end of the job is told."""
    # C first: it keeps whole lines back on a pipe, Python only the beginning of one, which would run into them.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
    for stream in (sys.stdout, sys.stderr):
        # The work may have closed it, or put something else there.
        with suppress(Exception):
            stream.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
