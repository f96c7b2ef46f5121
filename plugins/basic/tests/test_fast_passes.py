"""States larger than cache: passes over chunks, shared by threads, with looks in between."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, current_thread, main_thread

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock_basic import fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from qdock_basic.fast.large import blocked, passes
from qdock_basic.fast.machine import pool


@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(num_qubits=st.integers(11, 13), length=st.integers(0, 60), seed=st.integers(0, 2**32), fresh=st.booleans())
def test_random_circuits_in_passes_give_the_numpy_engine_s_states(
    shared, precision, tolerance, num_qubits, length, seed, fresh
):
    rng = np.random.default_rng(seed)
    circuit = shared.random_circuit(num_qubits, length, rng, largest=4)
    initial = None if fresh else shared.random_state(num_qubits, rng)
    state, stats = fast.statevector(circuit, precision=precision, initial=initial, threads=2)
    np.testing.assert_allclose(state, shared.reference(circuit, initial), atol=tolerance)
    assert stats.threads == 2


def test_chunks_of_the_usual_size_give_the_numpy_engine_s_states(shared, precision, tolerance):
    circuit = shared.random_circuit(16, 60, np.random.default_rng(3))
    state, stats = fast.statevector(circuit, precision=precision)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=tolerance)
    assert stats.passes > 1


def test_a_unitary_larger_than_cache_is_that_of_the_circuit(shared, precision, tolerance, oracle):
    circuit = shared.random_circuit(7, 40, np.random.default_rng(4))
    matrix, _ = fast.unitary(circuit, precision=precision)
    np.testing.assert_allclose(matrix, oracle.unitary(circuit), atol=tolerance)


@pytest.mark.usefixtures("small_chunks")
def test_qubits_that_nothing_touches_stay_zero(shared):
    circuit = Circuit(12).h(11).cx(11, 9)
    state, _ = fast.statevector(circuit)
    np.testing.assert_allclose(state, shared.reference(circuit), atol=1e-12)
    np.testing.assert_array_equal(fast.statevector(Circuit(11))[0], np.eye(1, 1 << 11)[0])


@pytest.mark.usefixtures("small_chunks")
def test_any_number_of_threads_gives_the_same_bits(shared):
    circuit = shared.random_circuit(12, 60, np.random.default_rng(5))
    one = fast.statevector(circuit, threads=1)[0]
    for threads in (2, 3, 8):
        np.testing.assert_array_equal(fast.statevector(circuit, threads=threads)[0], one)


@pytest.mark.usefixtures("small_chunks")
def test_runs_in_several_threads_do_not_disturb_each_other(shared):
    circuits = [shared.random_circuit(11, 40, np.random.default_rng(seed)) for seed in range(8)]
    with ThreadPoolExecutor(4) as executor:
        states = list(executor.map(lambda circuit: fast.statevector(circuit, threads=2)[0], circuits))
    for circuit, state in zip(circuits, states, strict=True):
        np.testing.assert_allclose(state, shared.reference(circuit), atol=1e-12)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.usefixtures("small_chunks")
def test_a_child_of_a_fork_has_threads_of_its_own(shared):
    circuit = shared.random_circuit(11, 30, np.random.default_rng(6))
    expected = fast.statevector(circuit, threads=2)[0]
    child = os.fork()
    if child == 0:
        same = np.array_equal(fast.statevector(circuit, threads=2)[0], expected)
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


class Stopper:
    """Looks at every pass, and stops at the third look."""

    def __init__(self):
        self.fractions = []

    def is_due(self):
        return True

    def look(self, fraction):
        self.fractions.append(fraction)
        if len(self.fractions) == 3:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("small_chunks")
def test_a_look_between_passes_can_stop_the_run(shared):
    circuit = shared.random_circuit(12, 300, np.random.default_rng(7))
    stopper = Stopper()
    with pytest.raises(KeyboardInterrupt):
        fast.statevector(circuit, watch=stopper)
    assert stopper.fractions == sorted(stopper.fractions)
    assert 0 < stopper.fractions[0] < stopper.fractions[2] < 1


@pytest.mark.usefixtures("small_chunks")
def test_looks_come_within_a_pass_too(shared, monkeypatch):
    monkeypatch.setattr(passes, "_WORK_BETWEEN_LOOKS", 1 << 10)
    stopper = Stopper()
    with pytest.raises(KeyboardInterrupt):
        fast.statevector(
            Circuit(13).h(0).h(1), watch=stopper, initial=shared.random_state(13, np.random.default_rng(9))
        )
    assert stopper.fractions == [1 / 8, 2 / 8, 3 / 8]


def test_looks_come_while_untouched_memory_is_cleared(monkeypatch):
    monkeypatch.setattr(passes, "_PIECES_BETWEEN_LOOKS", 2)
    stopper = Stopper()
    with pytest.raises(KeyboardInterrupt):
        fast.statevector(Circuit(20).rxx(0.3, 18, 19), watch=stopper)
    assert stopper.fractions == [1, 1, 1]


def test_a_pass_with_much_work_is_cut_so_that_looks_come_often():
    assert passes._slice(rows=4, chunk_bits=14) == 1 << 9
    assert passes._slice(rows=512, chunk_bits=14) == 16


@pytest.mark.parametrize("bits, group", [(0, 0), (1, 0), (4, 0), (6, 1), (9, 2)])
def test_every_chunk_belongs_to_one_claim_and_the_next_claim_is_far_away(bits, group):
    firsts = [blocked._first_chunk.py_func(claim, bits, group) for claim in range(1 << (bits - group))]
    chunks = [first + number for first in firsts for number in range(1 << group)]
    assert sorted(chunks) == list(range(1 << bits))
    assert all(abs(second - first) >= 1 << (bits - 1) for first, second in zip(firsts[::2], firsts[1::2], strict=False))


# --- threads


def test_an_error_in_a_helping_thread_is_raised_where_the_work_is_for():
    meeting = Barrier(2)

    def work():
        meeting.wait(30)
        if current_thread() is not main_thread():
            raise ZeroDivisionError("in a helper")

    with pytest.raises(ZeroDivisionError, match="in a helper"):
        pool.share(work, 2)


def test_the_number_of_threads_is_that_asked_for_or_set(monkeypatch):
    monkeypatch.setenv("QDOCK_THREADS", "3")
    assert (pool.thread_count(), pool.thread_count(5)) == (3, 5)
    monkeypatch.delenv("QDOCK_THREADS")
    assert 1 <= pool.thread_count() <= (os.cpu_count() or 1)


def test_no_threads_are_an_error():
    with pytest.raises(ValueError, match="`threads` must be at least 1, but is 0"):
        fast.statevector(Circuit(1), threads=0)


@pytest.mark.parametrize("text", ["0", "many", "-1"])
def test_a_setting_that_is_no_number_of_threads_is_an_error(monkeypatch, text):
    monkeypatch.setenv("QDOCK_THREADS", text)
    with pytest.raises(ValueError, match="QDOCK_THREADS is a number of threads of at least 1"):
        pool.thread_count()


def test_importing_the_engine_imports_no_numba():
    code = "import sys; from qdock_basic import fast; fast.why_not(); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
