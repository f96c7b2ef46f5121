"""A pause of the garbage collector while very many objects are made at once, none of them garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking at the objects of a large file again and again while they are made.

    It halves the time that loading takes. Where several threads do it at once the first to leave lets it go on.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            _let_grow_old()
            gc.enable()


def _let_grow_old() -> None:
    """Move all objects to the oldest generation, or all the new ones would be looked at now.

    Unless somebody else keeps objects frozen: those must stay so.
    """
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
