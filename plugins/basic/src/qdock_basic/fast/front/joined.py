"""The gates of many circuits at once: columns of plain circuits, one behind the other, instead of a program of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.operations import NUM_PARAMS, NUM_QUBITS, Columns
from qdock_basic.fast.front.programs import Ready, ready
from qdock_basic.fast.front.source import NUM_ADDRESSES
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import address, at, pointer

__all__ = ["Joined", "join"]

_EMPTY = Circuit().columns()


class Flat(NamedTuple):
    """Columns of circuits, one behind the other.

    Attributes
    ----------
    code, qubits, params : arrays
        As in `qdock.operations.Columns`.
    ends : (3, k) int64 array
        Where each circuit's code, qubits and params end.
    starts : (2, n + k) int64 array
        Room for where the qubits and angles of each circuit's operations begin, and the ends; neighbours of the same
        codes share theirs.
    """

    code: npt.NDArray[np.uint8]
    qubits: npt.NDArray[np.int32]
    params: npt.NDArray[np.float64]
    ends: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]


class Joined(NamedTuple):
    """The gates of k circuits.

    Attributes
    ----------
    runs : (k, NUM_ADDRESSES + 1) int64 array
        Where the arrays of each circuit lie, see `source.locate`, and how many of its operations are run.
    flat : Flat
    known : list of Ready
        These two hold what the addresses lead to.
    """

    runs: npt.NDArray[np.int64]
    flat: Flat
    known: list[Ready]


def join(circuits: Sequence[Circuit], stops: Sequence[int]) -> Joined:
    """Return the gates of circuits; of each so many operations are to be run.

    Raises
    ------
    CircuitError
        If a parameter is not bound.
    """
    columns = [circuit.columns() for circuit in circuits]
    runs = np.zeros((len(columns), NUM_ADDRESSES + 1), np.int64)
    runs[:, NUM_ADDRESSES] = stops
    # What has details or expressions takes more than its columns.
    others = [number for number, item in enumerate(columns) if item.details or item.expressions]
    known = [ready(circuits[number]) for number in others]
    for number in others:
        columns[number] = _EMPTY
    flat = _flat(columns)
    _locate(flat, runs)
    for number, item in zip(others, known, strict=True):
        runs[number, :NUM_ADDRESSES] = item.addresses
    return Joined(runs, flat, known)


def _flat(columns: Sequence[Columns]) -> Flat:
    code, qubits, params = ([getattr(item, name) for item in columns] for name in ("code", "qubits", "params"))
    ends = np.cumsum([np.fromiter(map(len, each), np.int64, len(each)) for each in (code, qubits, params)], axis=1)
    starts = np.empty((2, ends[0, -1] + len(columns)), np.int64)
    return Flat(_joined(code, np.uint8), _joined(qubits, np.int32), _joined(params, np.float64), ends, starts)


def _joined(arrays: Sequence[Any], dtype: Any) -> npt.NDArray[Any]:
    """Return arrays of one type as one, in half the time of numpy's own way for many small ones."""
    return np.frombuffer(b"".join(arrays), dtype)


@compiled
def _locate(flat: Flat, runs: Any) -> None:
    """Write where the arrays of each circuit lie; of modified gates there are none."""
    code, qubits, params, starts, length = 0, 0, 0, 0, -1
    for number in range(len(runs)):
        run, end = runs[number], flat.ends[0, number]
        codes = at(pointer(flat.code), code)
        if end - code == length and _are_equal(at(codes, -length), codes, length):
            # Where qubits and angles begin, the codes say, and circuits of a job are often alike.
            run[2], run[4] = runs[number - 1, 2], runs[number - 1, 4]
        else:
            length = end - code
            run[2], run[4] = address(at(pointer(flat.starts[0]), starts)), address(at(pointer(flat.starts[1]), starts))
            _write_starts(codes, length, flat.starts[:, starts:])
            starts += length + 1
        run[0], run[1] = address(codes), address(at(pointer(flat.qubits), qubits))
        run[3] = address(at(pointer(flat.params), params))
        code, qubits, params = end, flat.ends[1, number], flat.ends[2, number]


@inner
def _are_equal(left: Any, right: Any, count: int) -> bool:
    # Without a way out in between, it is a loop over vectors.
    differing = np.uint8(0)
    for place in range(count):
        differing |= left[place] ^ right[place]
    return differing == 0


@inner
def _write_starts(codes: Any, count: int, out: Any) -> None:
    """Write where the qubits and the angles of each operation begin, and the ends."""
    on, angles = 0, 0
    for operation in range(count):
        out[0, operation], out[1, operation] = on, angles
        on += NUM_QUBITS[codes[operation]]
        angles += NUM_PARAMS[codes[operation]]
    out[0, count], out[1, count] = on, angles
