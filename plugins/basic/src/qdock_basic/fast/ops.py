"""From rows to the loops that run in an array in cache: which pattern, over which indices, with which coefficients."""

from __future__ import annotations

import cmath
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.coefficients import pattern_of, write_coefficients, write_phase
from qdock_basic.fast.dense import mix_many
from qdock_basic.fast.jit import inner
from qdock_basic.fast.pointers import at, bit_count, pointer, reals
from qdock_basic.fast.rows import CONTROLS, DIAGONAL, FLIP, KIND, MANY, PARTS, START, STATE, SWAP, TWO, A, B
from qdock_basic.fast.vectors import EXCHANGE, REAL, TABULATE, mix

__all__ = ["OP_WIDTH", "Chunk", "Ops", "add_ops", "add_term", "run_ops"]

# So many terms of one row within a chunk are worth a table of its phases, as many chunks share it.
_LEAST_TABULATED = 6

# --- columns of an op: the arguments of `vectors.mix`, and the condition on the qubits outside of the array
_PATTERN, _FIXED, _BASE, _COUNT, _LOW, _HIGH, _TABLE, _OUTER, _OUTER_STATE = range(9)
OP_WIDTH = 9

_FLIP_MATRIX = np.array([0, 1, 1, 0], dtype=complex)
_SWAP_MATRIX = np.array([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], dtype=complex)

#: In place of a pattern's number: a matrix on more than two qubits.
_MANY = TABULATE + 1

# --- places in `Ops.counts`
_OPS, _ENTRIES, _SPOTS = 0, 1, 2


class Ops(NamedTuple):
    """Loops in order.

    Attributes
    ----------
    ops : (m, OP_WIDTH) int64 array
    table : real array
        Coefficients, of the precision of the state.
    spots : int64 array
        Qubits of matrices on more than two.
    counts : (3,) int64 array
        How much of each is used.
    """

    ops: Any
    table: Any
    spots: Any
    counts: Any


class Chunk(NamedTuple):
    """An array in cache.

    Attributes
    ----------
    spots : (n,) int64 array
        Where in the array's index each place of the state's index is; -1 for those outside.
    num_bits : int
        Of the array's index.
    lane_bits : int
        How many of them count within a vector.
    """

    spots: Any
    num_bits: int
    lane_bits: int


@inner
def add_ops(rows: Any, number: int, chunk: Chunk, ops: Ops) -> None:
    """Append the loops of a row."""
    row = rows.rows[number]
    kind = row[KIND]
    if kind == DIAGONAL:
        tabulated = _counts_inside(rows, row, chunk) >= _LEAST_TABULATED
        if tabulated:
            _add_table(rows, row, chunk, ops)
        for term in range(row[A], row[B]):
            if not tabulated or _outside(rows.masks[term], chunk):
                add_term(rows.masks[term], rows.angles[term], chunk, ops)
    elif kind == MANY:
        _add_many(rows, row, chunk, ops)
    elif kind in (FLIP, SWAP):
        _add_exchange(row, chunk, ops)
    elif kind != 0:
        _add_mix(reals(at(pointer(rows.entries), row[START])), row[PARTS], kind == TWO, row, chunk, ops)


@inner
def _outside(mask: int, chunk: Chunk) -> int:
    """Return the part of a mask that lies outside of the array."""
    outside = 0
    for place in range(len(chunk.spots)):
        if mask >> place & 1 and chunk.spots[place] < 0:
            outside |= 1 << place
    return outside


@inner
def _inside(mask: int, chunk: Chunk) -> int:
    """Return the bits of the array's index that a mask has there."""
    inside = 0
    for place in range(len(chunk.spots)):
        if mask >> place & 1 and chunk.spots[place] >= 0:
            inside |= 1 << chunk.spots[place]
    return inside


@inner
def _new_op(pattern: int, mask: int, state: int, high: int, chunk: Chunk, ops: Ops) -> Any:
    """Append a loop over all vectors in which the controls above the lanes are met; `high` are its targets there."""
    op = ops.ops[ops.counts[_OPS]]
    ops.counts[_OPS] += 1
    lanes = (1 << chunk.lane_bits) - 1
    inside = _inside(mask, chunk) & ~lanes
    fixed = inside | high
    op[_PATTERN], op[_FIXED], op[_BASE] = pattern, fixed | lanes, _inside(state, chunk) & ~lanes
    op[_COUNT] = 1 << (chunk.num_bits - chunk.lane_bits - bit_count(fixed))
    op[_OUTER] = _outside(mask, chunk)
    op[_OUTER_STATE] = op[_OUTER] & state
    op[_LOW], op[_HIGH], op[_TABLE] = 0, 0, ops.counts[_ENTRIES]
    return op


@inner
def add_term(mask: int, angle: float, chunk: Chunk, ops: Ops) -> None:
    """Append the loop that multiplies by a phase where all bits of a mask are 1."""
    _new_op(0, mask, mask, 0, chunk, ops)
    lanes = (1 << chunk.lane_bits) - 1
    inside = _inside(mask, chunk) & lanes
    out = at(pointer(ops.table), ops.counts[_ENTRIES])
    ops.counts[_ENTRIES] += write_phase(cmath.rect(1.0, angle), inside, chunk.lane_bits, out)


@inner
def _counts_inside(rows: Any, row: Any, chunk: Chunk) -> int:
    """Return how many terms of a diagonal row concern nothing outside of the array."""
    count = 0
    for term in range(row[A], row[B]):
        count += _outside(rows.masks[term], chunk) == 0
    return count


