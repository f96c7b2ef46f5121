"""The front end: a circuit's columns become rows, gates on the same qubits merged, exchanges of qubits renamed away."""

from __future__ import annotations

import cmath
from typing import Any

import numpy as np

from qdock_basic.fast.front.draft import (
    ENTRIES,
    LIVE,
    PLACES,
    ROWS,
    TERMS,
    Draft,
    add_matrix,
    add_row,
    add_term,
    make_room,
    mark_parts,
    open_draft,
    touch,
)
from qdock_basic.fast.front.gate_matrices import gate_matrix
from qdock_basic.fast.front.merging import is_merged_alone, merge_alone, merge_controlled, merge_pair, shall_merge
from qdock_basic.fast.front.products import copy, is_diagonal, parts_of
from qdock_basic.fast.front.rows import DIAGONAL, FLIP, MANY, ONE, SWAP, TWO, Rows
from qdock_basic.fast.front.source import (
    DETAILS,
    FLIPS,
    MATRIX,
    MODIFIED,
    NUM_TARGETS,
    STATES,
    Source,
    check_pause,
    first_modified,
    source_at,
)
from qdock_basic.fast.front.table import FLIPPED, GATE_CONTROLS, GATE_DIAGONAL, GATE_FORMULA, GATE_TARGETS, SWAPPED
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import at, lowest
from qdock_basic.fast.machine.vectors import REAL

__all__ = ["fill", "make_rows"]


@compiled
def make_rows(addresses: Any, num_qubits: int, offset: int, first: int, end: int, phase: float, fresh: bool) -> Rows:
    """Return the rows of the operations from `first` up to `end`, with places moved up by `offset`.

    With `fresh` all qubits are 0 at the beginning, so that gates which then do nothing are left out.
    """
    source, num_places = source_at(addresses), num_qubits + offset
    room = make_room(source, num_places, first, end)
    draft = open_draft(room, num_places, 0 if fresh else (1 << num_places) - 1)
    fill(draft, source, num_qubits, offset, first, end, fresh)
    # A phase of everything is a term like others, in a row of its own.
    phase += draft.phase[0]
    rows, terms = draft.counts[ROWS], draft.counts[TERMS]
    if phase != 0.0:
        _add_last_phase(draft, phase)
        rows, terms = rows + 1, terms + 1
    return Rows(room.rows[:rows], room.entries, room.places, room.masks[:terms], room.angles)


@inner
def _add_last_phase(draft: Draft, phase: float) -> None:
    term = draft.counts[TERMS]
    draft.masks[term], draft.angles[term] = 0, phase
    add_row(draft, DIAGONAL, term, term + 1, 0, 0)


@inner
def fill(draft: Draft, source: Source, num_qubits: int, offset: int, first: int, end: int, fresh: bool) -> None:
    """Add the operations from `first` up to `end` to an empty draft; see `make_rows`."""
    _name_slots(source, draft, num_qubits, offset, first, end)
    if not fresh:
        _move_to_slots(draft, num_qubits, offset)
    row = first_modified(source, first)
    for operation in range(first, end):
        code = source.code[operation]
        if code < MODIFIED:
            _table_gate(source, draft, operation, code)
        elif code == MODIFIED:
            _modified_gate(source, draft, operation, at(source.modified, DETAILS * row))
            row += 1
        else:
            check_pause(code)
    mark_parts(draft)


# --- exchanges of qubits: names change instead of amplitudes, such that in the end every qubit is in its place


@inner
def _is_renaming(code: int) -> bool:
    return code < MODIFIED and GATE_FORMULA[code] == SWAPPED and GATE_CONTROLS[code] == 0


@inner
def _name_slots(source: Source, draft: Draft, num_qubits: int, offset: int, first: int, end: int) -> None:
    """Give qubits such slots at the beginning that all are in their own at the end."""
    # `dense` serves for a moment: who ends in the slot that now is called so must find it called by its own name.
    final = draft.dense
    for qubit in range(num_qubits):
        final[qubit] = qubit
    for operation in range(first, end):
        if _is_renaming(source.code[operation]):
            start = source.qubit_start[operation]
            a, b = source.qubits[start], source.qubits[start + 1]
            final[a], final[b] = final[b], final[a]
    for qubit in range(num_qubits):
        draft.slots[final[qubit]] = qubit + offset
    for qubit in range(num_qubits):
        final[qubit] = -1


@inner
def _move_to_slots(draft: Draft, num_qubits: int, offset: int) -> None:
    """Exchange qubits of the given state until each is in its slot."""
    room = np.empty(num_qubits, np.int64)
    for qubit in range(num_qubits):
        room[qubit] = qubit
    for qubit in range(num_qubits):
        goal = draft.slots[qubit] - offset
        for place in range(num_qubits):
            if room[place] == qubit and place != goal:
                room[place], room[goal] = room[goal], room[place]
                add_row(draft, SWAP, place + offset, goal + offset, 0, 0)
                break


# --- gates


