"""Matrices on more than two qubits, amplitude by amplitude."""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.machine.jit import inner

__all__ = ["mix_many"]


@inner
def mix_many(re: Any, im: Any, loop: tuple[int, int, int], matrix: Any, places: Any, targets: int) -> None:
    """Apply a matrix to a state of two arrays.

    Parameters
    ----------
    re, im : pointers to real numbers
    loop : tuple of int
        The bits of an index that are targets or controls; those of the latter that must be 1; how many indices there
        are with these bits left out.
    matrix : pointer to real numbers
        The entries, real and imaginary parts by turns.
    places : pointer to int64
        The bits of the targets.
    targets : int
        How many there are.
    """
    size, (fixed, given, count) = 1 << targets, loop
    corners = np.zeros(size, np.int64)
    for position in range(targets):
        for corner in range(size):
            corners[corner] |= (corner >> position & 1) << places[position]
    x, y = np.empty(size, np.float64), np.empty(size, np.float64)
    index = 0
    for _ in range(count):
        for corner in range(size):
            place = index | given | corners[corner]
            x[corner], y[corner] = re[place], im[place]
        for row in range(size):
            real, imaginary = 0.0, 0.0
            for column in range(size):
                entry = 2 * (row * size + column)
                real += matrix[entry] * x[column] - matrix[entry + 1] * y[column]
                imaginary += matrix[entry] * y[column] + matrix[entry + 1] * x[column]
            place = index | given | corners[row]
            re[place], im[place] = real, imaginary
        # Adding one carries over the fixed bits while these are set.
        index = ((index | fixed) + 1) & ~fixed
