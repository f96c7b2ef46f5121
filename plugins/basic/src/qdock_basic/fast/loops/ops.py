"""From rows to the loops that run in an array in cache: which pattern, over which indices, with which coefficients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.rows import CONTROLS, FLIP, KIND, MANY, PARTS, START, STATE, SWAP, TWO, A, B
from qdock_basic.fast.loops.coefficients import pattern_of, write_coefficients
from qdock_basic.fast.loops.dense import mix_many
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, bit_count, lowest, pointer, reals
from qdock_basic.fast.machine.vectors import EXCHANGE, REAL, SIGNS, SUMS, mix

__all__ = [
    "ENTRIES",
    "HIGH",
    "LOW",
    "OP_WIDTH",
    "Chunk",
    "Ops",
    "add_ops",
    "inside_of",
    "move_ops",
    "new_op",
    "outside_of",
    "run_ops",
    "run_some",
]

# --- columns of an op: the arguments of `vectors.mix`, and the condition on the qubits outside of the array
_PATTERN, _FIXED, _BASE, _COUNT, LOW, HIGH, _TABLE, _OUTER, _OUTER_STATE = range(9)
OP_WIDTH = 9

_FLIP_MATRIX = np.array([0, 1, 1, 0], dtype=complex)
_SWAP_MATRIX = np.array([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], dtype=complex)

#: In place of a pattern's number: a matrix on more than two qubits.
_MANY = SUMS + len(SIGNS)

# --- places in `Ops.counts`
_OPS, ENTRIES, _SPOTS = 0, 1, 2


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
    scale : (1,) float64 array
        By what the array is still to be multiplied after the loops.
    """

    ops: Any
    table: Any
    spots: Any
    counts: Any
    scale: Any


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
    """Append the loop of a row that is not diagonal."""
    row = rows.rows[number]
    kind = row[KIND]
    if kind == MANY:
        _add_many(rows, row, chunk, ops)
    elif kind in (FLIP, SWAP):
        _add_exchange(row, chunk, ops)
    else:
        _add_mix(reals(at(pointer(rows.entries), row[START])), row[PARTS], kind == TWO, row, chunk, ops)


@inner
def outside_of(mask: int, chunk: Chunk) -> int:
    """Return the part of a mask that lies outside of the array."""
    left, outside = mask, 0
    while left:
        outside |= left & -left if chunk.spots[lowest(left)] < 0 else 0
        left &= left - 1
    return outside


@inner
def inside_of(mask: int, chunk: Chunk) -> int:
    """Return the bits of the array's index that a mask has there."""
    left, inside = mask, 0
    while left:
        spot = chunk.spots[lowest(left)]
        inside |= 1 << spot if spot >= 0 else 0
        left &= left - 1
    return inside


@inner
def _new_controlled(pattern: int, row: Any, targets: int, chunk: Chunk, ops: Ops) -> Any:
    """Append a loop of a row under its controls; `targets` are bits of the array's index."""
    outside = outside_of(row[CONTROLS], chunk)
    inside, state = inside_of(row[CONTROLS], chunk), inside_of(row[STATE], chunk)
    return new_op(pattern, inside, state, targets, (outside, outside & row[STATE]), chunk, ops)


@inner
def new_op(pattern: int, mask: int, state: int, targets: int, outer: tuple[int, int], chunk: Chunk, ops: Ops) -> Any:
    """Append a loop over all vectors in which the controls above the lanes are met.

    Parameters
    ----------
    pattern : int
    mask, state, targets : int
        Controls, as what they must be, and targets, in the array's index.
    outer : tuple of int
        Controls outside of the array, and as what they must be.
    """
    op = ops.ops[ops.counts[_OPS]]
    ops.counts[_OPS] += 1
    lanes = (1 << chunk.lane_bits) - 1
    fixed = (mask | targets) & ~lanes
    op[_PATTERN], op[_FIXED], op[_BASE] = pattern, fixed | lanes, state & ~lanes
    op[_COUNT] = 1 << (chunk.num_bits - chunk.lane_bits - bit_count(fixed))
    op[_OUTER], op[_OUTER_STATE] = outer
    op[LOW], op[HIGH], op[_TABLE] = 0, 0, ops.counts[ENTRIES]
    return op


