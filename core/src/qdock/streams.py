"""Randomness: counter-based streams, so that what is drawn does not depend on how the work was split.

A stream is keyed by the job's seed and the circuit's number; its place is given by a block of shots and,
where a measurement splits a run into branches, by the path of outcomes that led there.
"""

from __future__ import annotations

import os
from typing import Any, Final

import numpy as np
from numpy.random import Generator, Philox

from qdock.errors import OptionError

__all__ = [
    "ROOT_PATH",
    "SHOTS_PER_BLOCK",
    "Streams",
    "check_seed",
    "child_path",
    "draw_seed",
    "round_probabilities",
    "stream",
]

#: The path of a run that no measurement has split yet.
ROOT_PATH: Final = 0
#: Shots that share one stream; a job of more takes one stream a block.
SHOTS_PER_BLOCK: Final = 1 << 20

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_PROBABILITY_STEPS = float(1 << 40)


def stream(seed: int, circuit: int = 0, block: int = 0, path: int = ROOT_PATH) -> Generator:
    """Return the generator of one circuit, block of shots and branch.

    Parameters
    ----------
    seed : int
        The job's seed, ``0 <= seed < 2**64``.
    circuit : int
        Number of the circuit in its job.
    block : int
        Number of the block of `SHOTS_PER_BLOCK` shots.
    path : int
        The branch: `ROOT_PATH`, or what `child_path` made of its parent's.

    Returns
    -------
    numpy.random.Generator
        The same draws for the same four numbers, independent ones for any others. The lower half of the
        counter is the stream's own: it has ``2**128`` blocks of four words.

    References
    ----------
    Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC11 (Philox 4x64-10).
    """
    # From a list numpy would make floats where one word needs 64 bits and the next does not, and round them.
    key = np.array((seed, circuit), np.uint64)
    return Generator(Philox(key=key, counter=np.array((0, 0, path, block), np.uint64)))


#: Those that were given back, as many as were ever drawn from at once.
_SPARE: list[Streams] = []


class Streams:
    """The streams of one seed, by turns from one generator: for many short draws, each done before the next begins.

    Making a generator takes eight times as long as moving one.

    Parameters
    ----------
    seed : int
        The job's seed, ``0 <= seed < 2**64``.
    """

    def __init__(self, seed: int) -> None:
        self._generator = stream(seed)
        self._bits = self._generator.bit_generator
        # As it is before the first draw; the arrays in it say where a stream begins.
        self._state: Any = self._bits.state
        self._place = self._state["state"]

    @classmethod
    def borrow(cls, seed: int) -> Streams:
        """Return the streams of a seed, from a generator that was given back if there is one."""
        try:
            streams = _SPARE.pop()
        except IndexError:
            return cls(seed)
        streams._place["key"][0] = seed
        return streams

    def give_back(self) -> None:
        """Let somebody else have the generator: nobody draws from these streams any more."""
        _SPARE.append(self)

    def at(self, circuit: int = 0, block: int = 0, path: int = ROOT_PATH) -> Generator:
        """Return the generator at the beginning of a stream; it draws what that of `stream` does, until it is moved."""
        self._place["key"][1] = circuit
        counter = self._place["counter"]
        counter[2], counter[3] = path, block
        self._bits.state = self._state
        return self._generator


def child_path(path: int, outcome: int) -> int:
    """Return the path of the branch that `outcome`, a number of up to 64 bits, opens on `path`.

    References
    ----------
    Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014 (splitmix64).
    """
    mixed = (path + _GOLDEN * (outcome + 1)) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


def round_probabilities(probabilities: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Round to multiples of ``2**-40``, so that the last bit of an amplitude changes no draw.

    Parameters
    ----------
    probabilities : array_like of float64
        Any shape.

    Returns
    -------
    float64 array of the same shape
        A new array. Sums of it are exact while they stay below ``2**13``, in whatever order they are taken; they
        need not be one.
    """
    steps: np.ndarray[Any, np.dtype[np.float64]] = np.multiply(probabilities, _PROBABILITY_STEPS, dtype=np.float64)
    np.rint(steps, out=steps)
    steps *= 1.0 / _PROBABILITY_STEPS
    return steps


def check_seed(seed: Any) -> int:
    """Return `seed` as an `int`, or raise `OptionError` if it is no whole number from 0 to ``2**64 - 1``."""
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise OptionError(f"`seed` is a whole number, but {seed!r} of type {type(seed).__name__} was given.")
    value = int(seed.__index__())
    if not 0 <= value <= _MASK:
        raise OptionError(f"`seed` must be from 0 to 2**64 - 1, but is {value}.")
    return value


def draw_seed() -> int:
    """Return a seed of 63 random bits: it fits a signed integer of any database."""
    return int.from_bytes(os.urandom(8), "little") >> 1
