"""Which gates are Clifford gates, and what each does to Pauli strings: found from its matrix, not from its name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.gates import GATES
from qdock.operations import Code, Columns

__all__ = ["TOLERANCE", "Clifford", "clifford_gates", "is_clifford"]

#: How far an entry of a gate's action on Pauli matrices, and so its angles, may be from a Clifford gate's.
TOLERANCE = 1e-10
# There are Clifford gates on more qubits, but none in the table, and each qubit more costs 16 times the work.
_MOST_QUBITS = 2

_PAULIS = (np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1]), np.array([[0, -1j], [1j, 0]]))
_NAMES = {row.code: name for name, row in GATES.items()}
_NO_GATES = frozenset({Code.MEASURE, Code.RESET, Code.BARRIER, Code.DELAY})


class Clifford(NamedTuple):
    """What a gate does to Pauli strings, whose bits on its qubits are x0, z0, x1, z1 and so on; Y is both bits.

    Attributes
    ----------
    sums : tuple of tuples of int
        For each bit afterwards: the bits before whose sum it is.
    sign : tuple of tuples of int
        The sign changes by the sum of these products of bits before.
    """

    sums: tuple[tuple[int, ...], ...]
    sign: tuple[tuple[int, ...], ...]


# --- circuits


def is_clifford(circuit: Circuit) -> bool:
    """Whether a circuit has nothing but Clifford gates, measurements and resets, and no classical control."""
    columns = circuit.columns()
    if columns.expressions or not _has_right_angles(columns):
        return False
    used = np.flatnonzero(np.bincount(columns.code, minlength=1)).tolist()
    if any(code > Code.DELAY for code in used):
        return False
    if any(code < Code.MODIFIED and not _num_params(code) and _row(code) is None for code in used):
        return False
    return all(item is not None for item in clifford_gates(columns))


def clifford_gates(columns: Columns) -> Iterator[Clifford | int | None]:
    """Yield for each operation what it does if it is a Clifford gate, its code if it is no gate, or else None."""
    params, starts = columns.params.tolist(), columns.param_start.tolist()
    for index, code in enumerate(columns.code.tolist()):
        if code in _NO_GATES:
            yield code
        elif code == Code.MODIFIED:
            yield _of_modified(columns.details[index], tuple(params[starts[index] : starts[index + 1]]))
        else:
            yield _row(code, *params[starts[index] : starts[index + 1]])


def _has_right_angles(columns: Columns) -> bool:
    """Whether all angles are multiples of a quarter turn, as those of rotations that are Clifford gates are."""
    quarters = columns.params / (math.pi / 2)
    if Code.DELAY in columns.code or Code.MODIFIED in columns.code:
        # A duration is no angle, and a power multiplies one.
        return True
    return bool((np.abs(quarters - np.rint(quarters)) < TOLERANCE).all())


def _num_params(code: int) -> int:
    return GATES[_NAMES[code]].num_params


# --- gates


@lru_cache(maxsize=1 << 12)
def _row(code: int, *angles: float) -> Clifford | None:
    row = GATES[_NAMES[code]]
    return clifford_of(row.matrix(*angles)) if row.num_qubits <= _MOST_QUBITS else None


def _of_modified(detail: Any, angles: tuple[float, ...]) -> Clifford | None:
    gate = detail.gate(angles)
    return clifford_of(gate.matrix()) if gate.num_qubits <= _MOST_QUBITS else None


def clifford_of(matrix: npt.NDArray[Any]) -> Clifford | None:
    """Return what a unitary matrix does to Pauli strings, or None if it makes other matrices of some of them."""
    array = np.ascontiguousarray(matrix, np.complex128)
    return _clifford_of(array.tobytes(), len(array).bit_length() - 1)


@lru_cache(maxsize=1 << 12)
def _clifford_of(data: bytes, num_qubits: int) -> Clifford | None:
    matrix = np.frombuffer(data, np.complex128).reshape(1 << num_qubits, -1)
    strings = _strings(num_qubits)
    moved = matrix @ strings @ matrix.conj().T
    overlaps = np.einsum("aij,bji->ab", moved, strings).real / (1 << num_qubits)
    images, signs = np.abs(overlaps).argmax(axis=1), np.sign(overlaps)
    sign = signs[np.arange(len(strings)), images]
    if np.abs(moved - sign[:, None, None] * strings[images]).max() > TOLERANCE:
        return None
    return Clifford(_sums(images, num_qubits), _products(sign < 0, num_qubits))


@lru_cache
def _strings(num_qubits: int) -> npt.NDArray[np.complex128]:
    """Return the matrices of all Pauli strings by their bits."""
    indices = [[number >> 2 * qubit & 3 for qubit in reversed(range(num_qubits))] for number in range(4**num_qubits)]
    return np.array([reduce(np.kron, [_PAULIS[index] for index in row]) for row in indices], np.complex128)


def _sums(images: npt.NDArray[np.intp], num_qubits: int) -> tuple[tuple[int, ...], ...]:
    """Return each bit afterwards as a sum of bits before, from the images of the strings with one bit."""
    bits = range(2 * num_qubits)
    return tuple(tuple(before for before in bits if images[1 << before] >> after & 1) for after in bits)


def _products(flips: npt.NDArray[np.bool_], num_qubits: int) -> tuple[tuple[int, ...], ...]:
    """Return a function of bits, given as a table, as a sum of products (its algebraic normal form)."""
    table = flips.copy()
    for bit in range(2 * num_qubits):
        pairs = table.reshape(-1, 2, 1 << bit)
        pairs[:, 1] ^= pairs[:, 0]
    return tuple(
        tuple(bit for bit in range(2 * num_qubits) if index >> bit & 1) for index in np.flatnonzero(table).tolist()
    )
