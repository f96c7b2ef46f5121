"""States of Clifford circuits: made as sums whatever their size, and written once by all threads."""

from __future__ import annotations

from itertools import count
from time import perf_counter
from typing import Any

import numpy as np

from qdock_basic.fast.clifford.affine import NUM_BITS, form_of, write_amplitudes
from qdock_basic.fast.front.programs import Ready
from qdock_basic.fast.machine.memory import aligned
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.stats import Looker, Stats
from qdock_basic.states.kernels import Array

__all__ = ["affine_state"]

# A thread writes so many amplitudes at a time, as a power of two, and so many parts are written between two looks.
_PART_BITS = 16
_BETWEEN_LOOKS = 256


def affine_state(
    known: Ready, num_qubits: int, phase: float, dtype: Any, threads: int, watch: Looker | None
) -> tuple[Array, Stats]:
    """Return the state of a circuit of gates that `affine` knows; see `qdock_basic.fast.statevector`."""
    begin = perf_counter()
    form = form_of(known.addresses, num_qubits, len(known.columns.code))
    planned, num_bits = perf_counter(), int(form[NUM_BITS])
    make = aligned if num_bits == num_qubits else np.zeros
    state = make(1 << num_qubits, dtype)
    if num_bits <= _PART_BITS:
        write_amplitudes(form, 0, num_bits, phase, state)
    else:
        _write_parts(form, 1 << num_bits - _PART_BITS, phase, state, threads, watch)
    if watch is not None and watch.is_due():
        watch.look(1.0)
    return state, Stats(1, threads, planned - begin, perf_counter() - planned)


def _write_parts(form: Any, num_parts: int, phase: float, state: Array, threads: int, watch: Looker | None) -> None:
    for start in range(0, num_parts, _BETWEEN_LOOKS):
        end = min(num_parts, start + _BETWEEN_LOOKS)
        # Counting is one step of the interpreter, so that no two threads get the same number.
        numbers = count(start)

        def work(numbers: Any = numbers, end: int = end) -> None:
            while (part := next(numbers)) < end:
                write_amplitudes(form, part, _PART_BITS, phase, state)

        share(work, min(threads, end - start))
        if watch is not None and watch.is_due():
            watch.look(end / num_parts)
