"""A state as a sum of few product states, and what gates make of it.

A gate on one qubit changes one factor of each term. A gate under controls cuts a term in two, unless its controls are 0
or 1 in this term: in the part where a control is not as it must be, and the one where it is and the gate acts. With
several controls the first part would be no product; then the term stays, and what the gate adds to it is a new one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.front.gate_matrices import gate_matrix
from qdock_basic.fast.front.source import (
    DETAILS,
    MATRIX,
    MODIFIED,
    NUM_TARGETS,
    STATES,
    Source,
    is_pause,
    source_at,
)
from qdock_basic.fast.front.table import GATE_CONTROLS, GATE_FORMULA, GATE_TARGETS, SWAPPED
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import at, hold, pointer
from qdock_basic.fast.products.joining import NOTHING, Terms, add_copy, join, square

__all__ = ["MOST_TERMS", "terms_of"]

#: With more terms a sum is given up: writing it would take longer than some passes over the state.
MOST_TERMS = 8


@compiled
def terms_of(addresses: Any, num_qubits: int, end: int, factors: Any, weights: Any) -> int:
    """Write the state of a circuit, from all qubits 0, as a sum of product states.

    Parameters
    ----------
    addresses : int64 array
        Of the circuit: see `source.locate`.
    num_qubits, end : int
        How many qubits and operations it has.
    factors : (2 * MOST_TERMS, num_qubits, 2) complex128 array
        Overwritten with the state of each qubit in each term.
    weights : (2 * MOST_TERMS,) complex128 array
        Overwritten with what each term is multiplied by.

    Returns
    -------
    int
        How many terms there are; 0 if there would be too many, or if a gate is not known here.
    """
    source = source_at(addresses)
    terms = Terms(factors, weights, np.ones(1, np.int64))
    weights[0] = 1.0
    for qubit in range(num_qubits):
        factors[0, qubit, 0], factors[0, qubit, 1] = 1.0, 0.0
    matrix = np.empty(4, np.complex128)
    row = 0
    for operation in range(end):
        code = source.code[operation]
        if not _take(source, terms, operation, code, row, pointer(matrix)):
            return 0
        row += code == MODIFIED
    hold(matrix)
    return int(terms.count[0])


@inner
def _take(source: Source, terms: Terms, operation: int, code: int, row: int, matrix: Any) -> bool:
    """Let an operation act on all terms; return whether it could."""
    start = source.qubit_start[operation]
    if code < MODIFIED and GATE_TARGETS[code] == 1:
        gate_matrix(code, source.params, source.param_start[operation], source.param_start[operation + 1], matrix)
        controls = GATE_CONTROLS[code]
        return _act(source, terms, start, controls, (1 << controls) - 1, matrix)
    if code < MODIFIED:
        return _exchange(source, terms, start, code)
    if code != MODIFIED:
        return is_pause(code)
    detail = at(source.modified, DETAILS * row)
    if detail[NUM_TARGETS] != 1:
        return False
    for place in range(4):
        matrix[place] = source.entries[detail[MATRIX] + place]
    return _act(source, terms, start, source.qubit_start[operation + 1] - start - 1, detail[STATES], matrix)


@inner
def _exchange(source: Source, terms: Terms, start: int, code: int) -> bool:
    """Exchange two qubits, if that is what the gate does."""
    if GATE_FORMULA[code] != SWAPPED or GATE_CONTROLS[code] != 0:
        return False
    a, b = source.qubits[start], source.qubits[start + 1]
    for term in range(terms.count[0]):
        for value in range(2):
            kept = terms.factors[term, a, value]
            terms.factors[term, a, value] = terms.factors[term, b, value]
            terms.factors[term, b, value] = kept
    return True


@inner
def _act(source: Source, terms: Terms, start: int, controls: int, states: int, matrix: Any) -> bool:
    """Let a matrix act on the qubit behind its controls; return whether there are not too many terms then."""
    before, target = terms.count[0], source.qubits[start + controls]
    for term in range(before):
        if controls == 0:
            _mix(terms.factors[term, target], matrix)
        else:
            _act_on(source, terms, term, (start, controls, states), matrix)
    if terms.count[0] > before:
        join(terms)
    return bool(terms.count[0] <= MOST_TERMS)


@inner
def _act_on(source: Source, terms: Terms, term: int, gate: tuple[int, int, int], matrix: Any) -> None:
    """Let a matrix under controls act on a term: `gate` is where its qubits begin, how many controls, their states."""
    start, controls, states = gate
    target = source.qubits[start + controls]
    open_controls, last = 0, 0
    for position in range(controls):
        factor, wanted = terms.factors[term, source.qubits[start + position]], states >> position & 1
        if square(factor[wanted]) < NOTHING:
            return
        if square(factor[1 - wanted]) >= NOTHING:
            open_controls, last = open_controls + 1, position
    if open_controls == 0:
        _mix(terms.factors[term, target], matrix)
        return
    new = add_copy(terms, term)
    if open_controls == 1:
        wanted = states >> last & 1
        _project(terms, term, source.qubits[start + last], 1 - wanted)
        _project(terms, new, source.qubits[start + last], wanted)
        _mix(terms.factors[new, target], matrix)
        return
    for position in range(controls):
        _project(terms, new, source.qubits[start + position], states >> position & 1)
    _change(terms, new, target, matrix)


@inner
def _mix(factor: Any, matrix: Any) -> None:
    """Multiply the state of a qubit by a matrix."""
    zero, one = factor[0], factor[1]
    factor[0], factor[1] = matrix[0] * zero + matrix[1] * one, matrix[2] * zero + matrix[3] * one


@inner
def _project(terms: Terms, term: int, qubit: int, value: int) -> None:
    """Leave of a term the part in which a qubit has a value."""
    factor = terms.factors[term, qubit]
    terms.weights[term] *= factor[value]
    factor[value], factor[1 - value] = 1.0, 0.0


@inner
def _change(terms: Terms, term: int, qubit: int, matrix: Any) -> None:
    """Make a term what a matrix on a qubit adds to it: the matrix less one, times the term."""
    factor = terms.factors[term, qubit]
    zero, one = factor[0], factor[1]
    _mix(factor, matrix)
    factor[0], factor[1] = factor[0] - zero, factor[1] - one
    size = np.sqrt(square(factor[0]) + square(factor[1]))
    terms.weights[term] *= size
    if size > 0.0:
        factor[0], factor[1] = factor[0] / size, factor[1] / size
