"""Fair bits, drawn in compiled code as `qdock_basic.drawing.sampling.draw_choices` draws and orders them."""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.drawing.streams import STREAM_SIZE, begin_stream, next_word
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import hold, pointer

__all__ = ["MOST_BITS", "draw_fair"]

#: A draw is a word of the stream, without the bits that are too many.
MOST_BITS = 64
# Draws are sorted by so many bits at a time.
_DIGIT, _VALUES = 8, 256


@compiled
def draw_fair(key: Any, block: int, num_bits: int, shots: int) -> tuple[Any, Any]:
    """Draw fair bits from the beginning of a stream.

    Parameters
    ----------
    key : (2,) uint64 array
        Of the stream.
    block : int
        Number of the block of shots.
    num_bits : int
        Of each shot, from 1 to `MOST_BITS`.
    shots : int

    Returns
    -------
    (m, 1) uint64 array
        What was drawn, ascending.
    (m,) int64 array
        How often.
    """
    room = np.empty(STREAM_SIZE, np.uint64)
    room[0], room[1] = key[0], key[1]
    stream, surplus = pointer(room), np.uint64(MOST_BITS - num_bits)
    begin_stream(stream, block, 0)
    drawn = np.empty(shots, np.uint64)
    for shot in range(shots):
        drawn[shot] = next_word(stream) >> surplus
    hold(room)
    return _counted(_sorted(drawn, num_bits))


@inner
def _sorted(numbers: Any, num_bits: int) -> Any:
    """Return numbers of so many bits ascending, by digits from the last one on; they are overwritten."""
    others, ends = np.empty_like(numbers), np.empty(_VALUES, np.int64)
    for low in range(0, num_bits, _DIGIT):
        ends[:] = 0
        for number in numbers:
            ends[_digit(number, low)] += 1
        for value in range(1, _VALUES):
            ends[value] += ends[value - 1]
        for place in range(len(numbers) - 1, -1, -1):
            digit = _digit(numbers[place], low)
            ends[digit] -= 1
            others[ends[digit]] = numbers[place]
        numbers, others = others, numbers
    return numbers


@inner
def _digit(number: Any, low: int) -> Any:
    return np.int64(number >> np.uint64(low) & np.uint64(_VALUES - 1))


@inner
def _counted(ascending: Any) -> tuple[Any, Any]:
    """Return the different numbers, of at least one, and how often each is there; they are overwritten."""
    counts, last = np.ones(len(ascending), np.int64), 0
    for place in range(1, len(ascending)):
        if ascending[place] == ascending[last]:
            counts[last] += 1
        else:
            last += 1
            ascending[last] = ascending[place]
    return ascending[: last + 1].reshape(-1, 1), counts[: last + 1]
