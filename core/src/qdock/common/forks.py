"""What a forked child makes anew: it has none of its parent's threads, and locks that nobody in it will release."""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["Renewed", "renew_in_children"]


class Renewed(Protocol):
    """Anything with locks, threads, or what else is its process's own."""

    def after_fork(self) -> None:
        """Begin anew in a forked child."""


_ALIVE: weakref.WeakSet[Renewed] = weakref.WeakSet()


def renew_in_children(thing: Renewed) -> None:
    """Have `after_fork` of an object called in every child that is forked off while there is the object."""
    _ALIVE.add(thing)


def _renew_all() -> None:
    for thing in list(_ALIVE):
        thing.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
