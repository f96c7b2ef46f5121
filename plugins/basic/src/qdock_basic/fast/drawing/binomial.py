"""Binomial draws in compiled code: the same numbers from the same stream as numpy's generator draws.

numpy adds up probabilities where few successes are expected (inversion), and elsewhere throws away points under a
hat of a triangle, two parallelograms' sides and two tails (BTPE). Up to version 2.4 it takes a wrong sum of Stirling's
series there, which decides about one draw in some ten thousand. `like_numpy` says whether this numpy draws the same.

References
----------
Kachitvichyanukul and Schmeiser, *Binomial random variate generation*, Communications of the ACM 31 (1988).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from qdock.streams import Streams
from qdock_basic.drawing.sampling import STEPS
from qdock_basic.fast.drawing.streams import STREAM_SIZE, begin_stream, next_double
from qdock_basic.fast.machine.jit import compiled, inner

__all__ = ["binomial", "draw_binomials", "like_numpy", "multinomial"]

_STEPS = float(STEPS)
# Up to so many expected successes probabilities are added up.
_FEW = 30.0
# With so few expected no more successes are tried than these, by which numpy divides. To multiply takes a third of the
# time and differs in the last bits, so that of 10^14 draws or so one falls on the other side of a border.
_ONE_OVER = np.array([0.0, *(1 / found for found in range(1, 128))])
# A stream whose draw of this many tries tells one numpy from the other, and what the earlier one draws.
_KEY, _TELLING_PATH, _TELLING_TRIES, _TELLING_CHANCE, _EARLIER = (3, 5), 6950, 1000, 0.4, 422
_IS_EARLIER = Streams(_KEY[0]).at(_KEY[1], 0, _TELLING_PATH).binomial(_TELLING_TRIES, _TELLING_CHANCE) == _EARLIER
# The series' first coefficient, and the sign of its terms for the point that was drawn.
_FIRST, _SIGN = (13680.0, 1.0) if _IS_EARLIER else (13860.0, -1.0)
# So close to the middle, ratios of probabilities are multiplied up; farther away a bound mostly decides.
_NEAR = 20


@inner
def binomial(stream: Any, tries: int, chance: float) -> int:
    """Return how many of some tries succeed."""
    if tries == 0 or chance == 0.0:
        return 0
    rare = chance if chance <= 0.5 else 1.0 - chance
    found = _added_up(stream, tries, rare) if rare * tries <= _FEW else _thrown(stream, tries, rare)
    return found if chance <= 0.5 else tries - found


@inner
def multinomial(stream: Any, left: int, steps: Any, counts: Any) -> None:
    """Draw how many of the shots that are left see each outcome in turn.

    Parameters
    ----------
    stream : uint64 array
    left : int
    steps : (k,) int64 array
        As from `qdock_basic.drawing.sampling.steps_of`.
    counts : int64 array
        Its first k entries are overwritten.
    """
    counts[: len(steps)] = 0
    rest = 1.0
    for place in range(len(steps) - 1):
        chance = steps[place] / _STEPS
        counts[place] = binomial(stream, left, chance / rest)
        left -= counts[place]
        if left <= 0:
            return
        rest -= chance
    counts[len(steps) - 1] = left


@inner
def _added_up(stream: Any, tries: int, chance: float) -> int:
    """Go through the probabilities of 0, 1, 2 ... successes until they add up to a uniform draw."""
    other, mean = 1.0 - chance, tries * chance
    ratio, none = chance / other, math.exp(tries * math.log(other))
    bound = int(min(float(tries), mean + 10.0 * math.sqrt(mean * other + 1)))
    found, likely, draw = 0, none, next_double(stream)
    while draw > likely:
        found += 1
        if found > bound:
            found, likely, draw = 0, none, next_double(stream)
        else:
            draw -= likely
            likely *= (tries - found + 1) * ratio * _ONE_OVER[found]
    return found


class _Hat(NamedTuple):
    """The shape under which points are drawn: section 2 of the reference, with its letters."""

    p: float
    q: float
    mode: int
    centre: float
    left: float
    right: float
    height: float
    slope_left: float
    slope_right: float
    area_1: float
    area_2: float
    area_3: float
    area_4: float


@inner
def _hat(tries: int, p: float) -> _Hat:
    q = 1.0 - p
    middle = tries * p + p
    mode = math.floor(middle)
    area_1 = math.floor(2.195 * math.sqrt(tries * p * q) - 4.6 * q) + 0.5
    centre = mode + 0.5
    left, right = centre - area_1, centre + area_1
    height = 0.134 + 20.5 / (15.3 + mode)
    step = (middle - left) / (middle - left * p)
    slope_left = step * (1.0 + step / 2.0)
    step = (right - middle) / (right * q)
    slope_right = step * (1.0 + step / 2.0)
    area_2 = area_1 * (1.0 + 2.0 * height)
    area_3 = area_2 + height / slope_left
    area_4 = area_3 + height / slope_right
    return _Hat(p, q, mode, centre, left, right, height, slope_left, slope_right, area_1, area_2, area_3, area_4)


@inner
def _thrown(stream: Any, tries: int, chance: float) -> int:
    """Draw points under the hat until one lies below the binomial's own curve."""
    hat = _hat(tries, chance)
    while True:
        u = next_double(stream) * hat.area_4
        v = next_double(stream)
        if u <= hat.area_1:
            return math.floor(hat.centre - hat.area_1 * v + u)
        if u <= hat.area_2:
            x = hat.left + (u - hat.area_1) / hat.height
            v = v * hat.height + 1.0 - abs(hat.mode - x + 0.5) / hat.area_1
            if v > 1.0:
                continue
            found = math.floor(x)
        elif v == 0.0:
            continue
        elif u <= hat.area_3:
            found = math.floor(hat.left + math.log(v) / hat.slope_left)
            if found < 0:
                continue
            v = v * (u - hat.area_2) * hat.slope_left
        else:
            found = math.floor(hat.right - math.log(v) / hat.slope_right)
            if found > tries:
                continue
            v = v * (u - hat.area_3) * hat.slope_right
        if _lies_below(hat, tries, found, v):
            return found


