"""The circuits of the benchmark as plain lists, from which every library's worker makes its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["CIRCUITS", "TINY_QUBITS", "Step", "dynamic", "tiny"]

TINY_QUBITS = 5


class Step(NamedTuple):
    """One operation: a gate, or ``measure`` into a clbit; `clbit` of a gate is the one that must be 1."""

    name: str
    qubits: tuple[int, ...]
    values: Any = ()
    clbit: int | None = None


Steps = list[Step]


def _turns(rng: np.random.Generator, qubits: range) -> Steps:
    return [Step("u", (qubit,), tuple(rng.uniform(0, 2 * math.pi, 3).tolist())) for qubit in qubits]


def ghz(size: int) -> Steps:
    """A state of two basis states."""
    return [Step("h", (0,)), *(Step("cx", (qubit, qubit + 1)) for qubit in range(size - 1))]


def qft(size: int) -> Steps:
    """The Fourier transform of a basis state."""
    steps = [Step("x", (qubit,)) for qubit in range(0, size, 2)]
    for target in reversed(range(size)):
        steps.append(Step("h", (target,)))
        steps += [Step("cp", (control, target), (math.pi / 2 ** (target - control),)) for control in range(target)]
    return [*steps, *(Step("swap", (qubit, size - 1 - qubit)) for qubit in range(size // 2))]


def qv(size: int) -> Steps:
    """Quantum volume: as many layers as qubits, of random unitaries on random pairs."""
    rng, steps = np.random.default_rng(size), []
    for _ in range(size):
        order = rng.permutation(size).tolist()
        for first, second in zip(order[::2], order[1::2], strict=False):
            matrix, upper = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))
            phases = np.diag(upper) / np.abs(np.diag(upper))
            steps.append(Step("unitary", (first, second), matrix * phases))
    return steps


def brickwork(size: int) -> Steps:
    """Twenty layers: a turn of every qubit, and CZ on neighbours."""
    rng, steps = np.random.default_rng(size), []
    for layer in range(20):
        steps += _turns(rng, range(size))
        steps += [Step("cz", (qubit, qubit + 1)) for qubit in range(layer % 2, size - 1, 2)]
    return steps


def qaoa(size: int) -> Steps:
    """Four rounds of a cost on a ring and a mixer."""
    rng = np.random.default_rng(size)
    steps = [Step("h", (qubit,)) for qubit in range(size)]
    for _ in range(4):
        gamma, beta = rng.uniform(0, math.pi, 2).tolist()
        steps += [Step("rzz", (qubit, (qubit + 1) % size), (gamma,)) for qubit in range(size)]
        steps += [Step("rx", (qubit,), (beta,)) for qubit in range(size)]
    return steps


def hea(size: int) -> Steps:
    """A hardware-efficient ansatz of ten layers: ry, rz, and a ladder of CX."""
    rng, steps = np.random.default_rng(size), []
    for _ in range(10):
        for qubit in range(size):
            first, second = rng.uniform(0, 2 * math.pi, 2).tolist()
            steps += [Step("ry", (qubit,), (first,)), Step("rz", (qubit,), (second,))]
        steps += [Step("cx", (qubit, qubit + 1)) for qubit in range(size - 1)]
    return steps


def grover(size: int) -> Steps:
    """Three rounds of Grover's search for the state of ones, with a Z of many controls."""
    every = tuple(range(size))
    steps = [Step("h", (qubit,)) for qubit in every]
    for _ in range(3):
        steps.append(Step("mcz", every))
        around = [Step(name, (qubit,)) for name in ("h", "x") for qubit in every]
        steps += [*around, Step("mcz", every), *reversed(around)]
    return steps


def clifford(size: int) -> Steps:
    """Twenty layers of random Clifford gates on one qubit, and CX or CZ on neighbours."""
    rng, steps = np.random.default_rng(size), []
    for layer in range(20):
        steps += [Step(str(rng.choice(["h", "s", "x"])), (qubit,)) for qubit in range(size)]
        pairs = [(qubit, qubit + 1) for qubit in range(layer % 2, size - 1, 2)]
        steps += [Step(str(rng.choice(["cx", "cz"])), pair) for pair in pairs]
    return steps


def dynamic(size: int) -> Steps:
    """Three rounds of entangling, measuring a qubit, and a turn of the others where it was 1; then all are read."""
    rng, steps = np.random.default_rng(size), []
    for clbit in range(3):
        steps += _turns(rng, range(size))
        steps += [Step("cx", (qubit, qubit + 1)) for qubit in range(size - 1)]
        steps.append(Step("measure", (0,), (), clbit))
        steps += [Step("rx", (qubit,), (0.3 + clbit,), clbit) for qubit in range(1, 3)]
    return [*steps, *(Step("measure", (qubit,), (), 3 + qubit) for qubit in range(size))]


def tiny(index: int) -> Steps:
    """One of a thousand circuits of 5 qubits and depth 20, measured."""
    rng, steps = np.random.default_rng(index), []
    for layer in range(20):
        steps += [
            Step("rx" if layer % 2 else "rz", (qubit,), (float(rng.uniform(0, 6)),)) for qubit in range(TINY_QUBITS)
        ]
        steps += [Step("cx", (qubit, qubit + 1)) for qubit in range(layer % 2, TINY_QUBITS - 1, 2)]
    return steps


CIRCUITS: dict[str, Callable[[int], Steps]] = {
    "ghz": ghz,
    "qft": qft,
    "qv": qv,
    "brickwork": brickwork,
    "qaoa": qaoa,
    "hea": hea,
    "grover": grover,
    "clifford": clifford,
}
