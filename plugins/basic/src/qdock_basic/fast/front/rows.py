"""The one format between the front end and the executors: rows of whole numbers, with matrices and terms beside them.

A row is one thing to do to a state: a matrix on one, two or more qubits, a flip or an exchange of qubits, each
under controls if need be, or a run of diagonal terms. All qubits are places in the state's index.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "A",
    "B",
    "CONTROLS",
    "DIAGONAL",
    "FLIP",
    "GONE",
    "KIND",
    "MANY",
    "ONE",
    "PARTS",
    "START",
    "STATE",
    "SWAP",
    "TWO",
    "WIDTH",
    "Rows",
]

# --- kinds of rows

#: Was merged into another one.
GONE = 0
#: A 2x2 matrix on the qubit `A`.
ONE = 1
#: A 4x4 matrix on the qubits `A`, the least significant bit of its index, and `B`.
TWO = 2
#: A matrix on `A` qubits; they stand in the list of qubits from `B` on.
MANY = 3
#: The qubit `A` turned over.
FLIP = 4
#: The qubits `A` and `B` exchanged.
SWAP = 5
#: Phases: the terms from `A` up to `B`.
DIAGONAL = 6

# --- columns of a row

KIND = 0
A = 1
B = 2
#: Mask of the qubits that must be as they are in `STATE` for the row to act; there are none for `DIAGONAL`.
CONTROLS = 3
STATE = 4
#: Where the matrix begins among the entries.
START = 5
#: What the entries of a matrix on one or two qubits are: see `vectors.COMPLEX`.
PARTS = 6
WIDTH = 7


class Rows(NamedTuple):
    """What the front end makes of a circuit.

    Attributes
    ----------
    rows : (r, WIDTH) int64 array
    entries : complex128 array
        Of all matrices, row by row.
    places : int64 array
        Qubits of rows of the kind `MANY`.
    masks : int64 array
    angles : float64 array
        Diagonal terms: where all bits of a mask are 1, a phase by the angle.
    """

    rows: npt.NDArray[np.int64]
    entries: npt.NDArray[np.complex128]
    places: npt.NDArray[np.int64]
    masks: npt.NDArray[np.int64]
    angles: npt.NDArray[np.float64]
