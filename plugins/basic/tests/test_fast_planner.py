"""Which passes a circuit takes: matrices that become real ones, and places that are kept out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")


SIZE = 12


def ladders(num_qubits, layers, rng):
    """Layers of RY, RZ and a ladder of CX."""
    circuit = Circuit(num_qubits)
    for _ in range(layers):
        for qubit in range(num_qubits):
            circuit.ry(float(rng.uniform(-4, 4)), qubit).rz(float(rng.uniform(-4, 4)), qubit)
        circuit.cx(range(num_qubits - 1), range(1, num_qubits))
    return circuit


def some_phases(circuit, rng):
    """Append a gate on one qubit that is real but for the phases of its rows, or nearly, or a controlled one."""
    a, b = rng.permutation(SIZE)[:2].tolist()
    angles = rng.choice([0, math.pi / 2, math.pi, -2.5, 1e-9, float(rng.uniform(-4, 4))], 3).tolist()
    kind = rng.integers(6)
    if kind == 0:
        circuit.h(a).p(angles[0], a)
    elif kind == 1:
        circuit.ry(angles[0], a).rz(angles[1], a)
    elif kind == 2:
        circuit.u(*angles, a)
    elif kind == 3:
        circuit.y(a).s(a)
    elif kind == 4:
        circuit.append("cu3", [b, a], angles)
    else:
        circuit.cx(a, b)


@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(0, 80), seed=st.integers(0, 2**32))
def test_matrices_that_are_real_but_for_phases_give_the_numpy_engine_s_states(
    shared, precision, tolerance, length, seed
):
    rng = np.random.default_rng(seed)
    circuit, initial = Circuit(SIZE, global_phase=0.4), shared.random_state(SIZE, rng)
    for _ in range(length):
        some_phases(circuit, rng)
    state, _ = fast.statevector(circuit, precision=precision, initial=initial, threads=2)
    np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)


@pytest.mark.usefixtures("small_chunks")
def test_ladders_of_gates_take_few_passes(shared, precision, tolerance):
    circuit = ladders(14, 8, np.random.default_rng(2))
    state, stats = fast.statevector(circuit, precision=precision, threads=2)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=tolerance)
    assert stats.passes <= 6