@inner
def _add_mix(matrix: Any, parts: int, two: bool, row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append the loop of a matrix on one or two qubits, given as a pointer to its real numbers."""
    bits, in_lanes = chunk.lane_bits, (1 << chunk.lane_bits) - 1
    a, b = chunk.spots[row[A]], chunk.spots[row[B]] if two else -1
    first, second = 1 << a if a >= bits else 0, 1 << b if b >= bits else 0
    op = _new_controlled(pattern_of(a, b, parts, bits), row, first | second, chunk, ops)
    op[LOW], op[HIGH] = first or second, second
    mask, state = inside_of(row[CONTROLS], chunk) & in_lanes, inside_of(row[STATE], chunk) & in_lanes
    out = at(pointer(ops.table), ops.counts[ENTRIES])
    ops.counts[ENTRIES] += write_coefficients(matrix, a, b, parts, mask, state, bits, out)


@inner
def _add_exchange(row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append the loop of a flip or an exchange: vectors are moved where that is all, else it is a matrix."""
    bits, flips = chunk.lane_bits, row[KIND] == FLIP
    a, b = chunk.spots[row[A]], -1 if flips else chunk.spots[row[B]]
    in_lanes = inside_of(row[CONTROLS], chunk) & ((1 << bits) - 1)
    if in_lanes == 0 and a >= bits and (flips or b >= bits):
        op = _new_controlled(EXCHANGE, row, 1 << a | (0 if flips else 1 << b), chunk, ops)
        op[LOW], op[HIGH] = 1 << a, 0 if flips else 1 << b
    elif flips:
        _add_mix(reals(_FLIP_MATRIX), REAL, False, row, chunk, ops)
    else:
        _add_mix(reals(_SWAP_MATRIX), REAL, True, row, chunk, ops)


@inner
def _add_many(rows: Any, row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append a matrix on more than two qubits, which goes amplitude by amplitude."""
    op = _new_controlled(_MANY, row, 0, chunk, ops)
    first, targets = ops.counts[_SPOTS], row[A]
    fixed = inside_of(row[CONTROLS], chunk)
    op[_BASE] = inside_of(row[STATE], chunk)
    for position in range(targets):
        spot = chunk.spots[rows.places[row[B] + position]]
        ops.spots[first + position] = spot
        fixed |= 1 << spot
    ops.counts[_SPOTS] += targets
    op[_FIXED], op[_COUNT] = fixed, 1 << (chunk.num_bits - bit_count(fixed))
    op[LOW], op[HIGH] = first, targets
    for place in range(1 << (2 * targets)):
        value = rows.entries[row[START] + place]
        ops.table[op[_TABLE] + 2 * place], ops.table[op[_TABLE] + 2 * place + 1] = value.real, value.imag
    ops.counts[ENTRIES] += 2 << (2 * targets)


def move_ops(ops: Any, table: int, spots: int) -> None:
    """Let loops refer to coefficients, and to qubits, that lie so much farther behind."""
    ops[:, _TABLE] += table
    ops[ops[:, _PATTERN] == _MANY, LOW] += spots


@inner
def run_ops(re: Any, im: Any, ops: Ops, outer: int) -> None:
    """Run all loops on an array whose qubits outside are the bits of `outer`."""
    for number in range(ops.counts[_OPS]):
        op = ops.ops[number]
        if outer & op[_OUTER] == op[_OUTER_STATE]:
            _run(pointer(re), pointer(im), ops, op)


@inner
def run_some(re: Any, im: Any, ops: Ops, first: int, end: int) -> None:
    """Run loops from `first` up to `end` on a whole state, two pointers."""
    for number in range(first, end):
        _run(re, im, ops, ops.ops[number])


@inner
def _run(re: Any, im: Any, ops: Ops, op: Any) -> None:
    if op[_PATTERN] == _MANY:
        matrix, spots = at(pointer(ops.table), op[_TABLE]), at(pointer(ops.spots), op[LOW])
        mix_many(re, im, (op[_FIXED], op[_BASE], op[_COUNT]), matrix, spots, op[HIGH])
    else:
        table = pointer(ops.table)
        mix(re, im, table, op[_TABLE], op[_PATTERN], op[_FIXED], op[_BASE], op[_COUNT], op[LOW], op[HIGH])