@inner
def _table_gate(source: Source, draft: Draft, operation: int, code: int) -> None:
    start = source.qubit_start[operation]
    if _is_renaming(code):
        a, b = source.qubits[start], source.qubits[start + 1]
        draft.slots[a], draft.slots[b] = draft.slots[b], draft.slots[a]
        return
    formula, targets, controls = GATE_FORMULA[code], GATE_TARGETS[code], GATE_CONTROLS[code]
    # A matrix on more qubits is written to where it stays.
    matrix = draft.matrix if targets <= 2 else at(draft.entries, draft.counts[ENTRIES])
    gate_matrix(code, source.params, source.param_start[operation], source.param_start[operation + 1], matrix)
    states = (1 << controls) - 1
    _gate(source, draft, start, controls, states, targets, formula == FLIPPED, GATE_DIAGONAL[code])


@inner
def _modified_gate(source: Source, draft: Draft, operation: int, detail: Any) -> None:
    start, targets = source.qubit_start[operation], detail[NUM_TARGETS]
    controls = source.qubit_start[operation + 1] - start - targets
    matrix = draft.matrix if targets <= 2 else at(draft.entries, draft.counts[ENTRIES])
    copy(at(source.entries, detail[MATRIX]), 1 << (2 * targets), matrix)
    diagonal = targets <= 2 and is_diagonal(matrix, 1 << targets)
    _gate(source, draft, start, controls, detail[STATES], targets, detail[FLIPS] == 1, diagonal)


@inner
def _gate(
    source: Source,
    draft: Draft,
    start: int,
    controls: int,
    states: int,
    targets: int,
    flips: bool,
    diagonal: bool,
) -> None:
    """Add a gate: its controls' qubits stand from `start` on, then its targets'."""
    mask, state = 0, 0
    for position in range(controls):
        bit = 1 << draft.slots[source.qubits[start + position]]
        wanted = states >> position & 1
        if draft.counts[LIVE] & bit:
            mask |= bit
            state |= bit * wanted
        elif wanted:
            return
    first = start + controls
    if targets == 1:
        _single(draft, draft.slots[source.qubits[first]], mask, state, flips, diagonal)
    elif targets == 2:
        a, b = draft.slots[source.qubits[first]], draft.slots[source.qubits[first + 1]]
        _double(draft, a, b, mask, state, diagonal)
    else:
        _many(source, draft, first, targets, mask, state)


@inner
def _single(draft: Draft, a: int, mask: int, state: int, flips: bool, diagonal: bool) -> None:
    if mask == 0:
        _alone(draft, a, diagonal)
    elif mask & (mask - 1) == 0 and shall_merge(
        draft, lowest(mask), a, not diagonal or parts_of(draft.matrix, 2) == REAL
    ):
        merge_controlled(draft, lowest(mask), a, 1 if state else 0)
    elif diagonal and mask == state:
        _add_phases(draft, a, mask)
    else:
        add_matrix(draft, FLIP if flips else ONE, a, 0, mask, state, 4)


@inner
def _alone(draft: Draft, a: int, diagonal: bool) -> None:
    if is_merged_alone(draft, a):
        merge_alone(draft, a)
    elif diagonal:
        _add_phases(draft, a, 0)
    else:
        add_matrix(draft, ONE, a, 0, 0, 0, 4)


@inner
def _double(draft: Draft, a: int, b: int, mask: int, state: int, diagonal: bool) -> None:
    if mask != 0:
        add_matrix(draft, TWO, a, b, mask, state, 16)
    elif diagonal and not shall_merge(draft, a, b, False):
        _add_pair_phases(draft, a, b)
    else:
        merge_pair(draft, a, b)


@inner
def _many(source: Source, draft: Draft, first: int, targets: int, mask: int, state: int) -> None:
    """Add a gate on more than two qubits, whose matrix lies behind the other entries."""
    place = draft.counts[PLACES]
    row = add_row(draft, MANY, targets, place, mask, state)
    for position in range(targets):
        draft.places[place + position] = draft.slots[source.qubits[first + position]]
        touch(draft, draft.places[place + position], row)
    draft.counts[PLACES] += targets
    draft.counts[ENTRIES] += 1 << (2 * targets)


@inner
def _add_phases(draft: Draft, a: int, mask: int) -> None:
    """Add the terms of a diagonal 2x2 matrix, under controls that must be 1."""
    zero, last = cmath.phase(draft.matrix[0]), cmath.phase(draft.matrix[3])
    add_term(draft, mask, zero)
    add_term(draft, mask | 1 << a, last - zero)


@inner
def _add_pair_phases(draft: Draft, a: int, b: int) -> None:
    matrix = draft.matrix
    zero = cmath.phase(matrix[0])
    first, second = cmath.phase(matrix[5]) - zero, cmath.phase(matrix[10]) - zero
    add_term(draft, 0, zero)
    add_term(draft, 1 << a, first)
    add_term(draft, 1 << b, second)
    add_term(draft, 1 << a | 1 << b, cmath.phase(matrix[15]) - zero - first - second)
