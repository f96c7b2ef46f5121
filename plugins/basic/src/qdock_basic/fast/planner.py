"""Which rows run in which pass over a large state, and which qubits lie within a chunk then.

A pass reads and writes the state once, a chunk at a time; all gates whose targets lie within the chunk run there.
Controls and diagonal gates need none of their qubits in it. Rows that commute, as they touch different qubits or
are diagonal where they meet, may change their order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front import Program, make_rows
from qdock_basic.fast.jit import compiled, inner
from qdock_basic.fast.rows import CONTROLS, DIAGONAL, GONE, KIND, MANY, SWAP, TWO, A, B, Rows

__all__ = ["Plan", "plan_passes"]

# More rows than this in one pass would keep a run from looking up in time.
_MOST_ROWS = 512


class Plan(NamedTuple):
    """The passes of a circuit.

    Attributes
    ----------
    rows : Rows
    order : (r,) int64 array
        Numbers of rows, pass by pass.
    starts : (p + 1,) int64 array
        Where each pass begins in `order`.
    inside : (p,) int64 array
        Masks of the places within a chunk.
    """

    rows: Rows
    order: Any
    starts: Any
    inside: Any


@compiled
def plan_passes(
    program: Program,
    num_qubits: int,
    offset: int,
    first: int,
    end: int,
    phase: float,
    fresh: bool,
    chunk_bits: int,
    run_bits: int,
) -> Plan:
    """Return the passes of the operations from `first` up to `end`.

    Parameters
    ----------
    program, num_qubits, offset, first, end, phase, fresh
        As in `cache.run_in_cache`.
    chunk_bits : int
        How many places a chunk has.
    run_bits : int
        How many of them are the lowest ones, so that memory is read in runs.
    """
    rows = make_rows(program, num_qubits, offset, first, end, phase, fresh)
    num_places = num_qubits + offset
    targets, others = _touched(rows)
    count = len(rows.rows)
    order, starts = np.empty(count, np.int64), np.zeros(count + 1, np.int64)
    inside = np.zeros(count + 1, np.int64)
    left = np.empty(count, np.int64)
    num_left, taken, passes = _without_gone(rows, left), 0, 0
    while num_left:
        mask, num_left, taken = _take_pass(
            targets, others, left, num_left, order, taken, chunk_bits, (1 << run_bits) - 1, (1 << num_places) - 1
        )
        inside[passes] = _filled(mask, chunk_bits, num_places)
        passes += 1
        starts[passes] = taken
    return Plan(rows, order, starts[: passes + 1], inside[:passes])


@inner
def _touched(rows: Rows) -> tuple[Any, Any]:
    """Return masks of the places that each row mixes, and of those that it only reads."""
    count = len(rows.rows)
    targets, others = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for number in range(count):
        row = rows.rows[number]
        others[number] = row[CONTROLS]
        if row[KIND] == DIAGONAL:
            for term in range(row[A], row[B]):
                others[number] |= rows.masks[term]
        elif row[KIND] == MANY:
            for position in range(row[A]):
                targets[number] |= 1 << rows.places[row[B] + position]
        elif row[KIND] != GONE:
            targets[number] = 1 << row[A] | (1 << row[B] if row[KIND] in (TWO, SWAP) else 0)
    return targets, others


@inner
def _without_gone(rows: Rows, left: Any) -> int:
    kept = 0
    for number in range(len(rows.rows)):
        if rows.rows[number, KIND] != GONE:
            left[kept] = number
            kept += 1
    return kept


@inner
def _take_pass(
    targets: Any, others: Any, left: Any, num_left: int, order: Any, taken: int, bits: int, mask: int, everything: int
) -> tuple[int, int, int]:
    """Move the rows of one pass from `left` to `order`; return its mask, and how many are left and taken."""
    mixed, read, kept, begin = 0, 0, 0, taken
    for position in range(num_left):
        number = left[position]
        target, other = targets[number], others[number]
        fits = (
            target & (mixed | read) == 0
            and other & mixed == 0
            and _bit_count(mask | target) <= bits
            and taken - begin < _MOST_ROWS
        )
        if fits:
            mask |= target
            order[taken] = number
            taken += 1
        else:
            mixed |= target
            read |= other
            left[kept] = number
            kept += 1
        if mixed == everything:
            for rest in range(position + 1, num_left):
                left[kept] = left[rest]
                kept += 1
            break
    return mask, kept, taken


@inner
def _bit_count(mask: int) -> int:
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@inner
def _filled(mask: int, bits: int, num_places: int) -> int:
    """Return a mask with the lowest places added until there are enough."""
    count, place = _bit_count(mask), 0
    while count < bits and place < num_places:
        if not mask >> place & 1:
            mask |= 1 << place
            count += 1
        place += 1
    return mask
