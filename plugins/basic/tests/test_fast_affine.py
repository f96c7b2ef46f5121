"""States of Clifford circuits as sums over an affine space: compared with the numpy engine, phases included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.gates import GATES
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from qdock_basic.fast.clifford import expansion
from qdock_basic.fast.clifford.affine import NUM_BITS, form_of
from qdock_basic.fast.front import programs
from qdock_basic.fast.front.clifford_steps import IS_AFFINE

PRECISIONS = {"double": 1e-13, "single": 1e-6}
KNOWN = [row for row in GATES.values() if IS_AFFINE[row.code]]
both_precisions = pytest.mark.parametrize("precision", PRECISIONS)


def clifford_circuit(num_qubits, length, rng, phase=0.0):
    rows = [row for row in KNOWN if row.num_qubits <= num_qubits]
    circuit = Circuit(num_qubits, global_phase=phase)
    for _ in range(length):
        row = rows[rng.integers(len(rows))]
        circuit.append(row.name, rng.permutation(num_qubits)[: row.num_qubits].tolist())
    return circuit


def num_bits(circuit):
    known = programs.ready(circuit)
    assert known.is_affine
    return int(form_of(known.addresses, circuit.num_qubits, len(circuit))[NUM_BITS])


def test_the_clifford_gates_of_the_table_are_known_but_one():
    assert {row.name for row in KNOWN} == {
        *("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "CX", "cy", "cz", "swap", "iswap", "dcx"),
    }


@both_precisions
@settings(max_examples=200, deadline=None)
@given(num_qubits=st.integers(1, 8), length=st.integers(0, 120), seed=st.integers(0, 2**32))
def test_random_clifford_circuits_give_the_numpy_engine_s_states(shared, precision, num_qubits, length, seed):
    circuit = clifford_circuit(num_qubits, length, np.random.default_rng(seed), 0.3)
    state, _ = fast.statevector(circuit, precision=precision)
    assert state.dtype == {"double": np.complex128, "single": np.complex64}[precision]
    np.testing.assert_allclose(state, shared.reference(circuit), atol=PRECISIONS[precision])


@pytest.mark.parametrize("name", [row.name for row in KNOWN])
def test_every_known_gate_acts_on_every_stabilizer_state_reached(shared, name):
    rng = np.random.default_rng(GATES[name].code)
    for _ in range(40):
        circuit = clifford_circuit(3, 20, rng)
        circuit.append(name, rng.permutation(3)[: GATES[name].num_qubits].tolist())
        np.testing.assert_allclose(fast.statevector(circuit)[0], shared.reference(circuit), atol=1e-13)


def test_a_basis_state_has_no_bits_and_a_hadamard_gate_takes_back_the_one_it_made():
    assert num_bits(Circuit(3).x(0).cx(0, 1)) == 0
    assert num_bits(Circuit(3).h(0).cx(0, 1).cx(1, 2)) == 1
    assert num_bits(Circuit(3).h(0).cx(0, 1).cx(0, 1).h(0)) == 0


def test_barriers_and_delays_do_nothing(shared):
    circuit = Circuit(2).h(0).barrier().delay(10, 1).cx(0, 1).s(1)
    assert num_bits(circuit) == 1
    np.testing.assert_allclose(fast.statevector(circuit)[0], shared.reference(circuit), atol=1e-13)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_state_is_written_in_parts_by_all_threads(monkeypatch, shared, threads):
    monkeypatch.setattr(expansion, "_PART_BITS", 3)
    monkeypatch.setattr(expansion, "_BETWEEN_LOOKS", 7)
    rng = np.random.default_rng(threads)
    for _ in range(20):
        circuit = clifford_circuit(9, 100, rng)
        state, stats = fast.statevector(circuit, threads=threads)
        np.testing.assert_allclose(state, shared.reference(circuit), atol=1e-13)
        assert (stats.passes, stats.threads) == (1, threads)


class _Stop(Exception):
    pass


class _Once:
    """Asks to look each time, and stops at the first look."""

    def is_due(self):
        return True

    def look(self, fraction):
        raise _Stop(fraction)


def test_writing_a_large_state_can_be_stopped(monkeypatch):
    monkeypatch.setattr(expansion, "_PART_BITS", 2)
    monkeypatch.setattr(expansion, "_BETWEEN_LOOKS", 4)
    with pytest.raises(_Stop, match=r"0\.25"):
        fast.statevector(Circuit(6).h(range(6)), watch=_Once())
    with pytest.raises(_Stop, match=r"1\.0"):
        fast.statevector(Circuit(2).h(0), watch=_Once())


def test_other_gates_and_other_first_states_go_the_usual_way(shared):
    rng = np.random.default_rng(5)
    assert not programs.ready(Circuit(1).t(0)).is_affine
    assert not programs.ready(Circuit(2).unitary(np.eye(2), [0])).is_affine
    circuit, initial = clifford_circuit(4, 30, rng), shared.random_state(4, rng)
    np.testing.assert_allclose(
        fast.statevector(circuit, initial=initial)[0], shared.reference(circuit, initial), atol=1e-13
    )
