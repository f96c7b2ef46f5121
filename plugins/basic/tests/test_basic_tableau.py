from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.gates import GATES, Gate
from qdock_basic.clifford import clifford_of, is_clifford
from qdock_basic.tableau import outcomes_of
from qdock_basic.watch import Watch

FIXED = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "id")
PAIRS = ("cx", "cy", "cz", "swap", "iswap", "dcx", "ecr")
TURNS = ("rx", "ry", "rz", "p", "rxx", "rzz", "rzx", "ryy")


@st.composite
def clifford_circuits(draw: Any, most_qubits: int = 4) -> Circuit:
    """Gates, measurements, and resets in any order; every clbit is shown."""
    size = draw(st.integers(1, most_qubits))
    circuit = Circuit(size, draw(st.integers(1, 4)))
    for _ in range(draw(st.integers(0, 20))):
        kind = draw(st.sampled_from(["fixed", "fixed", "pair", "pair", "turn", "measure", "reset", "power"]))
        first, second = (*draw(st.permutations(range(size))), None)[:2]
        if kind == "fixed":
            circuit.append(draw(st.sampled_from(FIXED)), [first])
        elif kind == "pair" and second is not None:
            circuit.append(draw(st.sampled_from(PAIRS)), [first, second])
        elif kind == "turn":
            name = draw(st.sampled_from(TURNS if second is not None else TURNS[:4]))
            circuit.append(name, [first, second][: GATES[name].num_qubits], [math.pi / 2 * draw(st.integers(-4, 4))])
        elif kind == "measure":
            circuit.measure(first, draw(st.integers(0, circuit.num_clbits - 1)))
        elif kind == "reset":
            circuit.reset(first)
        elif kind == "power":
            circuit.append(Gate("s").to_power(3), [first])
    return circuit.measure(0, 0)


def space_of(circuit: Circuit) -> Any:
    return outcomes_of(circuit, Watch(Context()))


@settings(deadline=None)
@given(clifford_circuits())
def test_all_outcomes_are_those_of_statevectors_and_equally_likely(oracle: Any, circuit: Circuit) -> None:
    assert is_clifford(circuit)
    space = space_of(circuit)
    choices = np.arange(1 << len(space.rows), dtype=np.uint64).reshape(-1, 1)
    found = np.zeros(1 << circuit.num_clbits)
    np.add.at(found, space.outcomes(choices)[:, 0].astype(int), 0.5 ** len(space.rows))
    np.testing.assert_allclose(found, oracle.distribution(circuit), atol=1e-9)


@pytest.mark.parametrize("name", GATES)
def test_a_gate_of_the_table_is_clifford_if_it_turns_pauli_matrices_into_pauli_matrices(name: str) -> None:
    row = GATES[name]
    if row.num_qubits > 2:
        return
    for angles in ([0.3] * row.num_params, [math.pi / 2] * row.num_params):
        matrix = row.matrix(*angles)
        paulis = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
        strings = paulis if row.num_qubits == 1 else [np.kron(left, right) for left in paulis for right in paulis]
        moved = [matrix @ string @ matrix.conj().T for string in strings]
        expected = all(any(np.allclose(item, sign * other) for other in strings for sign in (1, -1)) for item in moved)
        assert (clifford_of(matrix) is not None) == expected


@pytest.mark.parametrize("error, expected", [(0, True), (1e-12, True), (1e-8, False), (0.3, False)])
def test_an_angle_next_to_a_quarter_turn_is_one(error: float, expected: bool) -> None:
    circuit = Circuit(2, 1)
    circuit.rz(math.pi / 2 + error, 0).cp(math.pi, 0, 1)
    assert is_clifford(circuit) == expected
    controlled = Circuit(2).append(Gate("rz", (math.pi + error,)).control(), [0, 1]).append(Gate("s", ()), [0])
    assert is_clifford(controlled) == is_clifford(Circuit(2).crz(math.pi + error, 0, 1))


def test_what_is_no_clifford_circuit_is_none() -> None:
    assert not is_clifford(Circuit(1).t(0))
    assert not is_clifford(Circuit(3).ccx(0, 1, 2))
    assert not is_clifford(Circuit(3).append(Gate("x").control(2), [0, 1, 2]))
    conditional = Circuit(1, 1)
    assert not is_clifford(conditional.if_(conditional.bit(0), conditional.block().x(0)))
    assert is_clifford(Circuit(2).h(0).barrier().delay(7, 1).cx(0, 1))


def test_thousands_of_qubits_are_entangled_and_measured(simulated: Any) -> None:
    size = 2000
    circuit = Circuit(size, size).h(0).cx(range(size - 1), range(1, size)).measure(range(size), range(size))
    result = simulated(circuit, shots=1000)
    assert set(result.get_counts()) == {"0" * size, "1" * size}
    assert 400 < result.get_counts()["0" * size] < 600


def test_a_qubit_that_is_measured_again_reads_the_same(simulated: Any) -> None:
    circuit = Circuit(1, 6)
    for clbit in range(0, 6, 2):
        circuit.h(0).measure(0, clbit).measure(0, clbit + 1)
    counts = simulated(circuit, shots=4000, method="stabilizer").get_counts()
    assert len(counts) == 8
    assert all(key[::2] == key[1::2] for key in counts)
    assert min(counts.values()) > 400


def test_more_bits_than_a_word_are_drawn_fairly(simulated: Any) -> None:
    size = 150
    circuit = Circuit(size, size).h(range(size)).measure(range(size), range(size))
    result = simulated(circuit, shots=3000, memory=True)
    ones = np.array([[bit == "1" for bit in text] for text in result.get_memory()]).sum(axis=0)
    assert len(ones) == size
    assert np.abs(ones - 1500).max() < 5 * math.sqrt(750)


def test_a_long_repetition_code_runs_as_one_pass(simulated: Any) -> None:
    rounds, size = 60, 21
    circuit = Circuit(2 * size - 1, rounds * (size - 1) + size)
    for turn in range(rounds):
        for place in range(size - 1):
            ancilla = size + place
            circuit.cx(place, ancilla).cx(place + 1, ancilla).measure(ancilla, turn * (size - 1) + place).reset(ancilla)
    circuit.x(3).measure(range(size), range(rounds * (size - 1), circuit.num_clbits))
    counts = simulated(circuit, shots=10**6).get_counts()
    assert list(counts.values()) == [10**6]
    assert next(iter(counts)).count("1") == 1
