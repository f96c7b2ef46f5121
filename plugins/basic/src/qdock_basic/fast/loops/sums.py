"""Squared amplitudes, and their sums over blocks, by all threads; the order of a sum does not depend on the threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic.fast.machine.jit import compiled
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.machine.vectors import add_to

__all__ = ["squares", "sums_of_blocks"]

# Amplitudes that a thread claims at a time; shorter states are not shared.
_PIECE = 1 << 16


@compiled
def _square(whole: Any, table: Any, claims: Any, piece: int) -> None:
    """Write squared absolute values, a piece at a time."""
    while True:
        start = add_to(claims, 1) * piece
        if start >= len(table):
            break
        for index in range(start, min(start + piece, len(table))):
            x, y = np.float64(whole[2 * index]), np.float64(whole[2 * index + 1])
            table[index] = x * x + y * y


@compiled
def _sum(whole: Any, width: int, sums: Any, claims: Any, blocks: int) -> None:
    """Write the squared norms of blocks, some at a time; neighbours add up apart, so that one need not wait."""
    while True:
        first = add_to(claims, 1) * blocks
        if first >= len(sums):
            break
        for block in range(first, min(first + blocks, len(sums))):
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for index in range(2 * block * width, 2 * (block + 1) * width - 3, 4):
                p, q = np.float64(whole[index]), np.float64(whole[index + 1])
                r, s = np.float64(whole[index + 2]), np.float64(whole[index + 3])
                a, b, c, d = a + p * p, b + q * q, c + r * r, d + s * s
            if width == 1:
                p, q = np.float64(whole[2 * block]), np.float64(whole[2 * block + 1])
                a, b = p * p, q * q
            sums[block] = (a + b) + (c + d)


def squares(whole: Any, threads: int) -> npt.NDArray[np.float64]:
    """Return the (2^n,) squared absolute values of amplitudes, given as real and imaginary parts by turns."""
    table = np.empty(len(whole) // 2)
    claims = np.zeros(1, dtype=np.int64)
    share(lambda: _square(whole, table, claims, _PIECE), min(threads, -(-len(table) // _PIECE)))
    return table


def sums_of_blocks(whole: Any, width: int, threads: int) -> npt.NDArray[np.float64]:
    """Return the (2^n / width,) sums of those over blocks of `width`, a power of two."""
    sums = np.empty(len(whole) // 2 // width)
    claims, blocks = np.zeros(1, dtype=np.int64), max(1, _PIECE // width)
    share(lambda: _sum(whole, width, sums, claims, blocks), min(threads, -(-len(sums) // blocks)))
    return sums
