"""The amplitudes of a sum of product states, row by row.

A row is the lowest qubits' part of the state: the sum of the terms' own rows, which are alike in the whole state, each
times a number that follows from the other qubits. Of these the lower ones count the rows of a part, which a thread
claims at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.vectors import add_to

__all__ = ["PART_BITS", "ROW_BITS", "Tables", "make_tables", "write_parts"]

#: Qubits of a row, if there are so many: it stays in the nearest cache.
ROW_BITS = 10
_MIDDLE_BITS = 6
#: Qubits of a part, if there are so many.
PART_BITS = ROW_BITS + _MIDDLE_BITS


class Tables(NamedTuple):
    """Products of the terms' factors.

    Attributes
    ----------
    rows, turned : (k, 2^(r + 1)) real arrays
        Each term's row, real and imaginary parts by turns; and the same times i.
    middle : (k, 2^m) complex128 array
        Each term's numbers for the rows of a part.
    upper : (k, u, 2) complex128 array
        The factors of the qubits above.
    weights : (k,) complex128 array
    """

    rows: Any
    turned: Any
    middle: Any
    upper: Any
    weights: Any


@compiled
def make_tables(factors: Any, weights: Any, whole: Any) -> Tables:
    """Return what `write_parts` reads, for a sum of (k, n, 2) factors; the type of `whole` is that of the state."""
    count, num_qubits = factors.shape[:2]
    row_bits = min(ROW_BITS, num_qubits)
    middle_bits = min(_MIDDLE_BITS, num_qubits - row_bits)
    rows, turned = np.empty((2, count, 2 << row_bits), whole.dtype)
    middle, row = np.empty((count, 1 << middle_bits), np.complex128), np.empty(1 << row_bits, np.complex128)
    for term in range(count):
        _multiply_out(factors[term, row_bits : row_bits + middle_bits], middle[term])
        _multiply_out(factors[term, :row_bits], row)
        for index in range(len(row)):
            rows[term, 2 * index], rows[term, 2 * index + 1] = row[index].real, row[index].imag
            turned[term, 2 * index], turned[term, 2 * index + 1] = -row[index].imag, row[index].real
    return Tables(rows, turned, middle, factors[:, row_bits + middle_bits :].copy(), weights)


@inner
def _multiply_out(factors: Any, out: Any) -> None:
    """Write the products of qubits' states, the first qubit least significant."""
    out[0] = 1.0
    for place in range(len(factors)):
        for index in range(1 << place):
            out[index | 1 << place] = out[index] * factors[place, 1]
            out[index] *= factors[place, 0]


@compiled
def write_parts(tables: Tables, whole: Any, claims: Any, end: int, is_zero: bool) -> None:
    """Write the state, part after part, up to the number `end`.

    Parameters
    ----------
    tables : Tables
    whole : (2^(n + 1),) real array
        Real and imaginary parts by turns; overwritten.
    claims : (1,) int64 array
        The next part that nobody has claimed; all threads count it up.
    end : int
    is_zero : bool
        Whether the state holds zeros, so that these need not be written.
    """
    count, rows = tables.middle.shape
    size = tables.rows.shape[1]
    above, numbers = np.empty(count, np.complex128), np.empty((count, 2), whole.dtype)
    while True:
        part = add_to(claims, 1)
        if part >= end:
            break
        _numbers_above(tables, part, above)
        for row in range(rows):
            for term in range(count):
                number = above[term] * tables.middle[term, row]
                numbers[term, 0], numbers[term, 1] = number.real, number.imag
            start = (part * rows + row) * size
            _write_row(tables, numbers, whole[start : start + size], is_zero)


@inner
def _numbers_above(tables: Tables, part: int, out: Any) -> None:
    """Write the terms' numbers for a part: weights, and the factors of the qubits above."""
    for term in range(len(out)):
        number = tables.weights[term]
        for place in range(tables.upper.shape[1]):
            number *= tables.upper[term, place, part >> place & 1]
        out[term] = number


@inner
def _write_row(tables: Tables, numbers: Any, out: Any, is_zero: bool) -> None:
    """Write the sum of the terms' rows times their numbers."""
    is_first = True
    for term in range(len(numbers)):
        real, imaginary = numbers[term, 0], numbers[term, 1]
        row, turned = tables.rows[term], tables.turned[term]
        if real == 0.0 and imaginary == 0.0:
            continue
        if is_first:
            for index in range(len(out)):
                out[index] = real * row[index] + imaginary * turned[index]
        else:
            for index in range(len(out)):
                out[index] += real * row[index] + imaginary * turned[index]
        is_first = False
    if is_first and not is_zero:
        for index in range(len(out)):
            out[index] = 0.0
