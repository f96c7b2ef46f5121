"""Shots of small circuits in one call of compiled code: from columns to how often each reading was seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock_basic.fast.drawing.binomial import multinomial
from qdock_basic.fast.drawing.reading import to_steps
from qdock_basic.fast.drawing.streams import STREAM_SIZE, begin_stream
from qdock_basic.fast.front.programs import Ready, ready
from qdock_basic.fast.front.source import NUM_ADDRESSES
from qdock_basic.fast.machine.jit import compiled
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.machine.vectors import add_to
from qdock_basic.fast.small.cache import run_at

__all__ = ["Prepared", "count_runs", "prepared"]

# So many circuits are claimed at a time.
_CLAIM = 8


class Prepared(NamedTuple):
    """What is run of a circuit.

    Attributes
    ----------
    known : Ready
        Holds what the addresses lead to.
    runs : (1, NUM_ADDRESSES + 1) int64 array
        The addresses of the program, see `source.locate`, and how many of its operations are run.
    """

    known: Ready
    runs: npt.NDArray[np.int64]


def prepared(circuit: Circuit, stop: int) -> Prepared:
    """Return what is run of a circuit: its first operations."""
    known = ready(circuit)
    return Prepared(known, np.append(known.addresses, stop).reshape(1, -1))


def count_runs(
    runs: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    keys: npt.NDArray[np.uint64],
    shots: int,
    dtype: Any,
    counts: npt.NDArray[np.int64],
    threads: int,
) -> None:
    """Run circuits of n qubits whose states fit in cache, and draw shots of each from a stream of its own.

    Parameters
    ----------
    runs : (m, NUM_ADDRESSES + 1) int64 array
        Of each circuit; see `Prepared` and `joined.Joined`.
    places : (2^n,) int64 array
        For each index of an amplitude what is read there.
    keys : (m, 2) uint64 array
        Of the streams.
    shots : int
        Of each circuit.
    dtype : type
        Of the amplitudes.
    counts : (m, k) int64 array
        Overwritten: how often each reading was seen.
    threads : int
    """
    claims = np.zeros(1, np.int64)

    def work() -> None:
        _count_claimed(runs, places, keys, shots, claims, np.empty(len(places), dtype), counts)

    share(work, max(1, min(threads, len(runs) // _CLAIM)))


@compiled
def _count_claimed(runs: Any, places: Any, keys: Any, shots: int, claims: Any, amplitudes: Any, counts: Any) -> None:
    size, num_qubits = counts.shape[1], 0
    while 1 << num_qubits < len(places):
        num_qubits += 1
    stream, table, steps = np.empty(STREAM_SIZE, np.uint64), np.empty(size, np.float64), np.empty(size, np.int64)
    while True:
        first = add_to(claims, _CLAIM)
        if first >= len(runs):
            break
        for row in range(first, min(first + _CLAIM, len(runs))):
            run_at(runs[row], num_qubits, 0, 0, runs[row, NUM_ADDRESSES], 0.0, True, amplitudes)
            table[:] = 0
            for index in range(len(places)):
                table[places[index]] += amplitudes[index].real ** 2.0 + amplitudes[index].imag ** 2.0
            to_steps(table, steps)
            stream[0], stream[1] = keys[row, 0], keys[row, 1]
            begin_stream(stream, 0, 0)
            multinomial(stream, shots, steps, counts[row])
