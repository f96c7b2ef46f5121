"""Hadamard gates of passes, which run two at a time, among all that may come between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")


SIZE = 11


def between(circuit, rng):
    """Append a gate on one or two qubits that may stand between two Hadamard gates."""
    a, b = rng.permutation(SIZE)[:2].tolist()
    kind = rng.integers(8)
    if kind == 0:
        circuit.cx(a, b)
    elif kind == 1:
        circuit.cp(0.3, a, b)
    elif kind == 2:
        circuit.rx(0.4, a)
    elif kind == 3:
        circuit.ch(a, b)
    elif kind == 4:
        circuit.ry(float(rng.choice([0.5, -0.5])) * np.pi, a)
    elif kind == 5:
        circuit.h(a).x(a)
    else:
        circuit.x(a).h(a)


@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(0, 4), max_size=30), seed=st.integers(0, 2**32), fresh=st.booleans())
def test_hadamard_gates_among_others_give_the_numpy_engine_s_states(shared, precision, tolerance, counts, seed, fresh):
    rng = np.random.default_rng(seed)
    initial = None if fresh else shared.random_state(SIZE, rng)
    circuit = Circuit(SIZE)
    for count in counts:
        for qubit in rng.permutation(SIZE)[:count].tolist():
            circuit.h(qubit)
        between(circuit, rng)
    state, _ = fast.statevector(circuit, precision=precision, initial=initial, threads=2)
    np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)


@pytest.mark.usefixtures("small_chunks")
def test_many_hadamard_gates_in_a_pass_neither_overflow_nor_lose_digits(shared, precision, tolerance):
    circuit, rng = Circuit(SIZE), np.random.default_rng(1)
    for _ in range(40):
        for qubit in range(10):
            circuit.h(qubit)
        for qubit in range(9):
            circuit.cp(float(rng.uniform(0, 3)), qubit, qubit + 1)
    initial = shared.random_state(SIZE, rng)
    state, stats = fast.statevector(circuit, precision=precision, initial=initial)
    np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)
    assert stats.passes < 3
