"""Which gates are Clifford gates, and what each does to Pauli strings: found from its matrix, not from its name."""

from __future__ import annotations

import math
from functools import cache, lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.gates import GATES
from qdock.operations import Code, Columns

__all__ = ["COPY", "NO_GATE", "TOLERANCE", "Actions", "actions_of", "clifford_of", "is_clifford", "packed", "unpacked"]

Actions = npt.NDArray[np.uint64]

#: How far an entry of a gate's action on Pauli matrices, and so its angles, may be from a Clifford gate's.
TOLERANCE = 1e-10
# There are Clifford gates on more qubits, but none in the table, and each qubit more costs 16 times the work.
_MOST_QUBITS = 2

_PAULIS = (np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1]), np.array([[0, -1j], [1j, 0]]))
_ROWS = {row.code: row for row in GATES.values()}
_NO_GATES = (Code.MEASURE, Code.RESET, Code.BARRIER, Code.DELAY)
# Where the bits of the sign begin in a gate as a number.
_SIGN = 16
#: Stands for an operation that is no gate.
NO_GATE = 1 << 32
# Stand for what is no Clifford gate, for a gate whose angles say whether it is one, and for one that must be asked.
_OTHER, _TURN, _ASK = 1 << 33, 1 << 34, 1 << 35
_QUARTER = math.pi / 2
# An angle of more quarter turns is not given as exactly as `TOLERANCE` asks for.
_MOST_QUARTERS = 1 << 20


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


# --- a gate on up to two qubits as a number: four bits for each sum, then one for each product that it may have


def packed(gate: Clifford) -> int:
    """Return a gate as a number of 32 bits."""
    sums = sum(_mask(bits) << 4 * place for place, bits in enumerate(gate.sums))
    return sums | sum(1 << _SIGN + _mask(product) for product in gate.sign)


@lru_cache(maxsize=1 << 12)
def unpacked(number: int) -> Clifford:
    """Return the gate that a number stands for; one on a single qubit leaves a second one nothing."""
    sums = tuple(_places(number >> 4 * place & 15) for place in range(4))
    return Clifford(sums, tuple(_places(product) for product in range(16) if number >> _SIGN + product & 1))


def _mask(places: tuple[int, ...]) -> int:
    return sum(1 << place for place in places)


def _places(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(4) if mask >> place & 1)


#: Copies the first qubit's value to the second, which is 0: a controlled X.
COPY = packed(Clifford(((0,), (1, 3), (0, 2), (3,)), ((0, 3), (0, 2, 3), (0, 1, 3))))

# --- circuits


def is_clifford(circuit: Circuit) -> bool:
    """Whether a circuit has nothing but Clifford gates, measurements and resets, and no classical control."""
    return circuit.once(actions_of) is not None


def actions_of(circuit: Circuit) -> Actions | None:
    """Return what each operation does, as `packed` has it, or None if one is neither a Clifford gate nor no gate.

    Returns
    -------
    (n,) uint64 array, or None
        `NO_GATE` for measurements, resets, barriers and delays.
    """
    columns = circuit.columns()
    actions = _without_angles()[columns.code]
    if columns.expressions or (actions == _OTHER).any():
        return None
    turning = np.flatnonzero(actions == _TURN)
    if len(turning):
        actions[turning] = _turns(columns, turning)
    for index in np.flatnonzero(actions == _ASK).tolist():
        angles = columns.params[columns.param_start[index] : columns.param_start[index + 1]].tolist()
        actions[index] = _modified_action(columns.details[index], *angles)
        if actions[index] == _OTHER:
            return None
    return None if (actions == _OTHER).any() else actions


def _turns(columns: Columns, which: npt.NDArray[np.intp]) -> Any:
    """Return what some operations with angles do, each kind asked for once."""
    starts, ends = columns.param_start[which], columns.param_start[which + 1]
    keys = columns.code[which].astype(np.int64)
    for place in range(int((ends - starts).max())):
        has = np.flatnonzero(starts + place < ends)
        quarters = columns.params[starts[has] + place] / _QUARTER
        whole = np.rint(quarters)
        if not (np.abs(quarters - whole) < TOLERANCE).all() or np.abs(whole).max() > _MOST_QUARTERS:
            return _OTHER
        keys[has] |= whole.astype(np.int64) % 8 << 8 + 3 * place
    different, kind = np.unique(keys, return_inverse=True)
    return np.array([_turn(key) for key in different.tolist()], np.uint64)[kind]


@lru_cache(maxsize=1 << 12)
def _turn(key: int) -> int:
    """Return what a gate does from its code and its angles in quarter turns, of which eight are none."""
    code = key & 255
    return _table_action(code, *((key >> 8 + 3 * place & 7) * _QUARTER for place in range(_ROWS[code].num_params)))


# --- gates


@cache
def _without_angles() -> Actions:
    """Return what operations do, by code, as far as it says so."""
    actions = np.full(256, _OTHER, np.uint64)
    actions[list(_NO_GATES)] = NO_GATE
    actions[Code.MODIFIED] = _ASK
    for row in GATES.values():
        actions[row.code] = _TURN if row.num_params else _table_action(row.code)
    return actions


def _table_action(code: int, *angles: float) -> int:
    row = _ROWS[code]
    return _packed_or_other(clifford_of(row.matrix(*angles)) if row.num_qubits <= _MOST_QUBITS else None)


def _modified_action(detail: Any, *angles: float) -> int:
    gate = detail.gate(angles)
    return _packed_or_other(clifford_of(gate.matrix()) if gate.num_qubits <= _MOST_QUBITS else None)


def _packed_or_other(gate: Clifford | None) -> int:
    return _OTHER if gate is None else packed(gate)


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
