"""The coefficients of a matrix on one or two qubits in the order of a loop's vectors: see `vectors.PATTERNS`.

Each coefficient vector is for a new vector, an old one, and how the lanes of the latter are exchanged. Which entry of
the matrix stands in a lane depends on the gate's qubits among the lanes alone, and is known from a table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import spread
from qdock_basic.fast.machine.vectors import COMPLEX, KIND_SIZE, LANE_BITS, PATTERNS, TURNED

__all__ = ["MOST_COEFFICIENTS", "pattern_of", "write_coefficients", "write_phase"]

_MOST_BITS = max(LANE_BITS.values())
#: Real numbers that a matrix on two qubits has as coefficients at most.
MOST_COEFFICIENTS = 2 * 16 << _MOST_BITS
_MOST_FLIPS = max(pattern.flips[1] for pattern in PATTERNS if len(pattern.flips) == 2).bit_length()
# A qubit above the lanes counts as this lane.
_HIGH = _MOST_BITS
_SIDE = _HIGH + 1
_NONE = _SIDE


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
    starts = np.zeros((_MOST_BITS + 1, _SIDE, _SIDE + 1, 2), np.int64)
    flat: list[int] = []
    for bits in sorted(LANE_BITS.values()):
        places = [*range(bits), _HIGH]
        for a in places:
            for b in [*places, _NONE]:
                if b == _NONE or a != b or a == _HIGH:
                    rows = _picks([a] if b == _NONE else [a, b], bits)
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
    if mask == 0 and a >= bits and (b < 0 or b >= bits):
        return _spread_all(matrix, b >= 0, parts, bits, out)
    lanes, place = 1 << bits, 0
    case = _STARTS[bits, a if a < bits else _HIGH, _column(b, bits)]
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
def _column(b: int, bits: int) -> int:
    if b < 0:
        return _NONE
    return b if b < bits else _HIGH


@inner
def _spread_all(matrix: Any, two: bool, parts: int, bits: int, out: Any) -> int:
    """Write coefficients that are alike in all lanes."""
    size, lanes, place = 4 if two else 2, 1 << bits, 0
    for new in range(size):
        for old in range(size):
            entry = 2 * (size * new + old)
            # An odd number of bits differs where the numbers are not alike and not opposite.
            turned = parts == TURNED and (new ^ old == 1 or new ^ old == 2)
            spread(out, place, matrix[entry + 1 if turned else entry])
            place += lanes
            if parts == COMPLEX:
                spread(out, place, matrix[entry + 1])
                place += lanes
    return place


@inner
def write_phase(phase: complex, mask: int, bits: int, out: Any) -> int:
    """Write a vector of a phase; the lanes where not all bits of a mask are 1 get one. Return how many numbers."""
    lanes = 1 << bits
    if mask == 0:
        spread(out, 0, phase.real)
        spread(out, lanes, phase.imag)
        return 2 * lanes
    for lane in range(lanes):
        met = lane & mask == mask
        out[lane], out[lanes + lane] = phase.real if met else 1.0, phase.imag if met else 0.0
    return 2 * lanes
