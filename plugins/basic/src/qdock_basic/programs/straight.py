"""Straight circuits: gates, then readings, and nothing left to chance on the way; reduced to what is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.gates import GATES as TABLE
from qdock.operations import Code, Columns
from qdock_basic.programs.program import Gates

__all__ = ["Part", "is_flat", "parts_of", "straight_of"]

_MODIFIED, _MEASURE, _RESET, _DELAY = int(Code.MODIFIED), int(Code.MEASURE), int(Code.RESET), int(Code.DELAY)

_PLAIN = bytes(code for code in range(_DELAY + 1) if code not in (_MEASURE, _RESET))

# From so many qubits on, what a look at every gate costs is nothing beside what a qubit less saves.
_WIDE = 14

_IS_DIAGONAL = np.zeros(256, bool)
_IS_DIAGONAL[[row.code for row in TABLE.values() if row.diagonal]] = True


class Part(NamedTuple):
    """Gates on some qubits that have nothing to do with the others, and how these are read.

    Attributes
    ----------
    gates : Gates
    num_qubits : int
    readings : tuple of (qubit, clbit)
        In order.
    """

    gates: Gates
    num_qubits: int
    readings: tuple[tuple[int, int], ...]


def is_flat(columns: Columns) -> bool:
    """Whether there is no classical control, and no angle that is computed at run time."""
    if columns.expressions:
        return False
    # Control without details, such as `end`, is rare but there.
    return not len(columns.code) or int(columns.code.max()) <= _DELAY


def straight_of(circuit: Circuit) -> Part | None:
    """Return a circuit as one part if all its measurements may be read last and it resets nothing; else None."""
    columns = circuit.columns()
    code, data = columns.code, columns.code.tobytes()
    # What is neither a gate nor a pause: nearly always as many measurements as stand at the end.
    others = data.translate(None, _PLAIN)
    if others and not columns.expressions and data.endswith(others) and others.count(_MEASURE) == len(others):
        readings = tuple(zip(columns.qubits[-len(others) :].tolist(), columns.clbits.tolist(), strict=True))
        return Part(Gates(circuit, 0, len(data) - len(others)), circuit.num_qubits, readings)
    if not is_flat(columns):
        return None
    if not others:
        return Part(Gates(circuit, 0, len(code)), circuit.num_qubits, ())
    if _RESET in others:
        return None
    places = np.flatnonzero(code == _MEASURE)
    qubits = columns.qubits[columns.qubit_start[places]]
    first = int(places[0])
    readings = tuple(zip(qubits.tolist(), columns.clbits.tolist(), strict=True))
    gates = np.flatnonzero(code <= _MODIFIED)
    if not gates.size or int(gates[-1]) < first:
        return Part(Gates(circuit, 0, first), circuit.num_qubits, readings)
    if (_last_gates(columns, circuit.num_qubits)[qubits] > places).any():
        return None
    alone = circuit.select(gates, range(circuit.num_qubits))
    return Part(Gates(alone, 0, len(alone)), circuit.num_qubits, readings)


def _last_gates(columns: Columns, num_qubits: int) -> npt.NDArray[np.int64]:
    """Return the last gate on each qubit, -1 where there is none."""
    owner = np.repeat(np.arange(len(columns.code)), np.diff(columns.qubit_start))
    is_gate = columns.code[owner] <= _MODIFIED
    last = np.full(num_qubits, -1, np.int64)
    np.maximum.at(last, columns.qubits[is_gate], owner[is_gate])
    return last


# --- what is not read


def parts_of(whole: Part) -> list[Part]:
    """Return what is read of a circuit, in parts that have nothing to do with each other.

    Left out are gates that no reading can see (those outside of its light cone, and diagonal ones that nothing but
    readings follows), and qubits that are not read and that no gate is left on. A circuit of few qubits stays whole.
    """
    if whole.num_qubits < _WIDE:
        return [whole]
    columns = whole.gates.circuit.columns()
    kept = _seen(columns, whole.gates.stop, {qubit for qubit, _ in whole.readings})
    groups = _groups(columns, kept, {qubit for qubit, _ in whole.readings})
    if len(groups) == 1 and len(groups[0]) == whole.num_qubits and len(kept) == whole.gates.stop:
        return [whole]
    return list(_split(whole, columns, kept, groups))


def _seen(columns: Columns, stop: int, read: set[int]) -> list[int]:
    """Return the gates that readings of some qubits can see."""
    qubits, starts = columns.qubits.tolist(), columns.qubit_start.tolist()
    diagonal = _IS_DIAGONAL[columns.code].tolist()
    is_gate = (columns.code <= _MODIFIED).tolist()
    seen, moved, kept = set(read), set[int](), []
    for index in reversed(range(stop)):
        on = qubits[starts[index] : starts[index + 1]]
        unseen = seen.isdisjoint(on) or (diagonal[index] and moved.isdisjoint(on))
        if is_gate[index] and not unseen:
            seen.update(on)
            moved.update(on)
            kept.append(index)
    return kept[::-1]


def _groups(columns: Columns, kept: Sequence[int], read: set[int]) -> list[list[int]]:
    """Return the qubits that are read or that gates are left on, in groups that no gate connects, ascending."""
    leader: dict[int, int] = {qubit: qubit for qubit in read}

    def find(qubit: int) -> int:
        while leader[qubit] != qubit:
            leader[qubit] = leader[leader[qubit]]
            qubit = leader[qubit]
        return qubit

    qubits, starts = columns.qubits.tolist(), columns.qubit_start.tolist()
    for index in kept:
        first, *others = qubits[starts[index] : starts[index + 1]]
        root = find(leader.setdefault(first, first))
        for other in others:
            leader[find(leader.setdefault(other, other))] = root
    groups: dict[int, list[int]] = {}
    for qubit in sorted(leader):
        groups.setdefault(find(qubit), []).append(qubit)
    return list(groups.values())


def _split(whole: Part, columns: Columns, kept: Sequence[int], groups: Sequence[list[int]]) -> Iterator[Part]:
    group_of = {qubit: number for number, group in enumerate(groups) for qubit in group}
    firsts = columns.qubits[columns.qubit_start[np.asarray(kept, np.intp)]].tolist()
    gates: list[list[int]] = [[] for _ in groups]
    for index, first in zip(kept, firsts, strict=True):
        gates[group_of[first]].append(index)
    readings: list[list[tuple[int, int]]] = [[] for _ in groups]
    place = {qubit: position for group in groups for position, qubit in enumerate(group)}
    # Of several readings into one clbit the last one stays, wherever it is from.
    for clbit, qubit in {clbit: qubit for qubit, clbit in whole.readings}.items():
        readings[group_of[qubit]].append((place[qubit], clbit))
    for group, own, found in zip(groups, gates, readings, strict=True):
        if found:
            circuit = whole.gates.circuit.select(own, group)
            yield Part(Gates(circuit, 0, len(circuit)), len(group), tuple(found))
