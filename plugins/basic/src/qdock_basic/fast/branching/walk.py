"""Branches, walked through in one call of compiled code: see `qdock_basic.branching.branches` for what they are.

The branch at hand is the last row of a stack; the rows below it wait. A measurement with two outcomes puts the
smaller branch on top of the larger one, so there are never more rows than the shots can be halved.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.branching.flat import Flat, Kind
from qdock_basic.fast.branching.postfix import evaluate, wrap
from qdock_basic.fast.drawing.binomial import binomial
from qdock_basic.fast.drawing.reading import STEPS, Found, Sheet, draw, wire
from qdock_basic.fast.drawing.streams import begin_stream, child_path
from qdock_basic.fast.loops.norms import weights_of
from qdock_basic.fast.loops.ops import Ops, run_some
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import pointer

__all__ = [
    "DONE",
    "ENDED",
    "FAULT",
    "FULL",
    "LONG_LOOP",
    "LONG_WHILE",
    "NUM_COUNTERS",
    "NUM_MARKS",
    "PASSES",
    "PAUSED",
    "ROUNDS",
    "WHILE_ROUNDS",
    "Tree",
    "walk",
]

# --- what a call ends with

#: All branches have ended; the budget is used up; there is no room for outcomes.
ENDED, PAUSED, FULL = 0, 1, 2
#: A limit was reached, whose value is in the counters; an expression has no value.
LONG_WHILE, LONG_LOOP, FAULT = 3, 4, 5

# --- places in `Tree.counters`: of the whole walk

_TOP, DONE, PASSES, _BLOCK, ROUNDS, WHILE_ROUNDS = range(6)
NUM_COUNTERS = 6

# --- columns of `Tree.marks`: of each branch

_POSITION, _READ, _ROUNDS, _WHILE_ROUNDS = range(4)
NUM_MARKS = 4

_GATES, _MEASURE, _RESET, _READ_LAST = Kind.GATES, Kind.MEASURE, Kind.RESET, Kind.READ
_JUMP, _UNLESS, _CASE, _SET, _SET_BITS = Kind.JUMP, Kind.UNLESS, Kind.CASE, Kind.SET, Kind.SET_BITS
_ROUND, _FOR, _FOR_RANGE, _NEXT = Kind.ROUND, Kind.FOR, Kind.FOR_RANGE, Kind.NEXT

# What the budget counts a row as besides its amplitudes.
_ROW_COST = 16
# Bounds beyond this might overflow; Python's integers don't.
_FAR = 1 << 61
_WORD = 64


class Tree(NamedTuple):
    """Where a walk is; each array but the last four has a row for each branch that may be there at once.

    Attributes
    ----------
    re, im : (d, 2^b) real arrays
        States.
    bits : (d, c) uint8 array
        Clbits.
    values : (d, v) int64 array
        Variables and what loops keep: see `Flat.initial`.
    shares : (d, s) int64 array
        Shots in every block.
    marks : (d, 4) int64 array
    paths : (d,) uint64 array
    counters : int64 array
    stream : uint64 array
        See `streams.py`.
    stack : int64 array
        Room for `postfix.evaluate`.
    fixed : (w,) uint64 array
        Room for an outcome.
    """

    re: Any
    im: Any
    bits: Any
    values: Any
    shares: Any
    marks: Any
    paths: Any
    counters: Any
    stream: Any
    stack: Any
    fixed: Any


@compiled
def walk(
    flat: Flat, tree: Tree, sheet: Sheet, found: Found, num_qubits: int, budget: int, most_while: int, most_loop: int
) -> int:
    """Go on until all branches have ended, or one of the other reasons at the beginning of this file.

    Parameters
    ----------
    flat : Flat
    tree : Tree
    sheet : Sheet
    found : Found
    num_qubits : int
    budget : int
        After how many amplitudes to come back.
    most_while, most_loop : int
        Limits on the rounds of loops in one shot.
    """
    ops = Ops(flat.ops, flat.table, flat.spots, tree.counters, np.ones(1, np.float64))
    size, end = 1 << num_qubits, len(flat.rows)
    while tree.counters[_TOP] >= 0:
        top = tree.counters[_TOP]
        position = tree.marks[top, _POSITION]
        if position == end:
            if not _read(flat, tree, sheet, found, size):
                return FULL
            tree.counters[_TOP] -= 1
            continue
        row = flat.rows[position]
        kind = row[0]
        tree.marks[top, _POSITION] = position + 1
        budget -= _ROW_COST
        if kind == _GATES:
            run_some(pointer(tree.re[top]), pointer(tree.im[top]), ops, row[1], row[2])
            tree.counters[PASSES] += 1
            budget -= size * (row[2] - row[1])
        elif kind in (_MEASURE, _RESET):
            _chance(tree, row, size)
            budget -= size
        elif kind == _READ_LAST:
            tree.marks[top, _READ] += 1
        else:
            status = _classical(flat, tree, row, kind, most_while, most_loop)
            if status != ENDED:
                return status
        if budget < 0:
            return PAUSED
    return ENDED


# --- chance


@inner
def _chance(tree: Tree, row: Any, size: int) -> None:
    """Measure or reset a qubit of the branch at hand."""
    top, qubit = tree.counters[_TOP], row[1]
    zero, one = weights_of(pointer(tree.re[top]), pointer(tree.im[top]), size, 1 << qubit)
    steps = np.rint(one / (zero + one) * STEPS)
    if steps == 0.0 or steps == STEPS:
        _keep(tree, top, top, row, np.int64(steps == STEPS), zero, one, size)
        return
    zeros, ones = _divide(tree, top, steps / STEPS)
    path = tree.paths[top]
    # Of two branches the larger one stays where it is, and the smaller one goes on above it.
    low = np.int64(ones > zeros)
    if low == 1:
        _exchange(tree.shares[top], tree.shares[top + 1])
    tree.paths[top] = child_path(path, low)
    if zeros > 0 and ones > 0:
        tree.paths[top + 1] = child_path(path, 1 - low)
        _copy_up(tree.bits, top)
        _copy_up(tree.values, top)
        _copy_up(tree.marks, top)
        _keep(tree, top, top + 1, row, 1 - low, zero, one, size)
        tree.counters[_TOP] = top + 1
    _keep(tree, top, top, row, low, zero, one, size)


@inner
def _divide(tree: Tree, top: int, chance: float) -> tuple[int, int]:
    """Move the shots that find 1 one row up, drawn block by block; return how many stay and go."""
    zeros, ones = 0, 0
    for block in range(tree.shares.shape[1]):
        shots = tree.shares[top, block]
        begin_stream(tree.stream, block, tree.paths[top])
        found = binomial(tree.stream, shots, chance)
        tree.shares[top, block], tree.shares[top + 1, block] = shots - found, found
        zeros, ones = zeros + shots - found, ones + found
    return zeros, ones


@inner
def _copy_up(rows: Any, top: int) -> None:
    """Write a row of the stack to the one above; assigned as a whole, it would bring in numba's texts of errors."""
    for place in range(rows.shape[1]):
        rows[top + 1, place] = rows[top, place]


