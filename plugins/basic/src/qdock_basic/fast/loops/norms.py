"""Squared norms of parts of a state in cache; eight sums side by side, so that none waits for the one before."""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.machine.jit import inner

__all__ = ["norm_of", "square_at", "weights_of"]

_SIDE = 8


@inner
def square_at(re: Any, im: Any, index: int) -> float:
    """Return the squared magnitude of an amplitude, in double precision; `re` and `im` are pointers."""
    x, y = np.float64(re[index]), np.float64(im[index])
    return x * x + y * y


@inner
def _sums(re: Any, im: Any, begin: int, end: int) -> tuple[float, float, float, float, float, float, float, float]:
    """Return eight sums, each of every eighth amplitude; their number is a multiple of eight."""
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for index in range(begin, end, _SIDE):
        a += square_at(re, im, index)
        b += square_at(re, im, index + 1)
        c += square_at(re, im, index + 2)
        d += square_at(re, im, index + 3)
        e += square_at(re, im, index + 4)
        f += square_at(re, im, index + 5)
        g += square_at(re, im, index + 6)
        h += square_at(re, im, index + 7)
    return a, b, c, d, e, f, g, h


@inner
def norm_of(re: Any, im: Any, begin: int, end: int) -> float:
    """Return the squared norm of the amplitudes from `begin` up to `end`, a power of two of them."""
    if end - begin >= _SIDE:
        a, b, c, d, e, f, g, h = _sums(re, im, begin, end)
        return ((a + b) + (c + d)) + ((e + f) + (g + h))
    total = 0.0
    for index in range(begin, end):
        total += square_at(re, im, index)
    return total


@inner
def weights_of(re: Any, im: Any, size: int, half: int) -> tuple[float, float]:
    """Return the squared norms of the parts of a state in which a qubit, whose index bit is `half`, is 0 and 1."""
    if half < _SIDE <= size:
        a, b, c, d, e, f, g, h = _sums(re, im, 0, size)
        if half == 1:
            return (a + c) + (e + g), (b + d) + (f + h)
        if half == 2:
            return (a + b) + (e + f), (c + d) + (g + h)
        return (a + b) + (c + d), (e + f) + (g + h)
    zero, one = 0.0, 0.0
    for start in range(0, size, 2 * half):
        zero += norm_of(re, im, start, start + half)
        one += norm_of(re, im, start + half, start + 2 * half)
    return zero, one
