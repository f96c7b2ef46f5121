"""Circuits of the same gates on the same qubits side by side: in a vector each lane is of a circuit of its own.

Only their angles differ, as in a sweep, so that one loop does a gate of all of them. Their qubits then lie above the
lanes, where a gate takes no exchange of lanes, and what a gate costs besides its loop is paid once for all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.gate_matrices import gate_matrix
from qdock_basic.fast.front.source import MODIFIED, Source, check_pause
from qdock_basic.fast.front.table import (
    GATE_CONTROLS,
    GATE_DIAGONAL,
    GATE_ENTRIES,
    GATE_FORMULA,
    GATE_PARTS,
    GATE_START,
    GATE_TARGETS,
    PHASE,
    ROTATION,
)
from qdock_basic.fast.loops.coefficients import pattern_of
from qdock_basic.fast.loops.turns import cos_sin
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, hold, lane_bits, pointer
from qdock_basic.fast.machine.vectors import COMPLEX, TURNED
from qdock_basic.fast.small.direct import MOST_TARGETS, apply_form, table_form
from qdock_basic.fast.small.rows import Rows, source_of, stop_of
from qdock_basic.fast.small.state import State, clear
from qdock_basic.fast.small.steps import Where, run_loop

__all__ = ["run_alike"]


class Turns(NamedTuple):
    """Cosines and sines of half of each angle, those of one angle for all lanes side by side: pointers to float64."""

    cos: Any
    sin: Any


@inner
def run_alike(rows: Rows, first: int, count: int, num_qubits: int, state: State) -> None:
    """Run circuits that are alike, at most one a lane, from all qubits 0.

    Amplitude i of circuit k is written to ``i * lanes + k``; lanes without a circuit do as the first one does.
    """
    lanes = 1 << lane_bits(state.re)
    source, stop = source_of(rows, first), stop_of(rows, first)
    angles = source.param_start[stop]
    room = np.empty(3 * angles * lanes, np.float64)
    halves, turns = pointer(room), Turns(at(pointer(room), angles * lanes), at(pointer(room), 2 * angles * lanes))
    for lane in range(lanes):
        params = source_of(rows, first + lane if lane < count else first).params
        for angle in range(angles):
            halves[angle * lanes + lane] = 0.5 * params[angle]
    cos_sin(halves, angles * lanes, turns.cos, turns.sin)
    clear(state, 0, lanes << num_qubits)
    for lane in range(lanes):
        state.re[lane] = 1.0
    _run_gates(rows, first, count, source, stop, turns, num_qubits + lane_bits(state.re), state)
    hold(room)


@inner
def _run_gates(
    rows: Rows, first: int, count: int, source: Source, stop: int, turns: Turns, bits: int, state: State
) -> None:
    lanes = lane_bits(state.re)
    matrix, places = np.empty(1 << 2 * MOST_TARGETS, np.complex128), np.empty(MOST_TARGETS, np.int64)
    for operation in range(stop):
        code = source.code[operation]
        if code > MODIFIED:
            check_pause(code)
            continue
        qubits, angle = at(source.qubits, source.qubit_start[operation]), source.param_start[operation]
        if angle == source.param_start[operation + 1]:
            form = table_form(source, operation, code, pointer(matrix))
            apply_form(form, qubits, lanes, pointer(places), bits, state)
            continue
        if GATE_FORMULA[code] == ROTATION:
            _write_rotation(code, at(turns.cos, angle << lanes), at(turns.sin, angle << lanes), state)
        elif GATE_FORMULA[code] == PHASE:
            _write_phase(at(turns.cos, angle << lanes), at(turns.sin, angle << lanes), state)
        else:
            _write_each(rows, first, count, operation, pointer(matrix), state)
        _apply(code, qubits, bits, state)
    hold(matrix)
    hold(places)


@inner
def _apply(code: int, qubits: Any, bits: int, state: State) -> None:
    """Apply a gate whose matrices have been written, entry by entry, to the table."""
    lanes, controls, mask = lane_bits(state.re), GATE_CONTROLS[code], 0
    for position in range(controls):
        mask |= 1 << qubits[position] + lanes
    one = 1 << qubits[controls] + lanes
    other = 1 << qubits[controls + 1] + lanes if GATE_TARGETS[code] == 2 else 0
    if not GATE_DIAGONAL[code]:
        pattern = pattern_of(lanes, -1 if other == 0 else lanes, GATE_PARTS[code], lanes)
        run_loop(pattern, Where(mask, mask, bits), one | other, one, other, state)
        return
    corners = 1 << GATE_TARGETS[code]
    for corner in range(GATE_FORMULA[code] == PHASE, corners):
        given = (one if corner & 1 else 0) | (other if corner & 2 else 0)
        table = at(state.table, 2 * corner * (corners + 1) << lanes)
        run_loop(0, Where(mask | one | other, mask | given, bits), 0, 0, 0, State(state.re, state.im, table))


# --- matrices: each entry is a vector of real parts, and one of imaginary parts


@inner
def _write_rotation(code: int, cos: Any, sin: Any, state: State) -> None:
    size, start, parts, place = 1 << GATE_TARGETS[code], GATE_START[code], GATE_PARTS[code], 0
    for row in range(size):
        for column in range(size):
            generator = GATE_ENTRIES[start + row * size + column]
            is_turned = (row ^ column) == 1 or (row ^ column) == 2
            if parts != TURNED or not is_turned:
                _write(1.0 if row == column else 0.0, cos, generator.imag, sin, place, state)
                place += 1
            if parts == COMPLEX or (parts == TURNED and is_turned):
                _write(0.0, cos, -generator.real, sin, place, state)
                place += 1


@inner
def _write(first: float, cos: Any, second: float, sin: Any, place: int, state: State) -> None:
    """Write the vector of that number."""
    lanes = 1 << lane_bits(state.re)
    for lane in range(lanes):
        state.table[place * lanes + lane] = first * cos[lane] + second * sin[lane]


@inner
def _write_phase(cos: Any, sin: Any, state: State) -> None:
    """Write the last entry of a matrix that is 1 elsewhere on its diagonal."""
    lanes = 1 << lane_bits(state.re)
    for lane in range(lanes):
        state.table[6 * lanes + lane] = cos[lane] * cos[lane] - sin[lane] * sin[lane]
        state.table[7 * lanes + lane] = 2.0 * cos[lane] * sin[lane]


@inner
def _write_each(rows: Rows, first: int, count: int, operation: int, matrix: Any, state: State) -> None:
    """Write the matrices of any gate of the table, one after the other."""
    lanes = 1 << lane_bits(state.re)
    for lane in range(lanes):
        source = source_of(rows, first + lane if lane < count else first)
        code = source.code[operation]
        gate_matrix(code, source.params, source.param_start[operation], source.param_start[operation + 1], matrix)
        for entry in range(1 << 2 * GATE_TARGETS[code]):
            state.table[2 * entry * lanes + lane] = matrix[entry].real
            state.table[(2 * entry + 1) * lanes + lane] = matrix[entry].imag
