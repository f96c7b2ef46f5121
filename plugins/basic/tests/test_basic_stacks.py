"""Many states at a time: each as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest

from qdock.gates import GATES
from qdock_basic import apply_matrices, apply_matrix


def random_states(rng, number, num_qubits):
    states = rng.normal(size=(number, 1 << num_qubits)) + 1j * rng.normal(size=(number, 1 << num_qubits))
    return states / np.linalg.norm(states, axis=1)[:, None]


@pytest.mark.parametrize("qubits", [(0,), (3,), (1, 3), (3, 1), (0, 4, 2)])
def test_each_state_gets_its_own_matrix(qubits):
    rng = np.random.default_rng(1)
    states, size = random_states(rng, 7, 5), 1 << len(qubits)
    matrices = rng.normal(size=(7, size, size)) + 1j * rng.normal(size=(7, size, size))
    expected = states.copy()
    for state, matrix in zip(expected, matrices, strict=True):
        apply_matrix(state, matrix, qubits)
    apply_matrices(states, matrices, qubits)
    np.testing.assert_allclose(states, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["x", "h", "s", "cx", "swap", "iswap", "ccx", "cu3"])
def test_one_matrix_serves_all_states(name):
    row = GATES[name]
    matrix = row.matrix(*(0.3 * (i + 1) for i in range(row.num_params)))
    states = random_states(np.random.default_rng(2), 5, 4)
    qubits = (2, 0, 3)[: row.num_qubits]
    expected = states.copy()
    for state in expected:
        apply_matrix(state, matrix, qubits)
    apply_matrices(states, matrix, qubits)
    np.testing.assert_allclose(states, expected, atol=1e-12)


def test_a_matrix_with_an_empty_row_leaves_zeros():
    states = random_states(np.random.default_rng(3), 3, 2)
    apply_matrices(states, [[1, 0], [0, 0]], [1])
    assert not states[:, 2:].any()
    assert states[:, :2].all()


@pytest.mark.parametrize("qubits", [(0, 0), (2,), (-1,)])
def test_qubits_that_are_not_distinct_qubits_of_the_states_are_refused(qubits):
    with pytest.raises(ValueError, match="must be distinct and from 0 to 1"):
        apply_matrices(np.zeros((1, 4), complex), np.eye(1 << len(qubits)), qubits)


def test_matrices_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"have the shape \(3, 2, 2\) or \(2, 2\), but these have \(2, 2, 2\)"):
        apply_matrices(np.zeros((3, 4), complex), np.zeros((2, 2, 2)), [0])
