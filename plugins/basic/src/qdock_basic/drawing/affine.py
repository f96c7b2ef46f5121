"""Outcomes that are equally likely: those of a Clifford circuit, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["AffineSpace", "Words", "as_words", "num_words", "reduced_space"]

Words = npt.NDArray[np.uint64]

# So many rows are added at a time: all their sums are tabulated, and a byte of the choices says which one it is.
_TOGETHER = 8


class AffineSpace(NamedTuple):
    """A reference plus the sum of any of some independent rows, in the one form that such a set has.

    Each row is greater than the one before, and the uppermost bit of a row is in no other row nor in the reference.
    So a choice of rows, read as a number, is greater than another where its outcome is.

    Attributes
    ----------
    reference : (words,) uint64 array
        64 clbits a word, word 0 the least significant; bit i is clbit i of those that results show.
    rows : (k, words) uint64 array
    """

    reference: Words
    rows: Words

    def outcomes(self, choices: Words) -> Words:
        """Return the outcomes that choices of rows make.

        Parameters
        ----------
        choices : (m, ceil(k / 64)) uint64 array
            Bit i says whether row i is added; bits beyond are 0.

        Returns
        -------
        (m, words) uint64 array
        """
        found = np.repeat(self.reference[None, :], len(choices), axis=0)
        for place in range(0, len(self.rows), _TOGETHER):
            byte = (choices[:, place // 64] >> np.uint64(place % 64)).astype(np.uint8)
            found ^= _all_sums(self.rows[place : place + _TOGETHER])[byte]
        return found


def _all_sums(rows: Words) -> Words:
    """Return the sums of every choice of up to eight rows."""
    sums = np.zeros((1 << len(rows), rows.shape[1]), np.uint64)
    for place, row in enumerate(rows):
        sums[1 << place : 2 << place] = sums[: 1 << place] ^ row
    return sums


# --- from Python integers, whose bits are clbits


def reduced_space(reference: int, rows: Iterable[int], num_bits: int) -> AffineSpace:
    """Return the space of a reference and of rows that need not be independent."""
    leading: dict[int, int] = {}
    for row in rows:
        while row and row.bit_length() in leading:
            row ^= leading[row.bit_length()]
        if row:
            leading[row.bit_length()] = row
    lower, tops = dict[int, int](), 0
    for top in sorted(leading):
        lower[top] = _without(leading[top], lower, tops)
        tops |= 1 << top - 1
    found = _without(reference, lower, tops)
    return AffineSpace(as_words([found], num_bits)[0], as_words(list(lower.values()), num_bits))


def _without(row: int, leading: dict[int, int], tops: int) -> int:
    """Add rows until none of their uppermost bits, `tops`, is left; each of these is in one of them only."""
    left = row & tops
    while left:
        top = left.bit_length()
        row, left = row ^ leading[top], left ^ 1 << top - 1
    return row


def num_words(num_bits: int) -> int:
    """Return how many words have so many bits."""
    return (num_bits + 63) // 64


def as_words(numbers: Sequence[int], num_bits: int) -> Words:
    """Return Python integers as rows of words."""
    size = 8 * num_words(num_bits)
    data = b"".join(number.to_bytes(size, "little") for number in numbers)
    return np.frombuffer(data, "<u8").astype(np.uint64).reshape(len(numbers), size // 8)
