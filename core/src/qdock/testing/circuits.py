"""The circuits that backends are tested with, placed on qubits that a device couples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from qdock.circuit import Circuit
from qdock.gates import GATES, Gate

__all__ = ["ANGLES", "Layout", "bell", "gate_circuits", "ghz", "measured", "qft", "random_circuit"]

#: Of test gates: no two alike, none half or twice another, none special.
ANGLES = (0.731, 1.913, -0.477, 2.357)


class Layout:
    """Which qubits may meet.

    Parameters
    ----------
    num_qubits : int, optional
        How many there are; None: as many as are asked for.
    couplings : sequence of (int, int), optional
        Pairs that two-qubit gates act on, in any order. None: any.
    """

    def __init__(self, num_qubits: int | None = None, couplings: Sequence[tuple[int, int]] | None = None) -> None:
        self.num_qubits = num_qubits
        self.pairs = None if couplings is None else {frozenset(pair) for pair in couplings}

    def path(self, count: int) -> list[int] | None:
        """Return `count` qubits each of which is coupled with the next, or None where there are none."""
        if self.pairs is None:
            return list(range(count)) if self.num_qubits is None or count <= self.num_qubits else None
        qubits = sorted({qubit for pair in self.pairs for qubit in pair} | set(range(count == 1)))
        return next(filter(None, (self._walk([qubit], count, qubits) for qubit in qubits)), None)

    def _walk(self, path: list[int], count: int, qubits: Sequence[int]) -> list[int] | None:
        if len(path) == count:
            return path
        further = [
            qubit for qubit in qubits if qubit not in path and frozenset((path[-1], qubit)) in (self.pairs or ())
        ]
        return next(filter(None, (self._walk([*path, qubit], count, qubits) for qubit in further)), None)

    def clique(self, count: int) -> list[int] | None:
        """Return `count` qubits each of which is coupled with every other, or None where there are none."""
        path = self.path(count)
        if path is None or self.pairs is None:
            return path
        return path if all(frozenset(pair) in self.pairs for pair in combinations(path, 2)) else None


def measured(circuit: Circuit, qubits: Sequence[int]) -> Circuit:
    """Return a copy with a clbit for each of `qubits`, measured at the end."""
    made = circuit.copy()
    first = made.num_clbits
    made.add_creg("c", len(qubits))
    return made.measure(list(qubits), list(range(first, first + len(qubits))))


def bell(path: Sequence[int]) -> Circuit:
    """Return the Bell state of two qubits."""
    return Circuit(max(path) + 1, name="bell").h(path[0]).cx(path[0], path[1])


def ghz(path: Sequence[int]) -> Circuit:
    """Return the GHZ state of the qubits of a path."""
    circuit = Circuit(max(path) + 1, name="ghz").h(path[0])
    for near, far in pairwise(path):
        circuit.cx(near, far)
    return circuit


def qft(qubits: Sequence[int], number: int) -> Circuit:
    """Return a circuit that writes a number in phases and reads it with the inverse Fourier transform."""
    size = len(qubits)
    circuit = Circuit(max(qubits) + 1, name=f"qft of {number}").h(list(qubits))
    for place, qubit in enumerate(qubits):
        circuit.p(2 * math.pi * number / 2 ** (size - place), qubit)
    for place, qubit in enumerate(qubits):
        for lower in range(place):
            circuit.cp(-math.pi / 2 ** (place - lower), qubits[lower], qubit)
        circuit.h(qubit)
    return circuit


def random_circuit(path: Sequence[int], seed: int, length: int = 24) -> Circuit:
    """Return a circuit of random gates on the qubits of a path, two-qubit gates on neighbours."""
    rng = default_rng(seed)
    circuit = Circuit(max(path) + 1, name=f"random circuit {seed}")
    names = [name for name, row in GATES.items() if row.num_qubits <= min(2, len(path)) and name != "u0"]
    for _ in range(length):
        row = GATES[names[rng.integers(len(names))]]
        place = int(rng.integers(len(path) - row.num_qubits + 1))
        qubits = list(path[place : place + row.num_qubits])
        if rng.random() < 0.5:
            qubits.reverse()
        circuit.append(row.name, qubits, rng.uniform(-math.pi, math.pi, row.num_params).tolist())
    return circuit


def gate_circuits(gate: Gate, qubits: Sequence[int], count: int = 3) -> list[Circuit]:
    """Return circuits that tell the gate from any other, by their counts too: random turns before and after it.

    The second layer turns phases into populations. Each circuit holds the gate once, in the midst.
    """
    rng = default_rng(len(qubits))
    made = []
    for number in range(count):
        circuit = Circuit(max(qubits) + 1, name=f"{gate.label} {number}")
        _turn_all(circuit, qubits, rng)
        circuit.append(gate, list(qubits))
        _turn_all(circuit, qubits, rng)
        made.append(circuit)
    return made


def _turn_all(circuit: Circuit, qubits: Sequence[int], rng: Generator) -> None:
    """Turn each qubit by angles at which every population and every phase shows."""
    for qubit in qubits:
        theta, phi, lam = rng.uniform(0.6, 2.5), rng.uniform(0.4, 1.2), rng.uniform(0.4, 1.2)
        circuit.u(float(theta), float(phi), float(lam), qubit)


def random_state(num_qubits: int, seed: int) -> NDArray[np.complex128]:
    """Return a random state, ``(2**num_qubits,)``."""
    rng = default_rng(seed)
    state = rng.normal(size=2**num_qubits) + 1j * rng.normal(size=2**num_qubits)
    normal: NDArray[np.complex128] = state / np.linalg.norm(state)
    return normal
