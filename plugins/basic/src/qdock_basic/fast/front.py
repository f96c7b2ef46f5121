"""The front end: a circuit's columns become rows, gates on the same qubits merged, exchanges of qubits renamed away."""

from __future__ import annotations

import cmath
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.gate_matrices import gate_matrix
from qdock_basic.fast.jit import compiled, inner
from qdock_basic.fast.products import (
    control,
    embed,
    exchange_roles,
    is_diagonal,
    multiply_left,
    multiply_right,
    parts_of,
)
from qdock_basic.fast.rows import (
    CONTROLS,
    DIAGONAL,
    FLIP,
    GONE,
    KIND,
    MANY,
    ONE,
    PARTS,
    START,
    STATE,
    SWAP,
    TWO,
    WIDTH,
    A,
    B,
    Rows,
)
from qdock_basic.fast.table import FLIPPED, GATE_CONTROLS, GATE_DIAGONAL, GATE_FORMULA, GATE_TARGETS, SWAPPED
from qdock_basic.fast.vectors import REAL

__all__ = ["Program", "make_rows"]

_MODIFIED, _BARRIER, _DELAY = 128, 131, 132
_PAIR_ENTRIES = 16

# --- places in `Draft.counts`
_ROWS, _ENTRIES, _PLACES, _TERMS, _LIVE, _OPEN = 0, 1, 2, 3, 4, 5


class Program(NamedTuple):
    """A circuit's gates as arrays.

    Attributes
    ----------
    code, qubits, qubit_start, params, param_start : arrays
        As in `qdock.operations.Columns`.
    modified : (m, 5) int64 array
        Of each gate with modifiers, in order: which operation; how many targets; where its matrix begins in `entries`;
        the states of its controls, the first one least significant; and 1 if the matrix is that of ``x``.
    entries : complex128 array
        Matrices on the targets, row by row.
    """

    code: Any
    qubits: Any
    qubit_start: Any
    params: Any
    param_start: Any
    modified: Any
    entries: Any


class Draft(NamedTuple):
    """Rows in the making.

    Attributes
    ----------
    rows, entries, places, masks, angles : arrays
        As in `Rows`, with room.
    slots : (n,) int64 array
        Where each qubit lies in the index at present.
    last, dense : (n,) int64 arrays
        The last row, and the last one that is not diagonal, that touches a place; -1 if none does.
    counts : (6,) int64 array
        How many rows, entries, places and terms there are; a mask of the places that may be 1; the row of
        diagonal terms to which others are added, or -1.
    matrix : (16,) complex128 array
        Of the gate at hand, if it has at most two targets.
    """

    rows: Any
    entries: Any
    places: Any
    masks: Any
    angles: Any
    slots: Any
    last: Any
    dense: Any
    counts: Any
    matrix: Any


@compiled
def make_rows(program: Program, num_qubits: int, offset: int, first: int, end: int, phase: float, fresh: bool) -> Rows:
    """Return the rows of the operations from `first` up to `end`, with places moved up by `offset`.

    With `fresh` all qubits are 0 at the beginning, so that gates which then do nothing are left out.
    """
    draft = _draft(program, num_qubits + offset, first, end)
    draft.counts[_LIVE] = 0 if fresh else (1 << (num_qubits + offset)) - 1
    draft.counts[_OPEN] = -1
    _name_slots(program, draft, num_qubits, offset, first, end)
    if not fresh:
        _move_to_slots(draft, num_qubits, offset)
    row = 0
    while row < len(program.modified) and program.modified[row, 0] < first:
        row += 1
    for operation in range(first, end):
        if program.code[operation] < _MODIFIED:
            _table_gate(program, draft, operation)
        elif program.code[operation] == _MODIFIED:
            _modified_gate(program, draft, operation, program.modified[row])
            row += 1
        elif not _BARRIER <= program.code[operation] <= _DELAY:
            raise ValueError("The fast engine runs gates; a measurement or classical control stands in the range.")
    if phase != 0.0:
        _add_term(draft, 0, phase)
    counts = draft.counts
    _mark_parts(draft)
    return Rows(draft.rows[: counts[_ROWS]], draft.entries, draft.places, draft.masks[: counts[_TERMS]], draft.angles)


