"""Which rows run in which pass over a large state, and which qubits lie within a chunk then.

A pass reads and writes the state once, a chunk at a time; all gates whose targets lie within the chunk run there.
Controls and diagonal terms need none of their qubits in it. What commutes, as it touches different qubits or is
diagonal where both meet, may change its order; each term of a diagonal row goes its own way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.columns import make_rows
from qdock_basic.fast.front.rows import CONTROLS, DIAGONAL, GONE, KIND, MANY, SWAP, TWO, A, B, Rows
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import bit_count

__all__ = ["Plan", "plan_passes"]

# The coefficients of more steps than this in one pass would not stay in cache.
_MOST_STEPS = 512


class Steps(NamedTuple):
    """What is put in order: rows, and the terms of diagonal rows one by one.

    Attributes
    ----------
    rows, terms : (s,) int64 arrays
        Of which row, and of which term of it; -1 for a row that has none.
    targets, others : (s,) int64 arrays
        Masks of the places that are mixed, and of those that are only read.
    """

    rows: Any
    terms: Any
    targets: Any
    others: Any


class Plan(NamedTuple):
    """The passes of a circuit.

    Attributes
    ----------
    rows : Rows
    steps : Steps
    order : (s,) int64 array
        Numbers of steps, pass by pass.
    starts : (p + 1,) int64 array
        Where each pass begins in `order`.
    inside : (p,) int64 array
        Masks of the places within a chunk.
    """

    rows: Rows
    steps: Steps
    order: Any
    starts: Any
    inside: Any


@compiled
def plan_passes(
    addresses: Any,
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
    addresses : (NUM_ADDRESSES,) int64 array
        Of the circuit's arrays: see `source.locate`.
    num_qubits, offset, first, end, phase, fresh
        A `Stretch`.
    chunk_bits : int
        How many places a chunk has.
    run_bits : int
        How many of them are the lowest ones, so that memory is read in runs.
    """
    rows = make_rows(addresses, num_qubits, offset, first, end, phase, fresh)
    num_places = num_qubits + offset
    steps = _steps(rows)
    count = len(steps.rows)
    order, starts = np.empty(count, np.int64), np.zeros(count + 1, np.int64)
    inside = np.zeros(count + 1, np.int64)
    left = np.arange(count)
    taken, passes = 0, 0
    while taken < count:
        mask, taken = _take_pass(
            steps, left, count - taken, order, taken, chunk_bits, (1 << run_bits) - 1, (1 << num_places) - 1
        )
        inside[passes] = _filled(mask, chunk_bits, num_places)
        passes += 1
        starts[passes] = taken
    return Plan(rows, steps, order, starts[: passes + 1], inside[:passes])


@inner
def _steps(rows: Rows) -> Steps:
    """Return rows and terms in the order of the circuit."""
    most = len(rows.rows) + len(rows.masks)
    table = np.empty((4, most), np.int64)
    count = 0
    for number in range(len(rows.rows)):
        row = rows.rows[number]
        if row[KIND] == DIAGONAL:
            for term in range(row[A], row[B]):
                table[0, count], table[1, count], table[2, count], table[3, count] = number, term, 0, rows.masks[term]
                count += 1
        elif row[KIND] != GONE:
            table[0, count], table[1, count] = number, -1
            table[2, count], table[3, count] = _targets(rows, row), row[CONTROLS]
            count += 1
    return Steps(table[0, :count], table[1, :count], table[2, :count], table[3, :count])


@inner
def _targets(rows: Rows, row: Any) -> int:
    """Return a mask of the places that a row mixes."""
    if row[KIND] != MANY:
        return 1 << row[A] | (1 << row[B] if row[KIND] in (TWO, SWAP) else 0)
    mask = 0
    for position in range(row[A]):
        mask |= 1 << rows.places[row[B] + position]
    return mask


@inner
def _take_pass(
    steps: Steps, left: Any, num_left: int, order: Any, taken: int, bits: int, mask: int, everything: int
) -> tuple[int, int]:
    """Move the steps of one pass from `left` to `order`; return its mask, and how many are taken."""
    mixed, read, kept, begin = 0, 0, 0, taken
    for position in range(num_left):
        number = left[position]
        target, other = steps.targets[number], steps.others[number]
        fits = (
            target & (mixed | read) == 0
            and other & mixed == 0
            and bit_count(mask | target) <= bits
            and taken - begin < _MOST_STEPS
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
    return mask, taken


@inner
def _filled(mask: int, bits: int, num_places: int) -> int:
    """Return a mask with the lowest places added until there are enough."""
    count, place = bit_count(mask), 0
    while count < bits and place < num_places:
        if not mask >> place & 1:
            mask |= 1 << place
            count += 1
        place += 1
    return mask
