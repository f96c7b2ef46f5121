"""Memory of large arrays, kept for a second once nobody uses it: pages that are new cost as much as some gates.

The C library does so up to 32 MiB, half of a state of 22 qubits; above, each array gets new pages, which the system
clears when they are first written to. What is kept here is marked as free, so that the system counts it as such and
takes it where others need it.
"""

from __future__ import annotations

import mmap
import os
from collections import deque
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST_BYTES", "large_room"]

#: Of smaller arrays the C library takes care.
LEAST_BYTES = 1 << 25
#: So long is memory kept.
SECONDS = 1.0
# Arrays begin where a large page does, if the system has such.
_PAGE = 1 << 21
_IS_THERE = hasattr(mmap, "MADV_FREE")


def large_room(size: int) -> npt.NDArray[np.uint8] | None:
    """Return so many bytes as they were in memory, or None where the system can't mark memory as free.

    Raises
    ------
    MemoryError
        If there is not so much.
    """
    if not _IS_THERE:
        return None
    room = _KEPT.take(size + _PAGE)
    whole = np.frombuffer(room, np.uint8)
    finalize(whole, _KEPT.put, room).atexit = False
    skip = -whole.ctypes.data % _PAGE
    return whole[skip : skip + size]


def _new_room(size: int) -> mmap.mmap:
    try:
        room = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"The system does not give {size:,} bytes of memory: {error}.") from error
    if hasattr(mmap, "MADV_HUGEPAGE"):
        room.madvise(mmap.MADV_HUGEPAGE)
    return room


def _is_limited() -> bool:
    """Whether the process has a limit on its address space, which what is kept would count against."""
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


class _Kept:
    """At most one piece of memory that nobody uses, and the thread that gives it back in time."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a child of a fork has none of its parent's threads."""
        # What happens as an array goes may happen amid anything: steps of these two can't be interrupted.
        self._rooms: deque[mmap.mmap] = deque(maxlen=1)
        self._given: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._is_watched = False

    def take(self, size: int) -> mmap.mmap:
        """Return memory of this size: what is kept, else new one, in place of what is kept."""
        self._watch()
        try:
            room = self._rooms.pop()
        except IndexError:
            return _new_room(size)
        if len(room) == size:
            return room
        del room
        return _new_room(size)

    def put(self, room: mmap.mmap) -> None:
        """Keep memory whose array is gone, in place of what was kept."""
        if not _is_limited():
            room.madvise(mmap.MADV_FREE)
            self._rooms.append(room)
            self._given.put(None)

    def _watch(self) -> None:
        with self._lock:
            if not self._is_watched:
                Thread(target=_give_back, args=(self._rooms, self._given), name="qdock-memory", daemon=True).start()
                self._is_watched = True


def _give_back(rooms: deque[Any], given: SimpleQueue[None]) -> None:
    """Drop what is kept when nothing has been put there for a while."""
    while True:
        given.get()
        try:
            while True:
                given.get(timeout=SECONDS)
        except Empty:
            rooms.clear()


_KEPT = _Kept()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_KEPT.forget)
