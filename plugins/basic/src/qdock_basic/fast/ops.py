"""From rows to the loops that run in an array in cache: which pattern, over which indices, with which coefficients."""

from __future__ import annotations

import cmath
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.jit import inner
from qdock_basic.fast.rows import CONTROLS, DIAGONAL, FLIP, KIND, MANY, REAL, START, STATE, SWAP, TWO, A, B
from qdock_basic.fast.vectors import EXCHANGE, FIRST_REAL, PATTERNS, mix

__all__ = ["OP_WIDTH", "Chunk", "Ops", "add_ops", "add_term", "run_ops"]

# --- columns of an op: the arguments of `vectors.mix`, and the condition on the qubits outside of the array
_PATTERN, _FIXED, _BASE, _COUNT, _LOW, _HIGH, _TABLE, _OUTER, _OUTER_STATE = range(9)
OP_WIDTH = 9

_FLIP_MATRIX = np.array([0, 1, 1, 0], dtype=complex)
_SWAP_MATRIX = np.array([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], dtype=complex)

#: In place of a pattern's number: a matrix on more than two qubits.
_MANY = EXCHANGE + 1
_MOST_BITS = max(pattern.flips[1] for pattern in PATTERNS if len(pattern.flips) == 2).bit_length()

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
        for term in range(row[A], row[B]):
            add_term(rows.masks[term], rows.angles[term], chunk, ops)
    elif kind == MANY:
        _add_many(rows, row, chunk, ops)
    elif kind in (FLIP, SWAP):
        _add_exchange(row, chunk, ops)
    elif kind != 0:
        _add_mix(rows.entries[row[START] :], row[REAL] == 1, kind == TWO, row, chunk, ops)


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
    op[_COUNT] = 1 << (chunk.num_bits - chunk.lane_bits - _bit_count(fixed))
    op[_OUTER] = _outside(mask, chunk)
    op[_OUTER_STATE] = op[_OUTER] & state
    op[_LOW], op[_HIGH], op[_TABLE] = 0, 0, ops.counts[_ENTRIES]
    return op


@inner
def _bit_count(mask: int) -> int:
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@inner
def add_term(mask: int, angle: float, chunk: Chunk, ops: Ops) -> None:
    """Append the loop that multiplies by a phase where all bits of a mask are 1."""
    _new_op(0, mask, mask, 0, chunk, ops)
    lanes = (1 << chunk.lane_bits) - 1
    inside = _inside(mask, chunk) & lanes
    _add_coefficients(cmath.rect(1.0, angle), inside, inside, True, chunk, ops, False)


@inner
def _add_coefficients(value: complex, mask: int, state: int, same: bool, chunk: Chunk, ops: Ops, real: bool) -> None:
    """Append a vector of one value; the lanes that don't meet their controls get what leaves them as they are."""
    lanes = 1 << chunk.lane_bits
    place = ops.counts[_ENTRIES]
    for lane in range(lanes):
        meets = lane & mask == state
        ops.table[place + lane] = value.real if meets else 1.0 if same else 0.0
        if not real:
            ops.table[place + lanes + lane] = value.imag if meets else 0.0
    ops.counts[_ENTRIES] += lanes if real else 2 * lanes


@inner
def _pattern_of(a: int, b: int, two: bool, real: bool, bits: int) -> int:
    """Return the number of the pattern for targets at these bits of the index; the order is that of `PATTERNS`."""
    first = FIRST_REAL if real else 0
    if not two:
        return first + (3 + a if a < bits else 1)
    low, high = min(a, b), max(a, b)
    if low >= bits:
        return first + 2
    if high >= bits:
        return first + 3 + _MOST_BITS + low
    return first + 3 + 2 * _MOST_BITS + high * (high - 1) // 2 + low


@inner
def _add_mix(matrix: Any, real: bool, two: bool, row: Any, chunk: Chunk, ops: Ops) -> None:
    """Append the loop of a matrix on one or two qubits."""
    bits = chunk.lane_bits
    a, b = chunk.spots[row[A]], chunk.spots[row[B]] if two else -1
    high = (1 << a if a >= bits else 0) | (1 << b if b >= bits else 0)
    op = _new_op(_pattern_of(a, b, two, real, bits), row[CONTROLS], row[STATE], high, chunk, ops)
    op[_LOW], op[_HIGH] = (1 << a if a >= bits else 1 << b if b >= bits else 0), 1 << b if b >= 0 else 0
    _add_matrix(matrix, a, b, row, chunk, ops, real)


