"""States that are sums of few product states: which circuits have them, and their amplitudes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.gates import GATES, Gate
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from qdock_basic.fast.front.programs import ready
from qdock_basic.fast.products.state import product_state
from qdock_basic.fast.products.terms import MOST_TERMS, terms_of

PRECISIONS = {"double": (np.complex128, 1e-12), "single": (np.complex64, 1e-5)}
both_precisions = pytest.mark.parametrize("precision", PRECISIONS)


def state_of(circuit, precision="double", threads=2, watch=None):
    """The state as a sum of product states, or None."""
    known, dtype = ready(circuit), PRECISIONS[precision][0]
    found = product_state(known, circuit.num_qubits, circuit.global_phase, dtype, threads, watch)
    return None if found is None else found[0]


def number_of_terms(circuit):
    factors = np.empty((2 * MOST_TERMS, circuit.num_qubits, 2), complex)
    weights = np.empty(2 * MOST_TERMS, complex)
    return terms_of(ready(circuit).addresses, circuit.num_qubits, len(circuit), factors, weights)


def grover(num_qubits, rounds, marked):
    """Grover's search for a basis state."""
    circuit, qubits = Circuit(num_qubits).h(range(num_qubits)), list(range(num_qubits))
    phase = Gate("p", (math.pi,))
    for _ in range(rounds):
        circuit.append(phase.control(num_qubits - 1, marked & (1 << num_qubits - 1) - 1), qubits)
        circuit.h(qubits).append(phase.control(num_qubits - 1, 0), qubits).h(qubits)
    return circuit


ALONE = [row for row in GATES.values() if row.num_qubits - row.num_controls == 1]


def random_gate(circuit, rng):
    """Append a gate on one qubit, under controls or not, or an exchange."""
    order = rng.permutation(circuit.num_qubits).tolist()
    if rng.integers(8) == 0:
        circuit.swap(*order[:2])
        return
    row = ALONE[rng.integers(len(ALONE))]
    gate = Gate(row.name, tuple(rng.choice([math.pi, math.pi / 2, rng.uniform(-4, 4)], row.num_params)))
    more = int(rng.integers(circuit.num_qubits - row.num_qubits + 1)) if rng.integers(3) == 0 else 0
    if more:
        gate = gate.control(more, int(rng.integers(1 << more)))
    circuit.append(gate, order[: gate.num_qubits])