@inner
def _lies_below(hat: _Hat, tries: int, found: int, v: float) -> bool:
    """Whether a point at `found` is no higher than the binomial's curve, which is 1 at its mode."""
    spread = tries * hat.p * hat.q
    far = abs(found - hat.mode)
    if far > _NEAR and far < spread / 2.0 - 1:
        return _lies_below_far(hat, tries, found, v, spread, far)
    ratio = hat.p / hat.q
    start, curve = ratio * (tries + 1), 1.0
    for number in range(hat.mode + 1, found + 1):
        curve *= start / number - ratio
    for number in range(found + 1, hat.mode + 1):
        curve /= start / number - ratio
    return v <= curve


@inner
def _lies_below_far(hat: _Hat, tries: int, found: int, v: float, spread: float, far: int) -> bool:
    """Decide by a bound around the curve's logarithm if that is enough, else by Stirling's formula."""
    rho = (far / spread) * ((far * (far / 3.0 + 0.625) + 0.16666666666666666) / spread + 0.5)
    t = -far * far / (2 * spread)
    height = math.log(v)
    if height < t - rho:
        return True
    if height > t + rho:
        return False
    x, f, z, w = found + 1, hat.mode + 1, tries + 1 - hat.mode, tries - found + 1
    curve = (
        hat.centre * math.log(f / x)
        + (tries - hat.mode + 0.5) * math.log(z / w)
        + (found - hat.mode) * math.log(w * hat.p / (x * hat.q))
        + _stirling(f)
        + _stirling(z)
        + _SIGN * _stirling(x)
        + _SIGN * _stirling(w)
    )
    return height <= curve


@inner
def _stirling(number: int) -> float:
    square = number * number
    return (_FIRST - (462.0 - (132.0 - (99.0 - 140.0 / square) / square) / square) / square) / number / 166320.0


@compiled
def draw_binomials(key: Any, paths: Any, tries: Any, chances: Any, found: Any) -> None:
    """Draw once from the stream of each path, block 0."""
    stream = np.empty(STREAM_SIZE, np.uint64)
    stream[0], stream[1] = key[0], key[1]
    for number in range(len(paths)):
        begin_stream(stream, 0, paths[number])
        found[number] = binomial(stream, tries[number], chances[number])


@cache
def like_numpy() -> bool:
    """Whether numpy draws the same: the algorithm is its own affair, and seeds must not depend on the engine."""
    tries = np.array([1, 7, 40, 1000, 1000, 1000, 1 << 20, 1 << 20, 1 << 20, 300] * 4, np.int64)
    chances = np.array([0.5, 0.3, 0.999, 0.01, 0.4, 0.93, 0.5, 2.0**-30, 0.999, 0.5] * 4)
    paths, found = np.arange(1, len(tries) + 1, dtype=np.uint64), np.empty_like(tries)
    tries[-1], chances[-1], paths[-1] = _TELLING_TRIES, _TELLING_CHANCE, _TELLING_PATH
    draw_binomials(np.array(_KEY, np.uint64), paths, tries, chances, found)
    streams = Streams(_KEY[0])
    expected = [
        streams.at(_KEY[1], 0, path).binomial(most, chance)
        for path, most, chance in zip(paths.tolist(), tries.tolist(), chances.tolist(), strict=True)
    ]
    return found.tolist() == expected
