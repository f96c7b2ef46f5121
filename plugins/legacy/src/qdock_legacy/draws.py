"""The historical random draws, bit for bit: one double a measurement, or one a shot where a final state is sampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_legacy.errors import error_at

__all__ = ["GENERATORS", "Drawn", "check_seed", "draws", "uniform"]

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
        self._order = values.argsort(kind="stable")
        self._sorted = values[self._order]

    def counts(self, probabilities: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
        """Return each outcome that is found and how often, the first one found first."""
        # Draws below the sum of the first probabilities find one of the first outcomes.
        ends = self._sorted.searchsorted(_sums(probabilities), side="left")
        numbers = np.diff(ends, prepend=0)
        seen = numbers.nonzero()[0]
        first = np.minimum.reduceat(self._order, (ends - numbers)[seen])
        order = first.argsort()
        return list(zip(seen[order].tolist(), numbers[seen[order]].tolist(), strict=True))

    def outcomes(self, probabilities: npt.NDArray[np.float64]) -> list[int]:
        """Return the outcome that each draw finds."""
        found: list[int] = _sums(probabilities).searchsorted(self._values, side="right").tolist()
        return found


def _sums(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums = probabilities.cumsum()
    sums /= sums[-1]
    return sums