@both_precisions
@settings(max_examples=60, deadline=None)
@given(num_qubits=st.integers(5, 12), length=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_what_is_a_sum_of_products_has_the_numpy_engine_s_state(shared, precision, num_qubits, length, seed):
    rng, tolerance = np.random.default_rng(seed), PRECISIONS[precision][1]
    circuit = Circuit(num_qubits, global_phase=float(rng.uniform(-3, 3)))
    for _ in range(length):
        before = circuit.copy()
        random_gate(circuit, rng)
        if not number_of_terms(circuit):
            circuit = before
    np.testing.assert_allclose(state_of(circuit, precision), shared.reference(circuit), atol=tolerance)


@both_precisions
@pytest.mark.parametrize("num_qubits", [1, 2, 10, 11, 16, 18])
def test_states_of_any_size_are_written_whole(shared, precision, num_qubits):
    circuit = Circuit(num_qubits).ry(0.3, range(num_qubits)).rz(0.4, range(num_qubits))
    if num_qubits > 1:
        circuit.cx(0, num_qubits - 1).cp(0.7, num_qubits - 1, (num_qubits - 1) // 2)
    state = state_of(circuit, precision)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=PRECISIONS[precision][1])


def test_all_rounds_of_grover_s_search_have_two_terms(shared):
    circuit = grover(10, 25, 0b1011001110)
    assert number_of_terms(circuit) == 2
    np.testing.assert_allclose(state_of(circuit), shared.reference(circuit), atol=1e-12)


def missing(circuit, qubits):
    circuit.append(Gate("p", (math.pi,)).control(len(qubits) - 2), qubits[:-1])


def other_layer(circuit, qubits):
    circuit.append(Gate("p", (math.pi,)).control(len(qubits) - 1), qubits).ry(0.3, qubits[:5])


def other_states(circuit, qubits):
    circuit.append(Gate("p", (0.4,)).control(len(qubits) - 1, 0b10010), qubits)


def matrix(circuit, qubits):
    circuit.append(Gate("u", (0.3, 0.4, 0.5)).control(len(qubits) - 1), qubits)


@pytest.mark.parametrize("between", [missing, other_layer, other_states, matrix])
def test_what_only_resembles_grover_s_search_is_run_as_it_is(shared, between):
    circuit, qubits = grover(11, 1, 5), list(range(11))
    between(circuit, qubits)
    circuit.compose(grover(11, 1, 6))
    np.testing.assert_allclose(state_of(circuit), shared.reference(circuit), atol=1e-12)


def test_the_fourier_transform_of_a_basis_state_is_a_product(shared):
    circuit = Circuit(11).x([0, 3, 4])
    for target in reversed(range(11)):
        circuit.h(target)
        for control in range(target):
            circuit.cp(math.pi / 2 ** (target - control), control, target)
    for qubit in range(5):
        circuit.swap(qubit, 10 - qubit)
    assert number_of_terms(circuit) == 1
    np.testing.assert_allclose(state_of(circuit), shared.reference(circuit), atol=1e-12)


def test_a_phase_given_back_to_the_control_adds_no_term():
    circuit = Circuit(10).h(range(9)).x(9).h(9)
    for qubit in range(9):
        circuit.cx(qubit, 9)
    assert number_of_terms(circuit) == 1


def test_what_is_undone_leaves_one_term():
    circuit = Circuit(4).ry(0.3, range(4)).ccx(0, 1, 2).cx(2, 3)
    assert number_of_terms(circuit) > 1
    assert number_of_terms(circuit.cx(2, 3).ccx(0, 1, 2)) == 1


def test_arithmetic_on_basis_states_has_one_term():
    circuit = Circuit(12).x(range(6))
    for qubit in range(10):
        circuit.ccx(qubit, qubit + 1, qubit + 2)
    assert number_of_terms(circuit) == 1


@pytest.mark.parametrize("name", ["rxx", "rzz", "cswap"])
def test_a_gate_that_is_not_known_here_is_left_to_others(name):
    row = GATES[name]
    circuit = Circuit(4).append(name, list(range(row.num_qubits)), (0.3,) * row.num_params)
    assert state_of(circuit) is None


def test_a_matrix_on_two_qubits_is_left_to_others():
    assert state_of(Circuit(3).unitary(np.eye(4), [0, 1])) is None


def test_too_many_terms_are_left_to_others():
    circuit = Circuit(8).ry(0.3, range(8))
    for qubit in range(0, 6, 2):
        circuit.crx(0.4, qubit, qubit + 1)
    assert number_of_terms(circuit) == MOST_TERMS
    assert state_of(circuit.crx(0.4, 6, 7)) is None


@both_precisions
def test_a_state_that_is_mostly_zero_is_zero_there(shared, precision):
    circuit = Circuit(18).x(range(0, 18, 3)).ry(0.3, [1, 16])
    state = state_of(circuit, precision)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=PRECISIONS[precision][1])
    assert np.count_nonzero(state) == 4


def test_any_number_of_threads_writes_the_same_bits():
    circuit = grover(18, 2, 77)
    one = state_of(circuit, threads=1)
    for threads in (2, 5):
        np.testing.assert_array_equal(state_of(circuit, threads=threads), one)


def test_a_look_can_stop_the_writing():
    class Stopper:
        def is_due(self):
            return True

        def look(self, fraction):
            raise KeyboardInterrupt(fraction)

    with pytest.raises(KeyboardInterrupt, match=r"1\.0"):
        state_of(grover(16, 1, 0), watch=Stopper())


def test_large_states_are_tried_as_sums_first(shared):
    circuit = grover(14, 3, 1234)
    state, stats = fast.statevector(circuit)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=1e-12)
    assert stats.passes == 1
