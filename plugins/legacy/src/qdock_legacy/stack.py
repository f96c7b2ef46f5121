"""Final states that are sampled: many experiments at a time, so that a gate costs little in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.gates import GATES
from qdock_basic import apply_matrices, apply_matrix
from qdock_legacy.arrays import Array
from qdock_legacy.gates import matrices_for, matrix_for
from qdock_legacy.plain import BARRIER, Key
from qdock_legacy.program import Step

__all__ = ["AMPLITUDES", "Gates", "evolve"]

#: Amplitudes of the states that are worked on together: so many fit in a processor's cache.
AMPLITUDES = 1 << 18

Ints = npt.NDArray[np.int64]


class Gates(NamedTuple):
    """The gates of a circuit.

    Attributes
    ----------
    keys : list of (name, qubits)
    angles : list of float
        Of all gates, one after the other.
    matrices : dict
        From the number of a gate called ``"unitary"`` to its matrix.
    """

    keys: list[Key]
    angles: list[float]
    matrices: dict[int, Array]

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Gates:
        """Return the gates that are done in some steps."""
        matrices = {number: step.detail[1] for number, step in enumerate(steps) if step.key[0] == "unitary"}
        angles = chain.from_iterable(step.detail[1:] for step in steps if step.key[0] != "unitary")
        return cls([step.key for step in steps], list(angles), matrices)


def evolve(states: Array, circuits: Sequence[Gates]) -> None:
    """Run the gates of some circuits on a state each, in place.

    Parameters
    ----------
    states : (m, 2^n) complex128 array
        Overwritten.
    circuits : sequence of m Gates
    """
    table = _Table(circuits)
    for number, column in enumerate(table.kinds):
        for kind, rows in _groups(column):
            name, qubits = table.keys[kind]
            if kind >= 0 and name != BARRIER:
                _apply(states, qubits, rows, table.matrices(kind, number, rows))


class _Table:
    """Circuits side by side: what gate on which qubits is the first of each, the second, and so on.

    Attributes
    ----------
    keys : list of (name, qubits)
        The kinds of gates, and nothing as the last one.
    kinds : (g, m) array
        The number of each gate's kind, -1 where none is left.
    """

    def __init__(self, circuits: Sequence[Gates]) -> None:
        self._circuits = circuits
        numbers = _Numbers()
        self.kinds = np.full((len(circuits), max((len(gates.keys) for gates in circuits), default=0)), -1).T
        for row, gates in enumerate(circuits):
            self.kinds[: len(gates.keys), row] = list(map(numbers.__getitem__, gates.keys))
        self.keys = [*numbers, ("", ())]
        self._widths = np.array([GATES[name].num_params if name in GATES else 0 for name, _ in self.keys])
        widths = self._widths[self.kinds]
        begins = np.cumsum([0, *(len(gates.angles) for gates in circuits)])[:-1]
        self._begins = begins + widths.cumsum(axis=0) - widths
        self._angles = np.fromiter(chain.from_iterable(gates.angles for gates in circuits), np.float64)

    def matrices(self, kind: int, number: int, rows: Ints) -> Array:
        """Return the matrix of a gate of each of some circuits, or one of all of them where they have no angles."""
        name, width = self.keys[kind][0], self._widths[kind]
        if name == "unitary":
            return np.stack([self._circuits[row].matrices[number] for row in rows.tolist()])
        if not width:
            return matrix_for((name,))
        return matrices_for(name, self._angles[self._begins[number, rows][:, None] + np.arange(width)])


class _Numbers(dict[Any, int]):
    """Numbers the kinds of gates as they come."""

    def __missing__(self, key: Any) -> int:
        self[key] = number = len(self)
        return number


def _groups(column: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each value in a column with the rows that have it, ascending."""
    order = column.argsort(kind="stable")
    found, starts = np.unique(column[order], return_index=True)
    return zip(found.tolist(), np.split(order, starts[1:]), strict=True)


def _apply(states: Array, qubits: tuple[int, ...], rows: Ints, matrices: Array) -> None:
    if len(states) == 1:
        apply_matrix(states[0], matrices.reshape(matrices.shape[-2:]), qubits)
        return
    if len(rows) == len(states):
        # All of them, in order: sorting kept it.
        apply_matrices(states, matrices, qubits)
        return
    some = states[rows]
    apply_matrices(some, matrices, qubits)
    states[rows] = some
