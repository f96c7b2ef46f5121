"""Sums of Pauli strings, compared with matrices made by Kronecker products."""

from __future__ import annotations

import pickle
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.results.values import snapshot
from qdock_algorithms import Pauli, as_pauli

LETTERS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def matrix_of(terms: list[tuple[str, complex]]) -> np.ndarray:
    return sum(number * reduce(np.kron, [LETTERS[letter] for letter in label]) for label, number in terms)


def random_state(num_qubits: int, seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    return state / np.linalg.norm(state)


numbers = st.complex_numbers(max_magnitude=10, allow_nan=False, allow_infinity=False)
terms = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(st.text("IXYZ", min_size=width, max_size=width), numbers), min_size=1, max_size=6)
)
pairs = st.integers(1, 3).flatmap(
    lambda width: st.tuples(
        *[st.lists(st.tuples(st.text("IXYZ", min_size=width, max_size=width), numbers), min_size=1, max_size=4)] * 2
    )
)


# --- how it is made


def test_the_rightmost_letter_is_qubit_0():
    pauli = Pauli("XIZ")
    assert pauli.z[0].tolist() == [True, False, False]
    assert pauli.x[0].tolist() == [False, False, True]
    assert pauli.labels == ("XIZ",)


def test_letters_by_index_stand_where_the_indices_say():
    assert Pauli.from_sparse_list([("ZX", [0, 3], 2.0), ("", [], 1.0)], 4).to_list() == [("XIIZ", 2.0), ("IIII", 1.0)]


def test_a_sum_is_made_of_whatever_stands_for_one():
    expected = Pauli("ZZ") - 0.5 * Pauli("XI")
    assert as_pauli({"ZZ": 1.0, "XI": -0.5}) == expected
    assert as_pauli([("XI", -0.5), ("ZZ", 1.0)]) == expected
    assert as_pauli("ZZ") == Pauli("ZZ")
    assert as_pauli(expected) is expected


def test_a_sum_comes_back_from_a_store_and_from_pickle():
    pauli = Pauli("ZY", 0.5) + Pauli("XX", 2j)
    assert as_pauli(snapshot(pauli, "it")) == pauli
    assert pickle.loads(pickle.dumps(pauli)) == pauli


def test_the_sum_of_several_is_that_of_python():
    assert sum([Pauli("XX"), Pauli("ZZ"), Pauli("XX")]) == 2 * Pauli("XX") + Pauli("ZZ")
    assert np.float64(2) * Pauli("XX") == Pauli("XX", 2)


def test_a_sum_without_terms_is_zero():
    zero = Pauli.from_sparse_list([], 2)
    assert str(zero) == "0"
    assert repr(zero) == "Pauli.from_sparse_list([], num_qubits=2)"
    assert zero.expectation(random_state(2)) == 0
    assert zero == Pauli("XX") - Pauli("XX")
    assert zero.simplify() is zero


def test_it_is_shown_as_a_sum():
    pauli = -1 * Pauli("ZZ") + 0.5 * Pauli("XI") + Pauli("YY", 1j)
    assert str(pauli) == "-1 ZZ + 0.5 XI + (0+1j) YY"
    assert repr(Pauli("ZZ")) == "Pauli('ZZ')"
    assert repr(pauli[:2]) == "Pauli.from_list([('ZZ', -1.0), ('XI', 0.5)])"
    assert str(Pauli("Z") - 2 * Pauli("X")) == "1 Z - 2 X"


@pytest.mark.parametrize(
    "make,message",
    [
        (lambda: Pauli("ABC"), "made of the letters I, X, Y and Z, but 'ABC' was given"),
        (lambda: Pauli(""), "made of the letters"),
        (lambda: Pauli.from_list([("X", 1), ("XX", 1)]), "'X' and 'XX' are of different lengths"),
        (lambda: Pauli("X", float("nan")), "a finite number"),
        (lambda: Pauli("X", "one"), "is a number, but"),
        (lambda: Pauli.from_list([]), "needs a term"),
        (lambda: Pauli.from_list(["XX"]), r"given as \(label, coefficient\), but 'XX' was given"),
        (lambda: Pauli.from_sparse_list([("ZZ", [0, 0], 1)], 2), "acts on 2 different qubits"),
        (lambda: Pauli.from_sparse_list([("ZZ", [0, 5], 1)], 2), "was given qubit 5, but there are 2 qubits"),
        (lambda: Pauli.from_arrays([[True]], [[True, False]], [1]), r"shape \(terms, num_qubits\)"),
        (lambda: Pauli("X") + Pauli("XX"), "One sum is on 1 qubits and the other on 2"),
        (lambda: Pauli("X" * 15).to_matrix(), "The matrix on 15 qubits is too large"),
        (lambda: Pauli("X" * 63).action, "63 qubits does not fit in any memory"),
        (lambda: Pauli("XX").expectation([1, 0]), r"has 4 amplitudes, but an array of the shape \(2,\)"),
    ],
)
def test_what_has_no_meaning_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_factor_that_is_no_number_is_a_type_error():
    with pytest.raises(TypeError, match="can't multiply"):
        Pauli("X") * "two"
    with pytest.raises(TypeError, match="unsupported operand"):
        Pauli("X") + 1
    with pytest.raises(TypeError, match="unsupported operand"):
        Pauli("X") @ 2
    with pytest.raises(TypeError, match="unsupported operand"):
        Pauli("X") - 2
    assert Pauli("X") != "X"


