"""What the engine does for its callers: checked arguments in, arrays out, compiled code in between."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.operations import Columns, Modifier
from qdock_basic.drawing.sampling import Ints
from qdock_basic.fast.clifford.expansion import affine_state
from qdock_basic.fast.drawing.binomial import like_numpy
from qdock_basic.fast.front.joined import Joined, join
from qdock_basic.fast.front.programs import Ready, angle_of, has_large_gates, matrix_of, ready
from qdock_basic.fast.front.stretch import Stretch
from qdock_basic.fast.large.passes import LEAST_BITS, run_in_passes
from qdock_basic.fast.loops.sums import squares, sums_of_blocks
from qdock_basic.fast.machine.memory import aligned, as_reals
from qdock_basic.fast.machine.pool import thread_count
from qdock_basic.fast.products.state import product_state
from qdock_basic.fast.small.cache import run_at
from qdock_basic.fast.small.counts import Prepared, count_runs, prepared
from qdock_basic.fast.small.many import run_batch
from qdock_basic.fast.stats import Looker, Stats, together
from qdock_basic.states.kernels import Array, apply_form, controlled, form_of
from qdock_basic.states.state import PRECISIONS

if TYPE_CHECKING:
    from qdock_basic.engines.engine import Asked
    from qdock_basic.programs.program import Gates

__all__ = [
    "apply",
    "block_sums",
    "count_many",
    "probabilities",
    "start_many",
    "statevector",
    "statevectors",
    "unitary",
]


def statevector(
    circuit: Circuit, precision: str, threads: int | None, watch: Looker | None, initial: npt.ArrayLike | None
) -> tuple[Array, Stats]:
    """See `qdock_basic.fast.statevector`."""
    known, dtype, num_qubits = ready(circuit), PRECISIONS[precision], circuit.num_qubits
    phase = angle_of(circuit.global_phase)
    if known.is_affine and initial is None:
        return affine_state(known, num_qubits, phase, dtype, thread_count(threads), watch)
    if num_qubits >= LEAST_BITS and initial is None and not known.large:
        found = product_state(known, num_qubits, phase, dtype, thread_count(threads), watch)
        if found is not None:
            return found
    if known.large and initial is None:
        initial = np.eye(1, 1 << num_qubits, dtype=dtype)[0]
    # In cache the state is made elsewhere and copied, so that it does not matter where it lies.
    state = np.empty(1 << num_qubits, dtype) if num_qubits < LEAST_BITS else aligned(1 << num_qubits, dtype)
    if initial is not None:
        state[...] = initial
    stretch = Stretch(num_qubits, 0, 0, len(known.columns.code), phase, initial is None)
    return state, _run(state, known, stretch, threads, watch)


def unitary(circuit: Circuit, precision: str, threads: int | None, watch: Looker | None) -> tuple[Array, Stats]:
    """See `qdock_basic.fast.unitary`."""
    num_qubits = circuit.num_qubits
    matrix = aligned(1 << 2 * num_qubits, PRECISIONS[precision]).reshape(1 << num_qubits, 1 << num_qubits)
    matrix[...] = 0
    np.fill_diagonal(matrix, 1)
    stretch = Stretch(num_qubits, num_qubits, 0, len(circuit), angle_of(circuit.global_phase), False)
    return matrix, _run(matrix.reshape(-1), ready(circuit), stretch, threads, watch)


def apply(
    state: Array, circuit: Circuit, start: int, stop: int | None, threads: int | None, watch: Looker | None
) -> Stats:
    """See `qdock_basic.fast.apply`."""
    end = len(circuit) if stop is None else stop
    return _run(state, ready(circuit), Stretch(circuit.num_qubits, 0, start, end, 0.0, False), threads, watch)


def statevectors(
    circuits: Sequence[Circuit], precision: str, threads: int | None, watch: Looker | None
) -> tuple[list[Array], Stats]:
    """See `qdock_basic.fast.statevectors`."""
    small = [index for index, circuit in enumerate(circuits) if _is_small(circuit)]
    found: dict[int, Array] = {}
    stats: list[Stats] = []
    if small:
        chosen, stops = [circuits[index] for index in small], [len(circuits[index]) for index in small]
        amplitudes, starts, told = run_batch(chosen, stops, PRECISIONS[precision], thread_count(threads), watch)
        found, stats = dict(zip(small, np.split(amplitudes, starts[1:-1]), strict=True)), [told]
    for index, circuit in enumerate(circuits):
        if index not in found:
            found[index], told = statevector(circuit, precision, threads, watch, None)
            stats.append(told)
    return [found[index] for index in range(len(circuits))], together(stats)


def start_many(
    circuits: Sequence[Circuit],
    stops: Sequence[int],
    num_qubits: int,
    precision: str,
    threads: int | None,
    watch: Looker | None,
) -> tuple[Array, Stats]:
    """See `qdock_basic.fast.start_many`."""
    dtype = PRECISIONS[precision]
    if not any(has_large_gates(circuit.columns()) for circuit in circuits):
        amplitudes, _, told = run_batch(circuits, stops, dtype, thread_count(threads), watch)
        return amplitudes.reshape(len(circuits), -1), told
    states = np.zeros((len(circuits), 1 << num_qubits), dtype)
    states[:, 0] = 1
    stretches = [Stretch(num_qubits, 0, 0, stop, 0.0, False) for stop in stops]
    runs = zip(states, map(ready, circuits), stretches, strict=True)
    return states, together([_run(*run, threads, watch) for run in runs])


def count_many(asked: Asked, threads: int | None) -> tuple[Ints, Stats] | None:
    """See `qdock_basic.fast.count_many`."""
    begin, gates = perf_counter(), asked.gates
    what = _prepared(gates)
    if what is None or not like_numpy():
        return None
    keys = np.array(list(map(asked.streams.stream_key, asked.numbers)), np.uint64)
    counts = np.empty((len(gates), len(asked.shape.words)), np.int64)
    used = 1 if len(gates) == 1 else thread_count(threads)
    planned = perf_counter()
    count_runs(what.runs, asked.shape.places, keys, asked.shots, PRECISIONS[asked.precision], counts, used)
    return counts, Stats(len(gates), used, planned - begin, perf_counter() - planned)


def _prepared(gates: Sequence[Gates]) -> Prepared | Joined | None:
    """Return what is run of circuits, or None if compiled code can't do all of it."""
    if len(gates) == 1:
        return gates[0].circuit.once(prepared, gates[0].stop)
    joined = join([item.circuit for item in gates], [item.stop for item in gates])
    return None if any(item.large for item in joined.known) else joined


