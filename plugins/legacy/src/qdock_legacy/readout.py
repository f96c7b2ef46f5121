"""From the probabilities of final states to counts, of many experiments at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic import probabilities
from qdock_legacy.draws import Drawn
from qdock_legacy.plan import Plan, Readings
from qdock_legacy.tree import write

__all__ = ["read_many"]

Floats = npt.NDArray[np.float64]

_MOST_NAMES = 1 << 16


def read_many(plans: Sequence[Plan], tables: Floats, drawn: Sequence[Drawn], memory: bool) -> list[dict[str, Any]]:
    """Return the data of experiments in the wire format.

    Parameters
    ----------
    plans : sequence of m Plans
    tables : (m, 2^n) array
        The probabilities of all basis states.
    drawn : sequence of m Drawn
        Those with the same draws and readings are read together.
    memory : bool
        Whether the outcome of every shot is wanted.
    """
    alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row, (plan, draws) in enumerate(zip(plans, drawn, strict=True)):
        alike[plan.readings, plan.memory, plan.memory_slots == 0, draws].append(row)
    found: list[dict[str, Any]] = [{}] * len(plans)
    for (readings, written, empty, draws), rows in alike.items():
        several = _nothing if empty else _read if readings else _unread
        data = several(readings, written, tables[rows], draws, memory)
        for row, each in zip(rows, data, strict=True):
            found[row] = each
    return found


Data = list[dict[str, Any]]


def _nothing(_readings: Readings, _written: int, tables: Floats, _drawn: Drawn, memory: bool) -> Data:
    """Return the data of experiments without a memory."""
    return [{"counts": {}, **({"memory": []} if memory else {})} for _ in tables]


def _unread(_readings: Readings, written: int, tables: Floats, drawn: Drawn, memory: bool) -> Data:
    """Return the data of experiments that measure nothing."""
    name, shots = hex(written), drawn.shots
    return [{"counts": {name: shots}, **({"memory": [name] * shots} if memory else {})} for _ in tables]


def _read(readings: Readings, written: int, tables: Floats, drawn: Drawn, memory: bool) -> Data:
    qubits = tuple(sorted({qubit for qubit, _ in readings}))
    names = _Names.of(qubits, readings, written)
    tables = _marginal(tables, qubits)
    data: Data = [{"counts": _counts(names, *each)} for each in drawn.counts(tables)]
    if memory:
        for each, table in zip(data, tables, strict=True):
            each["memory"] = [names[outcome] for outcome in drawn.outcomes(table)]
    return data


def _counts(names: _Names, outcomes: list[int], numbers: list[int]) -> dict[str, int]:
    """Return the counts of outcomes, the first one first; several may have one name."""
    counts = dict(zip(found := [names[outcome] for outcome in outcomes], numbers, strict=True))
    if len(counts) < len(found):
        counts = dict.fromkeys(found, 0)
        for name, number in zip(found, numbers, strict=True):
            counts[name] += number
    return counts


def _marginal(tables: Floats, qubits: tuple[int, ...]) -> Floats:
    """Sum over the qubits that are not among those given, which ascend."""
    if 1 << len(qubits) == tables.shape[1]:
        return tables
    # The square roots are a state with these probabilities.
    return np.stack([probabilities(np.sqrt(table).astype(np.complex128), qubits) for table in tables])


class _Names(dict[int, str]):
    """From what is read to the memory in hexadecimal, made when it is first asked for."""

    def __init__(self, qubits: tuple[int, ...], readings: Readings, memory: int) -> None:
        super().__init__()
        self._moves = [(qubits.index(qubit), slot) for qubit, slot in readings]
        self._memory = memory

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, qubits: tuple[int, ...], readings: Readings, memory: int) -> _Names:
        """Return the names of a way to read; most experiments of a file have the same."""
        return cls(qubits, readings, memory)

    def __missing__(self, outcome: int) -> str:
        memory = self._memory
        for bit, slot in self._moves:
            memory = write(memory, slot, outcome >> bit & 1)
        name = hex(memory)
        if len(self) < _MOST_NAMES:
            self[outcome] = name
        return name
