"""Diagonal terms in a pass: they wait until a row mixes their qubits, then a table or a loop for each applies them."""

from __future__ import annotations

import cmath
import math
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.loops.coefficients import write_phase
from qdock_basic.fast.loops.ops import ENTRIES, LOW, Chunk, Ops, inside_of, new_op, outside_of
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, bit_count, lowest, pointer
from qdock_basic.fast.machine.vectors import TABULATE

__all__ = ["MOST_TABLES", "Terms", "add_phase", "make_terms", "settle", "turn_of", "wait"]

#: More tables in a pass would not stay in cache.
MOST_TABLES = 4
# What a table costs, beside a loop over all vectors for one term: to be applied, and to be made.
_TABLE_COST, _MAKING_COST = 2, 110

# --- places in `Terms.counts`: how many wait, how many concern a chunk as a whole, how many tables there are
_WAITING, _WHOLE, _TABLES = 0, 1, 2


class Terms(NamedTuple):
    """The diagonal terms of a pass.

    Attributes
    ----------
    inside, outside : (t,) int64 arrays
        Masks of those that wait: in the index of a chunk, and of the places outside of it.
    angles : (t,) float64 array
    whole, whole_angles : (t,) arrays
        Masks and angles of those that concern no place within a chunk, so that they turn it as a whole.
    counts : (3,) int64 array
    """

    inside: Any
    outside: Any
    angles: Any
    whole: Any
    whole_angles: Any
    counts: Any


@inner
def make_terms(size: int) -> Terms:
    """Return no terms, with room for some."""
    masks, angles = np.empty((3, size), np.int64), np.empty((2, size), np.float64)
    return Terms(masks[0], masks[1], angles[0], masks[2], angles[1], np.zeros(3, np.int64))


@inner
def wait(mask: int, angle: float, chunk: Chunk, terms: Terms) -> None:
    """Add a term, which need not be applied yet."""
    inside, outside = inside_of(mask, chunk), outside_of(mask, chunk)
    if inside:
        place = terms.counts[_WAITING]
        terms.inside[place], terms.outside[place], terms.angles[place] = inside, outside, angle
        terms.counts[_WAITING] += 1
    else:
        place = terms.counts[_WHOLE]
        terms.whole[place], terms.whole_angles[place] = outside, angle
        terms.counts[_WHOLE] += 1


@inner
def turn_of(terms: Terms, outer: int) -> float:
    """Return the angle by which a chunk is turned as a whole."""
    angle = 0.0
    for place in range(terms.counts[_WHOLE]):
        if terms.whole[place] & ~outer == 0:
            angle += terms.whole_angles[place]
    return angle


@inner
def settle(terms: Terms, targets: int, chunk: Chunk, ops: Ops) -> None:
    """Append the loops of terms that must be applied before bits of the chunk's index are mixed."""
    if not _is_met(terms, targets):
        return
    if _shall_tabulate(terms, chunk):
        _add_table(terms, chunk, ops)
    kept = 0
    for place in range(terms.counts[_WAITING]):
        inside, outside, angle = terms.inside[place], terms.outside[place], terms.angles[place]
        if inside & targets:
            add_phase(inside, outside, angle, chunk, ops)
        else:
            terms.inside[kept], terms.outside[kept], terms.angles[kept] = inside, outside, angle
            kept += 1
    terms.counts[_WAITING] = kept


@inner
def _is_met(terms: Terms, targets: int) -> bool:
    met = 0
    for place in range(terms.counts[_WAITING]):
        met |= terms.inside[place] & targets
    return met != 0


@inner
def add_phase(inside: int, outside: int, angle: float, chunk: Chunk, ops: Ops) -> None:
    """Append the loop that multiplies by a phase where all bits of both masks are 1."""
    new_op(0, inside, inside, 0, (outside, outside), chunk, ops)
    lanes = (1 << chunk.lane_bits) - 1
    out = at(pointer(ops.table), ops.counts[ENTRIES])
    ops.counts[ENTRIES] += write_phase(cmath.rect(1.0, angle), inside & lanes, inside & lanes, chunk.lane_bits, out)


# --- tables


