"""Final states that are sampled: many experiments at a time, so that a gate costs little in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic import apply_matrices, apply_matrix
from qdock_legacy.arrays import Array
from qdock_legacy.gates import matrices_for, matrix_for
from qdock_legacy.program import Step

__all__ = ["AMPLITUDES", "evolve"]

#: Amplitudes of the states that are worked on together: so many fit in a processor's cache.
AMPLITUDES = 1 << 18

Kinds = npt.NDArray[np.int64]


def evolve(states: Array, circuits: Sequence[Sequence[Step]]) -> None:
    """Run the gates of some circuits on a state each, in place.

    Parameters
    ----------
    states : (m, 2^n) complex128 array
        Overwritten.
    circuits : sequence of m lists of gate steps
    """
    if len(circuits) == 1:
        for step in circuits[0]:
            apply_matrix(states[0], matrix_for(step.detail), step.qubits)
        return
    numbers: dict[tuple[Any, ...], int] = {}
    kinds = _kinds(circuits, numbers)
    keys = list(numbers)
    for number, column in enumerate(kinds):
        order = column.argsort(kind="stable")
        found, starts = np.unique(column[order], return_index=True)
        for kind, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
            if kind >= 0:
                name, qubits = keys[kind]
                _apply(states, qubits, rows, _matrices(name, [circuits[row][number].detail for row in rows.tolist()]))


def _kinds(circuits: Sequence[Sequence[Step]], numbers: dict[tuple[Any, ...], int]) -> Kinds:
    """Return what gate on which qubits is the first of each circuit, the second..., -1 where none is left.

    Kinds are numbered in `numbers` as they come.
    """
    kinds = np.full((max(map(len, circuits), default=0), len(circuits)), -1)
    for row, steps in enumerate(circuits):
        kinds[: len(steps), row] = [numbers.setdefault(step.key, len(numbers)) for step in steps]
    return kinds


def _apply(states: Array, qubits: tuple[int, ...], rows: Kinds, matrices: Array) -> None:
    if len(rows) == len(states):
        # All of them, in order: sorting kept it.
        apply_matrices(states, matrices, qubits)
        return
    some = states[rows]
    apply_matrices(some, matrices, qubits)
    states[rows] = some


def _matrices(name: str, details: list[tuple[Any, ...]]) -> Array:
    """Return the matrix of each gate, or one of all of them where they have no angles."""
    if name == "unitary":
        return np.stack([detail[1] for detail in details])
    if len(details[0]) == 1:
        return matrix_for(details[0])
    return matrices_for(name, [detail[1:] for detail in details])
