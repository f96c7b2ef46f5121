"""Circuits that are run together: each draws what it draws alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.gates import Gate
from qdock.result import CircuitResult
from qdock_basic import BasicSimulator, batch, fast
from qdock_basic.engines.engine import Asked, NumpyEngine
from qdock_basic.engines.fast_engine import FastEngine
from qdock_basic.plugin import SPEC
from qdock_basic.shapes import shape_of
from qdock_basic.watch import Watch

needs_numba = pytest.mark.skipif(fast.why_not() is not None, reason="numba is not installed")
ENGINES = ["numpy", pytest.param("fast", marks=needs_numba)]
DEFAULTS = {name: option.default for name, option in SPEC.options.items()}
ANGLES = st.floats(-3, 3)


@st.composite
def circuits(draw: Any) -> Circuit:
    """A small circuit of any kind that a batch may have."""
    size = draw(st.integers(1, 4))
    circuit = Circuit(size, size, name=draw(st.sampled_from(["one", "other"])), global_phase=draw(ANGLES))
    circuit.metadata = draw(st.sampled_from([{}, {"tag": [1]}]))
    if draw(st.booleans()):
        circuit.add_creg("late", 2, output=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 4))):
        _GATES[draw(st.sampled_from(sorted(_GATES)))](circuit, draw(st.permutations(range(size))), draw(ANGLES))
    if draw(st.integers(0, 5)) == 0:
        circuit.barrier()
    read = draw(st.permutations(range(size)))[: draw(st.integers(1, size))]
    return circuit.measure(read, draw(st.permutations(range(size)))[: len(read)])


def _measured(circuit: Circuit, qubits: list[int], angle: float) -> None:
    circuit.measure(qubits[0], qubits[-1]).ry(angle, qubits[0])


_GATES: dict[str, Any] = {
    "ry": lambda circuit, qubits, angle: circuit.ry(angle, qubits[0]),
    "u": lambda circuit, qubits, angle: circuit.u(angle, 0.3, angle, qubits[0]),
    "h": lambda circuit, qubits, _: circuit.h(qubits),
    "cx": lambda circuit, qubits, _: circuit.cx(*qubits[:2]) if len(qubits) > 1 else circuit,
    "controlled": lambda circuit, qubits, _: (
        circuit.append(Gate("x").control(len(qubits) - 1), qubits) if len(qubits) > 1 else circuit
    ),
    "measured": _measured,
    "reset": lambda circuit, qubits, _: circuit.reset(qubits[0]),
    "condition": lambda circuit, qubits, _: circuit.measure(qubits[0], 0).if_(
        circuit.bit(0), circuit.block().x(qubits[-1])
    ),
}


def run(programs: list[Circuit], seed: int, first: int = 0, **options: Any) -> list[CircuitResult]:
    context = Context(seed=seed, first=first)
    return list(BasicSimulator().execute(programs, {**DEFAULTS, **options}, context))


@pytest.mark.parametrize("engine", ENGINES)
@settings(deadline=None, max_examples=25)
@given(
    programs=st.lists(circuits(), min_size=3, max_size=6),
    shots=st.sampled_from([1, 3, 1000]),
    memory=st.booleans(),
    seed=st.integers(0, 2**64 - 1),
)
def test_every_circuit_of_a_batch_draws_what_it_draws_alone(
    engine: str, programs: list[Circuit], shots: int, memory: bool, seed: int
) -> None:
    asked = partial(run, shots=shots, memory=memory, engine=engine)
    several = [programs[index % len(programs)] for index in range(20)]
    alone = [asked([circuit], seed, first=index)[0] for index, circuit in enumerate(several)]
    assert asked(several, seed) == alone


@needs_numba
@settings(deadline=None, max_examples=25)
@given(programs=st.lists(circuits(), min_size=3, max_size=6), seed=st.integers(0, 2**64 - 1))
def test_both_engines_draw_the_same_for_a_batch(programs: list[Circuit], seed: int) -> None:
    several = programs * 6
    one, *others = (run(several, seed, engine=engine, threads=threads) for engine, threads in _WAYS)
    assert all(other == one for other in others)


_WAYS = [("numpy", None), ("fast", 1), ("fast", 3)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_batch_of_more_states_than_there_may_be_at_a_time_draws_the_same(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    several = [Circuit(3, 3).ry(0.1 * index, [0, 1, 2]).measure_all() for index in range(50)]
    whole = run(several, 5, engine=engine)
    monkeypatch.setattr(batch, "_AMPLITUDES", 64)
    assert run(several, 5, engine=engine) == whole


def test_a_batch_draws_from_the_exact_distributions() -> None:
    angles = np.linspace(0, np.pi, 40)
    entries = run([Circuit(1, 1).ry(float(angle), 0).measure(0, 0) for angle in angles], 1, shots=10_000)
    seen = np.array([entry.get_counts().get("1", 0) for entry in entries])
    expected = 10_000 * np.sin(angles / 2) ** 2
    assert (abs(seen - expected) <= 5 * np.sqrt(expected * (1 - expected / 10_000)) + 1e-9).all()


@needs_numba
def test_a_batch_may_have_matrices_that_are_left_to_numpy() -> None:
    swap = np.eye(128)[::-1]
    several = [Circuit(7, 7).h(0).unitary(swap, range(7)).measure_all() for _ in range(20)]
    assert run(several, 3, engine="fast") == run(several, 3, engine="numpy")


def circuit_of(weights: list[float]) -> Circuit:
    """Return a circuit of three qubits whose outcomes are as likely as the weights say, by a reflection."""
    first = np.sqrt(np.array(weights) / sum(weights))
    normal = np.eye(8)[0] - first
    scale = 2 / normal.dot(normal) if normal.any() else 0.0
    return Circuit(3, 3).unitary(np.eye(8) - scale * np.outer(normal, normal), [0, 1, 2]).measure_all()


WEIGHTS = st.lists(st.sampled_from([0.0, 1e-12, 0.1, 1.0, 50.0]), min_size=8, max_size=8).filter(any)


@needs_numba
@settings(deadline=None, max_examples=40)
@given(
    tables=st.lists(WEIGHTS, min_size=1, max_size=40),
    shots=st.sampled_from([1, 10, 1000, 1 << 20]),
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 100),
)
def test_compiled_draws_are_those_of_numpy(tables: list[list[float]], shots: int, seed: int, first: int) -> None:
    shaped = [circuit_of(weights).once(shape_of) for weights in tables]
    gates, numbers = [item.gates for item in shaped if item], list(range(1, 2 * len(tables), 2))
    asked = Asked(gates, shaped[0].shape, shots, "double", Context(seed=seed, first=first), numbers)  # type: ignore[union-attr]
    found = [engine.count_many(asked, Watch(Context())) for engine in (NumpyEngine(), FastEngine(1), FastEngine(3))]
    assert (found[0].sum(axis=1) == shots).all()
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


@needs_numba
def test_another_numpy_draws_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [Circuit(3, 3).ry(0.1 * index, [0, 1, 2]).measure_all() for index in range(50)]
    expected = run(several, 5, engine="fast")
    monkeypatch.setattr("qdock_basic.fast.run.like_numpy", lambda: False)
    assert run(several, 5, engine="fast") == expected


def test_the_method_of_a_batch_is_told() -> None:
    result = BasicSimulator().execute([Circuit(1, 1).h(0).measure_all()] * 20, DEFAULTS, Context(seed=1))
    assert result.metadata["method"] == "sampling"


@pytest.mark.parametrize("store", ["memory:", "sqlite"])
def test_a_job_of_many_circuits_makes_no_entries_until_somebody_asks_for_one(store: str, tmp_path: Path) -> None:
    place = store if store == "memory:" else f"sqlite://{tmp_path}/jobs.sqlite"
    programs = [Circuit(2, 2, name=f"c{number}").rx(number / 9, 0).cx(0, 1).measure_all() for number in range(40)]
    with Dock(Config.load({"QDOCK_STORE": place})) as dock:
        job = dock.get_backend("basic_simulator").run(programs, seed=4)
        result = job.result()
        assert len(result.get_counts()) == 40
        assert result.success
        assert "entries" not in vars(result)
        assert [entry.name for entry in result] == [program.name for program in programs]
        assert dock.get_job(job.job_id()).result() == result
