"""Many small circuits at a time: their columns in one program, their states in one array, spread over the threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np

from qdock.operations import Columns
from qdock_basic.fast.cache import run_in_cache
from qdock_basic.fast.front import Program
from qdock_basic.fast.jit import compiled
from qdock_basic.fast.pool import thread_count
from qdock_basic.fast.stats import Looker, Stats
from qdock_basic.kernels import Array
from qdock_basic.state import PRECISIONS

__all__ = ["states_of"]

# So many circuits are run between two questions whether to go on.
_AT_ONCE = 256


def states_of(
    columns: Sequence[Columns],
    stops: Sequence[int],
    num_qubits: int,
    precision: str,
    threads: int | None,
    watch: Looker,
) -> tuple[Array, Stats]:
    """Return the states of circuits of equally many qubits, from all qubits 0, without their global phases.

    Parameters
    ----------
    columns : sequence of m Columns
        Of each circuit; without modified gates and angles that are not numbers.
    stops : sequence of m int
        How many operations of each are run: gates, barriers and delays.
    num_qubits : int
    precision, threads, watch
        As in `qdock_basic.fast.statevector`.

    Returns
    -------
    (m, 2^num_qubits) complex array, Stats
    """
    begin = perf_counter()
    program, firsts = _joined(columns)
    states = np.empty((len(columns), 1 << num_qubits), PRECISIONS[precision])
    whole = states.view(states.real.dtype)
    ends = firsts + np.asarray(stops, np.int64)
    parts = [(start, min(start + _AT_ONCE, len(columns))) for start in range(0, len(columns), _AT_ONCE)]
    workers = min(thread_count(threads), len(parts))
    planned = perf_counter()

    def work(part: tuple[int, int]) -> None:
        _run_batch(program, num_qubits, firsts[part[0] : part[1]], ends[part[0] : part[1]], whole[part[0] : part[1]])

    with ThreadPoolExecutor(workers) as pool:
        for number, _ in enumerate(pool.map(work, parts)):
            if watch.is_due():
                watch.look((number + 1) / len(parts))
    return states, Stats(len(columns), workers, planned - begin, perf_counter() - planned)


@compiled
def _run_batch(program: Program, num_qubits: int, firsts: Any, ends: Any, whole: Any) -> None:
    for index in range(len(firsts)):
        run_in_cache(program, num_qubits, 0, firsts[index], ends[index], 0.0, True, whole[index])


def _joined(columns: Sequence[Columns]) -> tuple[Program, Any]:
    """Return the columns one after the other, and where each circuit's operations begin."""
    starts = [(item.qubit_start, item.param_start) for item in columns]
    program = Program(
        np.concatenate([item.code for item in columns]),
        np.concatenate([item.qubits for item in columns]),
        _shifted([qubits for qubits, _ in starts]),
        np.concatenate([item.params for item in columns]),
        _shifted([params for _, params in starts]),
        np.zeros((0, 5), np.int64),
        np.zeros(0, np.complex128),
    )
    lengths = [len(item.code) for item in columns]
    return program, np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def _shifted(starts: Sequence[Any]) -> Any:
    """Return the places at which operations begin in joined columns, from those in each."""
    sizes = np.concatenate([np.diff(item) for item in starts])
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
