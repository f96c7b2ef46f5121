"""Whether counts can have come from a distribution, at a stated rate of false alarms.

Not Pearson's chi-square: where an outcome is expected less than a few times its tails are nothing like the table's,
and at one false alarm in a billion only the tails matter. Chernoff's bound holds for any number of shots.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["FALSE_ALARMS", "difference", "far_from", "total_variation"]

#: The probability that a right backend fails anything in a whole run. Seeds are fixed, so a run repeats itself.
FALSE_ALARMS = 1e-9
#: More comparisons than a run makes; each may give a false alarm with `FALSE_ALARMS` divided by it.
COMPARISONS = 2000
_EACH = FALSE_ALARMS / COMPARISONS
#: What is expected less often than that is impossible but for rounding.
_NEVER = 1e-20

Floats = NDArray[np.float64]


def total_variation(first: Floats, second: Floats) -> float:
    """Return the distance of two distributions: the largest difference in the probability of any event."""
    return float(np.abs(first - second).sum() / 2)


def difference(counts: NDArray[np.int64], expected: Floats) -> int | None:
    """Return the outcome whose count is least likely if the counts can't have come from `expected`, else None.

    References
    ----------
    Hoeffding, *Probability inequalities for sums of bounded random variables*, 1963, theorem 1, with Bonferroni's
    correction over the outcomes and both tails.
    """
    shots = int(counts.sum())
    if not shots:
        return None
    seen = counts / shots
    likely, other = np.clip(expected, _NEVER, 1), np.clip(1 - expected, _NEVER, 1)
    surprise = shots * (_part(seen, likely) + _part(1 - seen, other))
    worst = int(np.argmax(surprise))
    return worst if surprise[worst] > math.log(2 * len(counts) / _EACH) else None


def _part(seen: Floats, likely: Floats) -> Floats:
    """Return ``seen * log(seen / likely)``, 0 where nothing was seen."""
    return seen * np.log(np.where(seen > 0, seen, 1) / np.where(seen > 0, likely, 1))


def far_from(counts: NDArray[np.int64], expected: Floats, distance: float) -> float | None:
    """Return the total variation of counts from `expected` if it shows more than `distance`, else None.

    The distance of n counts over k outcomes from their own distribution is at most ``sqrt(k / n) / 2`` on average, and
    more than that by t with a probability of at most ``exp(-2 n t**2)`` (McDiarmid 1989).
    """
    shots = int(counts.sum())
    if not shots:
        return None
    seen = total_variation(counts / shots, expected)
    slack = math.sqrt(len(counts) / shots) / 2 + math.sqrt(math.log(1 / _EACH) / (2 * shots))
    return seen if seen > distance + slack else None