def test_a_term_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError):
        Pauli("X")[1]


# --- algebra


@settings(max_examples=50, deadline=None)
@given(terms)
def test_the_matrix_is_the_sum_of_kronecker_products(found):
    pauli = Pauli.from_list(found)
    np.testing.assert_allclose(pauli.to_matrix(), matrix_of(found), atol=1e-12)
    np.testing.assert_allclose(pauli.to_matrix(sparse=True).toarray(), matrix_of(found), atol=1e-12)
    np.testing.assert_allclose(pauli.simplify().to_matrix(), matrix_of(found), atol=1e-9)
    np.testing.assert_allclose(pauli.adjoint().to_matrix(), matrix_of(found).conj().T, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(pairs)
def test_sums_and_products_are_those_of_the_matrices(found):
    (a, b), (first, second) = (Pauli.from_list(part) for part in found), map(matrix_of, found)
    np.testing.assert_allclose((a @ b).to_matrix(), first @ second, atol=1e-9)
    np.testing.assert_allclose((a + b).to_matrix(), first + second, atol=1e-9)
    np.testing.assert_allclose((a - 2j * b).to_matrix(), first - 2j * second, atol=1e-9)
    np.testing.assert_allclose((a / 2).to_matrix(), first / 2, atol=1e-9)
    np.testing.assert_allclose(a.tensor(b).to_matrix(), np.kron(first, second), atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(pairs)
def test_two_sums_commute_if_their_matrices_do(found):
    (a, b), (first, second) = (Pauli.from_list(part) for part in found), map(matrix_of, found)
    defect = np.abs(first @ second - second @ first).max()
    if defect > 1e-6 or defect == 0:
        assert a.commutes(b) == (defect == 0)


def test_equal_terms_are_added_and_those_that_vanish_left_out():
    pauli = Pauli.from_list([("XX", 1), ("ZZ", 2), ("XX", -1), ("ZZ", 0.5)])
    assert pauli.simplify().to_list() == [("ZZ", 2.5)]
    assert (Pauli("X") + Pauli("Z") + Pauli("X")).to_dict() == {"X": 2.0, "Z": 1.0}


@settings(max_examples=50, deadline=None)
@given(terms)
def test_groups_hold_every_term_once_and_no_qubit_in_two_bases(found):
    pauli = Pauli.from_list(found)
    groups = pauli.group_commuting()
    assert sum(groups[1:], groups[0]) == pauli
    assert sum(map(len, groups)) == len(pauli)
    for group in groups:
        for qubit in range(pauli.num_qubits):
            assert len({label[qubit] for label in group.labels} - {"I"}) <= 1


def test_an_ising_chain_is_two_groups():
    chain = Pauli.from_sparse_list(
        [("ZZ", [i, i + 1], 1.0) for i in range(9)] + [("X", [i], 1.0) for i in range(10)], 10
    )
    assert sorted(map(len, chain.group_commuting())) == [9, 10]


# --- states


@settings(max_examples=50, deadline=None)
@given(terms)
def test_expectation_values_are_those_of_the_matrix(found):
    state, matrix = random_state(len(found[0][0])), matrix_of(found)
    pauli = Pauli.from_list(found)
    np.testing.assert_allclose(pauli.apply(state), matrix @ state, atol=1e-9)
    np.testing.assert_allclose(pauli.expectation(state), state.conj() @ matrix @ state, atol=1e-9)


def test_an_observable_has_a_real_expectation_value():
    assert isinstance(Pauli("YX").expectation(random_state(2)), float)
    assert isinstance(Pauli("YX", 1j).expectation(random_state(2)), complex)


def test_many_states_have_many_expectation_values():
    states = np.stack([[random_state(3, seed) for seed in range(row, row + 2)] for row in (0, 5, 9)])
    pauli = Pauli("XYZ") + 0.3 * Pauli("ZZI")
    expected = [[pauli.expectation(state) for state in row] for row in states]
    np.testing.assert_allclose(pauli.expectation(states), expected, atol=1e-12)


def test_a_large_state_takes_no_tables_and_gives_the_same(monkeypatch):
    pauli = Pauli.from_list([("XIYZ", 0.5), ("ZZZI", 1.0), ("IXII", -1.0), ("XIYI", 2.0)])
    expected = pauli.apply(random_state(4))
    for limit in ("_STACKED", "_KEPT"):
        monkeypatch.setattr(f"qdock_algorithms.pauli_action.{limit}", 0)
        np.testing.assert_allclose(Pauli.from_list(pauli.to_list()).apply(random_state(4)), expected, atol=1e-12)
