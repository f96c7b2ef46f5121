"""How many CPUs this process may use: those that it may run on, and what the control groups that it is in allow."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["usable_cpus"]


def usable_cpus(root: Path = Path("/")) -> int:
    """Return how many CPUs to use, at least 1; where the system does not say, how many there are.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are mounted.
    """
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([there, *_quotas(root)])


# Reading files takes long beside a small circuit, and a quota seldom changes while a process runs.
@cache
def _quotas(root: Path) -> tuple[int, ...]:
    return tuple(_read_quotas(root))


def _read_quotas(root: Path) -> Iterator[int]:
    """Yield what each control group (version 2) allows, in whole CPUs; a container sees its own at the mount."""
    mount = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        if line.startswith("0::"):
            folder = mount / line[3:].lstrip("/")
            for group in (folder, *(above for above in folder.parents if above.is_relative_to(mount))):
                quota, _, period = _text(group / "cpu.max").partition(" ")
                if quota.isdecimal() and period.strip().isdecimal():
                    yield max(1, math.ceil(int(quota) / int(period)))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
