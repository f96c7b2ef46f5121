"""Counts of many small circuits, drawn in compiled code as `qdock_basic.sampling.counts_of_each` draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic.fast.drawing.binomial import binomial
from qdock_basic.fast.drawing.streams import STREAM_SIZE, begin_stream
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pool import share, thread_count
from qdock_basic.fast.machine.vectors import add_to
from qdock_basic.sampling import STEPS

__all__ = ["draw_many"]

# So many circuits are claimed at a time.
_CLAIM = 16
_STEPS = float(STEPS)


def draw_many(
    steps: npt.NDArray[np.int64],
    shots: int,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    threads: int | None,
) -> None:
    """Draw independent shots of many distributions, each from the beginning of a stream of its own.

    Parameters
    ----------
    steps : (m, k) int64 array
        From `qdock_basic.sampling.steps_of`.
    shots : int
        Of each.
    keys : (m, 2) uint64 array
        Of the streams.
    counts : (m, k) int64 array
        Overwritten: how often each outcome was seen.
    threads : int, optional
    """
    claims = np.zeros(1, np.int64)

    def work() -> None:
        _draw_claimed(steps, shots, keys, claims, counts)

    share(work, max(1, min(thread_count(threads), len(steps) // _CLAIM)))


@compiled
def _draw_claimed(steps: Any, shots: int, keys: Any, claims: Any, counts: Any) -> None:
    stream = np.empty(STREAM_SIZE, np.uint64)
    while True:
        first = add_to(claims, _CLAIM)
        if first >= len(steps):
            break
        for row in range(first, min(first + _CLAIM, len(steps))):
            stream[0], stream[1] = keys[row, 0], keys[row, 1]
            begin_stream(stream, 0, 0)
            _draw(stream, shots, steps[row], counts[row])


@inner
def _draw(stream: Any, left: int, steps: Any, counts: Any) -> None:
    """Draw how many of the shots that are left see each outcome in turn, as numpy's multinomial does."""
    rest = 1.0
    counts[:] = 0
    for place in range(len(steps) - 1):
        chance = steps[place] / _STEPS
        counts[place] = binomial(stream, left, chance / rest)
        left -= counts[place]
        if left <= 0:
            return
        rest -= chance
    counts[len(steps) - 1] = left
