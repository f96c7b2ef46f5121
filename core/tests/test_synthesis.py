"""Matrices as gates, with the hard cases: eigenvalues and singular values that are equal, or nearly so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag, expm
from scipy.stats import unitary_group

from qdock.gates import GATES
from qdock.lowering.synthesis import one_qubit_angles, synthesize
from qdock.unitaries.matrices import eigenvectors


def product(steps, num_qubits):
    total = np.eye(1 << num_qubits, dtype=complex)
    index = np.arange(1 << num_qubits)
    for name, params, qubits in steps:
        if name == "gphase":
            total = np.exp(1j * params[0]) * total
            continue
        rest = [qubit for qubit in range(num_qubits) if qubit not in qubits]
        moved = sum(((index >> qubit) & 1) << place for place, qubit in enumerate([*qubits, *rest]))
        total = np.kron(np.eye(1 << len(rest)), GATES[name].matrix(*params))[np.ix_(moved, moved)] @ total
    return total


def distance(matrix):
    num_qubits = len(matrix).bit_length() - 1
    return np.abs(product(synthesize(matrix), num_qubits) - matrix).max()


def haar(size, seed):
    return unitary_group.rvs(size, random_state=seed)


def permutation(size, seed):
    return np.eye(size, dtype=complex)[np.random.default_rng(seed).permutation(size)]


sizes = st.sampled_from([2, 4, 8, 16])
seeds = st.integers(0, 2**31)


@given(size=sizes, seed=seeds)
@settings(max_examples=40, deadline=None)
def test_a_random_unitary_is_rebuilt(size, seed):
    assert distance(haar(size, seed)) < 1e-12


@given(size=sizes, seed=seeds)
@settings(max_examples=40, deadline=None)
def test_permutations_with_phases_are_rebuilt(size, seed):
    phases = np.exp(1j * np.random.default_rng(seed).uniform(0, 7, size))
    assert distance(permutation(size, seed) * phases) < 1e-12


@given(size=st.sampled_from([2, 4, 8]), seed=seeds)
@settings(max_examples=30, deadline=None)
def test_block_and_product_matrices_are_rebuilt(size, seed):
    inner = haar(size, seed)
    for matrix in (block_diag(np.eye(size), inner), np.kron(np.eye(2), inner), np.kron(inner, np.eye(2))):
        assert distance(matrix) < 1e-12


@given(size=st.sampled_from([4, 8]), seed=seeds, exponent=st.integers(-14, -2))
@settings(max_examples=60, deadline=None)
def test_a_matrix_close_to_a_permutation_is_rebuilt(size, seed, exponent):
    generator = np.random.default_rng(seed).normal(size=(size, size))
    nudge = expm(1j * 10.0**exponent * (generator + generator.T))
    assert distance(nudge @ permutation(size, seed)) < 1e-12


@pytest.mark.parametrize("name", GATES)
def test_the_matrix_of_every_gate_is_rebuilt(name):
    angles = np.random.default_rng(5).uniform(-7, 7, GATES[name].num_params)
    assert distance(GATES[name].matrix(*angles)) < 1e-12


def test_a_matrix_on_no_qubit_is_a_global_phase():
    assert synthesize(np.array([[1j]])) == [("gphase", (np.pi / 2,), ())]


@pytest.mark.parametrize("matrix", [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), -np.eye(2)])
def test_one_qubit_angles_give_back_the_matrix(matrix):
    theta, phi, lam, gamma = one_qubit_angles(matrix.astype(complex))
    assert np.abs(np.exp(1j * gamma) * GATES["u"].matrix(theta, phi, lam) - matrix).max() < 1e-15


@given(size=sizes, seed=seeds, spread=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_eigenvectors_are_orthonormal_for_equal_and_close_eigenvalues(size, seed, spread):
    basis = haar(size, seed)
    angles = np.round(np.random.default_rng(seed).uniform(0, 4, size)) * spread
    matrix = (basis * np.exp(1j * angles)) @ basis.conj().T
    vectors = eigenvectors(matrix)
    assert np.abs(vectors.conj().T @ vectors - np.eye(size)).max() < 1e-13
    rotated = vectors.conj().T @ matrix @ vectors
    assert np.abs(rotated - np.diag(np.diagonal(rotated))).max() < 1e-12


def test_the_number_of_entangling_gates_grows_as_four_to_the_qubits():
    counts = [sum(name == "cx" for name, _, _ in synthesize(haar(1 << size, 1))) for size in (2, 3, 4)]
    assert counts == [6, 36, 168]