@inner
def _add_table(rows: Any, row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append the product with the phases of all terms within the array: a table that doubles with every bit.

    Where a bit is 1, the phase is that where it is 0 times that of the terms whose highest bit it is; the latter
    are tabulated in the same way if they have one more bit.
    """
    size = 1 << chunk.num_bits
    op = _new_op(TABULATE, 0, 0, 0, chunk, ops)
    op[_LOW] = size
    phases, factors = np.empty(size, np.complex128), np.empty(size, np.complex128)
    phases[0] = cmath.rect(1.0, _angle_of(rows, row, 0, chunk))
    for bit in range(chunk.num_bits):
        half = 1 << bit
        factors[0] = cmath.rect(1.0, _angle_of(rows, row, half, chunk))
        for lower in range(bit):
            factor = cmath.rect(1.0, _angle_of(rows, row, half | 1 << lower, chunk))
            for index in range(1 << lower):
                factors[(1 << lower) + index] = factors[index] * factor
        for index in range(half):
            phases[half + index] = phases[index] * factors[index]
    for term in range(row[A], row[B]):
        mask = _inside(rows.masks[term], chunk)
        if _outside(rows.masks[term], chunk) == 0 and bit_count(mask) > 2:
            _turn(phases, mask, cmath.rect(1.0, rows.angles[term]))
    start = ops.counts[_ENTRIES]
    for index in range(size):
        ops.table[start + index], ops.table[start + size + index] = phases[index].real, phases[index].imag
    ops.counts[_ENTRIES] += 2 * size


@inner
def _angle_of(rows: Any, row: Any, mask: int, chunk: Chunk) -> float:
    """Return the sum of the angles of a row's terms on just these bits of the array's index."""
    angle = 0.0
    for term in range(row[A], row[B]):
        if _inside(rows.masks[term], chunk) == mask and _outside(rows.masks[term], chunk) == 0:
            angle += rows.angles[term]
    return angle


@inner
def _turn(phases: Any, mask: int, factor: complex) -> None:
    for index in range(len(phases)):
        if index & mask == mask:
            phases[index] *= factor


@inner
def _add_mix(matrix: Any, parts: int, two: bool, row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append the loop of a matrix on one or two qubits, given as a pointer to its real numbers."""
    bits, in_lanes = chunk.lane_bits, (1 << chunk.lane_bits) - 1
    a, b = chunk.spots[row[A]], chunk.spots[row[B]] if two else -1
    first, second = 1 << a if a >= bits else 0, 1 << b if b >= bits else 0
    op = _new_op(pattern_of(a, b, parts, bits), row[CONTROLS], row[STATE], first | second, chunk, ops)
    op[_LOW], op[_HIGH] = first or second, second
    mask, state = _inside(row[CONTROLS], chunk) & in_lanes, _inside(row[STATE], chunk) & in_lanes
    out = at(pointer(ops.table), ops.counts[_ENTRIES])
    ops.counts[_ENTRIES] += write_coefficients(matrix, a, b, parts, mask, state, bits, out)


@inner
def _add_exchange(row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append the loop of a flip or an exchange: vectors are moved where that is all, else it is a matrix."""
    bits, flips = chunk.lane_bits, row[KIND] == FLIP
    a, b = chunk.spots[row[A]], -1 if flips else chunk.spots[row[B]]
    in_lanes = _inside(row[CONTROLS], chunk) & ((1 << bits) - 1)
    if in_lanes == 0 and a >= bits and (flips or b >= bits):
        op = _new_op(EXCHANGE, row[CONTROLS], row[STATE], 1 << a | (0 if flips else 1 << b), chunk, ops)
        op[_LOW], op[_HIGH] = 1 << a, 0 if flips else 1 << b
    elif flips:
        _add_mix(reals(_FLIP_MATRIX), REAL, False, row, chunk, ops)
    else:
        _add_mix(reals(_SWAP_MATRIX), REAL, True, row, chunk, ops)


@inner
def _add_many(rows: Any, row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append a matrix on more than two qubits, which goes amplitude by amplitude."""
    op = _new_op(_MANY, row[CONTROLS], row[STATE], 0, chunk, ops)
    first, targets = ops.counts[_SPOTS], row[A]
    fixed = _inside(row[CONTROLS], chunk)
    op[_BASE] = _inside(row[STATE], chunk)
    for position in range(targets):
        spot = chunk.spots[rows.places[row[B] + position]]
        ops.spots[first + position] = spot
        fixed |= 1 << spot
    ops.counts[_SPOTS] += targets
    op[_FIXED], op[_COUNT] = fixed, 1 << (chunk.num_bits - bit_count(fixed))
    op[_LOW], op[_HIGH] = first, targets
    for place in range(1 << (2 * targets)):
        value = rows.entries[row[START] + place]
        ops.table[op[_TABLE] + 2 * place], ops.table[op[_TABLE] + 2 * place + 1] = value.real, value.imag
    ops.counts[_ENTRIES] += 2 << (2 * targets)


@inner
def run_ops(re: Any, im: Any, ops: Ops, outer: int) -> None:
    """Run all loops on an array whose qubits outside are the bits of `outer`."""
    for number in range(ops.counts[_OPS]):
        op = ops.ops[number]
        if outer & op[_OUTER] != op[_OUTER_STATE]:
            continue
        if op[_PATTERN] == _MANY:
            matrix, spots = at(pointer(ops.table), op[_TABLE]), at(pointer(ops.spots), op[_LOW])
            mix_many(pointer(re), pointer(im), (op[_FIXED], op[_BASE], op[_COUNT]), matrix, spots, op[_HIGH])
        else:
            mix(re, im, ops.table, op[_TABLE], op[_PATTERN], op[_FIXED], op[_BASE], op[_COUNT], op[_LOW], op[_HIGH])
