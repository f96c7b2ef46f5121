"""Sums of Pauli strings applied to statevectors: one pass for all strings that flip the same qubits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Action", "signed_sum"]

Array = npt.NDArray[Any]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

#: Tables of so many entries in all are kept; larger ones are made again at each use.
_KEPT = 1 << 22
#: So many amplitudes are taken together: what it saves is calls, and it costs memory.
_STACKED = 1 << 16


class Action:
    """Applies a sum to states.

    A string is ``(-i)^y F_x D_z``: it flips the qubits in x and multiplies amplitude j by ``(-1)^|z & j|``, where y
    counts its letters Y. All strings with one x have a common diagonal, which the Walsh-Hadamard transform gives.

    Parameters
    ----------
    x, z : (terms, num_qubits) bool array
    coefficients : (terms,) complex array
    """

    def __init__(self, x: Bools, z: Bools, coefficients: Complexes) -> None:
        self._num_qubits = int(x.shape[1])
        if self._num_qubits > 62:
            raise ValueError(f"A statevector of {self._num_qubits} qubits does not fit in any memory.")
        weights = 1 << np.arange(self._num_qubits, dtype=np.int64)
        self._z = z @ weights
        self._numbers = coefficients * np.array([1, -1j, -1, 1j])[np.sum(x & z, axis=1) % 4]
        self._masks, self._group = np.unique(x @ weights, return_inverse=True)
        self._kept = [self._diagonal(group) for group in range(len(self._masks))] if self._fits(_KEPT) else None
        self._stack: tuple[npt.NDArray[np.int64], Array] | None = None
        if self._kept is not None and self._fits(_STACKED):
            self._stack = self._stacked(self._kept)

    def _fits(self, limit: int) -> bool:
        return len(self._masks) << self._num_qubits <= limit

    def _stacked(self, diagonals: list[Array]) -> tuple[npt.NDArray[np.int64], Array]:
        size = 1 << self._num_qubits
        places = np.arange(size)[None] ^ self._masks[:, None]
        rows = [np.broadcast_to(diagonal, (size,)) for diagonal in diagonals]
        return places, np.array(rows).reshape(-1, size)

    def parts(self) -> Iterator[tuple[int, Array]]:
        """Yield which qubits are flipped, as a mask, and what multiplies the amplitudes after: a scalar or a table."""
        for group, mask in enumerate(self._masks.tolist()):
            yield mask, self._kept[group] if self._kept is not None else self._diagonal(group)

    def _diagonal(self, group: int) -> Array:
        rows = np.flatnonzero(self._group == group)
        numbers = self._numbers[rows]
        real = numbers.real if not numbers.imag.any() else numbers
        return real.sum() if not self._z[rows].any() else signed_sum(self._z[rows], real, self._num_qubits)

    def apply(self, states: Complexes) -> Complexes:
        """Return the sum times states, a (..., 2^num_qubits) array."""
        if self._stack is not None:
            places, diagonals = self._stack
            return np.einsum("gi,...gi->...i", diagonals, states.take(places, axis=-1))  # type: ignore[no-any-return]  # numpy's Any
        total = np.zeros_like(states)
        for mask, diagonal in self.parts():
            total += diagonal * flipped(states, mask)
        return total


def flipped(states: Complexes, mask: int) -> Complexes:
    """Return states with the amplitudes of j and ``j ^ mask`` exchanged."""
    if mask == 0:
        return states
    if mask & (mask - 1) == 0:
        # One qubit: the halves of each piece change places, which takes no table.
        return states.reshape(-1, 2, mask)[:, ::-1].reshape(states.shape)
    return states.take(np.arange(states.shape[-1]) ^ mask, axis=-1)


def signed_sum(masks: npt.NDArray[np.int64], numbers: Array, num_qubits: int) -> Array:
    """Return ``sum(numbers * (-1)^|masks & j|)`` for every j, a (2^num_qubits,) array.

    It is the Walsh-Hadamard transform of the numbers put at the places of their masks: n passes, however many there
    are.
    """
    table = np.zeros(1 << num_qubits, dtype=numbers.dtype)
    np.add.at(table, masks, numbers)
    for qubit in range(num_qubits):
        pairs = table.reshape(-1, 2, 1 << qubit)
        pairs[:, 0], pairs[:, 1] = pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]
    return table
