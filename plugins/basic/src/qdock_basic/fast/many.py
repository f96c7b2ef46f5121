"""Many small circuits of any sizes as one call of compiled code, which threads share."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from qdock.circuit import Circuit
from qdock_basic.fast.cache import run_in_cache
from qdock_basic.fast.front import Program
from qdock_basic.fast.jit import compiled
from qdock_basic.fast.memory import LINE, aligned
from qdock_basic.fast.pool import share
from qdock_basic.fast.programs import angle_of, program_of
from qdock_basic.fast.stats import Looker, Stats
from qdock_basic.fast.vectors import add_to

__all__ = ["run_batch"]

# So many circuits are claimed at a time: a claim costs little, but not nothing.
_CLAIM = 8
# And so many are run between two looks.
_BETWEEN_LOOKS = 1024

# --- where a circuit's parts begin in the arrays of all circuits
_CODE, _QUBITS, _PARAMS, _MODIFIED, _ENTRIES, _OUT = range(6)


class Batch(NamedTuple):
    """The arrays of several programs, one behind the other.

    Attributes
    ----------
    program : Program
    starts : (k + 1, 6) int64 array
        Where each circuit's operations, qubits, angles, modified gates, entries and amplitudes begin.
    sizes : (k,) int64 array
        Numbers of qubits.
    phases : (k,) float64 array
        Global phases.
    """

    program: Program
    starts: Any
    sizes: Any
    phases: Any


@compiled
def _run_claimed(batch: Batch, claims: Any, end: int, step: int, whole: Any) -> None:
    """Run circuits, some at a time, until all up to `end` are claimed; see `blocked.run_chunks`."""
    all_parts = batch.program
    while True:
        first = add_to(claims, step)
        if first >= end:
            break
        for number in range(first, min(first + step, end)):
            here, after = batch.starts[number], batch.starts[number + 1]
            # Every circuit has one start more than operations.
            low, high = here[_CODE] + number, after[_CODE] + number + 1
            program = Program(
                all_parts.code[here[_CODE] : after[_CODE]],
                all_parts.qubits[here[_QUBITS] : after[_QUBITS]],
                all_parts.qubit_start[low:high],
                all_parts.params[here[_PARAMS] : after[_PARAMS]],
                all_parts.param_start[low:high],
                all_parts.modified[here[_MODIFIED] : after[_MODIFIED]],
                all_parts.entries[here[_ENTRIES] : after[_ENTRIES]],
            )
            state = whole[2 * here[_OUT] : 2 * (here[_OUT] + (1 << batch.sizes[number]))]
            run_in_cache(program, batch.sizes[number], 0, 0, len(program.code), batch.phases[number], True, state)


def run_batch(
    circuits: Sequence[Circuit], dtype: Any, real: Any, threads: int, watch: Looker | None
) -> tuple[list[Any], Stats]:
    """Return the states of circuits that fit in cache, from all qubits 0."""
    begin = perf_counter()
    batch = _batch_of(circuits, LINE // np.dtype(dtype).itemsize)
    amplitudes = aligned(int(batch.starts[-1, _OUT]), dtype)
    whole, planned = amplitudes.view(real), perf_counter()
    for start in range(0, len(circuits), _BETWEEN_LOOKS):
        end = min(len(circuits), start + _BETWEEN_LOOKS)
        claims = np.array([start], dtype=np.int64)

        def work(claims: Any = claims, end: int = end) -> None:
            _run_claimed(batch, claims, end, _CLAIM, whole)

        share(work, max(1, min(threads, (end - start) // _CLAIM)))
        if watch is not None and watch.is_due():
            watch.look(end / len(circuits))
    starts = batch.starts[:-1, _OUT].tolist()
    states = [amplitudes[at : at + (1 << circuit.num_qubits)] for at, circuit in zip(starts, circuits, strict=True)]
    return states, Stats(len(circuits), threads, planned - begin, perf_counter() - planned)


def _batch_of(circuits: Sequence[Circuit], line: int) -> Batch:
    """Return the arrays of circuits; every state begins a line of cache."""
    programs = [program_of(circuit) for circuit in circuits]
    parts = [np.concatenate(column) for column in zip(*programs, strict=True)]
    starts = np.zeros((len(circuits) + 1, 6), dtype=np.int64)
    lengths = [
        (len(p.code), len(p.qubits), len(p.params), len(p.modified), len(p.entries), max(1 << c.num_qubits, line))
        for p, c in zip(programs, circuits, strict=True)
    ]
    np.cumsum(lengths, axis=0, out=starts[1:])
    sizes = np.array([circuit.num_qubits for circuit in circuits], dtype=np.int64)
    phases = np.array([angle_of(circuit.global_phase) for circuit in circuits])
    return Batch(Program(*parts), starts, sizes, phases)
