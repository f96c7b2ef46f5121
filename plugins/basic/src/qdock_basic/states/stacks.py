"""Many small states at a time: a call of numpy costs as much for one of them as for hundreds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qdock_basic.states.kernels import Array

__all__ = ["apply_matrices"]


def apply_matrices(states: Array, matrices: npt.ArrayLike, qubits: Sequence[int]) -> None:
    """Apply to each of some states a matrix of its own, or one to all of them, in place.

    Parameters
    ----------
    states : (m, 2^n) contiguous complex array
        Overwritten.
    matrices : (m, 2^k, 2^k) or (2^k, 2^k) array_like
        Need not be unitary.
    qubits : sequence of k int
        Distinct, the same ones in each state; the first one is the least significant bit of a matrix's index.

    Raises
    ------
    ValueError
        If the qubits are not distinct qubits of the states, or the matrices have another shape.
    """
    stack, size = np.asarray(matrices, dtype=np.complex128), 1 << len(qubits)
    _check(states, qubits)
    if stack.shape not in ((size, size), (len(states), size, size)):
        raise ValueError(
            f"Matrices on {len(qubits)} qubits of {len(states)} states have the shape ({len(states)}, {size}, {size}) "
            f"or ({size}, {size}), but these have {stack.shape}."
        )
    parts = _parts(states, qubits)
    if stack.ndim == 2:
        _apply_one(parts, stack)
        return
    given = [part.copy() for part in parts]
    for index, part in enumerate(parts):
        row = stack[:, index].reshape(-1, size, *(1,) * (part.ndim - 1))
        np.multiply(row[:, 0], given[0], out=part)
        for column in range(1, size):
            part += row[:, column] * given[column]


def _apply_one(parts: Sequence[Array], matrix: Array) -> None:
    """Apply one matrix to all states; rows that change nothing, and entries that are zero, cost nothing."""
    rows = {row: np.flatnonzero(entries).tolist() for row, entries in enumerate(matrix)}
    rows = {row: used for row, used in rows.items() if used != [row] or matrix[row, row] != 1}
    given = {column: parts[column].copy() for column in {column for used in rows.values() for column in used}}
    for row, used in rows.items():
        first, *others = used or [row]
        if matrix[row, first] == 1:
            parts[row][...] = given[first]
        else:
            np.multiply(matrix[row, first], given.get(first, parts[row]), out=parts[row])
        for column in others:
            parts[row] += matrix[row, column] * given[column]


def _check(states: Array, qubits: Sequence[int]) -> None:
    num_qubits = states.shape[-1].bit_length() - 1
    if len(set(qubits)) != len(qubits) or any(not 0 <= qubit < num_qubits for qubit in qubits):
        raise ValueError(f"The qubits must be distinct and from 0 to {num_qubits - 1}, but are {list(qubits)}.")


def _parts(states: Array, qubits: Sequence[int]) -> list[Array]:
    """Return, for each basis index of the qubits, a view of the amplitudes there, states along the first axis."""
    num_qubits = states.shape[-1].bit_length() - 1
    places: list[int | slice] = [slice(None)] * (num_qubits + 1)
    view = states.reshape(len(states), *(2,) * num_qubits)
    parts = []
    for index in range(1 << len(qubits)):
        for position, qubit in enumerate(qubits):
            places[num_qubits - qubit] = index >> position & 1
        parts.append(view[tuple(places)])
    return parts