@inner
def _exchange(first: Any, second: Any) -> None:
    for place in range(len(first)):
        first[place], second[place] = second[place], first[place]


@inner
def _keep(tree: Tree, source: int, target: int, row: Any, outcome: int, zero: float, one: float, size: int) -> None:
    """Let a row of the stack have the part of a state in which a qubit has an outcome; note it, or reset the qubit."""
    half = 1 << row[1]
    weight, other = (one, zero) if outcome else (zero, one)
    to_zero = row[0] == _RESET
    if target != source or other > 0.0 or (outcome and to_zero):
        scale = 1.0 / math.sqrt(weight)
        taken = half if outcome else 0
        kept = 0 if to_zero else taken
        factor = tree.re.dtype.type(scale)
        _project(pointer(tree.re[source]), pointer(tree.re[target]), half, taken, kept, factor, size)
        _project(pointer(tree.im[source]), pointer(tree.im[target]), half, taken, kept, factor, size)
    if not to_zero:
        tree.bits[target, row[2]] = outcome


@inner
def _project(source: Any, target: Any, half: int, taken: int, kept: int, scale: Any, size: int) -> None:
    """Move one half of a state, times a factor, to where it is kept; the other one becomes 0."""
    cleared = half - kept
    for start in range(0, size, 2 * half):
        for index in range(start, start + half):
            target[index + kept] = source[index + taken] * scale
            target[index + cleared] = 0


