"""Circuits of the same gates side by side in compiled code: each is what it is alone, whatever stands beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.expr import Parameter
from qdock.gates import GATES
from qdock_basic import BasicSimulator
from qdock_basic.plugin import SPEC

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from numba import njit

from qdock_basic.fast.front.joined import join
from qdock_basic.fast.loops.turns import MOST_EXACT, cos_sin
from qdock_basic.fast.machine.pointers import hold, pointer
from qdock_basic.fast.small.rows import order_of

DEFAULTS = {name: option.default for name, option in SPEC.options.items()}
TURNED = [name for name, row in GATES.items() if row.num_params]


def counts(circuits: list[Circuit], engine: str, **options: Any) -> list[dict[str, int]]:
    chosen = {**DEFAULTS, "engine": engine, **options}
    return BasicSimulator().execute(circuits, chosen, Context(seed=7)).get_counts()  # type: ignore[no-any-return]


def sweep(names: list[str], size: int, count: int, seed: int, flat: bool = False) -> list[Circuit]:
    """Circuits of the same gates on the same qubits, each with angles of its own."""
    rng = np.random.default_rng(seed)
    places = [rng.permutation(size)[: GATES[name].num_qubits].tolist() for name in names]
    circuits = []
    for _ in range(count):
        circuit = Circuit(size, size)
        for qubit in range(0 if flat else size):
            circuit.ry(float(rng.uniform(-4, 4)), qubit)
        for name, qubits in zip(names, places, strict=True):
            circuit.append(name, qubits, rng.uniform(-7, 7, GATES[name].num_params).tolist())
        for qubit in range(0 if flat else size):
            circuit.rx(float(rng.uniform(-4, 4)), qubit)
        circuits.append(circuit.measure_all())
    return circuits


@pytest.mark.parametrize("name", GATES)
def test_every_gate_of_circuits_that_are_alike_does_what_it_does_in_numpy(name: str) -> None:
    circuits = sweep([name, "h", name], max(3, GATES[name].num_qubits), 19, GATES[name].code)
    assert counts(circuits, "fast") == counts(circuits, "numpy")


@settings(deadline=None, max_examples=25)
@given(
    names=st.lists(st.sampled_from(sorted(name for name, row in GATES.items() if row.num_qubits <= 3)), max_size=8),
    size=st.integers(3, 6),
    count=st.integers(2, 40),
    seed=st.integers(0, 2**32),
    flat=st.booleans(),
)
def test_sweeps_of_any_length_count_as_in_numpy(names: list[str], size: int, count: int, seed: int, flat: bool) -> None:
    circuits = sweep(names, size, count, seed, flat)
    expected = counts(circuits, "numpy")
    assert counts(circuits, "fast", threads=1) == expected
    assert counts(circuits, "fast", threads=3) == expected


@pytest.mark.parametrize("size", [1, 2, 8, 9, 10])
def test_circuits_of_all_sizes_that_are_run_together_count_as_in_numpy(size: int) -> None:
    circuits = sweep(["cx", "cp"] if size > 1 else ["p", "u"], size, 18, size)
    assert counts(circuits, "fast", shots=2000) == counts(circuits, "numpy", shots=2000)


def test_in_single_precision_they_count_as_alone() -> None:
    circuits = sweep(["cx", "rzz", "u", "crx"], 5, 40, 3)
    together = counts(circuits, "fast", precision="single")
    exact = counts(circuits, "fast")
    moved = sum(abs(one[key] - other.get(key, 0)) for one, other in zip(together, exact, strict=True) for key in one)
    assert moved <= 8


def test_neighbours_that_differ_are_told_apart() -> None:
    """By a gate, a qubit, what is read, a modifier, or a pause in between."""
    kinds = [
        lambda angle: Circuit(3, 3).ry(angle, 0).cx(0, 1).rx(angle, 2).measure_all(),
        lambda angle: Circuit(3, 3).ry(angle, 0).cz(0, 1).rx(angle, 2).measure_all(),
        lambda angle: Circuit(3, 3).ry(angle, 0).cx(0, 2).rx(angle, 2).measure_all(),
        lambda angle: Circuit(3, 3).ry(angle, 0).barrier(0).cx(0, 1).barrier(1, 2).rx(angle, 2).measure_all(),
        lambda angle: Circuit(3, 3).ry(angle, 0).barrier(0, 1).cx(0, 1).barrier(2).rx(angle, 2).measure_all(),
        lambda angle: Circuit(3, 3).barrier(0).h(1).barrier(2, 0).ry(angle, 0).measure_all(),
        lambda angle: Circuit(3, 3).barrier(0, 1).h(2).barrier(0).ry(angle, 0).measure_all(),
        lambda angle: Circuit(3, 3).ry(angle, 0).delay(1.0, 1).cx(0, 1).rx(angle, 2).measure_all(),
        lambda angle: Circuit(3, 3).mcp(angle, [0, 1], 2).h([0, 1, 2]).mcp(angle, [0, 1], 2).measure_all(),
        lambda angle: Circuit(3, 3, global_phase=angle).ry(angle, 0).cx(0, 1).rx(angle, 2).measure([2, 0], [0, 1]),
    ]
    circuits = [kind(0.1 + 0.2 * number) for kind in kinds for number in range(5)]
    assert counts(circuits, "fast") == counts(circuits, "numpy")
    mixed = [circuits[index * 7 % len(circuits)] for index in range(len(circuits))]
    assert counts(mixed, "fast") == counts(mixed, "numpy")


def test_circuits_that_are_alike_stand_together_wherever_they_came_from() -> None:
    one, other = sweep(["cx", "rx"], 3, 20, 1), sweep(["rx", "cx"], 3, 20, 2)
    mixed = [circuit for pair in zip(one, other, strict=True) for circuit in pair]
    order = order_of(join(mixed, [len(circuit) - 3 for circuit in mixed]).runs).tolist()
    assert sorted(order) == list(range(40))
    assert len({number % 2 for number in order[:20]}) == 1
    assert order[:20] == sorted(order[:20])
    assert counts(mixed, "fast") == counts(mixed, "numpy")


def test_angles_that_were_bound_are_those_of_their_circuit() -> None:
    theta = Parameter("theta")
    template = Circuit(2, 2).ry(theta, 0).cp(2 * theta, 0, 1).h([0, 1]).measure_all()
    circuits = [template.bind({theta: 0.1 * number}) for number in range(21)]
    assert counts(circuits, "fast") == counts(circuits, "numpy")


@pytest.mark.parametrize("name", TURNED)
def test_huge_and_vanishing_angles_are_turns_too(name: str) -> None:
    angles = [0.0, math.pi, -2 * math.pi, 1e-12, 1e5, 3e6, -1e9, 1e15, 5e-324]
    circuits = []
    for angle in angles:
        circuit = Circuit(4, 4).h(range(4))
        circuit.append(name, range(GATES[name].num_qubits), [angle] * GATES[name].num_params)
        circuits.append(circuit.ry(0.4, [0, 1, 2, 3]).measure_all())
    assert counts(circuits * 2, "fast") == counts(circuits * 2, "numpy")


@njit
def turns(angles: Any, cos: Any, sin: Any) -> None:
    cos_sin(pointer(angles), len(angles), pointer(cos), pointer(sin))
    hold(angles)


def test_cosines_and_sines_are_those_of_the_library() -> None:
    rng = np.random.default_rng(5)
    ranges = [rng.uniform(-most, most, 2000) for most in (1e-3, 1.0, 10.0, MOST_EXACT, 1e12, 1e300)]
    edges = [number * math.pi / 4 + shift for number in range(-17, 18) for shift in (0.0, 1e-9, -1e-15)]
    angles = np.concatenate([*ranges, edges, [0.0, 5e-324, MOST_EXACT, -MOST_EXACT]])
    cos, sin = np.empty_like(angles), np.empty_like(angles)
    turns(angles, cos, sin)
    np.testing.assert_allclose(cos, [math.cos(angle) for angle in angles], rtol=1e-15, atol=1e-17)
    np.testing.assert_allclose(sin, [math.sin(angle) for angle in angles], rtol=1e-15, atol=1e-17)
