"""Draws from exact distributions: counts of many shots at once, and their order where memory is asked for.

A distribution is drawn from as whole numbers of steps of 2^-40, which add up to 2^40 exactly. All arithmetic
before a draw then is exact, so what is drawn does not depend on the last bit of an amplitude, nor on the order
in which a sum was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from qdock.streams import ROOT_PATH, SHOTS_PER_BLOCK, child_path, round_probabilities
from qdock_basic.drawing.sums import Words, counted, counted_rows
from qdock_basic.states.kernels import Array

__all__ = [
    "MEMORY_PATH",
    "STEPS",
    "Ints",
    "Lookup",
    "blocks_of",
    "counts_of_each",
    "counts_of_few",
    "draw_choices",
    "draw_counts",
    "draw_order",
    "share_of_one",
    "steps_of",
    "visits_choices",
    "visits_outcomes",
]

Ints = npt.NDArray[np.int64]

#: What the steps of a distribution add up to.
STEPS = 1 << 40
#: The streams that put a block's shots in order; branches go by outcomes 0 and 1.
MEMORY_PATH = child_path(ROOT_PATH, 2)

# From so many shots an outcome on, fair bits are drawn outcome by outcome, which takes ten times as long as for a shot.
_SHOTS_PER_OUTCOME = 10
# Up to so many outcomes a shot every outcome is visited; beyond, every shot is looked up.
_OUTCOMES_PER_SHOT = 4
_ROW = 1024
_ROWS_AT_ONCE = 256


def blocks_of(shots: int) -> tuple[int, ...]:
    """Return how many shots each block has: all but the last one are full."""
    full, rest = divmod(shots, SHOTS_PER_BLOCK)
    return (SHOTS_PER_BLOCK,) * full + ((rest,) if rest else ())


def steps_of(probabilities: npt.NDArray[np.float64]) -> Ints:
    """Return distributions in steps of 2^-40.

    Parameters
    ----------
    probabilities : (..., k) float64 array
        Not negative, each with a positive sum; normalised here.

    Returns
    -------
    (..., k) int64 array
        Each adds up to `STEPS`. What rounding leaves over goes to the likeliest outcome.
    """
    tables = probabilities.reshape(-1, probabilities.shape[-1])
    steps = (round_probabilities(tables / tables.sum(axis=1, keepdims=True)) * STEPS).astype(np.int64)
    steps[np.arange(len(steps)), steps.argmax(axis=1)] += STEPS - steps.sum(axis=1)
    return steps.reshape(probabilities.shape)


def share_of_one(zero: float, one: float) -> int:
    """Return the steps of outcome 1 of two whose probabilities are as `zero` to `one`."""
    return round(one / (zero + one) * STEPS)


def visits_outcomes(num_bits: int, shots: int) -> bool:
    """Whether so many shots of so many bits are drawn outcome by outcome; else every shot is looked up."""
    return 1 << num_bits <= _OUTCOMES_PER_SHOT * shots


def draw_counts(steps: Ints, shots: int, generator: Generator) -> tuple[Ints, Ints]:
    """Draw independent shots, outcome by outcome.

    Parameters
    ----------
    steps : (k,) int64 array
        From `steps_of`.
    shots : int
        How many.
    generator : numpy.random.Generator
        Used for this draw only.

    Returns
    -------
    (m,) int64 array
        Outcomes that were seen, ascending.
    (m,) int64 array
        How often.
    """
    possible = np.flatnonzero(steps)
    counts = generator.multinomial(shots, steps[possible] / STEPS)
    seen = counts > 0
    return possible[seen], counts[seen]


def counts_of_few(weights: Sequence[float], shots: int, generator: Generator) -> list[int]:
    """Return how often `draw_counts` would see each of a few outcomes: numpy takes longer to begin than this does."""
    total = sum(weights)
    steps = [round(weight / total * STEPS) for weight in weights]
    steps[steps.index(max(steps))] += STEPS - sum(steps)
    counts: list[int] = generator.multinomial(shots, [step / STEPS for step in steps]).tolist()
    return counts


def counts_of_each(steps: Ints, shots: int, generators: Iterable[Generator], counts: Ints) -> None:
    """Draw independent shots of many distributions, outcome by outcome.

    Parameters
    ----------
    steps : (m, k) int64 array
        From `steps_of`.
    shots : int
        Of each.
    generators : iterable of m numpy.random.Generator
        Each is used for one draw, before the next one is asked for: with it `draw_counts` would draw the same.
    counts : (m, k) int64 array
        Overwritten: how often each outcome was seen.
    """
    # What is impossible takes no draw, or one that the stream is not used after.
    for row, table, generator in zip(counts, steps / STEPS, generators, strict=True):
        row[:] = generator.multinomial(shots, table)


def visits_choices(num_bits: int, shots: int) -> bool:
    """Whether so many shots of so many fair bits are drawn outcome by outcome; else every shot is."""
    return not num_bits or shots >> num_bits >= _SHOTS_PER_OUTCOME


def draw_choices(num_bits: int, shots: int, generator: Generator) -> tuple[Words, Ints]:
    """Draw fair bits.

    Returns
    -------
    (m, ceil(num_bits / 64)) uint64 array
        What was drawn, ascending as numbers.
    (m,) int64 array
        How often.
    """
    if visits_choices(num_bits, shots):
        counts = generator.multinomial(shots, np.full(1 << num_bits, 0.5**num_bits))
        seen = np.flatnonzero(counts)
        return seen.astype(np.uint64).reshape(-1, 1), counts[seen]
    words = generator.bit_generator.random_raw((shots, (num_bits + 63) // 64))
    words[:, -1] >>= np.uint64(-num_bits % 64)
    return counted_rows(words, num_bits)


class Lookup:
    """Draws from a state of many more amplitudes than there are shots: each is looked up.

    A row of amplitudes is drawn by what they add up to, then one within it, so that only rows that are hit are
    looked into. Both are drawn from whole numbers of steps.

    Parameters
    ----------
    state : (2^n,) complex array
    row_sums : callable
        A state and a width to the sums of the squared magnitudes of every so many amplitudes.
    """

    def __init__(self, state: Array, row_sums: Callable[[Array, int], npt.NDArray[np.float64]]) -> None:
        self._rows = state.reshape(-1, min(_ROW, len(state)))
        self._ends = np.cumsum(steps_of(row_sums(state, self._rows.shape[1])))

    def draw(self, shots: int, generator: Generator) -> tuple[Ints, Ints]:
        """Return as `draw_counts` does, for indices of amplitudes."""
        rows = np.searchsorted(self._ends, np.sort(generator.integers(0, STEPS, shots)), side="right")
        hit, counts = counted(rows)
        ends = np.cumsum(counts)
        inside = generator.integers(0, STEPS, shots)
        found = []
        for start in range(0, len(hit), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            draws = inside[ends[start] - counts[start] : ends[part][-1]]
            found.append(self._look_up(hit[part], counts[part], draws))
        return counted(np.concatenate(found))

    def _look_up(self, hit: Ints, counts: Ints, draws: Ints) -> Ints:
        """Return the indices that draws find in rows, of each row as many as `counts` says, ascending."""
        ends = np.cumsum(_steps_of_rows(self._rows[hit]), axis=1)
        # Each row is moved to a range of its own, so that one search serves all of them.
        ends += np.arange(len(hit))[:, None] * STEPS
        which = np.repeat(np.arange(len(hit)), counts)
        places = np.searchsorted(ends.reshape(-1), np.sort(draws + which * STEPS), side="right")
        return places + (hit[which] - which) * self._rows.shape[1]


def _steps_of_rows(rows: Array) -> Ints:
    """Return the distribution within each row in steps."""
    tables = np.square(rows.real, dtype=np.float64)
    tables += np.square(rows.imag, dtype=np.float64)
    return steps_of(tables)


def draw_order(outcomes: Ints, counts: Ints, generator: Generator) -> Ints:
    """Put the shots of a block in an order.

    Parameters
    ----------
    outcomes, counts : (m,) int64 arrays
        What was seen, in a fixed order, and how often.
    generator : numpy.random.Generator
        Used for this order only.

    Returns
    -------
    (counts.sum(),) int64 array
        The outcome of every shot. Shots are exchangeable, so any order is as likely as any other.
    """
    return generator.permutation(np.repeat(outcomes, counts))
