"""The fast engine's states of a few qubits: every gate, wherever its qubits lie, and rows merged as they should be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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

from qdock_basic.fast.front import programs
from qdock_basic.fast.front.columns import make_rows
from qdock_basic.fast.front.rows import DIAGONAL, GONE, KIND, ONE, PARTS, TWO, A, B
from qdock_basic.fast.machine.vectors import COMPLEX, REAL, TURNED
from qdock_basic.fast.small.direct import MOST_DIRECT


def rows_of(circuit, fresh=True):
    """What the front end makes of a circuit: the rows that are left, and the diagonal terms of each."""
    rows = make_rows(programs.ready(circuit).addresses, circuit.num_qubits, 0, 0, len(circuit), 0.0, fresh)
    terms = list(zip(rows.masks.tolist(), rows.angles.tolist(), strict=False))
    return [(row, terms[row[A] : row[B]] if row[KIND] == DIAGONAL else []) for row in rows.rows if row[KIND] != GONE]


def modified(row, rng, room):
    """A gate as it is, under controls, and to a power."""
    plain = Gate(row.name, tuple(rng.uniform(-4, 4, row.num_params)))
    yield plain
    yield plain.to_power(float(rng.uniform(-2, 2)))
    for count in range(1, room + 1):
        yield plain.control(count, int(rng.integers(1 << count)))


@pytest.mark.parametrize("name", GATES)
def test_every_gate_with_modifiers_acts_on_few_qubits_as_in_numpy(shared, precision, tolerance, name):
    rng = np.random.default_rng(GATES[name].code)
    for num_qubits in [*range(max(1, GATES[name].num_qubits), 8), MOST_DIRECT + 1]:
        for gate in modified(GATES[name], rng, min(num_qubits, 7) - GATES[name].num_qubits):
            circuit = Circuit(num_qubits).append(gate, rng.permutation(num_qubits)[: gate.num_qubits].tolist())
            initial = shared.random_state(num_qubits, rng)
            state, _ = fast.statevector(circuit, precision=precision, initial=initial)
            np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)
            whole = Circuit(num_qubits)
            for qubit in range(num_qubits):
                whole.ry(0.3 + qubit, qubit)
            whole.compose(circuit)
            state, _ = fast.statevector(whole, precision=precision)
            np.testing.assert_allclose(state, shared.reference(whole), atol=tolerance)


@pytest.mark.parametrize("num_qubits", [6, MOST_DIRECT + 1])
@pytest.mark.parametrize("parts", [COMPLEX, REAL, TURNED])
def test_a_matrix_acts_on_any_two_qubits_under_any_control(shared, precision, tolerance, num_qubits, parts):
    rng = np.random.default_rng(parts)
    left, right = (rng.normal(size=(2, 2, 2)) @ [1, 1j] for _ in range(2))
    matrix = np.linalg.qr(np.kron(left, right))[0]
    if parts == REAL:
        matrix = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    if parts == TURNED:
        both = Circuit(2).rx(0.4, 0).rx(1.1, 1).cz(0, 1).rx(0.9, 1)
        matrix = np.asarray(fast.unitary(both)[0])
    for a in range(6):
        for b in set(range(6)) - {a}:
            initial = shared.random_state(num_qubits, rng)
            for gate in (Gate("unitary", array=matrix), Gate("unitary", array=matrix).control(1, int(rng.integers(2)))):
                control = [int(rng.choice(list(set(range(6)) - {a, b})))][: gate.num_qubits - 2]
                circuit = Circuit(num_qubits).append(gate, [*control, a, b])
                state, _ = fast.statevector(circuit, precision=precision, initial=initial)
                np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)


@settings(max_examples=40, deadline=None)
@given(num_qubits=st.integers(1, MOST_DIRECT + 2), length=st.integers(0, 300), seed=st.integers(0, 2**32))
def test_long_circuits_of_few_qubits_have_room(shared, num_qubits, length, seed):
    rng = np.random.default_rng(seed)
    circuit = shared.random_circuit(num_qubits, length, rng, 3)
    np.testing.assert_allclose(fast.statevector(circuit)[0], shared.reference(circuit), atol=1e-11)


@pytest.mark.parametrize("num_qubits", [2, 3, 6, 9, 12, 13])
def test_the_most_rows_and_terms_that_gates_may_make_have_room(shared, num_qubits):
    circuit = Circuit(num_qubits)
    for step in range(400):
        a, b = step % num_qubits, (step + 1) % num_qubits
        # A matrix on two qubits, phases on both and on each, and nothing that merges.
        circuit.rxx(0.1 + step, a, b) if step % 2 else circuit.append(Gate("rzz", (0.7,)).to_power(0.3), [a, b])
        circuit.u(0.2, 0.3, 0.4, b)
    np.testing.assert_allclose(fast.statevector(circuit)[0], shared.reference(circuit), atol=1e-11)


def test_phases_on_one_qubit_are_one_term():
    circuit = Circuit(2).h(0).h(1).cp(0.5, 0, 1).p(0.25, 0).rz(0.5, 1).p(0.5, 0)
    *_, (row, terms) = rows_of(circuit)[:-1]
    assert row[KIND] == DIAGONAL
    assert dict(terms) == pytest.approx({0b11: 0.5, 0b01: 0.75, 0b10: 0.5})


def test_the_global_phase_of_all_gates_is_one_term_at_the_end():
    circuit = Circuit(2).h(0).h(1).rzz(0.5, 0, 1).h(0).h(1).rzz(0.5, 0, 1)
    assert rows_of(circuit)[-1][1] == [(0, pytest.approx(-0.5))]


def test_gates_on_the_same_qubits_are_one_matrix():
    circuit = Circuit(3).h(0).h(1).cx(0, 1).h(0).s(0).rx(0.1, 1).cz(1, 0).rzz(0.4, 0, 1).swap(0, 2).cx(1, 2)
    assert [row[KIND] for row, _ in rows_of(circuit)] == [TWO]
    assert [row[KIND] for row, _ in rows_of(Circuit(1).h(0).t(0).h(0))] == [ONE]


def test_a_matrix_is_known_as_real_or_turned():
    circuit = Circuit(6).ry(0.1, 0).rx(0.1, 1).u(1, 2, 3, 2).rx(0.1, 3).rx(0.1, 4).cz(3, 4)
    assert [row[PARTS] for row, _ in rows_of(circuit)] == [REAL, TURNED, COMPLEX, TURNED]


def test_a_changed_circuit_is_read_again(shared):
    circuit = Circuit(2).h(0)
    fast.statevector(circuit)
    known = programs.ready(circuit)
    assert programs.ready(circuit) is known
    circuit.cx(0, 1).gphase(0.5)
    assert programs.ready(circuit) is not known
    np.testing.assert_allclose(fast.statevector(circuit)[0], shared.reference(circuit), atol=1e-12)


def test_an_unbound_parameter_is_refused_each_time():
    circuit = Circuit(1).rx(Parameter("theta"), 0)
    for _ in range(2):
        with pytest.raises(CircuitError, match="theta"):
            fast.statevector(circuit)
    np.testing.assert_allclose(fast.statevector(circuit.bind({"theta": 0.0}))[0], [1, 0])


def test_threads_run_small_circuits_at_once(shared):
    rng = np.random.default_rng(6)
    circuits = [shared.random_circuit(int(n), 40, rng, 3) for n in rng.integers(1, 8, 20)]
    expected = [shared.reference(circuit) for circuit in circuits]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for state, answer in zip(pool.map(lambda c: fast.statevector(c)[0], circuits), expected, strict=True):
                np.testing.assert_allclose(state, answer, atol=1e-11)


def test_a_wrong_number_of_threads_is_refused_for_small_circuits_too():
    with pytest.raises(ValueError, match="`threads` must be at least 1, but is 0"):
        fast.statevector(Circuit(1), threads=0)
