"""States that are sums of few product states: found gate by gate, and written once by all threads."""

from __future__ import annotations

import cmath
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from qdock_basic.fast.front.programs import Ready
from qdock_basic.fast.machine.memory import aligned, as_reals
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.products.terms import MOST_TERMS, terms_of
from qdock_basic.fast.products.writing import PART_BITS, ROW_BITS, make_tables, write_parts
from qdock_basic.fast.stats import Looker, Stats
from qdock_basic.states.kernels import Array

__all__ = ["product_state"]

# So many parts are written between two looks.
_BETWEEN_LOOKS = 256
# If so many qubits above a row are 0 or 1 in each term, most of the state are zeros, whose memory is best left alone.
_MANY_FIXED = 6


def product_state(
    known: Ready, num_qubits: int, phase: float, dtype: Any, threads: int, watch: Looker | None
) -> tuple[Array, Stats] | None:
    """Return a circuit's state from all qubits 0, or None if it is no sum of few product states on the way."""
    begin = perf_counter()
    factors = np.empty((2 * MOST_TERMS, num_qubits, 2), np.complex128)
    weights = np.empty(2 * MOST_TERMS, np.complex128)
    count = terms_of(known.addresses, num_qubits, len(known.columns.code), factors, weights)
    if not count:
        return None
    factors, weights = factors[:count], weights[:count] * cmath.rect(1.0, phase)
    planned = perf_counter()
    is_zero = bool((factors[:, ROW_BITS:] == 0).any(2).all(0).sum() >= _MANY_FIXED)
    state = np.zeros(1 << num_qubits, dtype) if is_zero else aligned(1 << num_qubits, dtype)
    _write(factors, weights, is_zero, state, threads, watch)
    return state, Stats(1, threads, planned - begin, perf_counter() - planned)


def _write(factors: Any, weights: Any, is_zero: bool, state: Array, threads: int, watch: Looker | None) -> None:
    whole = as_reals(state)
    tables = make_tables(factors, weights, whole)
    parts = max(1, len(state) >> PART_BITS)
    for start in range(0, parts, _BETWEEN_LOOKS):
        end = min(parts, start + _BETWEEN_LOOKS)
        claims = np.array([start], dtype=np.int64)
        share(partial(write_parts, tables, whole, claims, end, is_zero), min(threads, end - start))
        if watch is not None and watch.is_due():
            watch.look(end / parts)
