"""Numbers added up by outcome, however many branches they come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Ints", "Sums", "Words", "added_up", "counted", "counted_rows", "distinct"]

#: ``(k, words)`` outcomes, 64 clbits a word, word 0 the least significant.
Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

# So many rows are kept as they come before those of one outcome are added up.
_ROWS = 1 << 16
# A table of all outcomes is made where it is not much larger than the rows that it takes in.
_OUTCOMES_A_ROW = 4


class Sums:
    """Numbers added up by outcome; they take as much memory as there are outcomes, not as many as were added.

    Parameters
    ----------
    num_clbits : int
        Of an outcome.
    dtype : type
        Of the numbers.
    """

    def __init__(self, num_clbits: int, dtype: type[Any]) -> None:
        self._num_clbits = num_clbits
        self._dtype = dtype
        self._parts: list[tuple[Words, npt.NDArray[Any]]] = []
        self._rows = 0
        self._most = _ROWS
        self._table: npt.NDArray[Any] | None = None

    def add(self, words: Words, values: npt.NDArray[Any]) -> None:
        """Add a number to each of some outcomes, which all differ."""
        self._parts.append((words, values))
        self._rows += len(words)
        if self._rows > self._most:
            self._merge()

    def finish(self) -> tuple[Words, npt.NDArray[Any]]:
        """Return the outcomes, ascending, and the sums; an outcome may be left out if its sum is zero."""
        self._merge()
        if self._table is not None:
            outcomes = np.flatnonzero(self._table)
            return outcomes.astype(np.uint64).reshape(-1, 1), self._table[outcomes]
        return self._parts[0]

    def _merge(self) -> None:
        if len(self._parts) == 1 and self._table is None:
            return
        # An outcome of no clbits has no word that could be a place in a table.
        if self._table is None and self._num_clbits and 1 << self._num_clbits <= _OUTCOMES_A_ROW * self._rows:
            self._table = np.zeros(1 << self._num_clbits, self._dtype)
        if self._table is None:
            self._merge_rows()
        else:
            for words, values in self._parts:
                self._table[words[:, 0].astype(np.intp)] += values
            self._parts = []
        self._rows = sum(len(words) for words, _ in self._parts)
        self._most = max(_ROWS, 2 * self._rows)

    def _merge_rows(self) -> None:
        words, place = distinct(np.concatenate([words for words, _ in self._parts]))
        total = np.zeros(len(words), self._dtype)
        np.add.at(total, place, np.concatenate([values for _, values in self._parts]))
        self._parts = [(words, total)]


def distinct(words: Words) -> tuple[Words, npt.NDArray[np.intp]]:
    """Return the different rows, ascending as numbers, and for each row given its place among them."""
    if words.shape[1] == 1:
        if (words[1:, 0] > words[:-1, 0]).all():
            return words, np.arange(len(words))
        values, place = np.unique(words[:, 0], return_inverse=True)
        return values.reshape(-1, 1), place.reshape(-1)
    if words.shape[1]:
        order = np.argsort(words[:, -1])
        rows = words[order]
        # Shots of many bits nearly always differ in their uppermost word, and nothing else needs to be compared.
        if (rows[1:, -1] > rows[:-1, -1]).all():
            place = np.empty(len(words), np.intp)
            place[order] = np.arange(len(words))
            return rows, place
    rows, place = np.unique(words[:, ::-1], axis=0, return_inverse=True)
    return np.ascontiguousarray(rows[:, ::-1]), place.reshape(-1)


def counted_rows(words: Words, num_bits: int) -> tuple[Words, Ints]:
    """Return the different rows of numbers of so many bits, ascending, and how often each is there."""
    if words.shape[1] == 1:
        # Short integers are sorted several times as fast as long ones.
        values, counts = counted(np.sort(words[:, 0].astype(np.min_scalar_type((1 << num_bits) - 1))))
        return values.astype(np.uint64).reshape(-1, 1), counts
    return added_up(words, np.ones(len(words), np.int64))


def counted(ascending: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Ints]:
    """Return the different values, of at least one, and how often each is there."""
    starts = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
    bounds = np.concatenate(([0], starts, [len(ascending)]))
    return ascending[bounds[:-1]], bounds[1:] - bounds[:-1]


def added_up(words: Words, counts: npt.NDArray[np.int64]) -> tuple[Words, npt.NDArray[np.int64]]:
    """Return the different rows, ascending, and the sum of the counts of each."""
    rows, place = distinct(words)
    total = np.zeros(len(rows), np.int64)
    np.add.at(total, place, counts)
    return rows, total
