from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.errors import JobCancelledError
from qdock.gates import GATES, Gate
from qdock_basic import fast
from qdock_basic.drawing.affine import AffineSpace, reduced_space
from qdock_basic.engines import tableau
from qdock_basic.programs.clifford import clifford_of, is_clifford, packed, unpacked
from qdock_basic.watch import Watch

needs_numba = pytest.mark.skipif(fast.why_not() is not None, reason="the fast engine needs numba")
both = pytest.mark.parametrize(
    "outcomes_of",
    [pytest.param(tableau.outcomes_of, id="numpy"), pytest.param(fast.outcomes_of, id="fast", marks=needs_numba)],
)

FIXED = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "id")
PAIRS = ("cx", "cy", "cz", "swap", "iswap", "dcx", "ecr")


def random_circuit(size: int, depth: int, rng: np.random.Generator) -> Circuit:
    """Gates, measurements on the way and resets; at the end everything is measured."""
    circuit = Circuit(size, 2 * size)
    for _ in range(depth):
        first, second = rng.permutation(size)[:2].tolist()
        circuit.append(str(rng.choice(FIXED)), [first]).append(str(rng.choice(STIM_PAIRS)), [first, second])
        kind = rng.integers(40)
        if kind == 0:
            circuit.reset(first)
        elif kind < 3:
            circuit.measure(second, int(rng.integers(2 * size)))
    return circuit.measure(range(size), range(size))


@both
@settings(deadline=None)
@given(data=st.data())
def test_all_outcomes_are_those_of_statevectors_and_equally_likely(
    outcomes_of: Any, oracle: Any, random_circuits: Any, data: Any
) -> None:
    circuit = data.draw(random_circuits.clifford())
    assert is_clifford(circuit)
    space = outcomes_of(circuit, Watch(Context()))
    choices = np.arange(1 << len(space.rows), dtype=np.uint64).reshape(-1, 1)
    outcomes = space.outcomes(choices)[:, 0].astype(int)
    assert (np.diff(outcomes) > 0).all()
    found = np.zeros(1 << circuit.num_clbits)
    np.add.at(found, outcomes, 0.5 ** len(space.rows))
    np.testing.assert_allclose(found, oracle.distribution(circuit), atol=1e-9)


# --- beside another simulator


STIM_NAMES = {"sdg": "S_DAG", "sx": "SQRT_X", "sxdg": "SQRT_X_DAG", "id": "I", "measure": "M", "reset": "R"}
STIM_PAIRS = ("cx", "cy", "cz", "swap", "iswap")


def stim_space(circuit: Circuit, seed: int) -> AffineSpace:
    """The space that samples of stim span: so many that one which is smaller than it should be never comes."""
    stim = pytest.importorskip("stim", reason="compares with stim")
    other, clbits = stim.Circuit(), []
    for operation in circuit:
        other.append(STIM_NAMES.get(operation.name, operation.name.upper()), operation.qubits)
        clbits += operation.clbits
    samples = other.compile_sampler(seed=seed).sample(circuit.num_clbits + 64)
    numbers = [sum(1 << clbit for clbit, bit in dict(zip(clbits, row, strict=True)).items() if bit) for row in samples]
    return reduced_space(numbers[0], [number ^ numbers[0] for number in numbers], circuit.num_clbits)


@both
@pytest.mark.parametrize("size, depth", [(2, 30), (7, 100), (40, 500), (64, 700), (65, 700), (150, 3000)])
def test_large_circuits_have_the_outcomes_that_stim_finds(outcomes_of: Any, size: int, depth: int) -> None:
    circuit = random_circuit(size, depth, np.random.default_rng(size))
    found, expected = outcomes_of(circuit, Watch(Context())), stim_space(circuit, size)
    np.testing.assert_array_equal(found.reference, expected.reference)
    np.testing.assert_array_equal(found.rows, expected.rows)


@needs_numba
@pytest.mark.parametrize("shots", [1, 100, 5000])
def test_a_seed_gives_the_same_counts_compiled_or_not(simulated: Any, shots: int) -> None:
    for size in (3, 12, 70):
        circuit = random_circuit(size, 20 * size, np.random.default_rng(size))
        options = {"method": "stabilizer", "shots": shots, "memory": True}
        first, second = (simulated(circuit, engine=engine, **options) for engine in ("numpy", "fast"))
        assert first.get_counts() == second.get_counts()
        assert first.get_memory() == second.get_memory()


@needs_numba
def test_all_outcomes_are_listed_compiled_or_not(simulated: Any) -> None:
    circuit = random_circuit(8, 60, np.random.default_rng(3))
    options = {"method": "stabilizer", "output": "probabilities"}
    first, second = (simulated(circuit, engine=engine, **options) for engine in ("numpy", "fast"))
    np.testing.assert_array_equal(first.get_probabilities(), second.get_probabilities())


@both
def test_a_circuit_of_many_qubits_can_be_stopped(outcomes_of: Any) -> None:
    class Due(Watch):
        def is_due(self) -> bool:
            return True

    class Stopped(Context):
        def check(self) -> None:
            raise JobCancelledError("Enough.")

    circuit = Circuit(3000, 3000).h(range(3000)).cx(range(2999), range(1, 3000)).measure(range(3000), range(3000))
    with pytest.raises(JobCancelledError, match="Enough"):
        outcomes_of(circuit, Due(Stopped(seed=1)))


def test_a_gate_is_the_same_from_its_number() -> None:
    for name in (*FIXED, *PAIRS):
        gate = clifford_of(GATES[name].matrix())
        assert gate is not None
        again = unpacked(packed(gate))
        assert (again.sums[: len(gate.sums)], again.sign) == gate
        assert not any(again.sums[len(gate.sums) :])


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
