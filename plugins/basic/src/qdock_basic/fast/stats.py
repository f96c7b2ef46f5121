"""What a run of the engine tells about itself, and what it asks its caller now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Looker", "Stats", "together"]


class Stats(NamedTuple):
    """How a run went.

    Attributes
    ----------
    passes : int
        How often the whole state was read and written; 1 for a state in cache.
    threads : int
        How many threads there were to share the work.
    seconds_plan, seconds_run : float
        Spent on merging and ordering gates, and on running them. In cache both happen in one call, which counts
        as running.
    """

    passes: int
    threads: int
    seconds_plan: float
    seconds_run: float


class Looker(Protocol):
    """What is asked between passes: see `qdock_basic.watch.Watch`."""

    def is_due(self) -> bool:
        """Whether it is time to look."""

    def look(self, fraction: float) -> None:
        """Say how far the run is; raise if it shall stop."""


def together(stats: Sequence[Stats]) -> Stats:
    """Return the statistics of several runs one after the other."""
    columns = list(zip(*stats, strict=True)) or [(0,), (1,), (0.0,), (0.0,)]
    return Stats(sum(columns[0]), max(columns[1]), sum(columns[2]), sum(columns[3]))
