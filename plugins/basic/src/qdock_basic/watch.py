"""Looking up from the work every few milliseconds: whether to stop, and how far it is."""

from __future__ import annotations

from time import monotonic
from typing import Protocol

__all__ = ["Span", "Watch"]

_SECONDS_BETWEEN_LOOKS = 0.01


class Observer(Protocol):
    """What a `qdock.backend.Context` offers for this."""

    def check(self) -> None:
        """Raise if the work shall stop."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Say how far the work is."""


class Watch:
    """Asks now and then whether to stop, and says how much of the job is done.

    Parameters
    ----------
    context : Observer
        Is asked and told.
    index, total : int
        Number of the circuit that is run, and how many there are.
    """

    __slots__ = ("_context", "_due", "_index", "_total")

    def __init__(self, context: Observer, index: int = 0, total: int = 1) -> None:
        self._context = context
        self._index = index
        self._total = total
        self._due = monotonic() + _SECONDS_BETWEEN_LOOKS

    def is_due(self) -> bool:
        """Whether it is time to look."""
        return monotonic() >= self._due

    def look(self, fraction: float) -> None:
        """Stop if asked to; say that this part of the circuit's run is done."""
        self._context.check()
        self._context.progress((self._index + fraction) / self._total, f"circuit {self._index + 1} of {self._total}")
        self._due = monotonic() + _SECONDS_BETWEEN_LOOKS


class Span:
    """A part of what is watched: its own progress from 0 to 1 is from `begin` to `end` of the whole.

    Parameters
    ----------
    watch : Watch
    begin, end : float
    """

    __slots__ = ("_begin", "_end", "_watch")

    def __init__(self, watch: Watch, begin: float, end: float) -> None:
        self._watch, self._begin, self._end = watch, begin, end

    def is_due(self) -> bool:
        """See `Watch`."""
        return self._watch.is_due()

    def look(self, fraction: float) -> None:
        """See `Watch`."""
        self._watch.look(self._begin + fraction * (self._end - self._begin))
