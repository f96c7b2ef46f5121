"""The Docks of this process at the interpreter's exit, and in a forked child."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qdock.dock import Dock

__all__ = ["close_at_exit"]

#: The Docks that have had work for an executor.
_DOCKS: weakref.WeakSet[Dock] = weakref.WeakSet()


def close_at_exit(dock: Dock) -> None:
    """See to it that the interpreter does not end before the Dock's jobs have."""
    if dock in _DOCKS:
        return
    if not _DOCKS:
        _register()
    _DOCKS.add(dock)


def _register() -> None:
    # Jobs must end while pools of threads still take work, and those refuse it from the interpreter's first step to
    # its exit on. So this is called before they are told, which the public `atexit` is too late for.
    import concurrent.futures.thread  # noqa: F401  # it registers first, so that it is called last

    register: Callable[[Callable[[], None]], object] = getattr(threading, "_register_atexit", atexit.register)
    # While the interpreter ends it registers nothing more.
    with suppress(RuntimeError):
        register(_close_all)


def _close_all() -> None:
    for dock in list(_DOCKS):
        # Ctrl-C during the wait has cancelled the jobs; there is no more to do than to end.
        with suppress(KeyboardInterrupt):
            dock.close()


def _abandon_all() -> None:
    for dock in list(_DOCKS):
        dock.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
