"""Draws from exact distributions: counts of many shots at once, and their order where memory is asked for.

A distribution is drawn from as whole numbers of steps of 2^-40, which add up to 2^40 exactly. All arithmetic
before a draw then is exact, so what is drawn does not depend on the last bit of an amplitude, nor on the order
in which a sum was taken.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from qdock.streams import ROOT_PATH, SHOTS_PER_BLOCK, child_path, round_probabilities

__all__ = ["MEMORY_PATH", "STEPS", "blocks_of", "draw_counts", "draw_order", "share_of_one", "steps_of"]

Ints = npt.NDArray[np.int64]

#: What the steps of a distribution add up to.
STEPS = 1 << 40
#: The streams that put a block's shots in order; branches go by outcomes 0 and 1.
MEMORY_PATH = child_path(ROOT_PATH, 2)

# Up to so many outcomes a shot every outcome is visited; beyond, every shot is looked up.
_OUTCOMES_PER_SHOT = 4
_ROW = 1024


def blocks_of(shots: int) -> tuple[int, ...]:
    """Return how many shots each block has: all but the last one are full."""
    full, rest = divmod(shots, SHOTS_PER_BLOCK)
    return (SHOTS_PER_BLOCK,) * full + ((rest,) if rest else ())


def steps_of(probabilities: npt.NDArray[np.float64]) -> Ints:
    """Return a distribution in steps of 2^-40.

    Parameters
    ----------
    probabilities : (k,) float64 array
        Not negative, with a positive sum; normalised here.

    Returns
    -------
    (k,) int64 array
        Adds up to `STEPS`. What rounding leaves over goes to the likeliest outcome.
    """
    steps = (round_probabilities(probabilities / probabilities.sum()) * STEPS).astype(np.int64)
    steps[steps.argmax()] += STEPS - int(steps.sum())
    return steps


def share_of_one(zero: float, one: float) -> int:
    """Return the steps of outcome 1 of two whose probabilities are as `zero` to `one`."""
    return round(one / (zero + one) * STEPS)


def draw_counts(steps: Ints, shots: int, generator: Generator) -> tuple[Ints, Ints]:
    """Draw independent shots.

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
    many = len(steps) <= _OUTCOMES_PER_SHOT * shots
    return (_visit_outcomes if many else _look_up_shots)(steps, shots, generator)


def _visit_outcomes(steps: Ints, shots: int, generator: Generator) -> tuple[Ints, Ints]:
    possible = np.flatnonzero(steps)
    counts = generator.multinomial(shots, steps[possible] / STEPS)
    seen = counts > 0
    return possible[seen], counts[seen]


def _look_up_shots(steps: Ints, shots: int, generator: Generator) -> tuple[Ints, Ints]:
    """Find each shot in the sums of rows of outcomes first, then within its row."""
    draws = np.sort(generator.integers(0, STEPS, shots))
    width = min(_ROW, len(steps))
    rows = steps.reshape(-1, width)
    ends = np.cumsum(rows.sum(axis=1))
    row = np.searchsorted(ends, draws, side="right")
    hit, which = np.unique(row, return_inverse=True)
    inside = np.cumsum(rows[hit], axis=1)
    draws -= (ends[hit] - inside[:, -1])[which]
    # Each hit row is moved to a range of its own, so that one search serves all of them.
    inside += np.arange(len(hit))[:, None] * STEPS
    draws += which * STEPS
    place = np.searchsorted(inside.reshape(-1), draws, side="right")
    outcomes, counts = np.unique(row * width + place - which * width, return_counts=True)
    return outcomes, counts


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
