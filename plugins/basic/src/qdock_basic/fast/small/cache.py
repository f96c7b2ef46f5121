"""Circuits whose state lies in cache: from columns to amplitudes in one call of compiled code."""

from __future__ import annotations

import cmath
import math
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.columns import fill
from qdock_basic.fast.front.draft import ROWS, Draft, make_room, open_draft, row_at
from qdock_basic.fast.front.rows import CONTROLS, DIAGONAL, FLIP, GONE, KIND, MANY, PARTS, START, STATE, SWAP, TWO, A, B
from qdock_basic.fast.front.source import source_at
from qdock_basic.fast.loops.coefficients import MOST_COEFFICIENTS, pattern_of, write_coefficients, write_phase
from qdock_basic.fast.loops.dense import mix_many
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.memory import LINE, PAD_BYTES
from qdock_basic.fast.machine.pointers import address, at, bit_count, hold, lane_bits, pointer, reals, to_pointer, width
from qdock_basic.fast.machine.vectors import EXCHANGE, REAL, join, mix, split

__all__ = ["run_at"]

# A state is at least four vectors long; qubits that it does not have stay 0.
_LEAST_VECTOR_BITS = 2
_REAL_BYTES = 8
_FLIP_MATRIX = np.array([0, 1, 1, 0], dtype=complex)
_SWAP_MATRIX = np.array([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], dtype=complex)


class State(NamedTuple):
    """A state in two arrays, and room for coefficients: pointers to real numbers."""

    re: Any
    im: Any
    table: Any


@compiled
def run_at(
    addresses: Any, num_qubits: int, offset: int, first: int, end: int, phase: float, fresh: bool, whole: Any
) -> None:
    """Run operations of a circuit on a state.

    Parameters
    ----------
    addresses : (NUM_ADDRESSES,) int64 array
        Of the circuit's arrays: see `source.locate`.
    num_qubits, offset, first, end, phase, fresh
        A `Stretch`; a call with a tuple for them would take longer.
    whole : (2^(n + 1),) real or (2^n,) complex array
        The state; overwritten.
    """
    source = source_at(addresses)
    num_places, amplitudes = num_qubits + offset, reals(whole)
    least = lane_bits(amplitudes) + _LEAST_VECTOR_BITS
    room = make_room(source, num_places, first, end)
    draft = open_draft(room, num_places, 0 if fresh else (1 << num_places) - 1)
    fill(draft, source, num_qubits, offset, first, end, fresh)
    memory = np.empty(_memory_size(max(num_places, least)), np.float64)
    state = _state_in(pointer(memory), amplitudes, max(num_places, least))
    phase += draft.phase[0]
    bits = least
    if fresh:
        _clear(state, 0, 1 << least)
        state.re[0], state.im[0] = math.cos(phase), math.sin(phase)
    else:
        bits = max(num_places, least)
        _take(amplitudes, num_places, bits, state)
        if phase != 0.0:
            _turn(0, phase, bits, state)
    bits = _run_rows(draft, bits, state)
    _give(amplitudes, num_places, bits, state)
    hold(room.rows)
    hold(room.entries)
    hold(room.places)
    hold(room.masks)
    hold(room.angles)
    hold(room.notes)
    hold(memory)


# --- the state's memory


@inner
def _memory_size(bits: int) -> int:
    """Return how many float64 numbers a state and its coefficients may take, in whichever precision."""
    return (2 << bits) + MOST_COEFFICIENTS + 3 * PAD_BYTES // _REAL_BYTES


@inner
def _state_in(memory: Any, amplitudes: Any, bits: int) -> State:
    """Return a state of so many bits; all three parts begin a line of cache."""
    start = (address(memory) + LINE - 1) & -LINE
    re = to_pointer(start, amplitudes)
    size = address(at(re, 1 << bits)) - start
    im = to_pointer(start + size + PAD_BYTES, amplitudes)
    return State(re, im, to_pointer(start + 2 * (size + PAD_BYTES), amplitudes))


@inner
def _clear(state: State, start: int, end: int) -> None:
    for index in range(start, end):
        state.re[index] = 0
    for index in range(start, end):
        state.im[index] = 0


@inner
def _take(amplitudes: Any, num_places: int, bits: int, state: State) -> None:
    """Read a state; where the array is longer, the rest is 0."""
    lanes = lane_bits(amplitudes)
    if num_places >= lanes:
        split(amplitudes, 0, state.re, state.im, 0, 1 << (num_places - lanes))
    else:
        for index in range(1 << num_places):
            state.re[index], state.im[index] = amplitudes[2 * index], amplitudes[2 * index + 1]
    _clear(state, 1 << num_places, 1 << bits)