@inner
def _add_matrix(matrix: Any, a: int, b: int, row: Any, chunk: Chunk, ops: Ops, real: bool) -> None:
    """Append a matrix's coefficients in the order of a pattern: new vectors, old ones, and how their lanes go."""
    bits, lanes = chunk.lane_bits, 1 << chunk.lane_bits
    size = 4 if b >= 0 else 2
    low = (1 << a if a < bits else 0) | (1 << b if 0 <= b < bits else 0)
    mask = _inside(row[CONTROLS], chunk) & (lanes - 1)
    state = _inside(row[STATE], chunk) & (lanes - 1)
    corners = size >> _bit_count(low)
    parts = 1 if real else 2
    for new in range(corners):
        for old in range(corners):
            flip = 0
            while True:
                place = ops.counts[_ENTRIES]
                for lane in range(lanes):
                    value = complex(1.0 if new == old and flip == 0 else 0.0, 0.0)
                    if lane & mask == state:
                        value = matrix[size * _index(new, lane, a, b, bits) + _index(old, lane ^ flip, a, b, bits)]
                    ops.table[place + lane] = value.real
                    if not real:
                        ops.table[place + lanes + lane] = value.imag
                ops.counts[_ENTRIES] += parts * lanes
                # The next of the numbers that have bits of the lane targets only.
                flip = (flip - low) & low
                if flip == 0:
                    break


@inner
def _index(corner: int, lane: int, a: int, b: int, bits: int) -> int:
    """Return a matrix's index at a lane of a vector: bits of targets above the lanes are those of the corner."""
    if b < 0:
        return lane >> a & 1 if a < bits else corner
    first = lane >> a & 1 if a < bits else corner & 1
    second = lane >> b & 1 if b < bits else corner >> 1 if a >= bits else corner
    return first | second << 1


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
        _add_mix(_FLIP_MATRIX, True, False, row, chunk, ops)
    else:
        _add_mix(_SWAP_MATRIX, True, True, row, chunk, ops)


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
    op[_FIXED], op[_COUNT] = fixed, 1 << (chunk.num_bits - _bit_count(fixed))
    op[_LOW], op[_HIGH] = first, targets
    for place in range(1 << (2 * targets)):
        value = rows.entries[row[START] + place]
        ops.table[op[_TABLE] + 2 * place], ops.table[op[_TABLE] + 2 * place + 1] = value.real, value.imag
    ops.counts[_ENTRIES] += 2 << (2 * targets)


@inner
def _mix_many(re: Any, im: Any, ops: Ops, op: Any) -> None:
    targets, table = op[_HIGH], ops.table[op[_TABLE] :]
    size = 1 << targets
    corners = np.zeros(size, np.int64)
    for corner in range(size):
        for position in range(targets):
            corners[corner] |= (corner >> position & 1) << ops.spots[op[_LOW] + position]
    x, y = np.empty(size, re.dtype), np.empty(size, re.dtype)
    index = 0
    for _ in range(op[_COUNT]):
        base = index | op[_BASE]
        for corner in range(size):
            x[corner], y[corner] = re[base + corners[corner]], im[base + corners[corner]]
        for row in range(size):
            real, imaginary = re.dtype.type(0), re.dtype.type(0)
            for column in range(size):
                p, q = table[2 * (row * size + column)], table[2 * (row * size + column) + 1]
                real += p * x[column] - q * y[column]
                imaginary += p * y[column] + q * x[column]
            re[base + corners[row]], im[base + corners[row]] = real, imaginary
        index = ((index | op[_FIXED]) + 1) & ~op[_FIXED]


@inner
def run_ops(re: Any, im: Any, ops: Ops, outer: int) -> None:
    """Run all loops on an array whose qubits outside are the bits of `outer`."""
    for number in range(ops.counts[_OPS]):
        op = ops.ops[number]
        if outer & op[_OUTER] != op[_OUTER_STATE]:
            continue
        if op[_PATTERN] == _MANY:
            _mix_many(re, im, ops, op)
        else:
            mix(re, im, ops.table, op[_TABLE], op[_PATTERN], op[_FIXED], op[_BASE], op[_COUNT], op[_LOW], op[_HIGH])
