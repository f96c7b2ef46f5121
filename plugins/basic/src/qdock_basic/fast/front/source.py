"""A circuit's gates as arrays, and the pointers through which compiled code reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock.operations import Code
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import address, pointer, to_pointer

__all__ = [
    "DETAILS",
    "FLIPS",
    "MATRIX",
    "MODIFIED",
    "NUM_ADDRESSES",
    "NUM_TARGETS",
    "STATES",
    "Source",
    "check_pause",
    "first_modified",
    "is_pause",
    "locate",
    "source_at",
]

#: How many numbers `locate` writes.
NUM_ADDRESSES = 9
#: The code of gates with modifiers, the first that is none of the table's.
MODIFIED = int(Code.MODIFIED)
#: How many numbers tell of each such gate, and which ones: see `Source.modified`; the first is the operation.
DETAILS = 5
NUM_TARGETS, MATRIX, STATES, FLIPS = 1, 2, 3, 4
_BARRIER, _DELAY = int(Code.BARRIER), int(Code.DELAY)


class Source(NamedTuple):
    """A circuit's gates: arrays where Python holds them, pointers where compiled code reads them.

    Attributes
    ----------
    code, qubits, qubit_start, params, param_start : arrays
        As in `qdock.operations.Columns`.
    modified : (m, DETAILS) int64 array
        Of each gate with modifiers, in order: which operation; how many targets; where its matrix begins in `entries`;
        the states of its controls, the first one least significant; and 1 if the matrix is that of ``x``.
    entries : complex128 array
        Matrices on the targets, row by row.
    num_modified, num_entries : int
        How many modified gates and entries there are.
    """

    code: Any
    qubits: Any
    qubit_start: Any
    params: Any
    param_start: Any
    modified: Any
    entries: Any
    num_modified: int
    num_entries: int


@compiled
def locate(arrays: Source, out: Any) -> None:
    """Write where a circuit's arrays lie: one array is handed over faster than seven."""
    out[0], out[1] = address(pointer(arrays.code)), address(pointer(arrays.qubits))
    out[2], out[3] = address(pointer(arrays.qubit_start)), address(pointer(arrays.params))
    out[4], out[5] = address(pointer(arrays.param_start)), address(pointer(arrays.modified))
    out[6], out[7], out[8] = address(pointer(arrays.entries)), arrays.num_modified, arrays.num_entries


@inner
def source_at(addresses: Any) -> Source:
    """Return pointers to the arrays that lie where `locate` has written."""
    return Source(
        to_pointer(addresses[0], np.uint8),
        to_pointer(addresses[1], np.int32),
        to_pointer(addresses[2], np.int64),
        to_pointer(addresses[3], np.float64),
        to_pointer(addresses[4], np.int64),
        to_pointer(addresses[5], np.int64),
        to_pointer(addresses[6], np.complex128),
        addresses[7],
        addresses[8],
    )


@inner
def first_modified(source: Source, first: int) -> int:
    """Return how many gates with modifiers stand before an operation."""
    row = 0
    while row < source.num_modified and source.modified[DETAILS * row] < first:
        row += 1
    return row


@inner
def is_pause(code: int) -> bool:
    """Whether an operation is a barrier or a delay, which do nothing."""
    return code in (_BARRIER, _DELAY)


@inner
def check_pause(code: int) -> None:
    """Refuse what is neither a gate nor does nothing."""
    if not is_pause(code):
        raise ValueError("The fast engine runs gates; a measurement or classical control stands in the range.")
