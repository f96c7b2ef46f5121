"""Compiled circuits: their states beside those of the simulator, their gradients beside finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import qdock
from qdock import Circuit, expr
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import Parameter
from qdock.gates import GATES, Gate
from qdock_algorithms import Pauli
from qdock_algorithms.exact import ExactCircuit
from qdock_algorithms.tables import Tables

T = [Parameter(f"t{index}") for index in range(6)]
OBSERVABLE = Pauli.from_list([("XYZIX", 0.3), ("ZZIII", 0.7), ("IIXYI", -1.1), ("YIIZZ", 0.2), ("IIIIZ", 0.4)])


def state_of(circuit: Circuit, values: dict) -> np.ndarray:
    return qdock.run(circuit.bind(values), "basic_simulator", output="statevector").result().get_statevector()


def check(circuit: Circuit, observable: Pauli = OBSERVABLE, seed: int = 5) -> None:
    """The state is the simulator's, and the gradient is the slope of the simulator's energies."""
    exact = ExactCircuit(circuit)
    values = np.random.default_rng(seed).uniform(0.2, 1.4, len(exact.parameters))

    def energy(at: np.ndarray) -> float:
        return observable.expectation(state_of(circuit, dict(zip(exact.parameters, at, strict=True))))

    state = state_of(circuit, dict(zip(exact.parameters, values, strict=True)))
    assert abs(np.vdot(state, exact.statevector(values))) == pytest.approx(1, abs=1e-12)
    found, gradient = exact.energy_and_gradient(observable, values)
    assert found == pytest.approx(energy(values), abs=1e-12)
    assert exact.energy(observable, values) == pytest.approx(found, abs=1e-12)
    step = 1e-5
    slopes = [
        (energy(values + step * unit) - energy(values - step * unit)) / (2 * step) for unit in np.eye(len(values))
    ]
    np.testing.assert_allclose(gradient, slopes, atol=1e-8)


def entangled() -> Circuit:
    circuit = Circuit(5)
    for qubit in range(5):
        circuit.ry(0.3 + qubit, qubit).rz(0.2 * qubit, qubit)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1).rx(0.4 * qubit, qubit)
    return circuit


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_of_the_table_is_differentiated_by_every_angle(name):
    row = GATES[name]
    qubits = [3, 0, 4, 1, 2][: row.num_qubits]
    circuit = entangled().append(name, qubits, T[: row.num_params])
    for qubit in range(5):
        circuit.ry(0.7 - qubit, qubit)
    check(circuit)


@pytest.mark.parametrize(
    "gate",
    [
        Gate("rx", (T[0],)).control(2, 1),
        Gate("p", (T[0],)).control(3),
        Gate("h").to_power(0.3).control(1, 0),
        Gate("iswap").control(1),
        Gate("x").control(4),
    ],
    ids=lambda gate: gate.label,
)
def test_gates_with_modifiers_are_differentiated(gate):
    circuit = entangled().append(gate, list(range(gate.num_qubits))).ry(T[1], 1)
    check(circuit)


@pytest.mark.parametrize(
    "angle",
    [
        2 * T[0] - T[1] / 3 + 0.5,
        -(T[0] + T[1]),
        T[0] * T[1],
        T[1] / T[0],
        T[0] ** 2 + 2 ** T[1],
        expr.sin(T[0]) * expr.cos(T[1]) + expr.tan(T[0] / 4),
        expr.exp(-T[0]) + expr.log(T[1]) + expr.sqrt(T[1] + T[0]),
        expr.arcsin(T[0] / 2) + expr.arccos(T[1] / 2) - expr.arctan(T[1]),
    ],
    ids=str,
)
def test_an_angle_may_be_any_smooth_expression(angle):
    check(entangled().rx(angle, 0).rzz(angle + T[0], 1, 4).ry(T[2], 3))


def test_layers_of_every_kind_and_a_parameter_in_many_places():
    circuit = Circuit(5).h(range(5)).barrier()
    for layer in range(3):
        for qubit in range(5):
            circuit.rzz(T[layer] * (1 + qubit), qubit, (qubit + 2) % 5).rz(T[3], qubit)
        circuit.rx(2 * T[layer + 1], range(5)).cx(0, 3).swap(1, 2).ccx(4, 0, 1).iswap(2, 3).cz(0, 1)
        circuit.u(T[4], T[5], T[0], layer).unitary(np.array([[0, 1j], [1, 0]]), 4)
    check(circuit)


def test_more_qubits_than_a_block_has():
    num_qubits = 11
    circuit = Circuit(num_qubits)
    parameters = [Parameter(f"a{index}") for index in range(2 * num_qubits)]
    for qubit in range(num_qubits):
        circuit.ry(parameters[qubit], qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    for qubit in range(0, num_qubits, 2):
        circuit.rx(parameters[num_qubits + qubit], qubit)
    chain = Pauli.from_sparse_list([("XY", [i, i + 1], 0.5 + i) for i in range(num_qubits - 1)], num_qubits)
    check(circuit, chain)


def test_values_are_in_the_order_of_names_with_numbers_by_value():
    circuit = Circuit(1).rx(Parameter("a10"), 0).ry(Parameter("a2"), 0).rz(Parameter("b"), 0)
    assert [item.name for item in ExactCircuit(circuit).parameters] == ["a2", "a10", "b"]


def test_a_circuit_without_parameters_or_gates_has_a_state_and_an_empty_gradient():
    energy, gradient = ExactCircuit(Circuit(2)).energy_and_gradient(Pauli("ZZ"), [])
    assert (energy, gradient.shape) == (1.0, (0,))
    assert ExactCircuit(Circuit(1).x(0)).energy(Pauli("Z"), []) == pytest.approx(-1)


def test_tables_beyond_the_limit_are_made_at_each_use():
    made = []
    tables = Tables(limit=100)
    for _ in range(2):
        tables.get("small", lambda: made.append("small") or np.zeros(10))
        tables.get("large", lambda: made.append("large") or np.zeros(10))
    assert made == ["small", "large", "large"]


@pytest.mark.parametrize(
    "make,error,message",
    [
        (lambda: ExactCircuit(Circuit(1, 1).measure(0, 0)), CircuitError, "gates alone .* this one has a 'measure'"),
        (
            lambda: ExactCircuit(Circuit(1).append(Gate("rz", (T[0],)).to_power(0.5), [0])),
            CircuitError,
            "A power of 'rz' can't be differentiated by its angle; multiply the angle instead",
        ),
        (lambda: ExactCircuit(Circuit(31)), LimitExceeded, "may have 30 qubits here, but has 31"),
        (
            lambda: ExactCircuit(Circuit(1).rx(T[0], 0)).statevector([1, 2]),
            ValueError,
            r"shape \(1,\), but one of \(2,\)",
        ),
        (lambda: ExactCircuit(Circuit(1).rx(T[0], 0)).statevector([np.inf]), ValueError, "must be finite"),
        (lambda: ExactCircuit(Circuit(1)).energy(Pauli("ZZ"), []), ValueError, "on 2 qubits, but the circuit has 1"),
        (lambda: ExactCircuit(Circuit(1)).energy(Pauli("Z", 1j), []), ValueError, "has real coefficients"),
        (
            lambda: ExactCircuit(Circuit(1).rx(expr.floor(T[0]), 0)).energy_and_gradient(Pauli("Z"), [0.5]),
            CircuitError,
            "can't be differentiated",
        ),
        (
            lambda: ExactCircuit(Circuit(1).rx(expr.log(T[0]), 0)).statevector([-1.0]),
            CircuitError,
            "has no value or no derivative here",
        ),
        (
            lambda: ExactCircuit(Circuit(1, 1).rx(expr.cast(Circuit(1, 1).bit(0), expr.FLOAT), 0)).statevector([]),
            CircuitError,
            "can't be differentiated",
        ),
    ],
)
def test_what_can_not_be_computed_is_told(make, error, message):
    with pytest.raises(error, match=message):
        make()
