"""A circuit's gates as arrays, and the pointers through which compiled code reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import address, pointer, to_pointer

__all__ = ["NUM_ADDRESSES", "Program", "Source", "locate", "source_at", "source_of"]

#: How many numbers `locate` writes.
NUM_ADDRESSES = 9


class Program(NamedTuple):
    """A circuit's gates as arrays.

    Attributes
    ----------
    code, qubits, qubit_start, params, param_start : arrays
        As in `qdock.operations.Columns`.
    modified : (m, 5) int64 array
        Of each gate with modifiers, in order: which operation; how many targets; where its matrix begins in `entries`;
        the states of its controls, the first one least significant; and 1 if the matrix is that of ``x``.
    entries : complex128 array
        Matrices on the targets, row by row.
    """

    code: Any
    qubits: Any
    qubit_start: Any
    params: Any
    param_start: Any
    modified: Any
    entries: Any


class Source(NamedTuple):
    """Pointers to the arrays of a `Program`, and how many modified gates and entries it has."""

    code: Any
    qubits: Any
    qubit_start: Any
    params: Any
    param_start: Any
    modified: Any
    entries: Any
    num_modified: int
    num_entries: int


@inner
def source_of(program: Program) -> Source:
    """Return the pointers to a program's arrays."""
    return Source(
        pointer(program.code),
        pointer(program.qubits),
        pointer(program.qubit_start),
        pointer(program.params),
        pointer(program.param_start),
        pointer(program.modified),
        pointer(program.entries),
        len(program.modified),
        len(program.entries),
    )


@compiled
def locate(program: Program, out: Any) -> None:
    """Write where a program's arrays lie: one array is handed over faster than seven."""
    source = source_of(program)
    out[0], out[1], out[2] = address(source.code), address(source.qubits), address(source.qubit_start)
    out[3], out[4] = address(source.params), address(source.param_start)
    out[5], out[6] = address(source.modified), address(source.entries)
    out[7], out[8] = source.num_modified, source.num_entries


@inner
def source_at(addresses: Any) -> Source:
    """Return the pointers that `locate` has written."""
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
