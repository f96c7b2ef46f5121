"""Circuits whose state lies in cache: from columns to amplitudes in one call of compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.front import Program, make_rows
from qdock_basic.fast.jit import compiled, inner
from qdock_basic.fast.memory import LINE, PAD_BYTES
from qdock_basic.fast.ops import OP_WIDTH, Chunk, Ops, add_ops, add_term, run_ops
from qdock_basic.fast.rows import CONTROLS, DIAGONAL, GONE, KIND, MANY, SWAP, TWO, A, B, Rows
from qdock_basic.fast.vectors import LANE_BITS, join, split

__all__ = ["run_in_cache"]

# A state is at least four vectors long; qubits that it does not have stay 0.
_LEAST_VECTOR_BITS = 2
_LINE, _PAD = LINE, PAD_BYTES
_BITS_8, _BITS_4 = LANE_BITS[8], LANE_BITS[4]


@compiled
def run_in_cache(
    program: Program, num_qubits: int, offset: int, first: int, end: int, phase: float, fresh: bool, whole: Any
) -> None:
    """Run operations of a circuit on a state.

    Parameters
    ----------
    program : Program
    num_qubits, offset : int
        How many qubits the circuit has, and where the first one lies in the state's index.
    first, end : int
        Which operations.
    phase : float
        A global phase besides theirs.
    fresh : bool
        Whether all qubits are 0 at first; what the state holds is not read then.
    whole : (2^(n + 1),) real array
        The state, real and imaginary parts by turns; overwritten.
    """
    rows = make_rows(program, num_qubits, offset, first, end, phase, fresh)
    lane_bits = _BITS_8 if whole.itemsize == 8 else _BITS_4
    num_places = num_qubits + offset
    room = 1 << max(num_places, lane_bits + _LEAST_VECTOR_BITS)
    buffer = np.empty(2 * (room + _LINE // 4) + _PAD // 4, whole.dtype)
    skip = -buffer.ctypes.data % _LINE // whole.itemsize
    re = buffer[skip : skip + room]
    im = buffer[skip + room + _PAD // whole.itemsize :][:room]
    bits = lane_bits + _LEAST_VECTOR_BITS
    if fresh:
        _clear(re, im, 0, 1 << bits)
        re[0] = 1
    else:
        bits = max(num_places, bits)
        _take(whole, num_places, lane_bits, re, im)
    bits = _run(rows, num_places, bits, lane_bits, re, im)
    _clear(re, im, 1 << bits, room)
    _give(whole, num_places, lane_bits, re, im)


@inner
def _clear(re: Any, im: Any, start: int, end: int) -> None:
    for index in range(start, end):
        re[index], im[index] = 0, 0


@inner
def _take(whole: Any, num_places: int, lane_bits: int, re: Any, im: Any) -> None:
    if num_places >= lane_bits:
        split(whole, 0, re, im, 0, 1 << (num_places - lane_bits))
    else:
        for index in range(1 << num_places):
            re[index], im[index] = whole[2 * index], whole[2 * index + 1]
    _clear(re, im, 1 << num_places, len(re))


@inner
def _give(whole: Any, num_places: int, lane_bits: int, re: Any, im: Any) -> None:
    if num_places >= lane_bits:
        join(whole, 0, re, im, 0, 1 << (num_places - lane_bits))
    else:
        for index in range(1 << num_places):
            whole[2 * index], whole[2 * index + 1] = re[index], im[index]


@inner
def _run(rows: Rows, num_places: int, bits: int, lane_bits: int, re: Any, im: Any) -> int:
    """Run rows one after the other; the state grows with the places that they touch. Return how large it is."""
    ops = Ops(
        np.empty((1, OP_WIDTH), np.int64),
        np.empty(max(1 << (5 + _BITS_4), 2 * len(rows.entries)), re.dtype),
        np.empty(num_places + 1, np.int64),
        np.zeros(3, np.int64),
    )
    spots = np.empty(num_places, np.int64)
    for place in range(num_places):
        spots[place] = place
    for number in range(len(rows.rows)):
        needed = _reach(rows, number)
        while bits < needed:
            _clear(re, im, 1 << bits, 2 << bits)
            bits += 1
        chunk = Chunk(spots, bits, lane_bits)
        if rows.rows[number, KIND] == DIAGONAL:
            _run_terms(rows, number, chunk, ops, re, im)
        else:
            ops.counts[0], ops.counts[1], ops.counts[2] = 0, 0, 0
            add_ops(rows, number, chunk, ops)
            run_ops(re, im, ops, 0)
    return bits


@inner
def _run_terms(rows: Rows, number: int, chunk: Chunk, ops: Ops, re: Any, im: Any) -> None:
    """Run diagonal terms one by one; those on places that are 0 throughout do nothing."""
    for term in range(rows.rows[number, A], rows.rows[number, B]):
        if rows.masks[term] >> chunk.num_bits == 0:
            ops.counts[0], ops.counts[1], ops.counts[2] = 0, 0, 0
            add_term(rows.masks[term], rows.angles[term], chunk, ops)
            run_ops(re, im, ops, 0)


@inner
def _reach(rows: Rows, number: int) -> int:
    """Return how many places a state must have at least for a row; terms only ask for what has been touched."""
    row = rows.rows[number]
    kind, reach = row[KIND], 0
    if kind == MANY:
        for position in range(row[A]):
            reach = max(reach, rows.places[row[B] + position] + 1)
    elif kind != GONE and kind != DIAGONAL:
        reach = max(row[A] + 1, row[B] + 1 if kind in (TWO, SWAP) else 0)
    while row[CONTROLS] >> reach:
        reach += 1
    return reach
