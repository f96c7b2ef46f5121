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
from qdock_basic.fast.loops.norms import square_at
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import hold, lane_bits, pointer, reals, width
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.machine.vectors import add_to
from qdock_basic.fast.small.alike import run_alike
from qdock_basic.fast.small.cache import run_at
from qdock_basic.fast.small.rows import Rows, count_alike, order_of
from qdock_basic.fast.small.state import State, memory_size, state_in

__all__ = ["Prepared", "count_runs", "prepared"]

# So many circuits are claimed at a time: as many as the longest vectors have lanes.
_CLAIM = 16


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


def prepared(circuit: Circuit, stop: int) -> Prepared | None:
    """Return what is run of a circuit, its first operations, or None if compiled code can't do all of it."""
    known = ready(circuit)
    return None if known.large else Prepared(known, np.append(known.addresses, stop).reshape(1, -1))


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
    claims, order = np.zeros(1, np.int64), order_of(runs)

    def work() -> None:
        # A call with a tuple for the rows takes twice as long: more than the work for one circuit.
        _count_claimed(runs, order, places, keys, shots, claims, np.empty(len(places), dtype), counts)

    share(work, min(threads, len(runs) // _CLAIM))


@compiled
def _count_claimed(
    runs: Any, order: Any, places: Any, keys: Any, shots: int, claims: Any, amplitudes: Any, counts: Any
) -> None:
    rows = Rows(runs, order)
    num_qubits, size, lane_qubits = width(len(places) - 1), counts.shape[1], lane_bits(reals(amplitudes))
    memory = np.empty(memory_size(num_qubits + lane_qubits), np.float64)
    state = state_in(pointer(memory), reals(amplitudes), num_qubits + lane_qubits)
    table = np.empty((1 << lane_qubits, size), np.float64)
    steps, stream = np.empty(size, np.int64), np.empty(STREAM_SIZE, np.uint64)
    while True:
        first = add_to(claims, _CLAIM)
        if first >= len(rows.order):
            break
        end = min(first + _CLAIM, len(rows.order))
        while first < end:
            count = count_alike(rows, first, min(end, first + len(table)))
            table[:] = 0
            if count > 1:
                run_alike(rows, first, count, num_qubits, state)
                _weigh_alike(state, places, count, table)
            else:
                run = rows.runs[rows.order[first]]
                run_at(run, num_qubits, 0, 0, run[NUM_ADDRESSES], 0.0, True, amplitudes)
                _weigh(amplitudes, places, table)
            for number in range(count):
                row = rows.order[first + number]
                _draw(keys[row], shots, table[number], steps, stream, counts[row])
            first += count
    hold(memory)


@inner
def _draw(key: Any, shots: int, table: Any, steps: Any, stream: Any, counts: Any) -> None:
    """Draw from the beginning of a circuit's stream how often each reading is seen."""
    to_steps(table, steps)
    stream[0], stream[1] = key[0], key[1]
    begin_stream(stream, 0, 0)
    multinomial(stream, shots, steps, counts)


@inner
def _weigh(amplitudes: Any, places: Any, table: Any) -> None:
    """Add the probabilities of a circuit's readings to the first row of a table."""
    for index in range(len(places)):
        table[0, places[index]] += amplitudes[index].real ** 2.0 + amplitudes[index].imag ** 2.0


@inner
def _weigh_alike(state: State, places: Any, count: int, table: Any) -> None:
    """Add the probabilities of each circuit's readings to the circuit's row."""
    for index in range(len(places)):
        for number in range(count):
            table[number, places[index]] += square_at(state.re, state.im, index * len(table) + number)
