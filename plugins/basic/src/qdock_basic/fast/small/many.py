"""Many small circuits of any sizes as one call of compiled code, which threads share."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from qdock.circuit import Circuit
from qdock_basic.fast.front.joined import Joined, join
from qdock_basic.fast.front.programs import angle_of
from qdock_basic.fast.front.source import NUM_ADDRESSES
from qdock_basic.fast.machine.jit import compiled
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.machine.vectors import add_to
from qdock_basic.fast.small.cache import run_at
from qdock_basic.fast.stats import Looker, Stats

__all__ = ["run_batch"]

# So many circuits are claimed at a time: a claim costs little, but not nothing.
_CLAIM = 8
# And so many are run between two looks.
_BETWEEN_LOOKS = 1024


class Batch(NamedTuple):
    """What is known of k circuits.

    Attributes
    ----------
    runs : (k, NUM_ADDRESSES + 1) int64 array
        See `joined.Joined`.
    sizes : (k,) int64 array
        Numbers of qubits.
    phases : (k,) float64 array
        Global phases.
    starts : (k + 1,) int64 array
        Where each one's amplitudes begin, and the end.
    """

    runs: Any
    sizes: Any
    phases: Any
    starts: Any


@compiled
def _run_claimed(batch: Batch, claims: Any, end: int, step: int, amplitudes: Any) -> None:
    """Run circuits, some at a time, until all up to `end` are claimed; see `blocked.run_chunks`."""
    while True:
        first = add_to(claims, step)
        if first >= end:
            break
        for number in range(first, min(first + step, end)):
            state = amplitudes[batch.starts[number] : batch.starts[number + 1]]
            what = (batch.runs[number, NUM_ADDRESSES], batch.phases[number], True)
            run_at(batch.runs[number], batch.sizes[number], 0, 0, *what, state)


def run_batch(
    circuits: Sequence[Circuit],
    stops: Sequence[int],
    dtype: Any,
    threads: int,
    watch: Looker | None,
) -> tuple[Any, Any, Stats]:
    """Run the first operations of circuits that fit in cache, from all qubits 0.

    Parameters
    ----------
    circuits : sequence of k Circuit
    stops : sequence of k int
        How many operations of each are run.
    dtype : type
        Of the amplitudes.
    threads : int
    watch : Looker, optional

    Returns
    -------
    (size,) complex array
        The states, one behind the other.
    (k + 1,) int64 array
        Where each one begins, and the end.
    Stats
    """
    begin = perf_counter()
    joined = join(circuits, stops)
    batch = _batch_of(circuits, joined)
    amplitudes, planned = np.empty(batch.starts[-1], dtype), perf_counter()
    for start in range(0, len(circuits), _BETWEEN_LOOKS):
        end = min(len(circuits), start + _BETWEEN_LOOKS)
        claims = np.array([start], dtype=np.int64)

        def work(claims: Any = claims, end: int = end) -> None:
            _run_claimed(batch, claims, end, _CLAIM, amplitudes)

        share(work, min(threads, (end - start) // _CLAIM))
        if watch is not None and watch.is_due():
            watch.look(end / len(circuits))
    return amplitudes, batch.starts, Stats(len(circuits), threads, planned - begin, perf_counter() - planned)


def _batch_of(circuits: Sequence[Circuit], joined: Joined) -> Batch:
    sizes = np.array([circuit.num_qubits for circuit in circuits], np.int64)
    starts = np.zeros(len(circuits) + 1, np.int64)
    np.cumsum(1 << sizes, out=starts[1:])
    return Batch(
        joined.runs,
        sizes,
        np.array([angle_of(circuit.global_phase) for circuit in circuits]),
        starts,
    )
