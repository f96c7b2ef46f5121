"""Which circuits are alike, of the same gates on the same qubits, and an order in which these stand together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock_basic.fast.front.source import NUM_ADDRESSES, Source, source_at
from qdock_basic.fast.machine.jit import compiled, inner

__all__ = ["Rows", "count_alike", "order_of", "source_of", "stop_of"]

_ALONE = np.zeros(1, np.int64)
# A factor whose multiples are spread over all numbers of 64 bits.
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Rows(NamedTuple):
    """Circuits in an order in which those that are alike stand together.

    Attributes
    ----------
    runs : (m, NUM_ADDRESSES + 1) int64 array
        See `joined.Joined`.
    order : (m,) int64 array
        Their numbers.
    """

    runs: Any
    order: Any


@inner
def source_of(rows: Rows, number: int) -> Source:
    """Return the gates of a circuit."""
    return source_at(rows.runs[rows.order[number]])


@inner
def stop_of(rows: Rows, number: int) -> int:
    """Return how many operations are run."""
    stop: int = rows.runs[rows.order[number], NUM_ADDRESSES]
    return stop


def order_of(runs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the numbers of circuits in an order in which those that are alike stand together."""
    if len(runs) == 1:
        return _ALONE
    marks = np.empty(len(runs), np.uint64)
    _mark(runs, marks)
    return np.argsort(marks, kind="stable")


@compiled
def _mark(runs: Any, marks: Any) -> None:
    """Write a number for each circuit that follows from its gates and their qubits; few others have the same."""
    for number in range(len(runs)):
        source, stop = source_at(runs[number]), runs[number, NUM_ADDRESSES]
        total = np.uint64(stop)
        for operation in range(stop):
            total += np.uint64(source.code[operation]) * _weight(operation)
        total *= _ODD
        for place in range(source.qubit_start[stop]):
            total += np.uint64(source.qubits[place]) * _weight(place)
        marks[number] = total


@inner
def _weight(place: int) -> Any:
    """Return a number of some 48 bits that looks like none of the others."""
    return np.uint64(place + 1) * _ODD >> np.uint64(16)


@inner
def count_alike(rows: Rows, first: int, end: int) -> int:
    """Return how many circuits, from the first one on and up to an end, are of the same gates on the same qubits."""
    source, stop, number = source_of(rows, first), stop_of(rows, first), first + 1
    while number < end and stop_of(rows, number) == stop and _is_like(source_of(rows, number), source, stop):
        number += 1
    return number - first


@inner
def _is_like(other: Source, source: Source, stop: int) -> bool:
    if source.num_modified or other.num_modified:
        return False
    # Without a way out in between, the loops are ones over vectors.
    differing = 0
    for operation in range(stop):
        differing |= other.code[operation] ^ source.code[operation]
    for operation in range(stop + 1):
        differing |= other.qubit_start[operation] ^ source.qubit_start[operation]
    if differing:
        return False
    for place in range(source.qubit_start[stop]):
        differing |= other.qubits[place] ^ source.qubits[place]
    return differing == 0
