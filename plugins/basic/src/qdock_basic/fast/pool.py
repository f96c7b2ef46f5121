"""How many threads may work, and the pool that shares them among all runs of the process."""

from __future__ import annotations

import os

__all__ = ["thread_count"]


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
            return _usable_cpus()
        if not text.strip().isdecimal() or int(text) < 1:
            raise ValueError(f"QDOCK_THREADS is a number of threads of at least 1, but is {text!r}.")
        return int(text)
    if threads < 1:
        raise ValueError(f"`threads` must be at least 1, but is {threads}.")
    return threads


def _usable_cpus() -> int:
    """Return how many CPUs this process may run on; where the system does not say, how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
