"""How many threads may work, and the pool that shares them among all runs of the process.

A run never waits for a thread of the pool to begin: it works itself, and takes whatever help comes. So runs in
several threads, or beside another process, only get slower in proportion.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Condition, Lock, Thread

from qdock_basic.fast.machine.cpus import usable_cpus
from qdock_basic.fast.machine.placement import cpu_here, keep_off

__all__ = ["share", "thread_count"]

Work = Callable[[], None]


def thread_count(threads: int | None = None) -> int:
    """Return how many threads to use: as asked for, else ``QDOCK_THREADS``, else the CPUs this process may use.

    Raises
    ------
    ValueError
        If that is no whole number of at least 1.
    """
    if threads is None:
        text = os.environ.get("QDOCK_THREADS")
        if text is None:
            return usable_cpus()
        if not text.strip().isdecimal() or int(text) < 1:
            raise ValueError(f"QDOCK_THREADS is a number of threads of at least 1, but is {text!r}.")
        return int(text)
    if threads < 1:
        raise ValueError(f"`threads` must be at least 1, but is {threads}.")
    return threads


def share(work: Work, threads: int) -> None:
    """Run a function here and in other threads at once, and return when nobody runs it any more.

    Parameters
    ----------
    work : callable
        Claims pieces until none is left, so that it does not matter how many threads run it.
    threads : int
        How many at most, this one included; fewer than two are this one.
    """
    if threads < 2:
        work()
        return
    call = _Call(work)
    _POOL.ask(call, threads - 1)
    try:
        work()
    finally:
        call.close()


class _Call:
    """Work that threads may join until it is closed."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._cpu = cpu_here()
        self._changed = Condition(Lock())
        self._running = 0
        self._is_closed = False
        self._error: BaseException | None = None

    def join_in(self) -> None:
        """Do a part of the work, unless it is over; not on the CPU of the one whose work it is."""
        if not self._is_closed:
            keep_off(self._cpu)
        with self._changed:
            if self._is_closed:
                return
            self._running += 1
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  # it is raised again by whom the work is for
            self._error = error
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody begin any more, wait for those who have, and raise what went wrong there."""
        with self._changed:
            self._is_closed = True
            while self._running:
                self._changed.wait()
        # Threads that were asked and wake later still hold the call, but not the memory that its work was about.
        del self._work
        if self._error is not None:
            raise self._error


class _Pool:
    """Threads that wait for calls; they begin when first needed and end with the process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a child of a fork has none of its parent's threads."""
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._lock = Lock()
        self._size = 0

    def ask(self, call: _Call, helpers: int) -> None:
        """Ask so many threads to join in."""
        with self._lock:
            for number in range(self._size, helpers):
                Thread(target=self._serve, args=(self._calls,), name=f"qdock-fast-{number}", daemon=True).start()
                self._size = number + 1
        for _ in range(helpers):
            self._calls.put(call)

    @staticmethod
    def _serve(calls: SimpleQueue[_Call]) -> None:
        while True:
            calls.get().join_in()


_POOL = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_POOL.forget)
