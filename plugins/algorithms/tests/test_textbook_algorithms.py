"""Grover's search, phase estimation and fidelity: the probabilities of the textbook."""

from __future__ import annotations

import math

import numpy as np
import pytest

import qdock
from qdock import Circuit
from qdock.gates import Gate
from qdock_algorithms import (
    fourier,
    grover,
    grover_circuit,
    measure_fidelity,
    phase_estimation,
    phase_estimation_circuit,
    phase_oracle,
    state_fidelity,
)
from qdock_algorithms.exact import ExactCircuit

ONE = Circuit(1).x(0)


def probability_of(circuit: Circuit, texts: list[str]) -> float:
    probabilities = np.abs(ExactCircuit(circuit).statevector([])) ** 2
    return float(sum(probabilities[int(text, 2)] for text in texts))


@pytest.mark.parametrize("marked", [["0"], ["11"], ["0110"], ["101", "110"], ["00000", "11111", "10101"]])
@pytest.mark.parametrize("iterations", [0, 1, 2, 3])
def test_grover_sees_marked_strings_with_the_textbook_probability(marked, iterations):
    angle = math.asin(math.sqrt(len(marked) / 2 ** len(marked[0])))
    circuit = grover_circuit(phase_oracle(marked), iterations)
    assert probability_of(circuit, marked) == pytest.approx(math.sin((2 * iterations + 1) * angle) ** 2, abs=1e-12)


def test_grover_finds_one_string_of_many():
    found = grover(["1011010"], "basic_simulator", shots=500)
    assert (found.bitstring, found.iterations) == ("1011010", 8)
    assert found.probability > 0.99
    assert found.counts["1011010"] > 480
    assert grover("1011010", "basic_simulator", shots=10).iterations == 8


def test_grover_searches_among_the_states_that_are_prepared():
    prepare = Circuit(3).h(0).h(1)
    assert probability_of(grover_circuit(phase_oracle("010"), 1, prepare), ["010"]) == pytest.approx(1)


def phases_of(circuit: Circuit, num_bits: int) -> np.ndarray:
    found = qdock.run(circuit, "basic_simulator", output="probabilities").result().get_probabilities()
    return np.array([found.get(format(value, f"0{num_bits}b"), 0.0) for value in range(1 << num_bits)])


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.3, 0.71, 5 / 16])
def test_phases_are_seen_with_the_textbook_probability(phase):
    circuit = phase_estimation_circuit(Gate("p", (2 * math.pi * phase,)), 4, ONE)
    counts = np.arange(16)
    expected = [abs(np.exp(2j * np.pi * counts * (phase - value / 16)).sum() / 16) ** 2 for value in range(16)]
    found = qdock.run(circuit, "basic_simulator", shots=200_000, seed=2).result().get_counts().int_outcomes()
    np.testing.assert_allclose([found.get(value, 0) / 200_000 for value in range(16)], expected, atol=0.005)


def test_a_phase_of_as_many_bits_is_certain():
    found = phase_estimation(Gate("p", (2 * math.pi * 0.625,)), 3, "basic_simulator", prepare=ONE, shots=100)
    assert (found.phase, found.phases) == (0.625, {0.625: 100})


def test_a_circuit_keeps_its_global_phase():
    unitary = Circuit(1, global_phase=math.pi / 4).p(math.pi / 2, 0).barrier()
    assert phase_estimation(unitary, 4, "basic_simulator", prepare=ONE).phase == 0.375


def test_several_eigenstates_are_seen_with_their_weights():
    found = phase_estimation(Gate("t"), 3, "basic_simulator", prepare=Circuit(1).h(0), shots=1000)
    assert found.phases.keys() == {0.0, 0.125}
    assert found.phases[0.125] == pytest.approx(500, abs=80)


def test_the_fourier_transform_is_that_of_numpy():
    matrix = qdock.run(fourier(3), "basic_simulator", output="unitary").result().get_unitary()
    np.testing.assert_allclose(matrix, np.fft.ifft(np.eye(8), norm="ortho"), atol=1e-12)


def test_fidelity_is_the_overlap_of_the_states():
    first, second = Circuit(2).h(0).cx(0, 1), Circuit(2).ry(0.3, 0)
    expected = math.cos(0.15) ** 2 / 2
    assert state_fidelity(first, second) == pytest.approx(expected, abs=1e-12)
    assert state_fidelity([1, 0], [math.sqrt(0.5), 1j * math.sqrt(0.5)]) == pytest.approx(0.5)
    measured = measure_fidelity(first, second, "basic_simulator")
    assert abs(measured.value - expected) < 4 * measured.std


@pytest.mark.parametrize(
    "call,message",
    [
        (lambda: phase_oracle([]), "`marked` has bit strings of one length"),
        (lambda: phase_oracle(["01", "1"]), "`marked` has bit strings of one length"),
        (lambda: grover_circuit(phase_oracle("1"), -1), "`iterations` is 0 or more"),
        (lambda: phase_estimation_circuit(Gate("t"), 0), "`num_bits` is 1 or more"),
        (lambda: phase_estimation_circuit(Circuit(1, 1).measure(0, 0), 1), "this one has a 'measure'"),
        (lambda: state_fidelity([1, 0], [1, 0, 0, 0]), "Two states of one size"),
        (lambda: state_fidelity([1, 1], [1, 0]), "A state is an array of norm 1"),
        (lambda: measure_fidelity(Circuit(1), Circuit(2), "basic_simulator"), "have 1 and 2 qubits"),
    ],
)
def test_what_makes_no_sense_is_told(call, message):
    with pytest.raises(ValueError, match=message):
        call()
