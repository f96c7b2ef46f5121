"""Weighted sums of Pauli strings: what an estimator measures and an eigensolver minimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qdock_algorithms.pauli_action import Action
from qdock_algorithms.pauli_labels import Bools, bits_of, check_numbers, label_of, positions_of, shown

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Pauli", "PauliLike", "as_pauli"]

Complexes = npt.NDArray[np.complex128]

_TOLERANCE = 1e-12
#: A dense matrix on so many qubits takes 4 GiB, one on twice as many qubits has 2^28 rows.
_MAX_DENSE_QUBITS = 14


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Pauli:
    """A sum of Pauli strings with coefficients; it can't be changed.

    Qubit 0 is the rightmost letter of a label, as it is the rightmost character of a bit string.

    Parameters
    ----------
    label : str
        Letters I, X, Y and Z, one for each qubit.
    coefficient : complex
        Its factor.

    Attributes
    ----------
    x, z : (terms, num_qubits) bool array
        Where each string has X or Y, and where it has Z or Y. Column q is qubit q.
    coefficients : (terms,) complex128 array

    Raises
    ------
    ValueError
        By every method, for labels with other letters or of different lengths, and for numbers that are not finite.

    Examples
    --------
    >>> hamiltonian = -1.0 * Pauli("ZZ") + 0.5 * (Pauli("IX") + Pauli("XI"))
    >>> print(hamiltonian)
    -1 ZZ + 0.5 IX + 0.5 XI
    >>> hamiltonian.expectation([1, 0, 0, 0])
    -1.0
    """

    x: Bools
    z: Bools
    coefficients: Complexes

    # numpy's numbers leave the product with a sum to it, rather than take it for a sequence.
    __array_ufunc__ = None

    def __init__(self, label: str, coefficient: complex = 1.0) -> None:
        self._set(*bits_of([label]), check_numbers([coefficient]))

    def _set(self, x: Bools, z: Bools, coefficients: Complexes) -> None:
        for name, values in (("x", x), ("z", z), ("coefficients", coefficients)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    # --- other ways to make one

    @classmethod
    def from_arrays(cls, x: npt.ArrayLike, z: npt.ArrayLike, coefficients: npt.ArrayLike) -> Pauli:
        """Return the sum with these attributes, copied."""
        bits = np.array(x, dtype=bool, ndmin=2), np.array(z, dtype=bool, ndmin=2)
        numbers = check_numbers(coefficients)
        if bits[0].shape != bits[1].shape or bits[0].ndim != 2 or len(bits[0]) != len(numbers):
            raise ValueError(
                f"`x` and `z` have the shape (terms, num_qubits) and there are as many coefficients as terms, but "
                f"{bits[0].shape}, {bits[1].shape} and {len(numbers)} were given."
            )
        return cls._made(*bits, numbers)

    @classmethod
    def _made(cls, x: Bools, z: Bools, coefficients: Complexes) -> Pauli:
        made = cls.__new__(cls)
        made._set(x, z, coefficients)
        return made

    @classmethod
    def from_list(cls, terms: Iterable[tuple[str, complex]]) -> Pauli:
        """Return a sum from pairs of label and coefficient: ``[("ZZ", -1.0), ("IX", 0.5)]``."""
        pairs = _checked_terms(terms, 2, "(label, coefficient)")
        return cls._made(*bits_of([label for label, _ in pairs]), check_numbers([number for _, number in pairs]))

    @classmethod
    def from_sparse_list(cls, terms: Iterable[tuple[str, Sequence[int], complex]], num_qubits: int) -> Pauli:
        """Return a sum from letters, the qubits that they act on, and coefficients.

        Parameters
        ----------
        terms : iterable of (str, sequence of int, complex)
            ``("ZX", [0, 3], 1.0)`` has Z on qubit 0 and X on qubit 3.
        num_qubits : int
            Of the whole sum, which may have no term.
        """
        triples = _checked_terms(terms, 3, "(letters, qubits, coefficient)", least=0)
        x, z = (np.zeros((len(triples), num_qubits), dtype=bool) for _ in "xz")
        for row, (letters, qubits, _) in enumerate(triples):
            places = positions_of(letters, qubits, num_qubits)
            # Read from the right, as every label is.
            on_x, on_z = bits_of([letters[::-1]]) if letters else (x[:0], z[:0])
            x[row, places], z[row, places] = on_x.ravel(), on_z.ravel()
        return cls._made(x, z, check_numbers([number for *_, number in triples]))

    # --- what it is

    @property
    def num_qubits(self) -> int:
        """How many letters each label has."""
        return int(self.x.shape[1])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The label of each term."""
        return tuple(label_of(x, z) for x, z in zip(self.x, self.z, strict=True))

    @property
    def is_hermitian(self) -> bool:
        """Whether it is an observable: all coefficients are real."""
        return not self.coefficients.imag.any()

    def to_list(self) -> list[tuple[str, complex]]:
        """Return pairs of label and coefficient, real ones as `float`."""
        return list(zip(self.labels, (_plain(number) for number in self.coefficients.tolist()), strict=True))

    def to_dict(self) -> dict[str, complex]:
        """Return the coefficients by label, equal labels added."""
        return dict(self.simplify(0.0).to_list())

    def __len__(self) -> int:
        return len(self.coefficients)

    def __iter__(self) -> Iterator[Pauli]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: Any) -> Pauli:
        """Return some of the terms: a number, a slice, or an array of numbers or truth values."""
        rows = [range(len(self))[index]] if isinstance(index, (int, np.integer)) else index
        return self._made(self.x[rows].copy(), self.z[rows].copy(), self.coefficients[rows].copy())

    def __eq__(self, other: object) -> bool:
        """Whether both are the same operator, whatever the order of the terms, to 1e-12 in each coefficient."""
        if not isinstance(other, Pauli):
            return NotImplemented
        return self.num_qubits == other.num_qubits and len((self - other).simplify()) == 0

    __hash__ = None  # type: ignore[assignment]  # equal to a tolerance

    def __repr__(self) -> str:
        if len(self) == 1 and self.coefficients[0] == 1:
            return f"Pauli({self.labels[0]!r})"
        if not len(self):
            return f"Pauli.from_sparse_list([], num_qubits={self.num_qubits})"
        terms = [repr(term) for term in self[:6].to_list()] + ["..."] * (len(self) > 6)
        return f"Pauli.from_list([{', '.join(terms)}])"

    def __str__(self) -> str:
        text = " + ".join(f"{shown(number)} {label}" for label, number in self.to_list())
        return text.replace("+ -", "- ") or "0"

    def __reduce__(self) -> tuple[Any, ...]:
        return Pauli.from_arrays, (self.x, self.z, self.coefficients)

    # --- arithmetic

    def __add__(self, other: Pauli) -> Pauli:
        if not isinstance(other, Pauli):
            return NotImplemented
        self._check_width(other)
        return self._made(*(np.concatenate(pair) for pair in zip(self._arrays(), other._arrays(), strict=True)))

    def __radd__(self, other: int) -> Pauli:
        """Return it for ``0 + self``, with which `sum` begins."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other: Pauli) -> Pauli:
        return self + -other if isinstance(other, Pauli) else NotImplemented

    def __neg__(self) -> Pauli:
        return self._made(self.x.copy(), self.z.copy(), -self.coefficients)

    def __mul__(self, factor: complex) -> Pauli:
        """Return it scaled by a number; the product of two sums is ``a @ b``."""
        if not isinstance(factor, (int, float, complex, np.number)):
            return NotImplemented
        return self._made(self.x.copy(), self.z.copy(), check_numbers(self.coefficients * complex(factor)))

    __rmul__ = __mul__

    def __truediv__(self, divisor: complex) -> Pauli:
        return self * (1 / divisor)

    def __matmul__(self, other: Pauli) -> Pauli:
        """Return the product of the operators, each term of `self` with each of `other`."""
        if not isinstance(other, Pauli):
            return NotImplemented
        self._check_width(other)
        x, z = (a[:, None] ^ b[None] for a, b in ((self.x, other.x), (self.z, other.z)))
        # With P = i^|x & z| X^x Z^z, moving Z^z of the left past X^x of the right gives the sign.
        ours, theirs = (np.sum(item.x & item.z, axis=1) for item in (self, other))
        crossed = np.sum(self.z[:, None] & other.x[None], axis=2)
        power = ours[:, None] + theirs[None] + 2 * crossed - np.sum(x & z, axis=2)
        numbers = self.coefficients[:, None] * other.coefficients[None] * _POWERS_OF_I[power % 4]
        width = self.num_qubits
        return self._made(x.reshape(-1, width), z.reshape(-1, width), numbers.reshape(-1)).simplify(0.0)

    def tensor(self, other: Pauli) -> Pauli:
        """Return the Kronecker product: the labels of `self` to the left of those of `other`."""
        rows = np.repeat(np.arange(len(self)), len(other)), np.tile(np.arange(len(other)), len(self))
        x, z = (np.concatenate([b[rows[1]], a[rows[0]]], axis=1) for a, b in ((self.x, other.x), (self.z, other.z)))
        return self._made(x, z, self.coefficients[rows[0]] * other.coefficients[rows[1]])

    def simplify(self, tolerance: float = _TOLERANCE) -> Pauli:
        """Return it with equal strings added and those left out whose coefficient is at most `tolerance`."""
        if not len(self):
            return self
        bits = np.concatenate([self.x, self.z], axis=1)
        _, first, place = np.unique(np.packbits(bits, axis=1), axis=0, return_index=True, return_inverse=True)
        sums = np.zeros(len(first), dtype=complex)
        np.add.at(sums, place.reshape(-1), self.coefficients)
        kept = np.flatnonzero(np.abs(sums) > tolerance)
        kept = kept[np.argsort(first[kept])]
        return self._made(self.x[first[kept]], self.z[first[kept]], sums[kept])

    def adjoint(self) -> Pauli:
        """Return the conjugate transpose."""
        return self._made(self.x.copy(), self.z.copy(), self.coefficients.conj())

    # --- what commutes

    def commutes(self, other: Pauli) -> bool:
        """Whether the two operators commute, to 1e-12 in each coefficient of the commutator."""
        return len((self @ other - other @ self).simplify()) == 0

    def group_commuting(self) -> list[Pauli]:
        """Return the terms in groups that can be measured together, each qubit in one basis.

        Within a group no qubit has two different letters other than I. A term goes to the first group that takes
        it, terms with more letters first.
        """
        groups: list[list[int]] = []
        bases: list[tuple[Bools, Bools]] = []
        for row in np.argsort(-np.sum(self.x | self.z, axis=1), kind="stable").tolist():
            x, z = self.x[row], self.z[row]
            place = next((i for i, basis in enumerate(bases) if _fits(x, z, *basis)), len(groups))
            if place == len(groups):
                groups.append([])
                bases.append((x.copy(), z.copy()))
            groups[place].append(row)
            bases[place] = bases[place][0] | x, bases[place][1] | z
        return [self[sorted(rows)] for rows in groups]

    # --- numbers

    def to_matrix(self, sparse: bool = False) -> Complexes | csr_array[Any, Any]:
        """Return the (2^num_qubits, 2^num_qubits) matrix, dense or as a SciPy sparse array."""
        from scipy.sparse import csr_array

        if self.num_qubits > _MAX_DENSE_QUBITS * (2 if sparse else 1):
            raise ValueError(
                f"The matrix on {self.num_qubits} qubits is too large; use `expectation` or `apply`, which make none."
            )
        size = 1 << self.num_qubits
        rows = np.arange(size)
        total = csr_array((size, size), dtype=complex)
        for mask, diagonal in self.action.parts():
            values = np.broadcast_to(diagonal, (size,)).astype(complex)
            total = total + csr_array((values, (rows, rows ^ mask)), shape=(size, size))
        return total if sparse else total.toarray()

    @cached_property
    def action(self) -> Action:
        """What applies it to statevectors; it keeps tables of their size while it may."""
        return Action(self.x, self.z, self.coefficients)

    def apply(self, statevector: npt.ArrayLike) -> Complexes:
        """Return the operator times a state, or several: a (..., 2^num_qubits) array."""
        return self.action.apply(self._states(statevector))

    def expectation(self, statevector: npt.ArrayLike) -> Any:
        """Return ⟨ψ|P|ψ⟩ of a normalised state, without making a matrix.

        Parameters
        ----------
        statevector : (..., 2^num_qubits) array_like
            One state, or several.

        Returns
        -------
        float or complex, or (...) array of them
            Real if all coefficients are.
        """
        states = self._states(statevector)
        values = np.sum(states.conj() * self.action.apply(states), axis=-1)
        values = values.real if self.is_hermitian else values
        return values if states.ndim > 1 else values.item()

    def _states(self, statevector: npt.ArrayLike) -> Complexes:
        states = np.asarray(statevector, dtype=complex)
        if states.ndim == 0 or states.shape[-1] != 1 << self.num_qubits:
            raise ValueError(
                f"A state of {self.num_qubits} qubits has {1 << self.num_qubits} amplitudes, but an array of the "
                f"shape {states.shape} was given."
            )
        return states

    def _arrays(self) -> tuple[Bools, Bools, Complexes]:
        return self.x, self.z, self.coefficients

    def _check_width(self, other: Pauli) -> None:
        if self.num_qubits != other.num_qubits:
            raise ValueError(f"One sum is on {self.num_qubits} qubits and the other on {other.num_qubits}.")


_POWERS_OF_I = np.array([1, 1j, -1, -1j])

#: What is taken for a sum wherever one is needed.
PauliLike = Pauli | str | Mapping[str, complex] | Sequence[tuple[str, complex]] | SimpleNamespace


def as_pauli(value: PauliLike) -> Pauli:
    """Return a sum from one, a label, a mapping from label to coefficient, or pairs of these."""
    if isinstance(value, Pauli):
        return value
    if isinstance(value, str):
        return Pauli(value)
    if isinstance(value, SimpleNamespace):
        # What a store has of one.
        return Pauli.from_arrays(value.x, value.z, value.coefficients)
    return Pauli.from_list(value.items() if isinstance(value, Mapping) else value)


def _checked_terms(terms: Any, length: int, meaning: str, least: int = 1) -> list[Any]:
    found = list(terms)
    for term in found:
        if not isinstance(term, (tuple, list)) or len(term) != length:
            raise ValueError(f"A term of a sum is given as {meaning}, but {term!r} was given.")
    if len(found) < least:
        raise ValueError("A sum needs a term to tell its number of qubits; use Pauli.from_sparse_list for zero.")
    return found


def _fits(x: Bools, z: Bools, basis_x: Bools, basis_z: Bools) -> bool:
    """Whether a string has the letter of the basis, or I, wherever both have one."""
    both = (x | z) & (basis_x | basis_z)
    return not bool((both & ((x ^ basis_x) | (z ^ basis_z))).any())


def _plain(number: complex) -> complex:
    return number.real if number.imag == 0 else number
