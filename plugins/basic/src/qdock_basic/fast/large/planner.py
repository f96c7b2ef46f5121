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
from qdock_basic.fast.large.halving import halve
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import bit_count

__all__ = ["Plan", "plan_passes"]

# The coefficients of more steps than this in one pass would not stay in cache.
_MOST_STEPS = 512
# To choose places, a pass looks ahead at so many steps.
_MOST_SEEN = 4 * _MOST_STEPS


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


class Places(NamedTuple):
    """How many places a chunk has, a mask of those that it always has, and one of all places."""

    bits: int
    run: int
    everything: int


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
    rows, after = halve(make_rows(addresses, num_qubits, offset, first, end, phase, fresh))
    num_places = num_qubits + offset
    steps = _steps(rows, after)
    count = len(steps.rows)
    order, starts = np.empty(count, np.int64), np.zeros(count + 1, np.int64)
    inside = np.zeros(count + 1, np.int64)
    left = np.arange(count)
    taken, passes = 0, 0
    chunk = Places(chunk_bits, (1 << run_bits) - 1, (1 << num_places) - 1)
    while taken < count:
        without = _best_without(steps, left[: count - taken], chunk)
        mask, taken = _take_pass(steps, left, count - taken, order, taken, chunk, without)
        inside[passes] = _filled(mask, chunk_bits, num_places)
        passes += 1
        starts[passes] = taken
    return Plan(rows, steps, order, starts[: passes + 1], inside[:passes])


@inner
def _steps(rows: Rows, after: Any) -> Steps:
    """Return rows, terms and the terms that follow rows in the order of the circuit, and last the phase of all."""
    most = len(rows.rows) + len(rows.masks) + 1
    steps, count = np.empty((4, most), np.int64), 0
    for number in range(len(rows.rows)):
        row = rows.rows[number]
        if row[KIND] == DIAGONAL:
            for term in range(row[A], row[B]):
                count = _add_step(steps, count, number, term, 0, rows.masks[term])
        elif row[KIND] != GONE:
            count = _add_step(steps, count, number, -1, _targets(rows, row), row[CONTROLS])
        if after[number] >= 0:
            count = _add_step(steps, count, number, after[number], 0, rows.masks[after[number]])
    last = len(rows.masks) - 1
    if rows.angles[last] != 0.0:
        count = _add_step(steps, count, 0, last, 0, 0)
    return Steps(steps[0, :count], steps[1, :count], steps[2, :count], steps[3, :count])


@inner
def _add_step(steps: Any, count: int, row: int, term: int, targets: int, others: int) -> int:
    steps[0, count], steps[1, count], steps[2, count], steps[3, count] = row, term, targets, others
    return count + 1


@inner
def _targets(rows: Rows, row: Any) -> int:
    """Return a mask of the places that a row mixes."""
    if row[KIND] != MANY:
        return 1 << row[A] | (1 << row[B] if row[KIND] in (TWO, SWAP) else 0)
    mask = 0
    for position in range(row[A]):
        mask |= 1 << rows.places[row[B] + position]
    return mask


# --- which steps a pass takes: the first ones, as long as their places fit. One place that is kept out may leave room
# --- for many steps that come later, as in a ladder of CX gates, so that each is tried.


@inner
def _best_without(steps: Steps, left: Any, chunk: Places) -> int:
    """Return the place, as a mask, without which a pass takes most rows; 0 if it takes as many with it."""
    seen = left[:_MOST_SEEN]
    best, most = 0, _rows_taken(steps, seen, chunk, 0)
    if most == len(seen):
        return 0
    for place in range(bit_count(chunk.run), bit_count(chunk.everything)):
        count = _rows_taken(steps, seen, chunk, 1 << place)
        if count > most:
            best, most = 1 << place, count
    return best


@inner
def _rows_taken(steps: Steps, left: Any, chunk: Places, without: int) -> int:
    """Return how many rows that are not diagonal a pass would take."""
    mixed, read, mask, taken, rows = 0, 0, chunk.run, 0, 0
    for number in left:
        target, other = steps.targets[number], steps.others[number]
        if _fits(target, other, mixed, read, mask, taken, chunk.bits, without):
            mask |= target
            taken += 1
            rows += target != 0
        else:
            mixed |= target
            read |= other
            if mixed == chunk.everything:
                break
    return rows


@inner
def _fits(target: int, other: int, mixed: int, read: int, mask: int, taken: int, bits: int, without: int) -> bool:
    """Whether a pass takes one more step, after others that it could not take mix and read some places."""
    return bool(
        target & (mixed | read | without) == 0
        and other & mixed == 0
        and bit_count(mask | target) <= bits
        and taken < _MOST_STEPS
    )


@inner
def _take_pass(
    steps: Steps, left: Any, num_left: int, order: Any, taken: int, chunk: Places, without: int
) -> tuple[int, int]:
    """Move the steps of one pass from `left` to `order`; return its mask, and how many are taken."""
    mixed, read, kept, begin, mask = 0, 0, 0, taken, chunk.run
    for position in range(num_left):
        number = left[position]
        target, other = steps.targets[number], steps.others[number]
        if _fits(target, other, mixed, read, mask, taken - begin, chunk.bits, without):
            mask |= target
            order[taken] = number
            taken += 1
        else:
            mixed |= target
            read |= other
            left[kept] = number
            kept += 1
        if mixed == chunk.everything:
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
