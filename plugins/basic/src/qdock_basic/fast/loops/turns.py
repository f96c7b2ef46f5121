"""Cosines and sines of many angles at once, as loops without branches that the compiler makes vectors of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qdock_basic.fast.machine.jit import inner

__all__ = ["MOST_EXACT", "cos_sin"]

#: Up to here a multiple of the parts of pi / 2 is exact; larger angles are left to the library, one by one.
MOST_EXACT = 1e6

# pi / 2 as a sum: the first two have 33 bits, so that their products with whole numbers of 20 bits are exact.
_FIRST, _SECOND, _THIRD = 1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21
_QUARTERS = 2 / math.pi


@inner
def cos_sin(angles: Any, count: int, cos: Any, sin: Any) -> None:
    """Write the cosine and the sine of each angle in radians; all are pointers to float64."""
    for place in range(count):
        angle = angles[place]
        quarter = np.rint(angle * _QUARTERS)
        rest = ((angle - quarter * _FIRST) - quarter * _SECOND) - quarter * _THIRD
        near, far = _cos(rest), _sin(rest)
        # In which of the four quarters of a turn: odd ones exchange the two, half of them change a sign.
        half = np.floor(quarter * 0.5)
        is_odd, is_late = quarter != 2.0 * half, half != 2.0 * np.floor(half * 0.5)
        x, y = (far, near) if is_odd else (near, far)
        cos[place] = -x if is_odd != is_late else x
        sin[place] = -y if is_late else y
    for place in range(count):
        if abs(angles[place]) > MOST_EXACT:
            cos[place], sin[place] = math.cos(angles[place]), math.sin(angles[place])


# Taylor's series: up to pi / 4 what is left out is below the rounding.


@inner
def _sin(x: float) -> float:
    z = x * x
    rest = 1 / 6227020800 - z * (1 / 1307674368000)
    rest = 1 / 362880 - z * (1 / 39916800 - z * rest)
    return x - x * z * (1 / 6 - z * (1 / 120 - z * (1 / 5040 - z * rest)))


@inner
def _cos(x: float) -> float:
    z = x * x
    rest = 1 / 479001600 - z * (1 / 87178291200 - z * (1 / 20922789888000))
    rest = 1 / 40320 - z * (1 / 3628800 - z * rest)
    return 1.0 - z * (0.5 - z * (1 / 24 - z * (1 / 720 - z * rest)))
