"""Which method and which engine run a circuit, and what of the circuit they run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import JobCancelledError, OptionError
from qdock.gates import Gate
from qdock_basic import BasicSimulator, fast
from qdock_basic.batch import Batch
from qdock_basic.engines.fast_engine import FastEngine
from qdock_basic.limits import Limits
from qdock_basic.plugin import SPEC
from qdock_basic.watch import Watch

needs_numba = pytest.mark.skipif(fast.why_not() is not None, reason="the fast engine needs numba")


# --- engines


@needs_numba
def test_shots_of_a_large_state_are_the_same_on_both_engines(simulated: Any) -> None:
    circuit = Circuit(13, 13)
    for qubit in range(13):
        circuit.ry(0.3 + qubit, qubit)
    circuit.rxx(0.4, range(12), range(1, 13)).measure(range(13), range(13))
    for shots in (100, 3000, 100_000):
        first, second = (simulated(circuit, shots=shots, engine=engine) for engine in ("numpy", "fast"))
        assert first.get_counts() == second.get_counts()


# --- methods


def followed(circuit: Circuit, counts: Any, oracle: Any) -> None:
    """Counts are within five standard deviations of their expectations."""
    expected = oracle.distribution(circuit)
    shots = sum(counts.values())
    table = np.zeros(len(expected))
    for outcome, number in counts.int_outcomes().items():
        table[outcome] = number
    assert (np.abs(table - shots * expected) <= 5 * np.sqrt(shots * expected * (1 - expected)) + 1e-6).all()


@pytest.mark.parametrize("method", ["sampling", "branching", "stabilizer"])
def test_counts_follow_the_distribution_by_every_method(method: str, oracle: Any, simulated: Any) -> None:
    circuit = Circuit(3, 3).h(0).cx(0, 1).sx(2).cz(1, 2).h(2).measure([2, 0, 1], [0, 1, 2])
    followed(circuit, simulated(circuit, shots=50_000, method=method).get_counts(), oracle)


def test_the_method_follows_from_the_circuit() -> None:
    wide = Circuit(13, 13).h(0).cx(range(12), range(1, 13)).measure(range(13), range(13))
    on_the_way = Circuit(1, 2).h(0).measure(0, 0).h(0).measure(0, 1)
    conditional = Circuit(1, 2).h(0).measure(0, 0)
    conditional.if_(conditional.bit(0), conditional.block().t(0).h(0)).measure(0, 1)
    cases = [
        (Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1]), "sampling"),
        (wide, "stabilizer"),
        (wide.copy().t(0).h(0).measure(0, 0), "branching"),
        (on_the_way, "stabilizer"),
        (Circuit(1, 2).rx(0.2, 0).measure(0, 0).h(0).measure(0, 1), "branching"),
        (conditional, "branching"),
    ]
    with Dock(Config.load({"QDOCK_STORE": "memory:"})) as dock:
        for circuit, method in cases:
            for engine in ("numpy", "auto"):
                job = dock.run(circuit, "basic_simulator", engine=engine)
                assert job.result().metadata["method"] == method


@pytest.mark.parametrize(
    "options, message",
    [
        ({"method": "stabilizer"}, "method='stabilizer': it has a gate that is no Clifford gate"),
        ({"method": "sampling"}, "method='sampling': it measures or resets a qubit that it goes on with"),
        ({"method": "branching", "output": "statevector"}, "for output='statevector', which has one way to be made"),
        ({"method": "stabilizer", "initial_state": [1, 0]}, "`initial_state` is none that a tableau can hold"),
    ],
)
def test_a_method_that_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    circuit = Circuit(1, 1).t(0).measure(0, 0).h(0).measure(0, 0)
    with Dock(Config.load({"QDOCK_STORE": "memory:"})) as dock, pytest.raises(OptionError, match=message):
        dock.run(circuit, "basic_simulator", **options)


def test_a_tableau_needs_straight_circuits_that_write_what_is_shown() -> None:
    conditional = Circuit(1, 1).measure(0, 0)
    conditional.if_(conditional.bit(0), conditional.block().x(0))
    hidden = Circuit(1).h(0)
    hidden.measure(0, hidden.add_creg("s", 1, output=False))
    with Dock(Config.load({"QDOCK_STORE": "memory:"})) as dock:
        with pytest.raises(OptionError, match="it has classical control"):
            dock.run(conditional, "basic_simulator", method="stabilizer")
        with pytest.raises(OptionError, match="it writes no clbit that results show"):
            dock.run(hidden, "basic_simulator", method="stabilizer", output="probabilities")


def test_the_fast_engine_without_numba_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "numba is not installed; `pip install 'qdock-basic[fast]'` brings it."
    monkeypatch.setattr(fast, "why_not", lambda: reason)
    circuit = Circuit(1, 1).h(0).measure(0, 0)
    with Dock(Config.load({"QDOCK_STORE": "memory:"})) as dock:
        with pytest.raises(OptionError, match=r"`engine` is 'fast', but numba is not installed; `pip install 'qdock-"):
            dock.run(circuit, "basic_simulator", engine="fast")
        assert dock.run(circuit, "basic_simulator").result().metadata["engine"] == "numpy"


# --- reduced to what is read


def chain(circuit: Circuit, qubits: range) -> None:
    for qubit in qubits:
        circuit.ry(0.3 + 0.1 * qubit, qubit)
    for qubit in qubits[:-1]:
        circuit.crx(0.7, qubit, qubit + 1)


def test_qubits_that_nothing_happens_to_cost_nothing(simulated: Any, oracle: Any) -> None:
    small, wide = Circuit(2, 2), Circuit(60, 60)
    chain(small, range(2))
    chain(wide, range(2))
    small.measure(range(2), range(2))
    wide.rz(0.3, 1).measure(range(2), range(2))
    counts = simulated(wide, shots=20_000).get_counts()
    assert all(key.startswith("0" * 58) for key in counts)
    table = np.zeros(4)
    for outcome, number in counts.int_outcomes().items():
        table[outcome] = number
    assert np.abs(table / 20_000 - oracle.distribution(small)).max() < 0.02


def test_only_the_light_cone_of_what_is_measured_is_simulated(simulated: Any, oracle: Any) -> None:
    wide, small = Circuit(50, 1), Circuit(2, 1)
    for circuit, size in ((wide, 50), (small, 2)):
        circuit.ry(0.4, range(size)).crx(1.1, range(size - 1), range(1, size)).measure(1, 0)
    counts = simulated(wide, shots=20_000).get_counts()
    assert abs(counts["1"] / 20_000 - oracle.distribution(small)[1]) < 0.02


@pytest.mark.parametrize("shots", [300, 1 << 20])
def test_parts_that_have_nothing_to_do_with_each_other_are_drawn_independently(simulated: Any, shots: int) -> None:
    circuit = Circuit(20, 6)
    parts = (range(10), range(10, 20))
    for part in parts:
        chain(circuit, part)
    circuit.measure([9, 8, 0], [5, 0, 2]).measure([19, 10, 15], [1, 3, 4])
    result = simulated(circuit, shots=shots, memory=True)
    assert np.bincount(result.memory).tolist() == result.counts.tolist()
    alone = [Circuit(10, 6), Circuit(10, 6)]
    chain(alone[0], range(10))
    alone[0].measure([9, 8, 0], [5, 0, 2])
    for qubit in range(10):
        alone[1].ry(0.3 + 0.1 * (qubit + 10), qubit)
    alone[1].crx(0.7, range(9), range(1, 10)).measure([9, 0, 5], [1, 3, 4])
    tables = [simulated(item, output="probabilities").get_probabilities() for item in alone]
    expected = np.zeros(64)
    for left in np.flatnonzero(tables[0]):
        for right in np.flatnonzero(tables[1]):
            expected[left | right] += tables[0][left] * tables[1][right]
    found = np.zeros(64)
    found[result.outcomes[:, 0].astype(int)] = result.counts
    assert (np.abs(found - shots * expected) <= 5 * np.sqrt(shots * expected) + 1e-6).all()


def test_many_small_parts_are_put_together_shot_by_shot(simulated: Any) -> None:
    size = 40
    circuit = Circuit(size, size)
    for qubit in range(size):
        circuit.ry(2 * np.arcsin(np.sqrt(qubit / size)), qubit)
    result = simulated(circuit.measure(range(size), range(size)), shots=20_000)
    bits = (result.outcomes >> np.arange(size, dtype=np.uint64)[None, :]) & np.uint64(1)
    ones = (bits * result.counts[:, None].astype(np.uint64)).sum(axis=0) / 20_000
    assert np.abs(ones - np.arange(size) / size).max() < 0.02
    both = (bits[:, 20] & bits[:, 21]).astype(float) @ result.counts / 20_000
    assert abs(both - 20 * 21 / size**2) < 0.02


def test_branches_leave_out_qubits_that_nothing_happens_to(simulated: Any) -> None:
    circuit = Circuit(60, 2).ry(1, 59).measure(59, 0)
    circuit.if_(circuit.bit(0), circuit.block().x(3)).measure(3, 1)
    counts = simulated(circuit).get_counts()
    assert set(counts) == {"00", "11"}


def test_a_thousand_million_shots_of_ten_qubits_are_counted(simulated: Any) -> None:
    circuit = Circuit(10, 10).ry(0.7, range(10)).cx(range(9), range(1, 10)).measure(range(10), range(10))
    assert simulated(circuit, shots=10**9).counts.sum() == 10**9


# --- many circuits at a time


@needs_numba
def test_circuits_that_are_run_together_draw_what_each_draws_alone() -> None:
    rng, circuits = np.random.default_rng(4), []
    for _ in range(40):
        size = int(rng.integers(1, 5))
        circuit = Circuit(size, size, global_phase=0.3)
        for _ in range(8):
            circuit.u(*rng.uniform(-3, 3, 3).tolist(), int(rng.integers(size)))
            if size > 1:
                circuit.cp(float(rng.uniform(-3, 3)), *rng.permutation(size)[:2].tolist())
        circuits.append(circuit.measure(range(size), range(size)))
    circuits[3] = Circuit(2, 2).h(0).append(Gate("x").control(1, 0), [0, 1]).measure([0, 1], [0, 1])
    circuits[5] = Circuit(1, 1).h(0).measure(0, 0).h(0).measure(0, 0)
    options = {**{name: option.default for name, option in SPEC.options.items()}, "memory": True}
    results = [
        BasicSimulator().execute(circuits, {**options, "engine": engine, "threads": threads}, Context(seed=9))
        for engine, threads in (("numpy", None), ("fast", 1), ("fast", 8))
    ]
    for entries in zip(*results, strict=True):
        assert entries[0].get_memory() == entries[1].get_memory() == entries[2].get_memory()


@needs_numba
def test_a_batch_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Context):
        def check(self) -> None:
            raise JobCancelledError("Enough.")

    monkeypatch.setattr(Watch, "is_due", lambda _: True)
    options = {**{name: option.default for name, option in SPEC.options.items()}, "engine": "fast"}
    circuits = [Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1]) for _ in range(300)]
    with pytest.raises(JobCancelledError, match="Enough"):
        Batch(circuits, options, Stopped(seed=1), Limits(), FastEngine(2)).run()
