"""Many small states at a time: a call of numpy costs as much for one of them as for hundreds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qdock_basic.kernels import Array

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
            f"Matrices on {len(qubits)} qubits of {len(states)} states have the shape ({len(states)}, {size}, {size}) or "
            f"({size}, {size}), but these have {stack.shape}."
        )
    parts = _parts(states, qubits)
    given = [part.copy() for part in parts]
    for row, part in enumerate(parts):
        _combine(part, stack[..., row, :], given)


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


def _combine(part: Array, row: Array, given: Sequence[Array]) -> None:
    """Give a part the linear combination that a row of the matrices says."""
    if row.ndim == 1:
        used = np.flatnonzero(row).tolist()
        part[...] = row[used[0]] * given[used[0]] if used else 0
    else:
        row = row.T.reshape(len(given), -1, *(1,) * (part.ndim - 1))
        used = list(range(len(given)))
        np.multiply(row[0], given[0], out=part)
    for index in used[1:]:
        part += row[index] * given[index]
