"""Runs of gates as loops with their coefficients, made once and run for every branch: see `ops.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.front.columns import make_rows
from qdock_basic.fast.front.rows import DIAGONAL, GONE, KIND, MANY, A, B, Rows
from qdock_basic.fast.loops.ops import OP_WIDTH, Chunk, Ops, add_ops, move_ops
from qdock_basic.fast.loops.phases import add_phase
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import lane_bits, pointer
from qdock_basic.fast.machine.vectors import LANE_BITS

__all__ = ["Segments", "num_bits_of"]

# A state is at least four vectors long, as in `cache.py`.
_LEAST_VECTOR_BITS = 2
# A matrix on two qubits has so many coefficients, each with a real and an imaginary part in a vector of its own.
_MOST_COEFFICIENTS = 32


def num_bits_of(num_qubits: int, real: Any) -> int:
    """Return how many bits the index of a state in cache has, those of qubits that are always 0 included."""
    return max(num_qubits, LANE_BITS[np.dtype(real).itemsize] + _LEAST_VECTOR_BITS)


class Segments:
    """Loops of several runs of gates, one after the other.

    Parameters
    ----------
    num_qubits : int
    real : dtype
        Of the amplitudes' parts.
    """

    def __init__(self, num_qubits: int, real: Any) -> None:
        self._num_qubits, self._real = num_qubits, np.dtype(real)
        self._found: list[tuple[Any, Any, Any]] = []
        self._sizes = [0, 0, 0]

    @property
    def num_coefficients(self) -> int:
        """How many there are of all loops."""
        return self._sizes[1]

    def add(self, addresses: Any, start: int, stop: int, fresh: bool) -> tuple[int, int]:
        """Append some of the operations at addresses, and return where their loops begin and end: see `make_rows`."""
        rows = make_rows(addresses, self._num_qubits, 0, start, stop, 0.0, fresh)
        arrays = loops_of(rows, self._num_qubits, num_bits_of(self._num_qubits, self._real), np.empty(0, self._real))
        first = self._sizes[0]
        move_ops(arrays[0], *self._sizes[1:])
        self._found.append(arrays)
        self._sizes = [size + len(array) for size, array in zip(self._sizes, arrays, strict=True)]
        return first, self._sizes[0]

    def finish(self) -> tuple[Any, Any, Any]:
        """Return the loops, their coefficients and the qubits of large matrices."""
        if not self._found:
            return np.empty((0, OP_WIDTH), np.int64), np.empty(0, self._real), np.empty(0, np.int64)
        ops, table, spots = (np.concatenate(arrays) for arrays in zip(*self._found, strict=True))
        return ops, table, spots


@compiled
def loops_of(rows: Rows, num_qubits: int, num_bits: int, like: Any) -> tuple[Any, Any, Any]:
    """Return the loops of rows on a whole state whose index has so many bits, with coefficients of a type."""
    bits = lane_bits(pointer(like))
    places = np.empty(num_qubits, np.int64)
    for place in range(num_qubits):
        places[place] = place
    chunk = Chunk(places, num_bits, bits)
    room, entries = _room(rows, bits)
    table, spots = np.empty(entries, like.dtype), np.empty(len(rows.places), np.int64)
    ops = Ops(np.empty((room, OP_WIDTH), np.int64), table, spots, np.zeros(3, np.int64), np.ones(1, np.float64))
    for number in range(len(rows.rows)):
        row = rows.rows[number]
        if row[KIND] == DIAGONAL:
            for term in range(row[A], row[B]):
                add_phase(rows.masks[term], 0, rows.angles[term], chunk, ops)
        elif row[KIND] != GONE:
            add_ops(rows, number, chunk, ops)
    counts = ops.counts
    return ops.ops[: counts[0]].copy(), table[: counts[1]].copy(), spots[: counts[2]].copy()


@inner
def _room(rows: Any, bits: int) -> tuple[int, int]:
    """Return how many loops and coefficients there are at most."""
    room, entries = 0, 0
    for number in range(len(rows.rows)):
        row = rows.rows[number]
        many = row[B] - row[A] if row[KIND] == DIAGONAL else 1
        room += many
        entries += 2 << (2 * row[A]) if row[KIND] == MANY else many * _MOST_COEFFICIENTS << bits
    return room, entries
