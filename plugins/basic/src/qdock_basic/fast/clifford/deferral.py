"""Clifford circuits with every measurement put off to the end, so that one state has all that was read.

A place has a qubit, or what was read from one: a reset goes on with a new place, and a value that a gate would change
after it was read is copied to one before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock.operations import Code
from qdock_basic.clifford import COPY, NO_GATE
from qdock_basic.fast.machine.jit import inner

__all__ = ["Steps", "defer"]

_MEASURE, _RESET = int(Code.MEASURE), int(Code.RESET)
_NO_GATE, _COPY = np.uint64(NO_GATE), np.uint64(COPY)

# --- places in `Draft.counts`
_PLACES, _READINGS, _STEPS = 0, 1, 2


class Steps(NamedTuple):
    """Gates in order.

    Attributes
    ----------
    action : (k,) uint64 array
        See `qdock_basic.clifford.packed`.
    first, second : (k,) int64 arrays
        On which places; -1 if there is no second one.
    record : (c,) int64 array
        The place whose value a clbit has at the end; -1 if it is not written.
    num_places : int
    """

    action: Any
    first: Any
    second: Any
    record: Any
    num_places: int


class Draft(NamedTuple):
    """Steps in the making.

    Attributes
    ----------
    action, first, second : arrays
        As in `Steps`, with room.
    place : (n,) int64 array
        Where a qubit is at present; -1 before anything happens to it.
    reading : int64 array
        By place: the number of the reading that its value is; -1 if none is.
    where, readers : int64 arrays
        By reading: at which place its value is, and how many clbits have it.
    record : (c,) int64 array
        The reading that a clbit has.
    counts : (3,) int64 array
        How many places, readings and steps there are.
    """

    action: Any
    first: Any
    second: Any
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
        From `qdock_basic.clifford.actions_of`.
    num_qubits, num_clbits : int
    """
    draft = _draft(code, len(qubits), num_qubits, num_clbits)
    measured = 0
    for index in range(len(code)):
        first, end = starts[index], starts[index + 1]
        if actions[index] != _NO_GATE:
            _gate(draft, actions[index], qubits[first], qubits[end - 1] if end > first + 1 else -1)
        elif code[index] == _MEASURE:
            _measure(draft, qubits[first], clbits[measured])
            measured += 1
        elif code[index] == _RESET:
            draft.place[qubits[first]] = _new(draft)
    for clbit in range(num_clbits):
        if draft.record[clbit] >= 0:
            draft.record[clbit] = draft.where[draft.record[clbit]]
    steps = draft.counts[_STEPS]
    return Steps(draft.action[:steps], draft.first[:steps], draft.second[:steps], draft.record, draft.counts[_PLACES])


@inner
def _draft(code: Any, num_uses: int, num_qubits: int, num_clbits: int) -> Draft:
    measures, resets = 0, 0
    for index in range(len(code)):
        measures += code[index] == _MEASURE
        resets += code[index] == _RESET
    most_places = min(num_uses, num_qubits) + measures + resets
    most_steps = len(code) + measures
    return Draft(
        np.empty(most_steps, np.uint64),
        np.empty(most_steps, np.int64),
        np.empty(most_steps, np.int64),
        np.full(num_qubits, -1),
        np.full(most_places, -1),
        np.empty(measures, np.int64),
        np.zeros(measures, np.int64),
        np.full(num_clbits, -1),
        np.zeros(3, np.int64),
    )


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
    draft.action[step], draft.first[step], draft.second[step] = action, first, second
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
        _step(draft, _COPY, place, copy)
        draft.reading[copy], draft.where[number] = number, copy


@inner
def _measure(draft: Draft, qubit: int, clbit: int) -> None:
    """Let a clbit have the value of a qubit."""
    place = _place(draft, qubit)
    if draft.record[clbit] >= 0:
        draft.readers[draft.record[clbit]] -= 1
    if draft.reading[place] < 0:
        draft.reading[place] = draft.counts[_READINGS]
        draft.where[draft.counts[_READINGS]] = place
        draft.counts[_READINGS] += 1
    draft.record[clbit] = draft.reading[place]
    draft.readers[draft.reading[place]] += 1
