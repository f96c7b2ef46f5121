"""Arrays of bits, 64 a word, by compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from qdock_basic.fast.machine.jit import inner

__all__ = ["add_row", "count_bits", "parity", "top_bit", "transposed"]

_LOWER_HALF = np.uint64(0xFFFFFFFF)


@inner
def transposed(bits: Any, num_rows: int) -> Any:
    """Return the columns of a (n, words) array of bits as rows, so many of them.

    Parameters
    ----------
    bits : (n, words) uint64 array
        Word 0 has the first 64 columns, the least significant bit the first of these.
    num_rows : int
        At most 64 times the words.

    Returns
    -------
    (num_rows, ceil(n / 64)) uint64 array
    """
    num_words = (len(bits) + 63) // 64
    found = np.empty((num_rows, num_words), np.uint64)
    block = np.empty(64, np.uint64)
    for word in range(num_words):
        rows = min(64, len(bits) - 64 * word)
        for column in range((num_rows + 63) // 64):
            for row in range(rows):
                block[row] = bits[64 * word + row, column]
            block[rows:] = 0
            _transpose(block)
            for row in range(min(64, num_rows - 64 * column)):
                found[64 * column + row, word] = block[row]
    return found


@inner
def _transpose(block: Any) -> None:
    """Exchange rows and columns of 64 words: quarters of it, then quarters of these, down to bits."""
    size, mask = 32, _LOWER_HALF
    while size:
        row = 0
        while row < 64:
            moved = (block[row] >> np.uint64(size) ^ block[row + size]) & mask
            block[row] ^= moved << np.uint64(size)
            block[row + size] ^= moved
            row = (row | size) + 1 & ~size
        size >>= 1
        mask ^= mask << np.uint64(size)


@inner
def add_row(rows: Any, row: int, others: Any, other: int) -> None:
    """Add a row of bits to another, modulo 2."""
    for word in range(rows.shape[1]):
        rows[row, word] ^= others[other, word]


# --- words


def _instruction(name: str, *more: Any) -> Any:
    """Return a function of a uint64 that is one instruction of LLVM's."""

    def codegen(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return getattr(builder, name)(arguments[0], *more)

    @intrinsic
    def function(typingctx: Any, word: Any) -> Any:
        return types.int64(types.uint64), codegen

    return function


_leading_zeros = _instruction("ctlz", ir.Constant(ir.IntType(1), 0))
#: How many bits of a word are 1.
count_bits = _instruction("ctpop")


@inner
def top_bit(word: Any) -> int:
    """Return the place of the uppermost bit of a word that is not 0."""
    return 63 - _leading_zeros(word)


@inner
def parity(word: Any) -> int:
    """Return whether an odd number of bits of a word are 1."""
    return count_bits(word) & 1
