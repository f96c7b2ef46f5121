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
from qdock_basic.clifford import Clifford, clifford_gates
from qdock_basic.watch import Watch

__all__ = ["AffineSpace", "outcomes_of", "tableau_bytes"]

Words = npt.NDArray[np.uint64]

_COPY = Clifford(((0,), (1, 3), (0, 2), (3,)), ((0, 3), (0, 2, 3), (0, 1, 3)))
# So many operations are done between two looks at the clock.
_OPERATIONS = 256


class AffineSpace(NamedTuple):
    """Outcomes that are equally likely: a reference plus the sum of any of some independent rows.

    Attributes
    ----------
    reference : int
        Bit i is clbit i of those that results show.
    rows : tuple of int
    num_bits : int
        Of an outcome.
    """

    reference: int
    rows: tuple[int, ...]
    num_bits: int

    def outcomes(self, choices: Words) -> Words:
        """Return the outcomes that choices of rows make.

        Parameters
        ----------
        choices : (k, ceil(rows / 64)) uint64 array
            Bit i says whether row i is added.

        Returns
        -------
        (k, words) uint64 array
            64 clbits a word, word 0 the least significant.
        """
        found = np.repeat(_as_words([self.reference], self.num_bits), len(choices), axis=0)
        rows = _as_words(self.rows, self.num_bits)
        # Eight rows at a time: all their sums are tabulated, and a byte of the choice says which one it is.
        for place in range(0, len(rows), 8):
            byte = (choices[:, place // 64] >> np.uint64(place % 64)).astype(np.uint8)
            found ^= _all_sums(rows[place : place + 8])[byte & (1 << len(rows[place : place + 8])) - 1]
        return found


def _as_words(numbers: Sequence[int], num_bits: int) -> Words:
    size = 8 * ((num_bits + 63) // 64)
    data = b"".join(number.to_bytes(size, "little") for number in numbers)
    return np.frombuffer(data, "<u8").astype(np.uint64).reshape(len(numbers), size // 8)


def _all_sums(rows: Words) -> Words:
    sums = np.zeros((1, rows.shape[1]), np.uint64)
    for row in rows:
        sums = np.concatenate([sums, sums ^ row])
    return sums


def tableau_bytes(circuit: Circuit) -> int:
    """Return how much memory a Clifford circuit may take at most."""
    columns = circuit.columns()
    copies = int(((columns.code == Code.MEASURE) | (columns.code == Code.RESET)).sum())
    qubits = len(np.unique(columns.qubits)) + copies
    # X and Z bits packed, and one of them at a time unpacked and turned over.
    return 3 * qubits * qubits


def outcomes_of(circuit: Circuit, watch: Watch) -> AffineSpace:
    """Return what the clbits that results show may be at the end of a Clifford circuit.

    Parameters
    ----------
    circuit : Circuit
        Of which `is_clifford` is true.
    watch : Watch
    """
    tableau = Tableau()
    columns = circuit.columns()
    qubits, starts, clbits = columns.qubits.tolist(), columns.qubit_start.tolist(), iter(columns.clbits.tolist())
    last = len(columns.code)
    for index, gate in enumerate(clifford_gates(columns)):
        if index % _OPERATIONS == 0 and watch.is_due():
            watch.look(index / last / 2)
        on = qubits[starts[index] : starts[index + 1]]
        if isinstance(gate, Clifford):
            tableau.apply(gate, on)
        elif gate == Code.MEASURE:
            tableau.measure(on[0], next(clbits))
        elif gate == Code.RESET:
            tableau.reset(on[0])
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

    def read(self, clbits: Sequence[int], watch: Watch) -> AffineSpace:
        """Return what some clbits may be; those that nothing was measured into are 0."""
        rows = [
            _Row(x, z, 2 * (self._sign >> index & 1) + (x & z).bit_count())
            for index, (x, z) in enumerate(zip(_transposed(self._x), _transposed(self._z), strict=True))
        ]
        mixing, fixed = _echelon(rows, watch)
        places = [self._records.get(clbit, -1) for clbit in clbits]
        reference, *sums = _picked([_solution(fixed), *(row.x for row in mixing)], places)
        return AffineSpace(reference, tuple(_independent(sums)), len(clbits))


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


def _echelon(rows: Sequence[_Row], watch: Watch) -> tuple[list[_Row], list[_Row]]:
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


def _independent(rows: Iterable[int]) -> list[int]:
    """Return rows that have the same sums as those given, and none of which is a sum of others."""
    leading: dict[int, int] = {}
    for row in rows:
        while row and row.bit_length() in leading:
            row ^= leading[row.bit_length()]
        if row:
            leading[row.bit_length()] = row
    return list(leading.values())


# --- integers as arrays of bits


def _bits(numbers: Sequence[int], width: int) -> npt.NDArray[np.uint8]:
    size = (width + 7) // 8
    data = np.frombuffer(b"".join(number.to_bytes(size, "little") for number in numbers), np.uint8)
    return np.unpackbits(data.reshape(len(numbers), size), axis=1, count=width, bitorder="little")


def _numbers(bits: npt.NDArray[np.uint8]) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in np.packbits(bits, axis=1, bitorder="little")]


def _transposed(numbers: Sequence[int]) -> list[int]:
    """Return the integers whose bits are the columns of a square array of bits, given as integers."""
    return _numbers(_bits(numbers, len(numbers)).T) if numbers else []


def _picked(numbers: Sequence[int], places: Sequence[int]) -> list[int]:
    """Return each number with bit i what bit `places[i]` was; 0 where that is -1."""
    width = max(max(places, default=-1) + 1, *(number.bit_length() for number in numbers))
    bits = np.pad(_bits(numbers, width), ((0, 0), (0, 1)))
    return _numbers(bits[:, list(places)])
