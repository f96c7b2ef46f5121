"""The coefficients of a matrix on one or two qubits in the order of a loop's vectors: see `vectors.PATTERNS`.

Each coefficient vector is for a new vector, an old one, and how the lanes of the latter are exchanged. Which entry of
a matrix on two qubits stands in a lane depends on those of them among the lanes alone, and is known from a table.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import keep, spread
from qdock_basic.fast.machine.vectors import COMPLEX, KIND_SIZE, LANE_BITS, PATTERNS, TURNED

__all__ = ["MOST_COEFFICIENTS", "pattern_of", "write_coefficients", "write_phase", "write_phases"]

_MOST_BITS = max(LANE_BITS.values())
#: Real numbers that a matrix on two qubits has as coefficients at most.
MOST_COEFFICIENTS = 2 * 16 << _MOST_BITS
_MOST_FLIPS = max(pattern.flips[1] for pattern in PATTERNS if len(pattern.flips) == 2).bit_length()
# A qubit above the lanes counts as this lane.
_HIGH = _MOST_BITS
_SIDE = _HIGH + 1


def _entry_of(lane: int, corner: int, qubits: list[int]) -> int:
    """Return a matrix's index at a lane; bits of targets above the lanes are those of the corner, in order."""
    index = 0
    for position, qubit in enumerate(qubits):
        bit = corner & 1 if qubit == _HIGH else lane >> qubit & 1
        corner >>= qubit == _HIGH
        index |= bit << position
    return index


def _picks(qubits: list[int], bits: int) -> list[list[int]]:
    """Return a row for each coefficient vector: whether it is of the unit matrix, is turned, and its entries."""
    size = 1 << len(qubits)
    lanes = [1 << qubit for qubit in qubits if qubit != _HIGH]
    flips = sorted({0, *lanes, sum(lanes)})
    corners = range(size >> len(lanes))
    rows = []
    for new in corners:
        for old in corners:
            for flip in flips:
                entries = [
                    _entry_of(lane, new, qubits) * size + _entry_of(lane ^ flip, old, qubits)
                    for lane in range(1 << bits)
                ]
                parity = ((new ^ old).bit_count() + flip.bit_count()) % 2
                rows.append([int(new == old and flip == 0), parity, *entries])
    return rows


def _tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where the rows of each case begin, and all rows; a case is of a number of lanes and two qubits."""
    starts = np.zeros((_MOST_BITS + 1, _SIDE, _SIDE, 2), np.int64)
    flat: list[int] = []
    for bits in sorted(LANE_BITS.values()):
        for a, b in permutations([*range(bits), _HIGH], 2):
            rows = _picks([a, b], bits)
            starts[bits, a, b] = len(flat), len(rows)
            flat += [number for row in rows for number in row]
    return starts, np.array(flat, np.int64)


_STARTS, _FLAT = _tables()


@inner
def pattern_of(a: int, b: int, parts: int, bits: int) -> int:
    """Return the number of the pattern for targets at these bits of the index; `b` is negative if there is but one."""
    first = parts * KIND_SIZE
    if b < 0:
        return first + (3 + a if a < bits else 1)
    low, high = min(a, b), max(a, b)
    if low >= bits:
        return first + 2
    if high >= bits:
        return first + 3 + _MOST_FLIPS + low
    return first + 3 + 2 * _MOST_FLIPS + high * (high - 1) // 2 + low


@inner
def write_coefficients(matrix: Any, a: int, b: int, parts: int, mask: int, state: int, bits: int, out: Any) -> int:
    """Write a matrix's coefficients, and return how many.

    Parameters
    ----------
    matrix : pointer to real numbers
        The entries, real and imaginary parts by turns.
    a, b : int
        The targets' bits of the index; `b` is negative if there is but one.
    parts : int
        What the entries are: see `vectors.COMPLEX`.
    mask, state : int
        Controls among the lanes.
    bits : int
        How many bits count within a vector.
    out : pointer to real numbers
    """
    if a >= bits and (b < 0 or b >= bits):
        return _write_alike(matrix, b >= 0, parts, mask, state, bits, out)
    if b < 0:
        return _write_one(matrix, a, parts, mask, state, bits, out)
    lanes, place = 1 << bits, 0
    case = _STARTS[bits, a if a < bits else _HIGH, b if b < bits else _HIGH]
    start, count = case[0], case[1]
    for _ in range(count):
        is_unit, parity = _FLAT[start], _FLAT[start + 1]
        for part in range(2):
            if part == 1 and parts != COMPLEX:
                break
            offset = parity if parts == TURNED else part
            for lane in range(lanes):
                out[place + lane] = matrix[2 * _FLAT[start + 2 + lane] + offset]
                if lane & mask != state:
                    out[place + lane] = is_unit if part == 0 else 0
            place += lanes
        start += 2 + lanes
    return place


@inner
def _write_alike(matrix: Any, two: bool, parts: int, mask: int, state: int, bits: int, out: Any) -> int:
    """Write coefficients that are alike in all lanes where the controls are met."""
    size, lanes, place = 4 if two else 2, 1 << bits, 0
    for new in range(size):
        for old in range(size):
            entry = 2 * (size * new + old)
            # An odd number of bits differs where the numbers are not alike and not opposite.
            turned = parts == TURNED and (new ^ old == 1 or new ^ old == 2)
            for part in range(2 if parts == COMPLEX else 1):
                spread(out, place, matrix[entry + (1 if turned else part)])
                if mask:
                    keep(out, place, mask, state, 1.0 if new == old and part == 0 else 0.0)
                place += lanes
    return place


@inner
def _write_one(matrix: Any, a: int, parts: int, mask: int, state: int, bits: int, out: Any) -> int:
    """Write coefficients of a matrix on one qubit among the lanes."""
    place = 0
    for flip in range(2):
        # A lane's new bit is its place's, the old one that or the other; entries are real and imaginary by turns.
        one, zero = 6 - 2 * flip, 2 * flip
        for part in range(2 if parts == COMPLEX else 1):
            offset = flip if parts == TURNED else part
            spread(out, place, matrix[one + offset])
            keep(out, place, 1 << a, 1 << a, matrix[zero + offset])
            if mask:
                keep(out, place, mask, state, 1.0 if flip == 0 and part == 0 else 0.0)
            place += 1 << bits
    return place


@inner
def write_phase(phase: complex, mask: int, state: int, bits: int, out: Any) -> int:
    """Write a vector of a phase; the lanes where the bits of a mask are not as in `state` get one.

    Return how many numbers.
    """
    lanes = 1 << bits
    spread(out, 0, phase.real)
    spread(out, lanes, phase.imag)
    if mask:
        keep(out, 0, mask, state, 1.0)
        keep(out, lanes, mask, state, 0.0)
    return 2 * lanes


@inner
def write_phases(zero: complex, one: complex, a: int, mask: int, state: int, bits: int, out: Any) -> int:
    """Write a vector of one phase where bit `a` of the lane is 0, and another where it is 1; see `write_phase`."""
    lanes = 1 << bits
    spread(out, 0, one.real)
    spread(out, lanes, one.imag)
    keep(out, 0, 1 << a, 1 << a, zero.real)
    keep(out, lanes, 1 << a, 1 << a, zero.imag)
    if mask:
        keep(out, 0, mask, state, 1.0)
        keep(out, lanes, mask, state, 0.0)
    return 2 * lanes
