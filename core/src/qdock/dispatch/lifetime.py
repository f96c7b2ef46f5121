"""The Docks of this process at the interpreter's exit, and in a forked child."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from qdock.common.forks import renew_in_children

if TYPE_CHECKING:
    from qdock.dock import Dock

__all__ = ["close_at_exit", "remember"]

_DOCKS: weakref.WeakSet[Dock] = weakref.WeakSet()
_registered = False


def remember(dock: Dock) -> None:
    """Note that there is a Dock."""
    _DOCKS.add(dock)
    renew_in_children(dock)


def close_at_exit() -> None:
    """See to it that the interpreter does not end before the jobs of the Docks have."""
    global _registered  # noqa: PLW0603  # once a process is enough
    if not _registered:
        _registered = True
        _register()


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
