"""The historical random draws, bit for bit: one double a measurement, or one a shot where a final state is sampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_legacy.errors import QobjError

__all__ = ["GENERATORS", "check_seed", "draws", "sample", "uniform"]

#: The generators there were: BasicAer had the first, BasicSimulator the second.
GENERATORS = ("RandomState", "default_rng")
_MOST = {"RandomState": 2**32 - 1, "default_rng": 2**128 - 1}
_CHUNK = 4096


def check_seed(seed: int, generator: str, path: str) -> int:
    """Return a seed, or raise `QobjError` if the generator does not take it."""
    if not 0 <= seed <= _MOST[generator]:
        raise QobjError(f"{path}: {seed} was given; allowed seeds of {generator} are 0 to {_MOST[generator]}.", path)
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


def sample(probabilities: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the outcome that each draw stands for, as ``choice(range(k), p=probabilities)`` finds it."""
    sums = probabilities.cumsum()
    sums /= sums[-1]
    return sums.searchsorted(values, side="right")