@inner
def _read(flat: Flat, tree: Tree, sheet: Sheet, found: Found, size: int) -> bool:
    """Draw what the shots of a branch that has ended read; return False where there is no room for it."""
    top = tree.counters[_TOP]
    wire(flat.readings, tree.marks[top, _READ], sheet)
    tree.fixed[:] = 0
    for clbit in range(len(flat.places)):
        place = flat.places[clbit]
        if place >= 0 and sheet.sources[place] < 0 and tree.bits[top, clbit]:
            tree.fixed[place // _WORD] |= np.uint64(1) << np.uint64(place % _WORD)
    most = max_of(tree.shares[top])
    # A walk that comes back for room goes on with the block that it was at.
    while tree.counters[_BLOCK] < tree.shares.shape[1]:
        block = tree.counters[_BLOCK]
        shots = tree.shares[top, block]
        if len(found.table) == 0 and found.used[0] + min(shots, size) > len(found.counts):
            return False
        if shots > 0:
            begin_stream(tree.stream, block, tree.paths[top])
            draw(
                pointer(tree.re[top]), pointer(tree.im[top]), shots, most, block, tree.fixed, tree.stream, sheet, found
            )
            tree.counters[DONE] += shots
        tree.counters[_BLOCK] += 1
    tree.counters[_BLOCK] = 0
    return True


@inner
def max_of(shares: Any) -> int:
    """Return the largest of some numbers of shots."""
    most = 0
    for shots in shares:
        most = max(most, shots)
    return most


# --- classical steps


@inner
def _classical(flat: Flat, tree: Tree, row: Any, kind: int, most_while: int, most_loop: int) -> int:
    """Do what a row says; return `ENDED` if all is well."""
    top = tree.counters[_TOP]
    values, marks = tree.values[top], tree.marks[top]
    if kind == _JUMP:
        marks[_POSITION] = row[1]
    elif kind == _CASE:
        if values[row[1]] == row[2]:
            marks[_POSITION] = row[3]
    elif kind == _ROUND:
        marks[_WHILE_ROUNDS] += 1
        tree.counters[WHILE_ROUNDS] = marks[_WHILE_ROUNDS]
        if marks[_WHILE_ROUNDS] > most_while:
            return LONG_WHILE
        return _round(tree, marks, 1, most_loop)
    elif kind == _FOR:
        values[row[1]], values[row[1] + 1], values[row[1] + 2], values[row[1] + 3] = 0, row[3], row[2], 0
    elif kind == _FOR_RANGE:
        return _begin_range(tree, row, values, marks, most_loop)
    elif kind == _NEXT:
        return _next_round(flat, tree, row, values, marks, most_loop)
    else:
        return _evaluated(flat, tree, row, kind, values, marks)
    return ENDED


@inner
def _evaluated(flat: Flat, tree: Tree, row: Any, kind: int, values: Any, marks: Any) -> int:
    """Do what a row with an expression says."""
    bits = tree.bits[tree.counters[_TOP]]
    value, is_known = evaluate(flat.expressions, row[1], row[2], flat.clbits, bits, values, tree.stack)
    if not is_known:
        return FAULT
    if kind == _UNLESS:
        if value == 0:
            marks[_POSITION] = row[3]
    elif kind == _SET:
        values[row[3]] = value
    else:
        for place in range(row[4]):
            bits[flat.clbits[row[3] + place]] = value >> min(place, _WORD - 1) & 1
    return ENDED


@inner
def _round(tree: Tree, marks: Any, more: int, most_loop: int) -> int:
    """Count rounds of loops, and say whether there are too many."""
    marks[_ROUNDS] += more
    tree.counters[ROUNDS] = marks[_ROUNDS]
    return LONG_LOOP if marks[_ROUNDS] > most_loop else ENDED


@inner
def _begin_range(tree: Tree, row: Any, values: Any, marks: Any, most_loop: int) -> int:
    start, stop, step = values[row[2]], values[row[2] + 1], values[row[2] + 2]
    if step == 0 or max(abs(start), abs(stop), abs(step)) > _FAR:
        return FAULT
    count = max(0, -((start - stop) // step))
    values[row[1]], values[row[1] + 1], values[row[1] + 2], values[row[1] + 3] = 0, count, start, step
    tree.counters[ROUNDS] = marks[_ROUNDS] + count
    return LONG_LOOP if tree.counters[ROUNDS] > most_loop else ENDED


@inner
def _next_round(flat: Flat, tree: Tree, row: Any, values: Any, marks: Any, most_loop: int) -> int:
    slot = row[1]
    begun = values[slot]
    if begun == values[slot + 1]:
        marks[_POSITION] = row[2]
        return ENDED
    values[slot] = begun + 1
    if row[3] >= 0:
        first, step = values[slot + 2], values[slot + 3]
        value = first + begun * step if step else flat.numbers[first + begun]
        values[row[3]] = wrap(value, row[4], row[5])
    return _round(tree, marks, 1, most_loop)
