"""Stabilizer states: Clifford circuits of thousands of qubits, all their measurements included, from one pass.

The state is the one that a list of Pauli strings leaves as it is; a gate changes each of them, all at once, as the
bits that they have on one qubit are one Python integer. A measurement that something follows is copied to a new qubit
(deferred), and a reset goes on with a new one, so that all outcomes are read from one final state: they are one
reference sample plus any sum of some rows, all equally likely.

References
----------
Aaronson and Gottesman, *Improved simulation of stabilizer circuits*, Phys. Rev. A 70, 052328 (2004).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.operations import Code
from qdock_basic.drawing.affine import AffineSpace, reduced_space
from qdock_basic.fast.stats import Looker
from qdock_basic.programs.clifford import COPY, NO_GATE, Clifford, actions_of, unpacked

__all__ = ["outcomes_of", "tableau_bytes"]

_COPY = unpacked(COPY)
# So many operations are done between two looks at the clock.
_OPERATIONS = 256
# So many rows of bits are turned over at a time.
_ROWS = 1024


def tableau_bytes(circuit: Circuit) -> int:
    """Return how much memory a Clifford circuit may take at most."""
    columns = circuit.columns()
    data = columns.code.tobytes()
    copies = data.count(Code.MEASURE) + data.count(Code.RESET)
    qubits = int(np.count_nonzero(np.bincount(columns.qubits))) + copies
    # X and Z bits packed, by qubit and by string, and what they are turned over in.
    return qubits * qubits + 2 * _ROWS * qubits


def outcomes_of(circuit: Circuit, watch: Looker) -> AffineSpace:
    """Return what the clbits that results show may be at the end of a Clifford circuit.

    Parameters
    ----------
    circuit : Circuit
        Of which `is_clifford` is true.
    watch : Looker
    """
    tableau, columns = Tableau(), circuit.columns()
    actions = circuit.once(actions_of)
    assert actions is not None
    qubits, starts, clbits = columns.qubits.tolist(), columns.qubit_start.tolist(), iter(columns.clbits.tolist())
    last = len(actions)
    for index, (code, action) in enumerate(zip(columns.code.tolist(), actions.tolist(), strict=True)):
        if index % _OPERATIONS == 0 and watch.is_due():
            watch.look(index / last / 2)
        if action != NO_GATE:
            tableau.apply(unpacked(action), qubits[starts[index] : starts[index + 1]])
        elif code == Code.MEASURE:
            tableau.measure(qubits[starts[index]], next(clbits))
        elif code == Code.RESET:
            tableau.reset(qubits[starts[index]])
    return tableau.read(circuit.output_clbits, watch)


class Tableau:
    """The strings that stabilize a state, by qubit; it grows by a qubit, which is 0, and a string at a time."""

    def __init__(self) -> None:
        # Bit i of `_x[qubit]` is whether string i has an X there; of `_sign`, whether it has a minus.
        self._x: list[int] = []
        self._z: list[int] = []
        self._sign = 0
        # Where each of the circuit's qubits is now, and the qubit that has the value of a clbit.
        self._places: dict[int, int] = {}
        self._records: dict[int, int] = {}
        self._read: dict[int, set[int]] = {}

    def apply(self, gate: Clifford, qubits: Sequence[int]) -> None:
        """Apply a gate to qubits of the circuit."""
        places = [self._place(qubit) for qubit in qubits]
        if self._read:
            for place in places:
                if place in self._read:
                    self._keep(place)
        self._apply(gate, places)

    def _apply(self, gate: Clifford, places: Sequence[int]) -> None:
        before: list[int] = []
        for place in places:
            before += (self._x[place], self._z[place])
        for first, *others in gate.sign:
            product = before[first]
            for other in others:
                product &= before[other]
            self._sign ^= product
        bits = iter(gate.sums)
        for place, x, z in zip(places, bits, bits, strict=False):
            # Most bits stay, or are moved.
            self._x[place] = before[x[0]] if len(x) == 1 else _sum(before, x)
            self._z[place] = before[z[0]] if len(z) == 1 else _sum(before, z)

    def measure(self, qubit: int, clbit: int) -> None:
        """Let a clbit have the value of a qubit of the circuit."""
        place = self._place(qubit)
        self._forget(clbit)
        self._records[clbit] = place
        self._read.setdefault(place, set()).add(clbit)

    def reset(self, qubit: int) -> None:
        """Go on with a new qubit; the old one keeps what was read from it."""
        self._places[qubit] = self._new()

    def _forget(self, clbit: int) -> None:
        """Let go of the qubit whose value a clbit had; one that nothing reads any more needs no copy."""
        place = self._records.pop(clbit, None)
        if place is not None:
            self._read[place].discard(clbit)
            if not self._read[place]:
                del self._read[place]

    def _keep(self, place: int) -> None:
        """Copy the value of a qubit that was measured to a new one, before it changes."""
        copy = self._new()
        self._apply(_COPY, (place, copy))
        clbits = self._read.pop(place)
        self._read[copy] = clbits
        self._records.update(dict.fromkeys(clbits, copy))

    def _place(self, qubit: int) -> int:
        place = self._places.get(qubit)
        if place is None:
            place = self._places[qubit] = self._new()
        return place

    def _new(self) -> int:
        place = len(self._x)
        self._x.append(0)
        self._z.append(1 << place)
        return place

    def read(self, clbits: Sequence[int], watch: Looker) -> AffineSpace:
        """Return what some clbits may be; those that nothing was measured into are 0."""
        rows = [
            _Row(x, z, 2 * (self._sign >> index & 1) + (x & z).bit_count())
            for index, (x, z) in enumerate(zip(_transposed(self._x), _transposed(self._z), strict=True))
        ]
        mixing, fixed = _echelon(rows, watch)
        places = [self._records.get(clbit, -1) for clbit in clbits]
        reference, *sums = _picked([_solution(fixed), *(row.x for row in mixing)], places)
        return reduced_space(reference, sums, len(clbits))


def _sum(values: Sequence[int], places: tuple[int, ...]) -> int:
    total = 0
    for place in places:
        total ^= values[place]
    return total


# --- linear algebra over two elements, a row an integer


class _Row(NamedTuple):
    """A Pauli string: `x` bits, `z` bits, and the power of i before X^x Z^z, modulo 4."""

    x: int
    z: int
    power: int


def _echelon(rows: Sequence[_Row], watch: Looker) -> tuple[list[_Row], list[_Row]]:
    """Multiply commuting strings with each other until those with X bits are independent; return these and the rest."""
    leading: dict[int, _Row] = {}
    fixed: list[_Row] = []
    for number, (x, z, power) in enumerate(rows):
        if watch.is_due():
            watch.look((1 + number / len(rows)) / 2)
        while x:
            top = x.bit_length()
            other = leading.get(top)
            if other is None:
                leading[top] = _Row(x, z, power)
                break
            # Z^z X^x' is X^x' Z^z but for a sign for each qubit that has both.
            power += other.power + 2 * (z & other.x).bit_count()
            x, z = x ^ other.x, z ^ other.z
        else:
            fixed.append(_Row(0, z, power & 3))
    return list(leading.values()), fixed


def _solution(fixed: Iterable[_Row]) -> int:
    """Return a basis state that strings of Z alone leave as it is."""
    leading: dict[int, tuple[int, int]] = {}
    for _, z, power in fixed:
        odd = power >> 1
        while z and (other := leading.get(z.bit_length())):
            z, odd = z ^ other[0], odd ^ other[1]
        if z:
            leading[z.bit_length()] = z, odd
    state = 0
    for top in sorted(leading):
        z, odd = leading[top]
        state |= ((z & state).bit_count() + odd & 1) << top - 1
    return state


# --- integers as arrays of bits


def _bits(numbers: Sequence[int], width: int) -> npt.NDArray[np.uint8]:
    size = (width + 7) // 8
    data = np.frombuffer(b"".join(number.to_bytes(size, "little") for number in numbers), np.uint8)
    return np.unpackbits(data.reshape(len(numbers), size), axis=1, count=width, bitorder="little")


def _numbers(packed: npt.NDArray[np.uint8]) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def _transposed(numbers: Sequence[int]) -> list[int]:
    """Return the integers whose bits are the columns of a square array of bits, given as integers."""
    size = len(numbers)
    found = np.zeros((size, (size + 7) // 8), np.uint8)
    for start in range(0, size, _ROWS):
        part = np.packbits(_bits(numbers[start : start + _ROWS], size).T, axis=1, bitorder="little")
        found[:, start // 8 : start // 8 + part.shape[1]] = part
    return _numbers(found)


def _picked(numbers: Sequence[int], places: Sequence[int]) -> list[int]:
    """Return each number with bit i what bit `places[i]` was; 0 where that is -1."""
    width = max(max(places, default=-1) + 1, *(number.bit_length() for number in numbers))
    bits = np.pad(_bits(numbers, width), ((0, 0), (0, 1)))
    return _numbers(np.packbits(bits[:, list(places)], axis=1, bitorder="little"))
