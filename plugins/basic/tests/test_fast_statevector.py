"""The fast engine's states and unitaries, compared with Kronecker products and with the numpy engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.errors import CircuitError
from qdock.expr import Parameter
from qdock.gates import GATES, Gate
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")


@pytest.mark.parametrize("name", GATES)
def test_every_gate_does_what_its_matrix_says(shared, name, precision, tolerance, oracle):
    rng = np.random.default_rng(GATES[name].code)
    row = GATES[name]
    circuit = Circuit(6)
    for _ in range(3):
        circuit.append(name, rng.permutation(6)[: row.num_qubits].tolist(), rng.uniform(-4, 4, row.num_params).tolist())
    expected = oracle.unitary(circuit)
    np.testing.assert_allclose(fast.unitary(circuit, precision=precision)[0], expected, atol=tolerance)
    initial = shared.random_state(6, rng)
    state, _ = fast.statevector(circuit, precision=precision, initial=initial)
    np.testing.assert_allclose(state, expected @ initial, atol=tolerance)


@settings(max_examples=60, deadline=None)
@given(num_qubits=st.integers(1, 9), length=st.integers(0, 40), seed=st.integers(0, 2**32), fresh=st.booleans())
def test_random_circuits_give_the_numpy_engine_s_states(shared, precision, tolerance, num_qubits, length, seed, fresh):
    rng = np.random.default_rng(seed)
    circuit = shared.random_circuit(num_qubits, length, rng)
    initial = None if fresh else shared.random_state(num_qubits, rng)
    state, _ = fast.statevector(circuit, precision=precision, initial=initial)
    assert state.dtype == {"double": np.complex128, "single": np.complex64}[precision]
    np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)


def test_a_range_of_a_circuit_is_applied_in_place(shared, precision, tolerance):
    rng = np.random.default_rng(1)
    circuit = shared.random_circuit(7, 30, rng)
    whole = shared.random_state(7, rng).astype({"double": np.complex128, "single": np.complex64}[precision])
    parts = whole.copy()
    fast.apply(whole, circuit)
    for start, stop in ((0, 11), (11, 12), (12, None)):
        fast.apply(parts, circuit, start, stop)
    np.testing.assert_allclose(parts, whole, atol=tolerance)


def test_a_circuit_without_qubits_is_its_global_phase():
    state, _ = fast.statevector(Circuit(global_phase=0.4))
    np.testing.assert_allclose(state, [np.exp(0.4j)])


def test_an_initial_state_is_left_as_it_is(shared):
    initial = shared.random_state(3, np.random.default_rng(2))
    kept = initial.copy()
    fast.statevector(Circuit(3).h(0).cx(0, 1), initial=initial)
    np.testing.assert_array_equal(initial, kept)


def test_a_large_matrix_is_applied_too(shared):
    rng = np.random.default_rng(3)
    circuit = Circuit(9).h(0).unitary(shared.random_unitary(8, rng), [3, 1, 4, 0, 5, 8, 2, 6]).swap(0, 7).cx(1, 7)
    np.testing.assert_allclose(fast.statevector(circuit)[0], shared.reference(circuit), atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_several_circuits_give_the_states_of_each(shared, precision, tolerance, threads):
    rng = np.random.default_rng(4)
    circuits = [shared.random_circuit(int(n), int(rng.integers(15)), rng) for n in rng.integers(1, 9, 60)]
    circuits[7] = Circuit(8).unitary(shared.random_unitary(8, rng), range(8))
    circuits[11] = Circuit(0, global_phase=1.5)
    states, stats = fast.statevectors(circuits, precision=precision, threads=threads)
    for circuit, state in zip(circuits, states, strict=True):
        np.testing.assert_allclose(state, shared.reference(circuit), atol=tolerance)
    assert stats.passes == 61


def test_barriers_delays_and_controls_of_one_circuit_leave_the_next_ones_as_they_are(shared):
    one = Circuit(3).h(0).barrier().append(Gate("ry", (0.3,)).control(2, 1), [0, 1, 2]).delay(5, [0, 1]).cx(0, 2)
    other = Circuit(2).barrier(1).u(0.1, 0.2, 0.3, 1).append(Gate("x").control(1, 0), [1, 0]).rzz(0.4, 0, 1)
    circuits = [one, other, one, Circuit(1), other]
    for circuit, state in zip(circuits, fast.statevectors(circuits)[0], strict=True):
        np.testing.assert_allclose(state, shared.reference(circuit), atol=1e-12)


def test_an_unbound_parameter_of_one_of_several_circuits_is_refused():
    with pytest.raises(CircuitError, match="theta"):
        fast.statevectors([Circuit(1), Circuit(1).rx(Parameter("theta"), 0)])


def test_no_circuits_give_no_states():
    assert fast.statevectors([])[0] == []


@pytest.mark.parametrize("num_qubits, width", [(0, 1), (6, 1), (6, 2), (6, 16), (6, 64), (18, 1024), (18, 1 << 17)])
def test_probabilities_and_their_sums_over_blocks_are_those_of_the_amplitudes(shared, precision, num_qubits, width):
    state = shared.random_state(num_qubits, np.random.default_rng(5))
    state = state.astype({"double": np.complex128, "single": np.complex64}[precision])
    expected = abs(state.astype(complex)) ** 2
    np.testing.assert_allclose(fast.probabilities(state, 2), expected, rtol=1e-12)
    sums = fast.block_sums(state, width, 2)
    np.testing.assert_allclose(sums, expected.reshape(-1, width).sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(sums, fast.block_sums(state, width, 1))


def test_a_measurement_is_refused():
    with pytest.raises(ValueError, match="a measurement or classical control stands in the range"):
        fast.statevector(Circuit(1, 1).h(0).measure(0, 0))


def test_an_unbound_parameter_is_refused():
    with pytest.raises(CircuitError, match="theta"):
        fast.statevector(Circuit(1).rx(Parameter("theta"), 0))