@inner
def _draft(program: Program, num_places: int, first: int, end: int) -> Draft:
    """Return an empty draft with room for all that so many operations may become."""
    many = end - first + num_places + 1
    large = len(program.entries)
    for operation in range(first, end):
        code = program.code[operation]
        if code < _MODIFIED and GATE_TARGETS[code] > 2:
            large += 1 << (2 * GATE_TARGETS[code])
    return Draft(
        np.empty((many, WIDTH), np.int64),
        np.empty(_PAIR_ENTRIES * many + large, np.complex128),
        np.empty(program.qubit_start[end] - program.qubit_start[first] + 1, np.int64),
        np.empty(4 * many, np.int64),
        np.empty(4 * many, np.float64),
        np.empty(num_places, np.int64),
        _filled(num_places, -1),
        _filled(num_places, -1),
        _filled(6, 0),
        np.empty(_PAIR_ENTRIES, np.complex128),
    )


@inner
def _filled(size: int, value: int) -> Any:
    array = np.empty(size, np.int64)
    for place in range(size):
        array[place] = value
    return array


# --- exchanges of qubits: names change instead of amplitudes, such that in the end every qubit is in its place


@inner
def _is_renaming(program: Program, operation: int) -> bool:
    code = program.code[operation]
    return code < _MODIFIED and GATE_FORMULA[code] == SWAPPED and GATE_CONTROLS[code] == 0


@inner
def _name_slots(program: Program, draft: Draft, num_qubits: int, offset: int, first: int, end: int) -> None:
    """Give qubits such slots at the beginning that all are in their own at the end."""
    final = np.empty(num_qubits, np.int64)
    for qubit in range(num_qubits):
        final[qubit] = qubit
    for operation in range(first, end):
        if _is_renaming(program, operation):
            start = program.qubit_start[operation]
            a, b = program.qubits[start], program.qubits[start + 1]
            final[a], final[b] = final[b], final[a]
    for qubit in range(num_qubits):
        # Who ends in the slot that now is called `final[qubit]` must find it called `qubit`.
        draft.slots[final[qubit]] = qubit + offset


@inner
def _move_to_slots(draft: Draft, num_qubits: int, offset: int) -> None:
    """Exchange qubits of the given state until each is in its slot."""
    holder = np.empty(num_qubits, np.int64)
    for qubit in range(num_qubits):
        holder[qubit] = qubit
    for qubit in range(num_qubits):
        goal = draft.slots[qubit] - offset
        for place in range(num_qubits):
            if holder[place] == qubit and place != goal:
                holder[place], holder[goal] = holder[goal], holder[place]
                _add_row(draft, SWAP, place + offset, goal + offset, 0, 0)
                break


# --- gates


@inner
def _table_gate(program: Program, draft: Draft, operation: int) -> None:
    code = program.code[operation]
    start = program.qubit_start[operation]
    if _is_renaming(program, operation):
        a, b = program.qubits[start], program.qubits[start + 1]
        draft.slots[a], draft.slots[b] = draft.slots[b], draft.slots[a]
        return
    formula, targets, controls = GATE_FORMULA[code], GATE_TARGETS[code], GATE_CONTROLS[code]
    matrix = draft.matrix if targets <= 2 else np.empty(1 << (2 * targets), np.complex128)
    gate_matrix(code, program.params, program.param_start[operation], program.param_start[operation + 1], matrix)
    states = (1 << controls) - 1
    _gate(program, draft, start, controls, states, targets, matrix, formula == FLIPPED, GATE_DIAGONAL[code])


@inner
def _modified_gate(program: Program, draft: Draft, operation: int, detail: Any) -> None:
    start, targets = program.qubit_start[operation], detail[1]
    controls = program.qubit_start[operation + 1] - start - targets
    size = 1 << (2 * targets)
    given = program.entries[detail[2] : detail[2] + size]
    if targets <= 2:
        for place in range(size):
            draft.matrix[place] = given[place]
        given = draft.matrix
    diagonal = targets <= 2 and is_diagonal(given, 1 << targets)
    _gate(program, draft, start, controls, detail[3], targets, given, detail[4] == 1, diagonal)


