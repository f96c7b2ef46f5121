"""The backend `line`: states of all patterns of errors that were drawn, evolved side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdock import Circuit, CircuitResult, Context, LocalBackend, Result, Target
from qdock.errors import CircuitError
from qdock.gates import GATES

#: Identity, X, Y, Z: what an error does.
PAULIS = [GATES[name].matrix() for name in ("id", "x", "y", "z")]

Complex = NDArray[np.complex128]


class NoisyLine(LocalBackend):
    """Each qubit of a gate suffers a random Pauli error now and then; measured bits are read wrongly now and then."""

    def target(self) -> Target:
        """Return what the device can do; qdock lowers circuits to these gates."""
        size, errors = self.spec.num_qubits or 0, self.spec.params["errors"]
        return Target(size, tuple(errors), tuple((i, i + 1) for i in range(size - 1)), errors)

    def check(self, programs: Sequence[Any], options: dict[str, Any]) -> None:
        """Refuse gates on qubits that are not neighbours."""
        for circuit in programs:
            for operation in circuit:
                first, *others = operation.qubits or (0,)
                if operation.is_gate and others and abs(first - others[0]) != 1:
                    raise CircuitError(
                        f"Circuit {circuit.name!r} has '{operation.name}' on qubits {first} and {others[0]}, which are "
                        f"not coupled. Place it on neighbours of the line."
                    )

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Return an entry for each circuit."""
        entries = []
        for index, circuit in enumerate(programs):
            context.check()
            outcomes = self.run_shots(circuit, options, context.rng(index))
            entries.append(CircuitResult.from_outcomes(circuit, *np.unique(outcomes, return_counts=True)))
        return Result(entries)

    def run_shots(self, circuit: Circuit, options: dict[str, Any], rng: np.random.Generator) -> NDArray[np.uint64]:
        """Return the outcome of each shot."""
        places = [
            (gate, qubit) for gate, operation in enumerate(circuit) if operation.is_gate for qubit in operation.qubits
        ]
        rates = [self.spec.params["errors"].get(circuit[gate].name, 0) * options["noise"] for gate, _ in places]
        size = (options["shots"], len(places))
        drawn = np.where(rng.random(size) < rates, rng.integers(1, 4, size), 0)
        # Most shots have no error: each pattern is worked out once.
        patterns, numbers = np.unique(drawn.astype(np.uint8), axis=0, return_counts=True)
        likely = np.abs(evolved(circuit, dict(zip(places, patterns.T, strict=True)), len(patterns))) ** 2
        states = [
            rng.choice(len(row), number, p=row / row.sum())
            for row, number in zip(likely, numbers.tolist(), strict=True)
        ]
        flips = self.spec.params["readout"] * options["noise"] * options["readout"]
        return read(circuit, np.concatenate(states), flips, rng)


def evolved(circuit: Circuit, errors: dict[tuple[int, int], NDArray[np.uint8]], rows: int) -> Complex:
    """Return a state for each pattern of errors, ``(rows, 2**num_qubits)``; 0 to 3 stands for I, X, Y, Z."""
    states = np.zeros((rows, 2**circuit.num_qubits), complex)
    states[:, 0] = 1
    for number, operation in enumerate(circuit):
        if operation.is_gate:
            states = applied(states, operation.gate.matrix(), operation.qubits)
            for qubit in operation.qubits:
                for which in range(1, 4):
                    hit = errors[number, qubit] == which
                    if hit.any():
                        states[hit] = applied(states[hit], PAULIS[which], [qubit])
    return states


def applied(states: Complex, matrix: Complex, qubits: Sequence[int]) -> Complex:
    """Return states after a gate whose least significant bit is the first of `qubits`."""
    size, count = states.shape[1].bit_length() - 1, len(qubits)
    axes = [size - qubit for qubit in reversed(qubits)]
    tensor = states.reshape(-1, *(2,) * size)
    turned = np.tensordot(matrix.reshape((2,) * (2 * count)), tensor, (range(count, 2 * count), axes))
    return np.moveaxis(turned, range(count), axes).reshape(states.shape)


def read(circuit: Circuit, states: NDArray[np.int64], flips: float, rng: np.random.Generator) -> NDArray[np.uint64]:
    """Return the outcome of each shot from the state of its qubits."""
    outcomes = np.zeros(len(states), np.uint64)
    for qubit, bit in wires(circuit):
        value = (states >> qubit & 1) ^ (rng.random(len(states)) < flips)
        outcomes |= value.astype(np.uint64) << np.uint64(bit)
    return outcomes


def wires(circuit: Circuit) -> Iterator[tuple[int, int]]:
    """Yield each measured qubit with the place of its clbit in an outcome."""
    place = {clbit: bit for bit, clbit in enumerate(circuit.output_clbits)}
    for operation in circuit:
        if operation.name == "measure" and operation.clbits[0] in place:
            yield operation.qubits[0], place[operation.clbits[0]]
