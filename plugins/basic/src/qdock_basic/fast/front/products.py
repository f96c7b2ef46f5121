"""Products and forms of matrices on one and two qubits, row by row behind pointers, for the front end."""

from __future__ import annotations

from typing import Any

from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.vectors import COMPLEX, REAL, TURNED

__all__ = [
    "copy",
    "exchange_roles",
    "is_diagonal",
    "kron",
    "mix_rows",
    "multiply",
    "one",
    "parts_of",
    "product",
    "unit",
]


@inner
def copy(given: Any, count: int, out: Any) -> None:
    """Copy so many entries."""
    for place in range(count):
        out[place] = given[place]


@inner
def unit(size: int, out: Any) -> None:
    """Write the matrix that does nothing."""
    for place in range(size * size):
        out[place] = 1.0 if place % (size + 1) == 0 else 0.0


@inner
def product(left: Any, out: Any) -> None:
    """Multiply a 2x2 matrix from the left by another."""
    p, q, r, s = left[0], left[1], left[2], left[3]
    for column in range(2):
        x, y = out[column], out[2 + column]
        out[column], out[2 + column] = p * x + q * y, r * x + s * y


@inner
def multiply(left: Any, out: Any) -> None:
    """Multiply a 4x4 matrix from the left by another."""
    for column in range(4):
        # A column at a time, kept while it is overwritten.
        x, y, z, w = out[column], out[4 + column], out[8 + column], out[12 + column]
        for row in range(4):
            first = left[4 * row] * x + left[4 * row + 1] * y
            out[4 * row + column] = first + left[4 * row + 2] * z + left[4 * row + 3] * w


@inner
def mix_rows(left: Any, low: int, high: int, out: Any) -> None:
    """Mix two rows of a 4x4 matrix by a 2x2 one: its product from the left by what acts on these rows alone."""
    p, q, r, s = left[0], left[1], left[2], left[3]
    for column in range(4):
        x, y = out[4 * low + column], out[4 * high + column]
        out[4 * low + column], out[4 * high + column] = p * x + q * y, r * x + s * y


@inner
def one(left: Any, position: int, out: Any) -> None:
    """Multiply a 4x4 matrix from the left by a 2x2 one on one of its qubits."""
    if position == 0:
        mix_rows(left, 0, 1, out)
        mix_rows(left, 2, 3, out)
    else:
        mix_rows(left, 0, 2, out)
        mix_rows(left, 1, 3, out)


@inner
def kron(first: Any, second: Any, out: Any) -> None:
    """Write the 4x4 matrix of one 2x2 matrix on the first qubit, the least significant bit, and one on the second."""
    for row in range(4):
        for column in range(4):
            factor = second[2 * (row >> 1) + (column >> 1)]
            out[4 * row + column] = factor * first[2 * (row & 1) + (column & 1)]


@inner
def exchange_roles(matrix: Any) -> None:
    """Exchange the two qubits of a 4x4 matrix: rows and columns 1 and 2."""
    for place in range(4):
        matrix[4 + place], matrix[8 + place] = matrix[8 + place], matrix[4 + place]
    for row in range(4):
        matrix[4 * row + 1], matrix[4 * row + 2] = matrix[4 * row + 2], matrix[4 * row + 1]


@inner
def parts_of(matrix: Any, size: int) -> int:
    """Return what the entries of a matrix are."""
    imaginary, turned = 0, 0
    for row in range(size):
        for column in range(size):
            entry = matrix[row * size + column]
            imaginary += entry.imag != 0
            differing = row ^ column
            turned += (entry.real if differing in (1, 2) else entry.imag) != 0
    if imaginary == 0:
        return REAL
    return TURNED if turned == 0 else COMPLEX


@inner
def is_diagonal(matrix: Any, size: int) -> bool:
    """Whether all entries of a matrix but those on its diagonal are 0."""
    entries = 0
    for row in range(size):
        for column in range(size):
            entries += row != column and matrix[row * size + column] != 0
    return entries == 0
