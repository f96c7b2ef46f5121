"""Circuits of a few qubits, gate by gate: there a gate takes less time than finding out what to merge it with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.gate_matrices import gate_matrix
from qdock_basic.fast.front.products import is_diagonal, parts_of
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
)
from qdock_basic.fast.front.table import FLIPPED, GATE_CONTROLS, GATE_DIAGONAL, GATE_FORMULA, GATE_TARGETS, SWAPPED
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, hold, pointer, reals
from qdock_basic.fast.small.state import State
from qdock_basic.fast.small.steps import Where, apply_matrix, apply_to_many, exchange, flip, scale, turn

__all__ = ["MOST_DIRECT", "MOST_TARGETS", "Form", "apply_form", "run_directly", "table_form"]

#: So many places a state has at most; measured on the circuits of tests/benchmarks/simulators in both precisions.
MOST_DIRECT = 8

#: So many qubits a gate of the table acts on besides its controls.
MOST_TARGETS = int(GATE_TARGETS.max())
_NO_FORMULA = -1


class Form(NamedTuple):
    """What a gate does to its targets.

    Attributes
    ----------
    entries : pointer to complex128
        The matrix, row by row.
    controls, states, targets : int
        How many controls there are, what they must be, the first one least significant, and how many targets.
    formula : int
        Of the table of gates; -1 of no gate there.
    diagonal : bool
    """

    entries: Any
    controls: int
    states: int
    targets: int
    formula: int
    diagonal: bool


@inner
def run_directly(source: Source, offset: int, first: int, end: int, bits: int, state: State) -> None:
    """Run operations of a circuit, whose first qubit lies at `offset`, on a state of so many bits."""
    matrix, places = np.empty(1 << 2 * MOST_TARGETS, np.complex128), np.empty(MOST_DIRECT, np.int64)
    row = first_modified(source, first)
    for operation in range(first, end):
        code = source.code[operation]
        if code > MODIFIED:
            check_pause(code)
            continue
        form = _form_of(source, operation, code, row, pointer(matrix))
        row += code == MODIFIED
        apply_form(form, at(source.qubits, source.qubit_start[operation]), offset, pointer(places), bits, state)
    hold(matrix)
    hold(places)


@inner
def _form_of(source: Source, operation: int, code: int, row: int, matrix: Any) -> Form:
    if code == MODIFIED:
        return _modified_gate(source, operation, row)
    return table_form(source, operation, code, matrix)


@inner
def table_form(source: Source, operation: int, code: int, matrix: Any) -> Form:
    """Return what a gate of the table does; its matrix is written."""
    gate_matrix(code, source.params, source.param_start[operation], source.param_start[operation + 1], matrix)
    controls = GATE_CONTROLS[code]
    states = (1 << controls) - 1
    return Form(matrix, controls, states, GATE_TARGETS[code], GATE_FORMULA[code], GATE_DIAGONAL[code])


@inner
def _modified_gate(source: Source, operation: int, row: int) -> Form:
    detail = at(source.modified, DETAILS * row)
    entries, targets = at(source.entries, detail[MATRIX]), detail[NUM_TARGETS]
    controls = source.qubit_start[operation + 1] - source.qubit_start[operation] - targets
    diagonal = targets <= 2 and is_diagonal(entries, 1 << targets)
    return Form(entries, controls, detail[STATES], targets, FLIPPED if detail[FLIPS] == 1 else _NO_FORMULA, diagonal)


@inner
def apply_form(form: Form, qubits: Any, offset: int, places: Any, bits: int, state: State) -> None:
    """Apply a gate to qubits of which the first one lies at `offset`; `places` is room for so many targets."""
    mask, given = 0, 0
    for position in range(form.controls):
        place = qubits[position] + offset
        mask |= 1 << place
        given |= (form.states >> position & 1) << place
    where, on = Where(mask, given, bits), at(qubits, form.controls)
    if form.targets == 1:
        _apply_one(form, on[0] + offset, where, state)
    elif form.targets == 2:
        _apply_two(form, on[0] + offset, on[1] + offset, where, state)
    else:
        for position in range(form.targets):
            places[position] = on[position] + offset
        apply_to_many(reals(form.entries), places, form.targets, where, state)


@inner
def _apply_one(form: Form, a: int, where: Where, state: State) -> None:
    if form.diagonal:
        scale(form.entries[0], form.entries[3], a, where, state)
    elif form.formula == FLIPPED:
        flip(a, where, state)
    else:
        apply_matrix(reals(form.entries), parts_of(form.entries, 2), a, -1, where, state)


@inner
def _apply_two(form: Form, a: int, b: int, where: Where, state: State) -> None:
    if form.diagonal:
        for corner in range(4):
            given = (corner & 1) << a | (corner >> 1) << b
            only = Where(where.controls | 1 << a | 1 << b, where.given | given, where.bits)
            turn(form.entries[5 * corner], only, state)
    elif form.formula == SWAPPED:
        exchange(a, b, where, state)
    else:
        apply_matrix(reals(form.entries), parts_of(form.entries, 4), a, b, where, state)
