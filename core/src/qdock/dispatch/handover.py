"""A job handed over to an owner process of its own, which outlives this one: this process's side of it.

One such process serves a Dock for as long as that hands jobs over; then it goes on until they have ended. It gets them
by a pipe that it inherited, and answers by another: nothing of a job is at rest but what its record holds.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from qdock.errors import JobError
from qdock.executors.pipe import Frame, FrameReader, Kind, frame, split_head, with_head, write_all
from qdock.executors.surroundings import Surroundings

if TYPE_CHECKING:
    from qdock.dock import Dock

__all__ = ["Answered", "DetachedOwner", "Handed"]

#: Seconds that an owner process has to start, and then to take a job.
START_SECONDS = 60.0
_MODULE = "qdock.detached"


class Handed(msgspec.Struct):
    """What is said of a job, before its packed call."""

    job_id: str
    #: Who has it until it is taken.
    owner: str
    executor: str
    #: Whether its backend was made of a spec, so that it can be made again.
    made: bool


class Answered(msgspec.Struct):
    """Whether a job was taken: why not, or nothing."""

    reason: str = ""


class DetachedOwner:
    """The owner process of a Dock's detached jobs, started when there is the first.

    Parameters
    ----------
    dock : Dock
        Its settings and its store are the process's too.
    """

    def __init__(self, dock: Dock) -> None:
        self._dock = dock
        self._process: _Process | None = None
        self._lock = threading.Lock()

    def take(self, handed: Handed, packed: bytes) -> None:
        """Return when the process has taken a job: from then on it is its owner.

        Raises
        ------
        JobError
            If it can't.
        """
        with self._lock:
            reason = self._ask(handed, packed)
        if reason:
            raise JobError(f"An owner process of its own could not take the job: {reason}")

    def _ask(self, handed: Handed, packed: bytes) -> str:
        message = (handed, packed)
        surroundings = Surroundings.now()
        if self._process is not None and self._process.surroundings == surroundings:
            # One that had nothing to do may have ended meanwhile; then it has not taken this job either.
            with suppress(_Gone):
                return self._process.ask(*message)
        self.close()
        try:
            self._process = _Process(surroundings, self._dock)
            return self._process.ask(*message)
        except _Gone as error:
            self.close()
            return f"it ended: {error}"

    def close(self) -> None:
        """Hand over no more; what was goes on."""
        if self._process is not None:
            self._process.leave()
            self._process = None

    def after_fork(self) -> None:
        """Let go of the process: it is the parent's."""
        self._lock = threading.Lock()
        self.close()


class _Gone(Exception):
    """The process does not answer any more; the argument is what it printed."""


class _Process:
    """A started owner process."""

    def __init__(self, surroundings: Surroundings, dock: Dock) -> None:
        self.surroundings = surroundings
        # Until it is ready it may have something to say about why it never will be.
        with tempfile.TemporaryFile() as self._printed:
            self._process = subprocess.Popen(
                surroundings.command(module=_MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                cwd=surroundings.folder,
                env=surroundings.worker_environ(),
                # Of no terminal: neither its end nor a Ctrl-C there reaches it.
                start_new_session=True,
                bufsize=0,
            )
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._asks, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
            self._reader = FrameReader(self._answers, 1 << 20)
            try:
                store: Any = dock.store
                self._write(Kind.HELLO, pickle.dumps((dock.config, str(store.path))))
                self._read()
            except _Gone:
                self._printed.seek(0)
                text = self._printed.read().decode(errors="replace").strip()[-2000:]
                self.leave()
                raise _Gone(text or "it printed nothing") from None

    def ask(self, handed: Handed, packed: bytes) -> str:
        """Hand a job over and return why it was not taken, or nothing."""
        self._write(Kind.JOB, *with_head(handed, packed))
        _, body = self._read()
        return split_head(body, Answered)[0].reason

    def _write(self, kind: Kind, *parts: bytes | bytearray | memoryview) -> None:
        try:
            write_all(self._asks, frame(kind, *parts))
        except OSError as error:
            raise _Gone("it does not listen") from error

    def _read(self) -> Frame:
        poll, end = select.poll(), time.monotonic() + START_SECONDS
        poll.register(self._answers, select.POLLIN)
        while poll.poll(max(end - time.monotonic(), 0) * 1000):
            frames = self._reader.read()
            if frames is None:
                raise _Gone("it does not answer")
            if frames:
                return frames[0]
        self._process.kill()
        raise _Gone(f"it said nothing for {START_SECONDS:g} s")

    def leave(self) -> None:
        """Let go of it: it ends when its jobs have."""
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        if self._process.poll() is None:
            _LEFT.append(self._process.pid)
            # Otherwise Python would complain of a child that nobody waited for.
            self._process.returncode = 0
        _reap()


#: Processes that go on without us, until they have ended.
_LEFT: list[int] = []


def _reap() -> None:
    """Take those that have ended from the system's list."""
    for pid in list(_LEFT):
        try:
            ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            ended = True
        if ended:
            _LEFT.remove(pid)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LEFT.clear)