def _is_small(circuit: Circuit) -> bool:
    """Whether a circuit's state lies in cache, and compiled code does all of it."""
    return circuit.num_qubits < LEAST_BITS and not has_large_gates(circuit.columns())


def _run(state: Array, known: Ready, stretch: Stretch, threads: int | None, watch: Looker | None) -> Stats:
    """Run operations of a circuit on a state, those with large matrices by numpy."""
    if not known.large:
        return _part(state, known, stretch, threads, watch)
    stats = []
    for cut in [*(place for place in known.large if stretch.first <= place < stretch.end), stretch.end]:
        stats.append(_part(state, known, stretch._replace(end=cut), threads, watch))
        if cut < stretch.end:
            _apply_large(state, known.columns, cut, stretch.offset)
        stretch = stretch._replace(first=cut + 1, phase=0.0)
    return together(stats)


def _part(state: Array, known: Ready, stretch: Stretch, threads: int | None, watch: Looker | None) -> Stats:
    """Run operations by compiled code alone."""
    most = thread_count(threads)
    if state.size >> LEAST_BITS:
        return run_in_passes(known.addresses, stretch, as_reals(state), most, watch)
    begin = perf_counter()
    run_at(known.addresses, *stretch, state)
    if watch is not None and watch.is_due():
        watch.look(stretch.end / max(len(known.columns.code), 1))
    return Stats(1, 1, 0.0, perf_counter() - begin)


def _apply_large(state: Array, columns: Columns, index: int, offset: int) -> None:
    detail = columns.details[index]
    assert isinstance(detail, Modifier)
    qubits = columns.qubits[columns.qubit_start[index] : columns.qubit_start[index + 1]] + offset
    form = controlled(form_of(matrix_of(detail, ())), detail.controls)
    apply_form(state, form, tuple(qubits.tolist()))


def probabilities(state: Array, threads: int | None) -> npt.NDArray[np.float64]:
    """See `qdock_basic.fast.probabilities`."""
    return squares(as_reals(state), thread_count(threads))


def block_sums(state: Array, width: int, threads: int | None) -> npt.NDArray[np.float64]:
    """See `qdock_basic.fast.block_sums`."""
    return sums_of_blocks(as_reals(state), width, thread_count(threads))
