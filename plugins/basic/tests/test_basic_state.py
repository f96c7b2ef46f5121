from __future__ import annotations

from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.gates import GATES, Gate, gate
from qdock_basic.states import state as states

TOLERANCE = {"double": 1e-12, "single": 3e-6}
angles = st.floats(-7, 7, allow_nan=False)


def random_state(num_qubits: int, seed: int, precision: str = "double") -> np.ndarray:
    rng = np.random.default_rng(seed)
    amplitudes = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    return states.prepare(num_qubits, amplitudes / np.linalg.norm(amplitudes), precision)


def random_unitary(num_qubits: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = 1 << num_qubits
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


def some_angles(name: str, seed: int) -> tuple[float, ...]:
    return tuple(np.random.default_rng(seed).uniform(-6, 6, GATES[name].num_params))


# --- gates


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_of_the_table_is_its_kronecker_product(name: str, precision: str, oracle: ModuleType) -> None:
    made = gate(name, *some_angles(name, 3))
    rng = np.random.default_rng(5)
    for num_qubits in range(made.num_qubits, 7):
        qubits = tuple(rng.permutation(num_qubits)[: made.num_qubits].tolist())
        state = random_state(num_qubits, num_qubits, precision)
        expected = oracle.embedded(made.matrix(), qubits, num_qubits) @ state
        states.apply_gate(state, made, qubits)
        assert state.dtype == states.PRECISIONS[precision]
        np.testing.assert_allclose(state, expected, rtol=0, atol=TOLERANCE[precision])


@settings(max_examples=60)
@given(st.data())
def test_random_circuits_are_products_of_kronecker_products(oracle: ModuleType, simulated: Any, data: Any) -> None:
    num_qubits = data.draw(st.integers(1, 6))
    names = [name for name, row in GATES.items() if row.num_qubits <= num_qubits]
    circuit = Circuit(num_qubits, global_phase=data.draw(angles))
    for _ in range(data.draw(st.integers(1, 8))):
        name = data.draw(st.sampled_from(names))
        qubits = data.draw(st.permutations(range(num_qubits)))[: GATES[name].num_qubits]
        circuit.append(name, qubits, [data.draw(angles) for _ in GATES[name].parameters])
    expected = oracle.unitary(circuit)
    found = simulated(circuit, output="unitary").unitary
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    vector = simulated(circuit, output="statevector").statevector
    np.testing.assert_allclose(vector, expected[:, 0], rtol=0, atol=1e-12)


@settings(max_examples=40)
@given(st.data())
def test_modified_gates_are_products_of_kronecker_products(oracle: ModuleType, simulated: Any, data: Any) -> None:
    num_qubits = data.draw(st.integers(3, 6))
    base = Gate(*data.draw(st.sampled_from([("x",), ("h",), ("rz", (0.7,)), ("swap",), ("u", (0.3, 0.1, 2.0))])))
    if data.draw(st.booleans()):
        base = Gate("unitary", array=random_unitary(data.draw(st.integers(1, 2)), data.draw(st.integers(0, 9))))
    made = base.to_power(data.draw(st.sampled_from([1, -1, 2, 0.5, -0.25])))
    free = num_qubits - made.num_qubits
    if free:
        count = data.draw(st.integers(1, free))
        made = made.control(count, state=data.draw(st.integers(0, (1 << count) - 1)))
    qubits = data.draw(st.permutations(range(num_qubits)))[: made.num_qubits]
    circuit = Circuit(num_qubits).h(range(num_qubits)).append(made, qubits)
    np.testing.assert_allclose(
        simulated(circuit, output="unitary").unitary, oracle.unitary(circuit), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", [1, 2, 5, 9, 10, 12])
def test_matrices_of_every_shape_act_as_a_tensor_contraction(num_qubits: int, precision: str) -> None:
    rng = np.random.default_rng(num_qubits)
    for size in range(1, min(num_qubits, 4) + 1):
        permutation = np.zeros((1 << size, 1 << size), complex)
        permutation[rng.permutation(1 << size), np.arange(1 << size)] = np.exp(1j * rng.uniform(0, 6, 1 << size))
        diagonal = np.diag(np.exp(1j * rng.uniform(0, 6, 1 << size)))
        for matrix in (random_unitary(size, 1), permutation, diagonal, np.eye(1 << size)):
            qubits = tuple(rng.permutation(num_qubits)[:size].tolist())
            state = random_state(num_qubits, 2, precision)
            tensor = state.reshape((2,) * num_qubits)
            axes = [num_qubits - 1 - qubit for qubit in reversed(qubits)]
            moved = np.tensordot(matrix.reshape((2,) * (2 * size)), tensor, (range(size, 2 * size), axes))
            expected = np.moveaxis(moved, range(size), axes).reshape(-1)
            states.apply_matrix(state, matrix, qubits)
            np.testing.assert_allclose(state, expected, rtol=0, atol=TOLERANCE[precision])


def test_a_matrix_need_not_be_unitary() -> None:
    state = random_state(3, 1)
    expected = state.reshape(4, 2) @ np.array([[0, 2], [0, 0]]).T
    states.apply_matrix(state, [[0, 2], [0, 0]], [0])
    np.testing.assert_allclose(state, expected.reshape(-1))


def test_gates_with_many_controls_make_no_large_matrix() -> None:
    state = np.zeros(1 << 16, complex)
    state[-2] = 1
    states.apply_gate(state, Gate("x", controls=(1,) * 15), [*range(1, 16), 0])
    assert state[-1] == 1


def test_the_first_qubit_of_a_gate_is_its_least_significant_bit() -> None:
    state = states.prepare(2)
    states.apply_matrix(state, [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], [1, 0])
    assert state.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("qubits", [[0, 0], [0, 3], [-1, 0]])
def test_qubits_that_are_no_distinct_qubits_of_the_state_are_refused(qubits: list[int]) -> None:
    with pytest.raises(ValueError, match="must be distinct and from 0 to 2, but are"):
        states.apply_gate(states.prepare(3), gate("cx"), qubits)


def test_too_many_qubits_for_a_gate_are_refused() -> None:
    with pytest.raises(ValueError, match="Gate 'cx' acts on 2 qubits, but 3 were given"):
        states.apply_gate(states.prepare(3), gate("cx"), [0, 1, 2])


def test_a_matrix_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"A matrix on 1 qubits has the shape \(2, 2\), but this one has \(4, 4\)"):
        states.apply_matrix(states.prepare(3), np.eye(4), [0])


# --- preparing


@pytest.mark.parametrize("num_qubits", [0, 1, 5])
def test_a_new_state_has_all_qubits_zero(num_qubits: int) -> None:
    state = states.prepare(num_qubits)
    assert state.dtype == np.complex128
    assert state.tolist() == [1] + [0] * ((1 << num_qubits) - 1)


def test_a_given_state_is_copied() -> None:
    amplitudes = np.array([0.6, 0.8j])
    state = states.prepare(1, amplitudes, "single")
    state[0] = 0
    assert amplitudes.tolist() == [0.6, 0.8j]
    assert state.dtype == np.complex64


def test_a_state_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`initial_state` must have 2\^2 = 4 amplitudes .* has the shape \(2,\)"):
        states.prepare(2, [1, 0])


@pytest.mark.parametrize("amplitudes", [[1, 1], [0.5, 0]])
def test_a_state_without_norm_one_is_refused(amplitudes: list[float]) -> None:
    with pytest.raises(ValueError, match="`initial_state` must have norm 1, but its norm is"):
        states.prepare(1, amplitudes)


# --- reading


@pytest.mark.parametrize("qubits", [None, [0, 1, 2, 3, 4], [4, 0], [2], [3, 1, 4], []])
def test_probabilities_are_sums_over_the_other_qubits(qubits: list[int] | None) -> None:
    state = random_state(5, 8)
    expected = np.zeros(1 << (5 if qubits is None else len(qubits)))
    for index, amplitude in enumerate(state):
        outcome = index if qubits is None else sum((index >> qubit & 1) << place for place, qubit in enumerate(qubits))
        expected[outcome] += abs(amplitude) ** 2
    np.testing.assert_allclose(states.probabilities(state, qubits), expected, rtol=0, atol=1e-14)


def test_probabilities_of_single_precision_are_added_up_in_double() -> None:
    state = random_state(10, 8, "single")
    table = states.probabilities(state, [3])
    assert table.dtype == np.float64
    np.testing.assert_allclose(table.sum(), (np.abs(state.astype(complex)) ** 2).sum(), rtol=1e-14)


def test_probabilities_of_a_qubit_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="must be distinct"):
        states.probabilities(states.prepare(2), [1, 1])


