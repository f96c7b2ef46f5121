"""Hadamard gates two at a time: a loop for two of them takes no longer than one for a matrix on one qubit.

Such a gate, also with an X beside it, is the square root of a half times ``[[1, t], [u, -t u]]``, with t and u 1 or -1:
all new numbers are sums or differences. What stands in front is multiplied together, and applied to the array at last.
"""

from __future__ import annotations

from typing import Any

from qdock_basic.fast.front.rows import CONTROLS, KIND, ONE, PARTS, START, A
from qdock_basic.fast.loops.ops import HIGH, LOW, Chunk, Ops, add_ops, new_op
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.vectors import REAL, SUMS

__all__ = ["add_or_hold"]

# From here on numbers could become too large for single precision.
_LEAST_SCALE = 1e-9
# As much may be lost by taking two numbers as alike as by rounding.
_ROUNDING = 1e-15


@inner
def add_or_hold(rows: Any, held: int, number: int, chunk: Chunk, ops: Ops) -> int:
    """Append the loop of a row, together with that of one that is held, or hold it until there is another.

    Parameters
    ----------
    held : int
        A row that may come later, as what came since touches other qubits; or -1.
    number : int

    Returns
    -------
    int
        The row that is held from now on, or -1.
    """
    kind = _kind_of(rows, rows.rows[number], chunk) if abs(ops.scale[0]) > _LEAST_SCALE else -1
    if kind < 0:
        add_ops(rows, number, chunk, ops)
        return held
    if held < 0:
        return number
    if kind != _kind_of(rows, rows.rows[held], chunk):
        add_ops(rows, held, chunk, ops)
        return number
    a, b = 1 << chunk.spots[rows.rows[held, A]], 1 << chunk.spots[rows.rows[number, A]]
    op = new_op(SUMS + kind, 0, 0, a | b, (0, 0), chunk, ops)
    op[LOW], op[HIGH] = a, b
    ops.scale[0] *= _factor(rows, held) * _factor(rows, number)
    return -1


@inner
def _factor(rows: Any, number: int) -> float:
    """Return what stands in front of a matrix."""
    return rows.entries[rows.rows[number, START]].real


@inner
def _kind_of(rows: Any, row: Any, chunk: Chunk) -> int:
    """Return the place in `vectors.SIGNS` of a matrix of this form on a qubit above the lanes, or -1."""
    if row[KIND] != ONE or row[CONTROLS] != 0 or row[PARTS] != REAL or chunk.spots[row[A]] < chunk.lane_bits:
        return -1
    start = row[START]
    factor = rows.entries[start].real
    t, u, last = rows.entries[start + 1].real, rows.entries[start + 2].real, rows.entries[start + 3].real
    for value in (t, u, last):
        if abs(abs(value) - abs(factor)) > _ROUNDING:
            return -1
    if factor * last * t * u > 0 or (t * factor < 0 and u * factor < 0):
        return -1
    return 2 if t * factor < 0 else 1 if u * factor < 0 else 0
