"""The program of an owner process of its own: it takes jobs from whoever started it, and outlives that.

It ends when nobody can hand over any more jobs and all that it has have ended, or after a while with nothing to do.
"""

from __future__ import annotations

import io
import os
import pickle
import select
import sys
import threading
from contextlib import suppress
from typing import Any

from qdock.call import Call
from qdock.dispatch.attempts import Attempts
from qdock.dispatch.handover import Answered, Handed
from qdock.dock import Dock
from qdock.errors import JobError
from qdock.executors.carry import unpack_call
from qdock.executors.pipe import FrameReader, Kind, frame, split_head, with_head, write_all
from qdock.executors.surroundings import settle_in
from qdock.job import RecordedJob
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.waiting import Listeners
from qdock.work.events import Log
from qdock.work.worker import current_worker, describe

__all__ = ["main"]

#: Seconds without a job after which the process ends.
IDLE_SECONDS = 60.0


class Detached:
    """Takes jobs and sees to them.

    Parameters
    ----------
    asks, answers : int
        The pipes to whoever hands jobs over.
    """

    def __init__(self, asks: int, answers: int) -> None:
        self._asks, self._answers = asks, answers
        self._reader = FrameReader(asks, sys.maxsize)
        self._dock: Dock | None = None

    def serve(self) -> None:
        """Take jobs until nobody is there any more, and wait for all of them."""
        while self._has_more():
            frames = self._reader.read()
            if frames is None:
                break
            for kind, body in frames:
                self._begin(body) if kind == Kind.HELLO else self._take(body)
        if self._dock is not None:
            self._dock.close()
            self._dock.store.close()

    def _has_more(self) -> bool:
        """Wait for the next message; False if there was nothing to do for long."""
        poll = select.poll()
        poll.register(self._asks, select.POLLIN)
        while not poll.poll(IDLE_SECONDS * 1000):
            if self._dock is None or not self._dock.owner.jobs:
                return False
        return True

    def _answer(self, kind: Kind, *parts: Any) -> None:
        # Whoever asked may be gone; the jobs are here all the same.
        with suppress(OSError):
            write_all(self._answers, frame(kind, *parts))

    def _begin(self, body: bytearray) -> None:
        # It comes from the process that started this one, which runs the same user's code with the same rights.
        config, path = pickle.loads(body)  # noqa: S301
        os.environ["QDOCK_STORE"] = f"sqlite://{path}"
        self._dock = Dock(config, store=SqliteStore(path))
        # What it had to say of its start was heard; what it prints from now on is said in logs or by nobody.
        _silence(2)
        sys.stdout = sys.stderr = _ToLog()
        self._answer(Kind.HELLO)

    def _take(self, body: bytearray) -> None:
        try:
            handed, packed = split_head(body, Handed)
            job = self._own(handed, unpack_call(bytes(packed)))
        # Unpacking imports what the job needs, and that may raise anything.
        except BaseException as error:  # noqa: BLE001
            self._answer(Kind.FINISHED, *with_head(Answered(describe(error))))
            return
        self._answer(Kind.FINISHED, *with_head(Answered()))
        assert job._again is not None
        # What an executor says against it is in the record; nobody waits here to hear it.
        with suppress(Exception):
            job._again()

    def _own(self, handed: Handed, call: Call) -> RecordedJob:
        dock = self._dock
        assert dock is not None
        executor = dock.get_executor(handed.executor)
        backend = call.args[0]
        if handed.made:
            dock.take_backend(backend)
        record = dock.store.update(handed.job_id, by=handed.owner, owner=dock.owner.name)
        if record is None:
            raise JobError(f"Job {handed.job_id} has ended, or is somebody else's.")
        job = RecordedJob(dock, record, backend)
        job._listeners, job._stop = Listeners(), executor.stop
        job._again = Attempts(dock.owner, job, executor, call)
        dock.owner.take(job)
        return job


class _ToLog(io.TextIOBase):
    """Standard output and error where nobody reads them: what a job prints goes to its log, line by line."""

    def __init__(self) -> None:
        self._rest = threading.local()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Log the lines that are whole by now."""
        worker = current_worker()
        if worker is not None:
            *lines, self._rest.text = (getattr(self._rest, "text", "") + text).split("\n")
            for line in lines:
                worker.emit(Log(line))
        return len(text)


def _silence(fd: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, fd)
    os.close(nowhere)


def main() -> None:
    """Serve the process that started this one."""
    settle_in()
    asks, answers = os.dup(0), os.dup(1)
    for fd in (0, 1):
        _silence(fd)
    Detached(asks, answers).serve()


if __name__ == "__main__":
    main()