# --- measuring


@pytest.mark.parametrize("draw, outcome", [(0.0, 0), (0.3599, 0), (0.3601, 1), (0.999, 1)])
def test_a_measurement_finds_zero_below_its_probability(draw: float, outcome: int) -> None:
    state = states.prepare(1, [0.6, 0.8j])
    assert states.measure(state, 0, draw) == outcome
    np.testing.assert_allclose(state, [[1, 0], [0, 1j]][outcome])


def test_a_measurement_projects_and_normalises(oracle: ModuleType) -> None:
    state = random_state(4, 3)
    unit = np.diag([0, 1])
    expected = oracle.embedded(unit, (2,), 4) @ state
    assert states.measure(state, 2, 1 - 1e-12) == 1
    np.testing.assert_allclose(state, expected / np.linalg.norm(expected), rtol=0, atol=1e-14)


def test_what_cannot_happen_is_never_measured() -> None:
    state = states.prepare(1, [1 - 1e-9, 0])
    assert states.measure(state, 0, 1 - 2**-53) == 0
    assert states.measure(states.prepare(1, [0, 1]), 0, 0.0) == 1


@pytest.mark.parametrize("draw", [0.1, 0.9])
def test_a_reset_leaves_zero_and_keeps_the_rest(draw: float) -> None:
    bell = states.prepare(2, [np.sqrt(0.5), 0, 0, np.sqrt(0.5)])
    outcome = states.reset(bell, 0, draw)
    assert outcome == (draw > 0.5)
    np.testing.assert_allclose(bell, np.eye(4)[2 * outcome], atol=1e-15)


def test_measuring_a_qubit_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1, but are"):
        states.measure(states.prepare(2), 2, 0.5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((-1,), "`num_qubits` must be at least 0, but is -1"),
        ((1, None, "half"), "`precision` must be one of 'double', 'single', but is 'half'"),
        ((1, [np.inf, 0]), "`initial_state` must have finite amplitudes, but one is infinite or not a number"),
        ((1, [np.nan, 1]), "`initial_state` must have finite amplitudes, but one is infinite or not a number"),
    ],
)
def test_a_state_that_can_not_be_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        states.prepare(*arguments)


def test_kron_of_one_qubit_states_is_prepared_by_one_qubit_gates() -> None:
    rows = [random_unitary(1, seed) for seed in range(7)]
    state = states.prepare(7)
    for qubit, matrix in enumerate(rows):
        states.apply_matrix(state, matrix, [qubit])
    expected = reduce(np.kron, [matrix[:, 0] for matrix in reversed(rows)])
    np.testing.assert_allclose(state, expected, rtol=0, atol=1e-14)
