"""How much memory this process may still use, and the refusal of circuits that need more, before any allocation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from qdock.errors import LimitExceeded

__all__ = ["ALWAYS_FREE", "FRACTION", "check_memory", "free_memory"]

#: Part of the free memory that a circuit may ask for.
FRACTION = 0.8

#: Asking takes longer than a circuit of so few bytes; a process without them has other troubles.
ALWAYS_FREE = 16 << 20
# A control group's file says "max", or in version 1 a number beyond any machine, where there is no limit.
_NO_LIMIT = 1 << 60


def check_memory(needed: int, what: str, fraction: float = FRACTION, free: int | None = None) -> None:
    """Refuse what does not fit.

    Parameters
    ----------
    needed : int
        Bytes that will be allocated at most.
    what : str
        Begins the message: ``"Circuit 'ghz' of 40 qubits"``.
    fraction : float
        Part of the free memory that may be used.
    free : int, optional
        Bytes that are free. Found out if not given.

    Raises
    ------
    LimitExceeded
        If `needed` is more than that part; the message says both in bytes.
    """
    if free is None:
        if needed <= ALWAYS_FREE:
            return
        free = free_memory()
    if needed * 100 > round(fraction * 100) * free:
        raise LimitExceeded(
            f"{what} needs {_readable(needed)}, but this process may use {_readable(free)} more, of which "
            f"{fraction:.0%} are the limit. Use fewer qubits, or a machine with more memory; precision='single' "
            "halves the state."
        )


def _readable(size: int) -> str:
    # Python refuses to write integers of thousands of digits, and nobody could read them.
    if size.bit_length() > 80:
        return f"about 2^{size.bit_length() - 1} bytes"
    power = max(size.bit_length() - 1, 0) // 10
    short = f" ({size / 1024**power:.1f} {_UNITS[power]})" if power else ""
    return f"{size:,} bytes{short}"


_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


def free_memory(root: Path = Path("/")) -> int:
    """Return how many bytes this process may still allocate.

    The smallest of what the machine has available, what the control groups (containers, batch systems) that the
    process is in leave, and what its own address space limit leaves. Where nothing of that can be read, as on
    Windows, a number so large that only the allocation itself can fail.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are mounted.
    """
    found = [value for reader in _READERS for value in reader(root)]
    return max(min(found, default=_NO_LIMIT), 0)


# --- where it can be read; each yields as many values as it finds


def _machine(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024
            return
    yield from _physical()


def _physical() -> Iterator[int]:
    """What other systems than Linux say: the pages that are free, or all pages."""
    for name in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES"):
        if name in getattr(os, "sysconf_names", {}):
            yield os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
            return


def _control_groups(root: Path) -> Iterator[int]:
    mount = root / "sys/fs/cgroup"
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.strip().split(":", 2)
        if controllers == "":
            yield from _upwards(mount, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _upwards(mount / "memory", path, *names)


def _upwards(mount: Path, path: str, limit: str, usage: str, cache: str) -> Iterator[int]:
    """Yield what a group and those it is in leave; in a container the path may lie outside of what is mounted."""
    folder = mount / path.lstrip("/")
    for group in (folder, *folder.parents):
        most, used = _number(group / limit), _number(group / usage)
        if most is not None and used is not None and most < _NO_LIMIT:
            yield most - used + _cached(group / "memory.stat", cache)
        if group == mount:
            return


def _cached(stat: Path, name: str) -> int:
    """Return how much of a group's usage is file cache, that the kernel gives back when it is needed."""
    return next((int(line.split()[1]) for line in _lines(stat) if line.split()[0] == name), 0)


def _address_space(root: Path) -> Iterator[int]:
    try:
        import resource
    except ImportError:  # Windows has no such limits.
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = next(iter(_lines(root / "proc/self/statm")), "").split()
    if limit != resource.RLIM_INFINITY and pages:
        yield limit - int(pages[0]) * resource.getpagesize()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    text = next(iter(_lines(path)), "")
    return int(text) if text.isdecimal() else None


_READERS: tuple[Callable[[Path], Iterator[int]], ...] = (_machine, _control_groups, _address_space)
