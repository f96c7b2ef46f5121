"""Labels of Pauli strings as bits and back, and the checks of what a sum is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "bits_of", "check_numbers", "label_of", "positions_of", "shown"]

Bools = npt.NDArray[np.bool_]

_LETTERS = "IXZY"


def bits_of(labels: Sequence[str]) -> tuple[Bools, Bools]:
    """Return where labels of one length have X or Y, and where Z or Y, as (terms, num_qubits) arrays."""
    for label in labels:
        if not isinstance(label, str) or not label or set(label) - set(_LETTERS):
            raise ValueError(f"A Pauli label is made of the letters I, X, Y and Z, but {label!r} was given.")
        if len(label) != len(labels[0]):
            raise ValueError(f"The labels {labels[0]!r} and {label!r} are of different lengths; give one for all.")
    letters = np.frombuffer("".join(labels).encode(), dtype=np.uint8).reshape(len(labels), -1)[:, ::-1]
    return (letters == ord("X")) | (letters == ord("Y")), (letters == ord("Z")) | (letters == ord("Y"))


def label_of(x: Bools, z: Bools) -> str:
    """Return the label of one string."""
    return "".join(_LETTERS[index] for index in (x + 2 * z.astype(int))[::-1])


def positions_of(letters: str, qubits: Sequence[int], num_qubits: int) -> list[int]:
    """Return the qubits that letters act on, checked: as many as letters, distinct and existing."""
    found = list(qubits)
    if len(found) != len(letters) or len(set(found)) != len(found):
        raise ValueError(f"{letters!r} acts on {len(letters)} different qubits, but {found} were given.")
    for qubit in found:
        if not hasattr(qubit, "__index__") or not 0 <= qubit < num_qubits:
            raise ValueError(f"{letters!r} was given qubit {qubit!r}, but there are {num_qubits} qubits.")
    return found


def check_numbers(values: Any) -> npt.NDArray[np.complex128]:
    """Return coefficients as a new complex array; what is no number, or not finite, is an error."""
    try:
        numbers = np.array(values, dtype=complex, ndmin=1)
    except (TypeError, ValueError):
        raise ValueError(f"A coefficient of a sum is a number, but {values!r} was given.") from None
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise ValueError(f"A coefficient of a sum is a finite number, but {values!r} was given.")
    return numbers


def shown(number: complex) -> str:
    """Return a coefficient as a text."""
    return f"({number:g})" if isinstance(number, complex) else f"{number:g}"
