"""Circuits of the same gates on the same qubits side by side: in a vector each lane is of a circuit of its own.

Only their angles differ, as in a sweep, so that one loop does a gate of all of them. Their qubits then lie above the
lanes, where a gate takes no exchange of lanes, and what a gate costs besides its loop is paid once for all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.gate_matrices import gate_matrix
from qdock_basic.fast.front.source import MODIFIED, NUM_ADDRESSES, Source, check_pause, source_at
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
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import at, hold, lane_bits, pointer
from qdock_basic.fast.machine.vectors import COMPLEX, TURNED
from qdock_basic.fast.small.direct import MOST_TARGETS, apply_form, table_form
from qdock_basic.fast.small.state import State, clear
from qdock_basic.fast.small.steps import Where, run_loop

__all__ = ["Rows", "count_alike", "mark", "run_alike"]


# A factor whose multiples are spread over all numbers of 64 bits.
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Turns(NamedTuple):
    """Cosines and sines of half of each angle, those of one angle for all lanes side by side: pointers to float64."""

    cos: Any
    sin: Any


class Rows(NamedTuple):
    """Circuits in an order in which those that are alike stand together.

    Attributes
    ----------
    runs : (m, NUM_ADDRESSES + 1) int64 array
        See `joined.Joined`.
    order : (m,) int64 array
        Their numbers.
    """

    runs: Any
    order: Any


@inner
def _source(rows: Rows, number: int) -> Source:
    return source_at(rows.runs[rows.order[number]])


@inner
def _stop(rows: Rows, number: int) -> int:
    """Return how many operations are run."""
    stop: int = rows.runs[rows.order[number], NUM_ADDRESSES]
    return stop


# --- which circuits are alike


@compiled
def mark(runs: Any, marks: Any) -> None:
    """Write a number for each circuit that follows from its gates and their qubits; few others have the same."""
    for number in range(len(runs)):
        source, stop = source_at(runs[number]), runs[number, NUM_ADDRESSES]
        total = np.uint64(stop)
        for operation in range(stop):
            total += np.uint64(source.code[operation]) * (np.uint64(operation) * _ODD)
        total *= _ODD
        for place in range(source.qubit_start[stop]):
            total += np.uint64(source.qubits[place]) * (np.uint64(place) * _ODD)
        marks[number] = total


@inner
def count_alike(rows: Rows, first: int, end: int) -> int:
    """Return how many circuits, from the first one on and up to an end, are of the same gates on the same qubits."""
    source, stop, number = _source(rows, first), _stop(rows, first), first + 1
    while number < end and _stop(rows, number) == stop and _is_like(_source(rows, number), source, stop):
        number += 1
    return number - first


@inner
def _is_like(other: Source, source: Source, stop: int) -> bool:
    if source.num_modified or other.num_modified:
        return False
    # Without a way out in between, the loops are ones over vectors.
    differing = 0
    for operation in range(stop):
        differing |= other.code[operation] ^ source.code[operation]
    for operation in range(stop + 1):
        differing |= other.qubit_start[operation] ^ source.qubit_start[operation]
    if differing:
        return False
    for place in range(source.qubit_start[stop]):
        differing |= other.qubits[place] ^ source.qubits[place]
    return differing == 0


# --- what is done to them


@inner
def run_alike(rows: Rows, first: int, count: int, num_qubits: int, state: State) -> None:
    """Run circuits that are alike, at most one a lane, from all qubits 0.

    Amplitude i of circuit k is written to ``i * lanes + k``; lanes without a circuit do as the first one does.
    """
    lanes = 1 << lane_bits(state.re)
    source, stop = _source(rows, first), _stop(rows, first)
    angles = source.param_start[stop]
    room = np.empty(3 * angles * lanes, np.float64)
    halves, turns = pointer(room), Turns(at(pointer(room), angles * lanes), at(pointer(room), 2 * angles * lanes))
    for lane in range(lanes):
        params = _source(rows, first + lane if lane < count else first).params
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
        source = _source(rows, first + lane if lane < count else first)
        code = source.code[operation]
        gate_matrix(code, source.params, source.param_start[operation], source.param_start[operation + 1], matrix)
        for entry in range(1 << 2 * GATE_TARGETS[code]):
            state.table[2 * entry * lanes + lane] = matrix[entry].real
            state.table[(2 * entry + 1) * lanes + lane] = matrix[entry].imag
