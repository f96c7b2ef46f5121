"""Clifford circuits with every measurement put off to the end, so that one state has all that was read.

A place has a qubit, or what was read from one: a reset goes on with a new place, and a value that a gate would change
after it was read is copied to one before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock.operations import Code
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, hold, pointer
from qdock_basic.programs.clifford import COPY, NO_GATE

__all__ = ["Steps", "defer"]

_MEASURE, _RESET = int(Code.MEASURE), int(Code.RESET)
# --- places in `Draft.counts`
_PLACES, _READINGS, _STEPS = 0, 1, 2
_COUNTS = 3


class Steps(NamedTuple):
    """Gates in order.

    Attributes
    ----------
    gates : (k, 3) int64 array
        What each does, see `qdock_basic.programs.clifford.packed`, and on which two places; -1 for one that is missing.
    record : (c,) int64 array
        The place whose value a clbit has at the end; -1 if it is not written.
    num_places : int
    """

    gates: Any
    record: Any
    num_places: int


class Draft(NamedTuple):
    """Steps in the making: pointers to int64.

    Attributes
    ----------
    gates : as in `Steps`, with room
    place : by qubit, where it is at present; -1 before anything happens to it
    reading : by place, the number of the reading that its value is; -1 if none is
    where : by reading, at which place its value is
    readers : by reading, how many clbits have it
    record : by clbit, the reading that it has
    counts : how many places, readings and steps there are
    """

    gates: Any
    place: Any
    reading: Any
    where: Any
    readers: Any
    record: Any
    counts: Any


@inner
def defer(code: Any, actions: Any, qubits: Any, starts: Any, clbits: Any, num_qubits: int, num_clbits: int) -> Steps:
    """Return the steps of a circuit, whose columns these are.

    Parameters
    ----------
    code, qubits, starts, clbits : arrays
        As in `qdock.operations.Columns`.
    actions : (n,) uint64 array
        From `qdock_basic.programs.clifford.actions_of`.
    num_qubits, num_clbits : int
    """
    measures, resets = _readings(code)
    most_places = min(len(qubits), num_qubits) + measures + resets
    gates, record = np.empty((len(code) + measures, 3), np.int64), np.full(num_clbits, -1)
    room = np.full(num_qubits + most_places + 2 * measures + _COUNTS, -1)
    draft = _draft(pointer(gates), pointer(room), pointer(record), num_qubits, most_places, measures)
    measured = 0
    for index in range(len(code)):
        first, end = starts[index], starts[index + 1]
        if actions[index] != NO_GATE:
            _gate(draft, np.int64(actions[index]), qubits[first], qubits[end - 1] if end > first + 1 else -1)
        elif code[index] == _MEASURE:
            _measure(draft, qubits[first], clbits[measured])
            measured += 1
        elif code[index] == _RESET:
            draft.place[qubits[first]] = _new(draft)
    for clbit in range(num_clbits):
        if record[clbit] >= 0:
            record[clbit] = draft.where[record[clbit]]
    steps = Steps(gates[: draft.counts[_STEPS]], record, draft.counts[_PLACES])
    hold(room)
    return steps


@inner
def _readings(code: Any) -> tuple[int, int]:
    """Return how many measurements and resets there are."""
    measures, resets = 0, 0
    for index in range(len(code)):
        measures += code[index] == _MEASURE
        resets += code[index] == _RESET
    return measures, resets


@inner
def _draft(gates: Any, room: Any, record: Any, num_qubits: int, most_places: int, most_readings: int) -> Draft:
    reading = at(room, num_qubits)
    where = at(reading, most_places)
    readers = at(where, most_readings)
    counts = at(readers, most_readings)
    for place in range(_COUNTS):
        counts[place] = 0
    return Draft(gates, room, reading, where, readers, record, counts)


@inner
def _new(draft: Draft) -> int:
    place = draft.counts[_PLACES]
    draft.counts[_PLACES] += 1
    return place


@inner
def _place(draft: Draft, qubit: int) -> int:
    if draft.place[qubit] < 0:
        draft.place[qubit] = _new(draft)
    return draft.place[qubit]


@inner
def _step(draft: Draft, action: Any, first: int, second: int) -> None:
    step = draft.counts[_STEPS]
    gate = at(draft.gates, 3 * step)
    gate[0], gate[1], gate[2] = action, first, second
    draft.counts[_STEPS] += 1


@inner
def _gate(draft: Draft, action: Any, first: int, second: int) -> None:
    """Apply a gate, after what was read from its qubits has been copied."""
    a = _place(draft, first)
    b = _place(draft, second) if second >= 0 else -1
    _keep(draft, a)
    if b >= 0:
        _keep(draft, b)
    _step(draft, action, a, b)


@inner
def _keep(draft: Draft, place: int) -> None:
    """Copy the value of a place that was read to a new one; a value that no clbit has any more needs no copy."""
    number = draft.reading[place]
    draft.reading[place] = -1
    if number >= 0 and draft.readers[number]:
        copy = _new(draft)
        _step(draft, COPY, place, copy)
        draft.reading[copy], draft.where[number] = number, copy


@inner
def _measure(draft: Draft, qubit: int, clbit: int) -> None:
    """Let a clbit have the value of a qubit."""
    place = _place(draft, qubit)
    if draft.record[clbit] >= 0:
        draft.readers[draft.record[clbit]] -= 1
    if draft.reading[place] < 0:
        draft.reading[place] = draft.counts[_READINGS]
        draft.where[draft.counts[_READINGS]], draft.readers[draft.counts[_READINGS]] = place, 0
        draft.counts[_READINGS] += 1
    draft.record[clbit] = draft.reading[place]
    draft.readers[draft.reading[place]] += 1
