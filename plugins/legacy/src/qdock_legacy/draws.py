"""The historical random draws, bit for bit: one double a measurement, or one a shot where a final state is sampled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_legacy.errors import error_at

__all__ = ["GENERATORS", "Drawn", "check_seed", "draws", "uniform"]

Ints = npt.NDArray[np.int64]

#: The generators there were: BasicAer had the first, BasicSimulator the second.
GENERATORS = ("RandomState", "default_rng")
_MOST = {"RandomState": 2**32 - 1, "default_rng": 2**128 - 1}
_CHUNK = 4096


def check_seed(seed: int, generator: str, path: str) -> int:
    """Return a seed, or raise `QobjError` if the generator does not take it."""
    if not 0 <= seed <= _MOST[generator]:
        raise error_at(path, f"{seed} was given; allowed seeds of {generator} are 0 to {_MOST[generator]}.")
    return seed


def _make(generator: str, seed: int) -> Any:
    return np.random.RandomState(seed) if generator == "RandomState" else np.random.default_rng(seed)


def uniform(generator: str, seed: int, size: int) -> npt.NDArray[np.float64]:
    """Return the first draws from [0, 1) of a new generator, ``(size,)``."""
    made = _make(generator, seed)
    values: npt.NDArray[np.float64] = made.random_sample(size) if generator == "RandomState" else made.random(size)
    return values


def draws(generator: str, seed: int) -> Iterator[float]:
    """Yield the draws of a new generator one by one, without end."""
    made = _make(generator, seed)
    draw = made.random_sample if generator == "RandomState" else made.random
    size = 16
    while True:
        # Many draws at once are the same ones as one after the other.
        yield from draw(size).tolist()
        size = min(2 * size, _CHUNK)


class Drawn:
    """The draws of an experiment, each of which finds an outcome as ``choice(range(k), p=probabilities)`` does.

    Parameters
    ----------
    values : (shots,) array
        In [0, 1).
    """

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        self._values = values
        order = values.argsort(kind="stable")
        self._sorted = values[order]
        self._least = _least_of_ranges(order)

    @property
    def shots(self) -> int:
        """How many draws there are."""
        return len(self._values)

    def counts(self, tables: npt.NDArray[np.float64]) -> list[tuple[list[int], list[int]]]:
        """Return the outcomes that each row of ``(m, k)`` probabilities finds, the first one first, and how often."""
        # Draws below the sum of the first probabilities find one of the first outcomes.
        ends = self._sorted.searchsorted(_sums(tables), side="left")
        numbers = np.diff(ends, axis=1, prepend=0)
        rows, outcomes = numbers.nonzero()
        numbers, ends = numbers[rows, outcomes], ends[rows, outcomes]
        order = np.lexsort((self._first(ends - numbers, ends), rows))
        found, often = outcomes[order].tolist(), numbers[order].tolist()
        starts = rows.searchsorted(range(len(tables) + 1)).tolist()
        return [(found[begin:end], often[begin:end]) for begin, end in pairwise(starts)]

    def _first(self, begins: Ints, ends: Ints) -> Ints:
        """Return which of the draws in each range of the sorted ones came first."""
        # Two ranges of the greatest power of two that fits cover all of it.
        level = np.frexp(ends - begins)[1] - 1
        first: Ints = np.minimum(self._least[level, begins], self._least[level, ends - (1 << level)])
        return first

    def outcomes(self, probabilities: npt.NDArray[np.float64]) -> list[int]:
        """Return the outcome that each draw finds, of one row of probabilities."""
        found: list[int] = _sums(probabilities).searchsorted(self._values, side="right").tolist()
        return found


def _least_of_ranges(values: Ints) -> Ints:
    """Return the least of every 1, 2, 4, 8, ... neighbours, a row for each; the ends of rows are not filled."""
    least = np.empty((len(values).bit_length(), len(values)), dtype=np.int64)
    least[0] = values
    for level in range(1, len(least)):
        half = 1 << level - 1
        np.minimum(least[level - 1, :-half], least[level - 1, half:], out=least[level, :-half])
    return least


def _sums(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums = probabilities.cumsum(axis=-1)
    sums /= sums[..., -1:]
    return sums
