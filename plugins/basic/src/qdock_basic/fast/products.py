"""Products and forms of matrices on one and two qubits, row by row in flat arrays, for the front end."""

from __future__ import annotations

from typing import Any

from qdock_basic.fast.jit import inner
from qdock_basic.fast.vectors import COMPLEX, REAL, TURNED

__all__ = ["control", "embed", "exchange_roles", "is_diagonal", "multiply_left", "multiply_right", "parts_of"]


@inner
def multiply_left(left: Any, entries: Any, start: int, size: int) -> None:
    """Put the product of a matrix and the one from `start` on in the place of the latter."""
    for column in range(size):
        # A column at a time, kept while it is overwritten.
        x0, x1 = entries[start + column], entries[start + size + column]
        x2, x3 = 0j, 0j
        if size == 4:
            x2, x3 = entries[start + 8 + column], entries[start + 12 + column]
        for row in range(size):
            total = left[row * size] * x0 + left[row * size + 1] * x1
            if size == 4:
                total += left[row * 4 + 2] * x2 + left[row * 4 + 3] * x3
            entries[start + row * size + column] = total


@inner
def multiply_right(matrix: Any, entries: Any, start: int, position: int) -> None:
    """Multiply a 4x4 matrix from the right by a 2x2 one on one of its qubits."""
    stride = 1 << position
    p, q, r, s = entries[start], entries[start + 1], entries[start + 2], entries[start + 3]
    for row in range(4):
        for other in range(2):
            place = 4 * row + other * (3 - stride)
            x, y = matrix[place], matrix[place + stride]
            matrix[place], matrix[place + stride] = x * p + y * r, x * q + y * s


@inner
def embed(matrix: Any, position: int) -> None:
    """Make a 2x2 matrix one on two qubits, in place."""
    p, q, r, s = matrix[0], matrix[1], matrix[2], matrix[3]
    stride = 1 << position
    for place in range(16):
        matrix[place] = 0
    for other in range(2):
        low = other * (3 - stride)
        high = low + stride
        matrix[5 * low], matrix[4 * low + high] = p, q
        matrix[4 * high + low], matrix[5 * high] = r, s


@inner
def control(matrix: Any, state: int) -> None:
    """Make a 2x2 matrix one on two qubits of which the first controls it."""
    p, q, r, s = matrix[0], matrix[1], matrix[2], matrix[3]
    for place in range(16):
        matrix[place] = 1 if place % 5 == 0 else 0
    matrix[5 * state], matrix[4 * state + state + 2] = p, q
    matrix[4 * (state + 2) + state], matrix[5 * (state + 2)] = r, s


@inner
def exchange_roles(matrix: Any) -> None:
    """Exchange the two qubits of a 4x4 matrix: rows and columns 1 and 2."""
    for place in range(4):
        matrix[4 + place], matrix[8 + place] = matrix[8 + place], matrix[4 + place]
    for place in range(0, 16, 4):
        matrix[place + 1], matrix[place + 2] = matrix[place + 2], matrix[place + 1]


@inner
def parts_of(entries: Any, start: int, size: int) -> int:
    """Return what the entries of a matrix are."""
    imaginary, turned = 0, 0
    for place in range(size * size):
        entry = entries[start + place]
        imaginary += entry.imag != 0
        differing = place // size ^ place % size
        turned += (entry.real if differing in (1, 2) else entry.imag) != 0
    if imaginary == 0:
        return REAL
    return TURNED if turned == 0 else COMPLEX


@inner
def is_diagonal(matrix: Any, size: int) -> bool:
    """Whether all entries of a matrix but those on its diagonal are 0."""
    entries = 0
    for place in range(size * size):
        entries += place % (size + 1) != 0 and matrix[place] != 0
    return entries == 0
