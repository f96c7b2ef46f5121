"""On which CPU a thread runs, where the system says and lets us choose: Linux; elsewhere nothing happens.

The kernel likes to wake a helping thread on the CPU of whoever wakes it, where it then waits for the one that it should
help, until the load is balanced some milliseconds later: as long as a whole run of 20 qubits.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

__all__ = ["cpu_here", "keep_off"]

# The kernel's masks of CPUs, with room for as many as it can be built for.
_WORD_BITS = 8 * ctypes.sizeof(ctypes.c_ulong)
_Mask = ctypes.c_ulong * (8192 // _WORD_BITS)
_NAMES = ("sched_getcpu", "sched_getaffinity", "sched_setaffinity")


def cpu_here() -> int:
    """Return the number of the CPU that this thread runs on at the moment, or -1 where that is not known."""
    calls = _calls()
    return -1 if calls is None else int(calls.sched_getcpu())


def keep_off(cpu: int) -> None:
    """Go to another CPU if this thread is on the given one and may run elsewhere; where it may run stays as it is."""
    calls = _calls()
    if calls is None or cpu < 0 or calls.sched_getcpu() != cpu:
        return
    allowed = _Mask()
    if calls.sched_getaffinity(0, ctypes.sizeof(allowed), allowed) < 0:
        return
    others = _Mask(*allowed)
    others[cpu // _WORD_BITS] &= ~(1 << cpu % _WORD_BITS)
    if any(others):
        calls.sched_setaffinity(0, ctypes.sizeof(others), others)
        calls.sched_setaffinity(0, ctypes.sizeof(allowed), allowed)


@cache
def _calls() -> Any:
    """Return the system's calls, or None; those of `os` would keep the interpreter from others until they return."""
    try:
        library = ctypes.CDLL(None)
    # Windows has no library of the process itself.
    except TypeError:
        return None
    return library if all(hasattr(library, name) for name in _NAMES) else None
