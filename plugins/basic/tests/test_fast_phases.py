"""Diagonal terms in passes: one by one, in tables, and on qubits of which none lies within a chunk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.gates import Gate
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from qdock_basic.fast.large import passes
from qdock_basic.fast.loops import phases

SIZE = 12


@pytest.fixture
def tiny_chunks(monkeypatch):
    """Chunks of 256 amplitudes, of which there are enough for tables."""
    monkeypatch.setattr("qdock_basic.fast.run.LEAST_BITS", 11)
    monkeypatch.setattr(passes, "_CHUNK_BYTES", 1 << 12)


def phased(circuit, rng):
    """Append a phase on some of the qubits, half of them with more than two."""
    count = int(rng.integers(1, 3) if rng.integers(2) else rng.integers(3, SIZE + 1))
    gate = Gate("p", (float(rng.uniform(-3, 3)),))
    circuit.append(gate.control(count - 1) if count > 1 else gate, rng.permutation(SIZE)[:count].tolist())


@pytest.mark.usefixtures("tiny_chunks")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layers=st.lists(st.integers(0, 200), max_size=4), seed=st.integers(0, 2**32), fresh=st.booleans())
def test_phases_between_mixing_gates_give_the_numpy_engine_s_states(shared, precision, tolerance, layers, seed, fresh):
    rng = np.random.default_rng(seed)
    initial = None if fresh else shared.random_state(SIZE, rng)
    circuit = Circuit(SIZE, global_phase=0.3)
    for count in layers:
        for qubit in rng.permutation(SIZE)[: rng.integers(1, SIZE + 1)].tolist():
            circuit.rx(float(rng.uniform(0, 3)), qubit)
        for _ in range(count):
            phased(circuit, rng)
    state, _ = fast.statevector(circuit, precision=precision, initial=initial, threads=2)
    np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)


@pytest.mark.usefixtures("tiny_chunks")
def test_more_phases_than_tables_are_made_for_are_right_too(shared, precision, tolerance):
    circuit = Circuit(SIZE)
    for layer in range(phases.MOST_TABLES + 2):
        for qubit in range(6):
            circuit.h(qubit)
        for first in range(8):
            circuit.p(0.1 + layer, first)
            for second in range(first):
                circuit.cp(0.2 + first + layer, second, first)
    state, stats = fast.statevector(
        circuit, precision=precision, initial=shared.random_state(SIZE, np.random.default_rng(8))
    )
    expected = shared.reference(circuit, shared.random_state(SIZE, np.random.default_rng(8)))
    np.testing.assert_allclose(state, expected, atol=tolerance)
    assert stats.passes == 1


@pytest.mark.usefixtures("small_chunks")
def test_each_phase_runs_in_the_pass_of_the_gates_around_it(shared):
    circuit = Circuit(SIZE)
    for _ in range(2):
        for qubit in range(SIZE):
            circuit.ry(0.3 + qubit, qubit)
        for qubit in range(SIZE - 1):
            circuit.cp(0.1, qubit, qubit + 1)
    state, stats = fast.statevector(circuit)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=1e-12)
    assert stats.passes == 2
