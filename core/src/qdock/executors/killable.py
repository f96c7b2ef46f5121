"""A worker process as its owner has it: started fresh, never forked, and ended for certain.

Four pipes lead to it: jobs in, messages out, what it prints, and one that carries nothing. The first and the last are
lifelines: their end tells the worker, and a guard beside it, that the owner is gone.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress

from qdock.executors.surroundings import Surroundings

__all__ = ["Killable"]

#: Seconds that a process has to end: after a polite request, after SIGKILL, and when it is let go.
POLITE_SECONDS = 0.2
KILL_SECONDS = 5.0
LEAVE_SECONDS = 1.0
#: Seconds between two looks where the system can't wake us.
LOOK_SECONDS = 0.02

_SIGNAL_NAMES = {int(number): number.name for number in signal.Signals}


class Killable:
    """A worker process. The thread that makes it must outlive it: Linux ends a child when that thread ends.

    Parameters
    ----------
    surroundings : Surroundings
        What it starts with.
    memory_limit : int, optional
        Bytes of address space that it may use.

    Raises
    ------
    OSError
        If the system gives no process or no pipes.
    """

    def __init__(self, surroundings: Surroundings, memory_limit: int | None = None) -> None:
        self.surroundings = surroundings
        self.jobs = 0
        self._lock = threading.RLock()
        self.pidfd: int | None = None
        self._fds: list[int] = []
        theirs: list[int] = []
        try:
            (jobs, self.tasks), (guard, _), (self.messages, messages), (self.output, output) = self._pipes(theirs)
            # A fork from here on must let go of them too.
            _ALIVE.add(self)
            self._process = subprocess.Popen(
                surroundings.command(os.getpid(), jobs, messages, guard, memory_limit or 0),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(jobs, messages, guard),
                cwd=surroundings.folder,
                env=surroundings.worker_environ(),
                # A group of its own: Ctrl-C on the terminal is the owner's, and what the work started ends with it.
                start_new_session=True,
            )
        except BaseException:
            self._close()
            raise
        finally:
            _close_all(theirs)
        self.pid = self._process.pid
        self._watch()

    def _pipes(self, theirs: list[int]) -> list[tuple[int, int]]:
        pairs = []
        for ours in (1, 1, 0, 0):
            pair = os.pipe()
            pairs.append(pair)
            self._fds.append(pair[ours])
            theirs.append(pair[1 - ours])
            os.set_blocking(pair[ours], False)
        return pairs

    def _watch(self) -> None:
        # Not every system has it, and some sandboxes forbid it.
        with suppress(AttributeError, OSError):
            self.pidfd = os.pidfd_open(self.pid)
            self._fds.append(self.pidfd)

    # --- its end

    @property
    def gone(self) -> bool:
        """Whether it does not exist any more."""
        return self._wait(0)

    def end(self) -> bool:
        """Kill it and all that it started; return whether it certainly does not exist any more."""
        with self._lock:
            for number, seconds in ((signal.SIGTERM, POLITE_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
                self._signal(number)
                if self._wait(seconds):
                    self._reap()
                    return True
        # Not even SIGKILL ends a process that waits within the system, for a disk that does not answer.
        return False

    def leave(self) -> bool:
        """Let it end by itself, which it does when its lifeline ends, or else kill it."""
        with self._lock:
            self._close_one(self.tasks)
            self._wait(LEAVE_SECONDS)
        return self.end()

    def dispose(self) -> None:
        """End it if need be, and let go of its pipes."""
        with self._lock:
            self.end()
            self._close()
        _ALIVE.discard(self)

    def reason(self) -> str:
        """Say how it ended."""
        self.end()
        code = self._process.returncode
        if code is None:
            return "can't be reached and can't be killed"
        if code >= 0:
            return f"ended with exit code {code}"
        name = _SIGNAL_NAMES.get(-code, "unknown")
        hint = ". Somebody killed it, or the system had no memory left" if name == "SIGKILL" else ""
        return f"was ended by signal {-code} ({name}){hint}"

    def _signal(self, number: int) -> None:
        """Send a signal to it and all that it started; while it is not reaped its number is nobody else's."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _wait(self, seconds: float) -> bool:
        """Wait for its end; what it leaves is not taken from the system by that, where that can be helped."""
        if self._process.returncode is not None:
            return True
        if self.pidfd is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return self._process.returncode is not None
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _reap(self) -> None:
        self._signal(signal.SIGKILL)
        self._process.wait()

    # --- its pipes

    def _close(self) -> None:
        self.pidfd = None
        _close_all(self._fds)
        self._fds.clear()

    def _close_one(self, fd: int) -> None:
        if fd in self._fds:
            self._fds.remove(fd)
            os.close(fd)

    def forget(self) -> None:
        """Let go of it in a forked child: it is the parent's, and must see when the parent is gone."""
        self._lock = threading.RLock()
        self._close()
        # Otherwise Python would complain of a child that nobody waited for.
        if hasattr(self, "_process"):
            self._process.returncode = 0


def _close_all(fds: Iterable[int]) -> None:
    for fd in fds:
        with suppress(OSError):
            os.close(fd)


_ALIVE: weakref.WeakSet[Killable] = weakref.WeakSet()


def _forget_all() -> None:
    for process in list(_ALIVE):
        process.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