@inner
def _give(amplitudes: Any, num_places: int, bits: int, state: State) -> None:
    """Write a state, of which so many bits are there; the rest is 0."""
    lanes, there = lane_bits(amplitudes), min(bits, num_places)
    if there >= lanes:
        join(amplitudes, 0, state.re, state.im, 0, 1 << (there - lanes))
    else:
        for index in range(1 << there):
            amplitudes[2 * index], amplitudes[2 * index + 1] = state.re[index], state.im[index]
    for place in range(2 << there, 2 << num_places):
        amplitudes[place] = 0


# --- rows


@inner
def _run_rows(draft: Draft, bits: int, state: State) -> int:
    """Run rows one after the other; the state grows with the places that they touch. Return how large it is."""
    for number in range(draft.counts[ROWS]):
        row = row_at(draft, number)
        kind = row[KIND]
        if kind == GONE:
            continue
        needed = _reach(draft, row)
        while bits < needed:
            _clear(state, 1 << bits, 2 << bits)
            bits += 1
        if kind == DIAGONAL:
            _run_terms(draft, row, bits, state)
        elif kind == MANY:
            _mix_many(draft, row, bits, state)
        elif kind in (FLIP, SWAP):
            _exchange(row, bits, state)
        else:
            _mix(reals(at(draft.entries, row[START])), row[PARTS], row, bits, state)
    return bits


@inner
def _reach(draft: Draft, row: Any) -> int:
    """Return how many places a state must have at least for a row; terms only ask for what has been touched."""
    kind, mask = row[KIND], row[CONTROLS]
    if kind == MANY:
        for position in range(row[A]):
            mask |= 1 << draft.places[row[B] + position]
    elif kind != DIAGONAL:
        mask |= 1 << row[A]
        if kind in (TWO, SWAP):
            mask |= 1 << row[B]
    return width(mask)


@inner
def _run_terms(draft: Draft, row: Any, bits: int, state: State) -> None:
    """Run diagonal terms one by one; those on places that are 0 throughout do nothing."""
    for term in range(row[A], row[B]):
        if draft.masks[term] >> bits == 0:
            _turn(draft.masks[term], draft.angles[term], bits, state)


@inner
def _turn(mask: int, angle: float, bits: int, state: State) -> None:
    """Multiply by a phase where all bits of a mask are 1."""
    lanes = (1 << lane_bits(state.re)) - 1
    write_phase(cmath.rect(1.0, angle), mask & lanes, lane_bits(state.re), state.table)
    _loop(0, mask, mask, 0, 0, 0, bits, state)


@inner
def _loop(pattern: int, mask: int, given: int, targets: int, low: int, high: int, bits: int, state: State) -> None:
    """Run a loop where the controls are met; the lanes' part of them is in the coefficients."""
    lanes = (1 << lane_bits(state.re)) - 1
    fixed = (mask | targets) & ~lanes
    count = 1 << (bits - lane_bits(state.re) - bit_count(fixed))
    mix(state.re, state.im, state.table, 0, pattern, fixed | lanes, given & ~lanes, count, low, high)


@inner
def _mix(matrix: Any, parts: int, row: Any, bits: int, state: State) -> None:
    """Apply a matrix on one or two qubits."""
    lanes = lane_bits(state.re)
    a, b = row[A], row[B] if row[KIND] == TWO or row[KIND] == SWAP else -1
    in_lanes = (1 << lanes) - 1
    write_coefficients(matrix, a, b, parts, row[CONTROLS] & in_lanes, row[STATE] & in_lanes, lanes, state.table)
    first, second = 1 << a if a >= lanes else 0, 1 << b if b >= lanes else 0
    low = first or second
    _loop(pattern_of(a, b, parts, lanes), row[CONTROLS], row[STATE], first | second, low, second, bits, state)


@inner
def _mix_many(draft: Draft, row: Any, bits: int, state: State) -> None:
    """Apply a matrix on more than two qubits."""
    places, fixed = at(draft.places, row[B]), row[CONTROLS]
    for position in range(row[A]):
        fixed |= 1 << places[position]
    loop = (fixed, row[STATE], 1 << (bits - bit_count(fixed)))
    mix_many(state.re, state.im, loop, reals(at(draft.entries, row[START])), places, row[A])


@inner
def _exchange(row: Any, bits: int, state: State) -> None:
    """Turn a qubit over or exchange two: vectors are moved where that is all, else it is a matrix."""
    lanes, flips = lane_bits(state.re), row[KIND] == FLIP
    low, high = 1 << row[A], 0 if flips else 1 << row[B]
    in_lanes = row[CONTROLS] & ((1 << lanes) - 1)
    if in_lanes == 0 and row[A] >= lanes and (flips or row[B] >= lanes):
        _loop(EXCHANGE, row[CONTROLS], row[STATE], low | high, low, high, bits, state)
    elif flips:
        _mix(reals(_FLIP_MATRIX), REAL, row, bits, state)
    else:
        _mix(reals(_SWAP_MATRIX), REAL, row, bits, state)
