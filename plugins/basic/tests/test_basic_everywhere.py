"""Random circuits through every method, engine and precision, on any number of threads: one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock_basic import BasicSimulator, fast
from qdock_basic.plugin import SPEC

#: How far amplitudes and probabilities may be from the exact ones.
CLOSE = {"double": 1e-9, "single": 5e-5}
THREADS = (1, 2, 3)


class Case(NamedTuple):
    """A circuit, and the exact distribution over its clbits."""

    circuit: Circuit
    exact: np.ndarray


class Kit(NamedTuple):
    """What cases are made of: `hypothesis` data, and the modules beside this file."""

    data: Any
    random: Any
    dynamic: Any
    oracle: Any

    def draw(self, strategy: Any) -> Any:
        return self.data.draw(strategy)


@pytest.fixture(scope="session")
def kit(random_circuits: Any, dynamic: Any, oracle: Any) -> Callable[[Any], Kit]:
    return lambda data: Kit(data, random_circuits, dynamic, oracle)


def ways(precision: str) -> Iterator[dict[str, Any]]:
    """Every engine that is there, on every number of threads."""
    yield {"engine": "numpy", "precision": precision}
    if fast.why_not() is None:
        yield from ({"engine": "fast", "precision": precision, "threads": threads} for threads in THREADS)


# --- states and matrices


SIZES = {"one call": (1, 5), "growing": (9, 12), "in passes": (14, 15)}


@pytest.mark.parametrize("precision", CLOSE)
@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=15)
@given(data=st.data())
def test_states_are_those_of_tensors(kit: Any, simulated: Any, size: str, precision: str, data: Any) -> None:
    tools = kit(data)
    circuit = tools.draw(tools.random.gates(*SIZES[size]))
    initial = tools.draw(st.sampled_from([None, start_of(circuit.num_qubits)]))
    exact = tools.oracle.state_of(circuit, initial)
    for way in ways(precision):
        found = simulated(circuit, output="statevector", initial_state=initial, **way)
        np.testing.assert_allclose(found.statevector, exact, atol=CLOSE[precision])


def start_of(num_qubits: int) -> np.ndarray:
    """A state to begin with."""
    rng = np.random.default_rng(num_qubits)
    state = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    return np.asarray(state / np.linalg.norm(state))


@pytest.mark.parametrize("precision", CLOSE)
@settings(max_examples=15)
@given(data=st.data())
def test_unitaries_are_kronecker_products(kit: Any, simulated: Any, precision: str, data: Any) -> None:
    tools = kit(data)
    circuit = tools.draw(tools.random.gates())
    exact = tools.oracle.unitary(circuit)
    for way in ways(precision):
        found = simulated(circuit, output="unitary", **way)
        np.testing.assert_allclose(found.unitary, exact, atol=CLOSE[precision])


@settings(max_examples=15)
@given(data=st.data(), seed=st.integers(0, 2**64 - 1))
def test_a_seed_gives_one_shots_state_on_both_engines(kit: Any, simulated: Any, data: Any, seed: int) -> None:
    circuit = kit(data).draw(kit(data).dynamic.dynamic_circuits())
    first, *others = [simulated(circuit, seed=seed, output="statevector", **way) for way in ways("double")]
    for other in others:
        np.testing.assert_allclose(other.statevector, first.statevector, atol=CLOSE["double"])
        assert other.get_counts() == first.get_counts()


# --- distributions and counts


def in_cache(kit: Kit) -> Case:
    circuit = kit.draw(kit.random.read())
    return Case(circuit, kit.oracle.distribution(circuit))


def in_passes(kit: Kit) -> Case:
    circuit = kit.draw(kit.random.read(*SIZES["in passes"]))
    return Case(circuit, kit.oracle.read_distribution(circuit))


def measured_on_the_way(kit: Kit) -> Case:
    circuit = kit.draw(kit.random.measured())
    return Case(circuit, kit.oracle.distribution(circuit))


def controlled(kit: Kit) -> Case:
    circuit = kit.draw(kit.dynamic.dynamic_circuits())
    return Case(circuit, kit.oracle.distribution(circuit))


def clifford(kit: Kit) -> Case:
    circuit = kit.draw(kit.random.clifford())
    return Case(circuit, kit.oracle.distribution(circuit))


def among_others(kit: Kit) -> Case:
    narrow = kit.draw(st.one_of(kit.random.read(), kit.dynamic.dynamic_circuits()))
    return Case(kit.draw(kit.random.among_others(narrow)), kit.oracle.distribution(narrow))


def side_by_side(kit: Kit) -> Case:
    narrow = [kit.draw(kit.random.read(most=3)) for _ in range(2)]
    exact = np.kron(*(kit.oracle.distribution(circuit) for circuit in reversed(narrow)))
    return Case(kit.draw(kit.random.side_by_side(*narrow)), exact)


#: Which circuits each method is drawn for: method, and a case for `hypothesis` data.
METHODS: dict[str, tuple[str, Callable[[Kit], Case]]] = {
    "sampling in cache": ("sampling", in_cache),
    "sampling in passes": ("sampling", in_passes),
    "sampling a light cone": ("auto", among_others),
    "sampling parts": ("auto", side_by_side),
    "branching at the end": ("branching", in_cache),
    "branching on the way": ("branching", measured_on_the_way),
    "branching under control": ("branching", controlled),
    "branching with passes": ("branching", among_others),
    "stabilizer": ("stabilizer", clifford),
    "stabilizer as branches": ("branching", clifford),
    "auto": ("auto", measured_on_the_way),
}
each_method = pytest.mark.parametrize("name", METHODS)


@each_method
@pytest.mark.parametrize("precision", CLOSE)
@settings(max_examples=8)
@given(data=st.data())
def test_distributions_are_exact_by_every_method(
    kit: Any, simulated: Any, name: str, precision: str, data: Any
) -> None:
    method, make = METHODS[name]
    case = make(kit(data))
    for way in ways(precision):
        found = simulated(case.circuit, output="probabilities", method=method, **way)
        np.testing.assert_allclose(found.get_probabilities(), case.exact, atol=CLOSE[precision])


@each_method
@settings(max_examples=12)
@given(data=st.data(), shots=st.sampled_from([1, 7, 1000, 100_000]), seed=st.integers(0, 2**64 - 1))
def test_a_seed_gives_the_same_counts_by_a_method_on_both_engines_and_any_number_of_threads(
    kit: Any, simulated: Any, name: str, shots: int, seed: int, data: Any
) -> None:
    method, make = METHODS[name]
    case = make(kit(data))
    options = {"method": method, "shots": shots, "seed": seed, "memory": shots <= 1000}
    first, *others = [simulated(case.circuit, **options, **way) for way in ways("double")]
    assert_follows(first, case.exact)
    for other in others:
        assert_same(other, first)


@each_method
@settings(max_examples=6)
@given(data=st.data(), shots=st.sampled_from([1000, 100_000]), seed=st.integers(0, 2**64 - 1))
def test_counts_in_single_precision_are_the_same_on_any_number_of_threads(
    kit: Any, simulated: Any, name: str, shots: int, seed: int, data: Any
) -> None:
    method, make = METHODS[name]
    case = make(kit(data))
    options = {"method": method, "shots": shots, "seed": seed}
    found = [simulated(case.circuit, **options, **way) for way in ways("single")]
    for each in found:
        assert_follows(each, case.exact)
    for other in found[2:]:
        assert_same(other, found[1])


def assert_same(found: Any, expected: Any) -> None:
    assert found.get_counts() == expected.get_counts()
    assert (found.memory is None) == (expected.memory is None)
    assert expected.memory is None or (found.memory == expected.memory).all()


def assert_follows(found: Any, exact: np.ndarray) -> None:
    """Every count is within seven standard deviations of what is expected; few are expected of rare outcomes."""
    counts, shots = np.zeros(len(exact)), found.counts.sum()
    counts[found.outcomes[:, 0].astype(int)] = found.counts
    spread = np.sqrt(shots * exact * np.clip(1 - exact, 0, 1))
    assert (np.abs(counts - shots * exact) <= 7 * spread + 16).all()


# --- many circuits in one job


@settings(max_examples=15)
@given(data=st.data(), shots=st.sampled_from([1, 1000]), seed=st.integers(0, 2**64 - 1))
def test_a_seed_gives_every_circuit_of_a_job_the_same_counts_everywhere(
    kit: Any, data: Any, shots: int, seed: int
) -> None:
    tools = kit(data)
    kinds = st.one_of(tools.random.read(most=3), tools.random.clifford(), tools.dynamic.dynamic_circuits())
    circuits = tools.draw(st.lists(kinds, min_size=3, max_size=6))
    defaults = {name: option.default for name, option in SPEC.options.items()}
    jobs = [
        BasicSimulator().execute(circuits, {**defaults, "shots": shots, **way}, Context(seed=seed))
        for way in ways("double")
    ]
    for first, *others in zip(*jobs, strict=True):
        for other in others:
            assert_same(other, first)