@inner
def _shall_tabulate(terms: Terms, chunk: Chunk) -> bool:
    """Whether a table of the phases of all terms within the chunk costs less than a loop for each.

    A loop leaves out the vectors where a bit is 0. A table is made once for all chunks, while the threads wait.
    """
    if terms.counts[_TABLES] == MOST_TABLES:
        return False
    work = 0.0
    for place in range(terms.counts[_WAITING]):
        if terms.outside[place] == 0:
            work += 1.0 / (1 << bit_count(terms.inside[place] >> chunk.lane_bits))
    return work > _TABLE_COST + _MAKING_COST / (1 << (len(chunk.spots) - chunk.num_bits))


@inner
def _add_table(terms: Terms, chunk: Chunk, ops: Ops) -> None:
    """Append the product with the phases of all terms within the chunk, which then wait no more.

    The table doubles with every bit. Where a bit is 1, the phase is that where it is 0 times that of the terms whose
    highest bit it is; the latter are tabulated in the same way, if they have one more bit.
    """
    bits = chunk.num_bits
    size = 1 << bits
    op = new_op(TABULATE, 0, 0, 0, (0, 0), chunk, ops)
    op[LOW] = size
    pairs = _take_pairs(terms, bits)
    phases, factors = np.empty((2, size)), np.empty((2, size))
    phases[0, 0], phases[1, 0] = 1.0, 0.0
    for bit in range(bits):
        factors[0, 0], factors[1, 0] = math.cos(pairs[bit, bit]), math.sin(pairs[bit, bit])
        for lower in range(bit):
            _append_turned(factors, 1 << lower, pairs[bit, lower])
        _multiply(phases, factors, 1 << bit)
    _take_larger(terms, phases)
    start = ops.counts[ENTRIES]
    for part in range(2):
        for index in range(size):
            ops.table[start + part * size + index] = phases[part, index]
    ops.counts[ENTRIES] += 2 * size
    terms.counts[_TABLES] += 1


@inner
def _take_pairs(terms: Terms, bits: int) -> Any:
    """Return the angles of terms on one bit and on two, the higher one first, and take these from those that wait."""
    pairs = np.zeros((bits, bits), np.float64)
    kept = 0
    for place in range(terms.counts[_WAITING]):
        inside, outside, angle = terms.inside[place], terms.outside[place], terms.angles[place]
        if outside == 0 and bit_count(inside) <= 2:
            low = lowest(inside)
            rest = inside & (inside - 1)
            pairs[lowest(rest) if rest else low, low] += angle
        else:
            terms.inside[kept], terms.outside[kept], terms.angles[kept] = inside, outside, angle
            kept += 1
    terms.counts[_WAITING] = kept
    return pairs


@inner
def _take_larger(terms: Terms, phases: Any) -> None:
    """Multiply phases by those of terms on more bits."""
    kept, size = 0, phases.shape[1]
    for place in range(terms.counts[_WAITING]):
        inside, outside, angle = terms.inside[place], terms.outside[place], terms.angles[place]
        if outside == 0:
            _turn_where(inside, angle, phases, size)
        else:
            terms.inside[kept], terms.outside[kept], terms.angles[kept] = inside, outside, angle
            kept += 1
    terms.counts[_WAITING] = kept


@inner
def _turn_where(mask: int, angle: float, phases: Any, size: int) -> None:
    p, q = math.cos(angle), math.sin(angle)
    index = mask
    while index < size:
        x, y = phases[0, index], phases[1, index]
        phases[0, index], phases[1, index] = p * x - q * y, p * y + q * x
        # The next number that has all bits of the mask.
        index = (index + 1) | mask


@inner
def _append_turned(factors: Any, size: int, angle: float) -> None:
    """Write behind the first `size` factors the same ones, turned by an angle."""
    p, q = math.cos(angle), math.sin(angle)
    for index in range(size):
        x, y = factors[0, index], factors[1, index]
        factors[0, size + index], factors[1, size + index] = p * x - q * y, p * y + q * x


@inner
def _multiply(phases: Any, factors: Any, size: int) -> None:
    """Write behind the first `size` phases their products with as many factors."""
    for index in range(size):
        x, y, p, q = phases[0, index], phases[1, index], factors[0, index], factors[1, index]
        phases[0, size + index], phases[1, size + index] = p * x - q * y, p * y + q * x
