"""Final states that are sampled: many experiments at a time, so that a gate costs little in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from qdock_basic import apply_matrices, apply_matrix
from qdock_legacy.arrays import Array
from qdock_legacy.gates import matrices_for, matrix_for
from qdock_legacy.program import Step

__all__ = ["AMPLITUDES", "evolve"]

#: Amplitudes of the states that are worked on together: so many fit in a processor's cache.
AMPLITUDES = 1 << 18


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
    for group in _rounds(circuits):
        for (name, qubits), (rows, details) in group.items():
            _apply(states, name, qubits, rows, details)


_Group = dict[tuple[str, tuple[int, ...]], tuple[list[int], list[tuple[Any, ...]]]]


def _rounds(circuits: Sequence[Sequence[Step]]) -> Iterator[_Group]:
    """Yield the first gates of all circuits, then the second ones..., each by its name and qubits."""
    for number in range(max(map(len, circuits), default=0)):
        group: _Group = {}
        for row, steps in enumerate(circuits):
            if number < len(steps):
                step = steps[number]
                rows, details = group.setdefault((step.detail[0], step.qubits), ([], []))
                rows.append(row)
                details.append(step.detail)
        yield group


def _apply(states: Array, name: str, qubits: tuple[int, ...], rows: list[int], details: list[tuple[Any, ...]]) -> None:
    matrices = _matrices(name, details)
    if len(rows) == len(states):
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