@inner
def _gate(
    program: Program,
    draft: Draft,
    start: int,
    controls: int,
    states: int,
    targets: int,
    matrix: Any,
    flips: bool,
    diagonal: bool,
) -> None:
    """Add a gate: its controls' qubits stand from `start` on, then its targets'."""
    mask, state = 0, 0
    for position in range(controls):
        bit = 1 << draft.slots[program.qubits[start + position]]
        wanted = states >> position & 1
        if draft.counts[_LIVE] & bit:
            mask |= bit
            state |= bit * wanted
        elif wanted:
            return
    first = start + controls
    if targets == 1:
        a = draft.slots[program.qubits[first]]
        _single(draft, a, mask, state, flips, diagonal)
    elif targets == 2:
        a, b = draft.slots[program.qubits[first]], draft.slots[program.qubits[first + 1]]
        _double(draft, a, b, mask, state, diagonal)
    else:
        _many(program, draft, first, targets, mask, state, matrix)


@inner
def _single(draft: Draft, a: int, mask: int, state: int, flips: bool, diagonal: bool) -> None:
    if mask == 0:
        _add_one(draft, a, diagonal)
    elif mask & (mask - 1) == 0 and _shall_merge(
        draft, _place_of(mask), a, not diagonal or parts_of(draft.matrix, 0, 2) == REAL
    ):
        control(draft.matrix, 1 if state else 0)
        _add_two(draft, _place_of(mask), a)
    elif diagonal and mask == state:
        _add_phases(draft, a, mask)
    else:
        _add_matrix(draft, FLIP if flips else ONE, a, 0, mask, state, 4)


@inner
def _double(draft: Draft, a: int, b: int, mask: int, state: int, diagonal: bool) -> None:
    if mask != 0:
        _add_matrix(draft, TWO, a, b, mask, state, 16)
    elif diagonal and not _shall_merge(draft, a, b, False):
        _add_pair_phases(draft, a, b)
    else:
        _add_two(draft, a, b)


@inner
def _many(program: Program, draft: Draft, first: int, targets: int, mask: int, state: int, matrix: Any) -> None:
    place = draft.counts[_PLACES]
    for position in range(targets):
        draft.places[place + position] = draft.slots[program.qubits[first + position]]
    draft.counts[_PLACES] += targets
    size = 1 << (2 * targets)
    start = draft.counts[_ENTRIES]
    for entry in range(size):
        draft.entries[start + entry] = matrix[entry]
    draft.counts[_ENTRIES] += size
    row = _add_row(draft, MANY, targets, place, mask, state)
    draft.rows[row, START] = start
    for position in range(targets):
        _touch(draft, draft.places[place + position], row)


@inner
def _place_of(mask: int) -> int:
    place = 0
    while mask >> place > 1:
        place += 1
    return place


# --- merging


@inner
def _shall_merge(draft: Draft, a: int, b: int, eager: bool) -> bool:
    """Whether a gate that costs little by itself costs nothing as a part of a matrix on two qubits.

    Two matrices on one qubit each cost as much as one on both; complex entries cost twice as much as real ones, so
    that they are merged only if `eager`.
    """
    if _pair_row(draft, a, b) >= 0:
        return True
    return eager and _is_free(draft, a, ONE) and _is_free(draft, b, ONE)


@inner
def _is_free(draft: Draft, a: int, kind: int) -> bool:
    """Whether the last row on a place is a matrix of a kind, without controls."""
    row = draft.last[a]
    return row >= 0 and draft.rows[row, KIND] == kind and draft.rows[row, CONTROLS] == 0


@inner
def _pair_row(draft: Draft, a: int, b: int) -> int:
    """Return the row with a matrix on these two qubits and nothing after it on either, or -1."""
    return draft.last[a] if draft.last[a] == draft.last[b] and _is_free(draft, a, TWO) else -1


@inner
def _add_one(draft: Draft, a: int, diagonal: bool) -> None:
    """Add `draft.matrix` on one qubit."""
    if _is_free(draft, a, ONE):
        multiply_left(draft.matrix, draft.entries, draft.rows[draft.last[a], START], 2)
    elif _is_free(draft, a, TWO):
        row = draft.last[a]
        embed(draft.matrix, 0 if draft.rows[row, A] == a else 1)
        multiply_left(draft.matrix, draft.entries, draft.rows[row, START], 4)
    elif diagonal:
        _add_phases(draft, a, 0)
    else:
        _add_matrix(draft, ONE, a, 0, 0, 0, 4)


