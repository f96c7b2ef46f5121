"""Layers of gates on single qubits: all their matrices in a few calls, and what the angles in them do.

The gates of all layers are one stack of (2, 2) matrices. Neighbouring qubits are put together in blocks of up to
five, so that a state is multiplied by few matrices of a size that is quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.unitaries.matrices import PAULI
from qdock_algorithms.angles import Angles
from qdock_algorithms.steps import Layer, Step

__all__ = ["Turned", "Turns"]

Complexes = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLOCK = 5
# OpenBLAS gives a product of m x k and k x n matrices with m * k * n above 2^15 to a team of threads that spin, which
# on a machine that others use made this five times slower.
_PRODUCT = 1 << 15
_IDENTITY = np.eye(2, dtype=complex)
_PAULIS = np.stack([PAULI[axis] for axis in "xyz"])


class Turned(NamedTuple):
    """The matrices for some values of the parameters.

    Attributes
    ----------
    stack : (depth, layers * num_qubits, 2, 2) array
        The gates of every layer and qubit in order, filled up with identities.
    blocks : list of (layers, 2^b, 2^b) arrays
        Their products, by block of qubits.
    """

    stack: Complexes
    blocks: list[Complexes]


class _Block(NamedTuple):
    low: int
    size: int


class Turns:
    """The gates on single qubits of some layers.

    Parameters
    ----------
    num_qubits : int
    layers : sequence of Layer
        Of the kind product.
    angles : Angles
        Gets the atoms of the angles.
    """

    def __init__(self, num_qubits: int, layers: Sequence[Layer], angles: Angles) -> None:
        self._shape = len(layers), num_qubits
        self._blocks = _blocks_of(num_qubits)
        rows = list(_rows_of(layers, num_qubits))
        turned = [step for _, _, step in rows if step.matrix is None]
        self._map = angles.map(step.angle for step in turned if step.angle is not None)
        self._axes = np.array([_PAULIS["xyz".index(step.axis)] for step in turned]).reshape(-1, 2, 2)
        self._fixed = np.array([_IDENTITY, *(step.matrix for _, _, step in rows if step.matrix is not None)])
        self._set_which(rows)
        self.active = self._activity(rows)
        self.turned = self._activity([row for row in rows if row[2].matrix is None])

    def _set_which(self, rows: list[tuple[int, int, Step]]) -> None:
        """Number the matrices: identity, fixed ones, turned ones; note which stands where."""
        depth = 1 + max((slot for slot, _, _ in rows), default=0)
        self._which = np.zeros((depth, self._shape[0] * self._shape[1]), dtype=np.int64)
        fixed, turned = 1, len(self._fixed)
        for slot, place, step in rows:
            self._which[slot, place] = fixed if step.matrix is not None else turned
            fixed, turned = fixed + (step.matrix is not None), turned + (step.matrix is None)

    def _activity(self, rows: list[tuple[int, int, Step]]) -> npt.NDArray[np.bool_]:
        """Return in which layers which blocks have any of these gates."""
        found = np.zeros((self._shape[0], len(self._blocks)), dtype=bool)
        for _, place, _ in rows:
            layer, qubit = divmod(place, self._shape[1])
            found[layer, next(i for i, (low, size) in enumerate(self._blocks) if qubit < low + size)] = True
        return found

    def turn(self, atoms: Floats) -> Turned:
        """Return the matrices for the values of the atoms."""
        half = self._map.angles(atoms)[:, None, None] / 2
        stack = np.concatenate([self._fixed, np.cos(half) * _IDENTITY - 1j * np.sin(half) * self._axes])[self._which]
        product = stack[0]
        for matrices in stack[1:]:
            product = matrices @ product
        product = product.reshape(*self._shape, 2, 2)
        return Turned(stack, [_kron(product[:, low : low + size]) for low, size in self._blocks])

    def apply(self, states: Complexes, layer: int, turned: Turned, undo: bool = False) -> Complexes:
        """Return states, a (k, 2^n) array, with a layer applied or undone."""
        for block in np.flatnonzero(self.active[layer]).tolist():
            matrix = turned.blocks[block][layer]
            states = _applied(states, matrix.conj().T if undo else matrix, self._blocks[block])
        return states

    def empty(self) -> list[Complexes]:
        """Return what `collect` fills, one array for each block."""
        return [np.zeros((self._shape[0], 1 << size, 1 << size), dtype=complex) for _, size in self._blocks]

    def collect(self, found: list[Complexes], layer: int, pair: Complexes) -> None:
        """Note ``trace(|pair[0]><pair[1]|)`` over all but each block, right after a layer."""
        blocks = np.flatnonzero(self.turned[layer]).tolist()
        bra = pair[1].conj() if blocks else pair[1]
        for block in blocks:
            found[block][layer] = _reduced(pair[0], bra, self._blocks[block])

    def gradient(self, turned: Turned, found: list[Complexes], num_atoms: int) -> Floats:
        """Return the derivatives by the atoms of all that was collected."""
        traces = np.concatenate([_by_qubit(block) for block in found], axis=1).reshape(-1, 2, 2)
        slopes = np.zeros(len(self._axes))
        after = np.broadcast_to(_IDENTITY, traces.shape)
        for slot in reversed(range(len(self._which))):
            places = np.flatnonzero(self._which[slot] >= len(self._fixed))
            numbers = self._which[slot, places] - len(self._fixed)
            outer = after[places]
            generators = outer @ self._axes[numbers] @ outer.conj().swapaxes(1, 2)
            slopes[numbers] = np.einsum("kij,kji->k", generators, traces[places]).imag
            after = after @ turned.stack[slot]
        return self._map.pull_back(slopes, num_atoms)


def _rows_of(layers: Sequence[Layer], num_qubits: int) -> Iterator[tuple[int, int, Step]]:
    """Yield each gate with how many are before it in its place, the place among all layers and qubits, and itself."""
    for number, layer in enumerate(layers):
        depth = [0] * num_qubits
        for step in layer.steps:
            qubit = step.qubits[0]
            yield depth[qubit], number * num_qubits + qubit, step
            depth[qubit] += 1


def _blocks_of(num_qubits: int) -> list[_Block]:
    count = -(-num_qubits // _BLOCK)
    ends = [num_qubits * i // max(count, 1) for i in range(count + 1)]
    return [_Block(low, high - low) for low, high in pairwise(ends)]


def _kron(matrices: Complexes) -> Complexes:
    """Return the Kronecker products of (layers, b, 2, 2) matrices, the first of b least significant."""
    total = matrices[:, 0]
    for place in range(1, matrices.shape[1]):
        size = 2 << place
        total = (matrices[:, place, :, None, :, None] * total[:, None, :, None, :]).reshape(-1, size, size)
    return total


def _applied(states: Complexes, matrix: Complexes, block: _Block) -> Complexes:
    made = np.empty_like(states)
    if block.low == 0:
        shape = (-1, min(states.size >> block.size, _PRODUCT >> 2 * block.size), 1 << block.size)
        np.matmul(states.reshape(shape), matrix.T, out=made.reshape(shape))
    else:
        np.matmul(matrix, _pieces(states, block), out=_pieces(made, block))
    return made


def _pieces(states: Complexes, block: _Block) -> Complexes:
    """Return a view in which a block's qubits are the rows of matrices that are small enough for one thread."""
    length = min(1 << block.low, _PRODUCT >> 2 * block.size)
    return states.reshape(-1, 1 << block.size, (1 << block.low) // length, length).swapaxes(1, 2)


def _reduced(ket: Complexes, bra: Complexes, block: _Block) -> Complexes:
    """Return the sum over all other qubits of ``ket * bra``, a (2^b, 2^b) array."""
    if block.low == 0:
        shape = (-1, min(ket.size >> block.size, _PRODUCT >> 2 * block.size), 1 << block.size)
        parts = ket.reshape(shape).swapaxes(1, 2) @ bra.reshape(shape)
    else:
        parts = _pieces(ket, block) @ _pieces(bra, block).swapaxes(-1, -2)
    return parts.reshape(-1, 1 << block.size, 1 << block.size).sum(axis=0)  # type: ignore[no-any-return]  # numpy's Any


def _by_qubit(traces: Complexes) -> Complexes:
    """Return the partial traces over all but one qubit of a block: (layers, 2^b, 2^b) to (layers, b, 2, 2)."""
    size = traces.shape[1].bit_length() - 1
    values = np.arange(1 << size)
    kept = np.array([[values[values >> qubit & 1 == bit] for bit in (0, 1)] for qubit in range(size)])
    places = kept[:, :, None] * len(values) + kept[:, None, :]
    return traces.reshape(len(traces), len(values) ** 2)[:, places].sum(axis=-1)  # type: ignore[no-any-return]  # numpy's Any