@inner
def _add_two(draft: Draft, a: int, b: int) -> None:
    """Add `draft.matrix` on two qubits, and take in what was to be done to each of them alone."""
    matrix = draft.matrix
    row = _pair_row(draft, a, b)
    if row >= 0:
        if draft.rows[row, A] != a:
            exchange_roles(matrix)
        multiply_left(matrix, draft.entries, draft.rows[row, START], 4)
        return
    for position in range(2):
        place = a if position == 0 else b
        if _is_free(draft, place, ONE):
            row = draft.last[place]
            multiply_right(matrix, draft.entries, draft.rows[row, START], position)
            draft.rows[row, KIND] = GONE
    _add_matrix(draft, TWO, a, b, 0, 0, 16)


# --- rows and diagonal terms


@inner
def _add_row(draft: Draft, kind: int, a: int, b: int, mask: int, state: int) -> int:
    """Append a row, and note the places that it touches; those of `MANY` are noted by who calls."""
    number = draft.counts[_ROWS]
    draft.counts[_ROWS] += 1
    row = draft.rows[number]
    row[KIND], row[A], row[B], row[CONTROLS], row[STATE], row[START], row[PARTS] = kind, a, b, mask, state, 0, 0
    if kind in (ONE, TWO, FLIP, SWAP):
        _touch(draft, a, number)
    if kind in (TWO, SWAP):
        _touch(draft, b, number)
    place = 0
    while mask >> place:
        if mask >> place & 1:
            draft.last[place] = draft.dense[place] = number
        place += 1
    return number


@inner
def _touch(draft: Draft, place: int, row: int) -> None:
    draft.last[place] = draft.dense[place] = row
    draft.counts[_LIVE] |= 1 << place


@inner
def _add_matrix(draft: Draft, kind: int, a: int, b: int, mask: int, state: int, size: int) -> None:
    """Append a row with the first `size` entries of `draft.matrix`."""
    start = draft.counts[_ENTRIES]
    for place in range(size):
        draft.entries[start + place] = draft.matrix[place]
    draft.counts[_ENTRIES] += size
    row = _add_row(draft, kind, a, b, mask, state)
    draft.rows[row, START] = start


@inner
def _add_phases(draft: Draft, a: int, mask: int) -> None:
    """Add the terms of a diagonal 2x2 matrix, under controls that must be 1."""
    zero, one = cmath.phase(draft.matrix[0]), cmath.phase(draft.matrix[3])
    _add_term(draft, mask, zero)
    _add_term(draft, mask | 1 << a, one - zero)


@inner
def _add_pair_phases(draft: Draft, a: int, b: int) -> None:
    matrix = draft.matrix
    zero = cmath.phase(matrix[0])
    first, second = cmath.phase(matrix[5]) - zero, cmath.phase(matrix[10]) - zero
    _add_term(draft, 0, zero)
    _add_term(draft, 1 << a, first)
    _add_term(draft, 1 << b, second)
    _add_term(draft, 1 << a | 1 << b, cmath.phase(matrix[15]) - zero - first - second)


@inner
def _add_term(draft: Draft, mask: int, angle: float) -> None:
    """Add a phase where all bits of a mask are 1; where one of them never is, that is nothing."""
    if angle == 0.0 or mask & ~draft.counts[_LIVE]:
        return
    row = _diagonal_row(draft, mask)
    term = draft.counts[_TERMS]
    draft.counts[_TERMS] += 1
    draft.masks[term], draft.angles[term] = mask, angle
    draft.rows[row, B] = term + 1
    for place in range(len(draft.last)):
        if mask >> place & 1:
            draft.last[place] = max(draft.last[place], row)


@inner
def _diagonal_row(draft: Draft, mask: int) -> int:
    """Return the open row of terms, or a new one if something else has come between on a bit of the mask."""
    row = draft.counts[_OPEN]
    for place in range(len(draft.dense)):
        if mask >> place & 1 and draft.dense[place] > row:
            row = -1
            break
    if row < 0:
        row = _add_row(draft, DIAGONAL, draft.counts[_TERMS], draft.counts[_TERMS], 0, 0)
        draft.counts[_OPEN] = row
    return row


@inner
def _mark_parts(draft: Draft) -> None:
    """Note which matrices on one and two qubits have entries that are real, or imaginary where bits differ."""
    for number in range(draft.counts[_ROWS]):
        row = draft.rows[number]
        if row[KIND] in (ONE, TWO):
            row[PARTS] = parts_of(draft.entries, row[START], 2 if row[KIND] == ONE else 4)


@inner
def _is_real(draft: Draft) -> bool:
    """Whether the matrix at hand, on one qubit, is real."""
    return parts_of(draft.matrix, 0, 2) == REAL
