"""Energies, adjoint gradients and VQE iterations a second, beside PennyLane's lightning.qubit and Qiskit.

``python tests/benchmarks/primitives.py [--peers PYTHON ...] [--check] [--rounds N]`` prints medians in milliseconds and
how many times as long others take. Each PYTHON is an interpreter in whose environment pennylane-lightning or qiskit
may be installed: those that are take turns with qdock, round by round, each in a process that lives as long as the
benchmark. This file runs in them too, so it imports nothing but what it measures. With ``--check`` a peer that is
faster fails it.

All do the same: layers of RY, RZ and a line of CX on 4 qubits (the hydrogen molecule) and 10 (an Ising chain), with
a parameter in every turn. A gradient is with the energy, by the adjoint method, and with Qiskit's
StatevectorEstimator, which has none, by the shift of every parameter. VQE runs SciPy's optimisers: L-BFGS-B follows the
gradient, COBYLA needs energies alone and, with qdock, runs each on the simulator as a part of a job.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

ITERATIONS, ENERGIES = 30, 100
PEERS = {"lightning": "pennylane_lightning", "qiskit": "qiskit"}
#: Number of qubits to terms, as letters, qubits and coefficient.
CHAIN = [("ZZ", (site, site + 1), -1.0) for site in range(9)] + [("X", (site,), -1.0) for site in range(10)]
HYDROGEN = [
    ("", (), -0.098834), ("Z", (0,), 0.171201), ("Z", (1,), 0.171201), ("Z", (2,), -0.222797), ("Z", (3,), -0.222796),
    ("ZZ", (0, 1), 0.168623), ("ZZ", (0, 2), 0.120546), ("ZZ", (0, 3), 0.165868), ("ZZ", (1, 2), 0.165868),
    ("ZZ", (1, 3), 0.120546), ("ZZ", (2, 3), 0.174349), ("YYXX", (0, 1, 2, 3), -0.045322),
    ("XXYY", (0, 1, 2, 3), -0.045322), ("YXXY", (0, 1, 2, 3), 0.045322), ("XYYX", (0, 1, 2, 3), 0.045322),
]  # fmt: skip
PROBLEMS: dict[str, tuple[int, int, list[tuple[str, tuple[int, ...], float]]]] = {
    "hydrogen": (4, 2, HYDROGEN),
    "ising chain": (10, 4, CHAIN),
}
Work = Callable[[], object]


def start_of(num_qubits: int, layers: int) -> list[float]:
    return [math.sin(1.0 + place) for place in range(2 * num_qubits * layers)]


def works_of(energy: Callable[[Any], float], gradient: Callable[[Any], Any], start: list[float]) -> dict[str, Work]:
    """Return what is measured, of an energy and of an energy with its gradient as functions of an array."""
    import numpy as np
    from scipy.optimize import minimize

    point = np.array(start)

    def by_gradient() -> None:
        minimize(gradient, point, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})

    def by_energies() -> None:
        minimize(energy, point, method="COBYLA", options={"maxiter": ENERGIES})

    return {
        "energy": lambda: energy(point),
        "gradient": lambda: gradient(point),
        "VQE, L-BFGS-B": by_gradient,
        "VQE, COBYLA": by_energies,
    }


def with_qdock(num_qubits: int, layers: int, terms: Any) -> dict[str, Work]:
    from qdock import Circuit
    from qdock.expr import Parameter
    from qdock_algorithms import AlgorithmJob, Pauli, vqe
    from qdock_algorithms.exact import ExactCircuit

    circuit, count = Circuit(num_qubits), 0
    for _ in range(layers):
        for turn in (circuit.ry, circuit.rz):
            for qubit in range(num_qubits):
                turn(Parameter(f"t{count}"), qubit)
                count += 1
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    observable = Pauli.from_sparse_list(terms, num_qubits)
    compiled, start = ExactCircuit(circuit), start_of(num_qubits, layers)
    works = works_of(
        lambda point: compiled.energy(observable, point),
        lambda point: compiled.energy_and_gradient(observable, point),
        start,
    )

    def job(**options: Any) -> None:
        made = AlgorithmJob(vqe, observable, circuit, start, **options)
        made.submit()
        made.result()

    on_backend = {"backend": "basic_simulator", "optimizer": "COBYLA", "maxiter": ENERGIES}
    return {**works, "VQE, L-BFGS-B": lambda: job(maxiter=ITERATIONS), "VQE, COBYLA": lambda: job(**on_backend)}


def with_lightning(num_qubits: int, layers: int, terms: Any) -> dict[str, Work]:
    import pennylane as qml
    from pennylane import numpy as pnp

    letters = {"X": qml.PauliX, "Y": qml.PauliY, "Z": qml.PauliZ}
    # The letters of a term are read from the right.
    words = [[letters[name](qubit) for name, qubit in zip(text[::-1], where, strict=True)] for text, where, _ in terms]
    products = [qml.prod(*word) if len(word) > 1 else word[0] if word else qml.Identity(0) for word in words]
    hamiltonian = qml.Hamiltonian([number for *_, number in terms], products)

    @qml.qnode(qml.device("lightning.qubit", wires=num_qubits), diff_method="adjoint")
    def expectation(values: Any) -> Any:
        count = 0
        for _ in range(layers):
            for turn in (qml.RY, qml.RZ):
                for qubit in range(num_qubits):
                    turn(values[count], wires=qubit)
                    count += 1
            for qubit in range(num_qubits - 1):
                qml.CNOT(wires=[qubit, qubit + 1])
        return qml.expval(hamiltonian)

    slope = qml.grad(expectation)

    def gradient(point: Any) -> tuple[float, Any]:
        found = slope(pnp.array(point, requires_grad=True))
        return float(slope.forward), found

    return works_of(
        lambda point: float(expectation(pnp.array(point, requires_grad=False))), gradient, start_of(num_qubits, layers)
    )


def with_qiskit(num_qubits: int, layers: int, terms: Any) -> dict[str, Work]:
    import numpy as np
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector
    from qiskit.primitives import StatevectorEstimator
    from qiskit.quantum_info import SparsePauliOp

    values, count = ParameterVector("t", 2 * num_qubits * layers), 0
    circuit = QuantumCircuit(num_qubits)
    for _ in range(layers):
        for turn in (circuit.ry, circuit.rz):
            for qubit in range(num_qubits):
                turn(values[count], qubit)
                count += 1
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    # Its letters are read from the left.
    hamiltonian = SparsePauliOp.from_sparse_list(
        [(text[::-1], list(where), number) for text, where, number in terms], num_qubits
    )
    estimator, shifts = StatevectorEstimator(), np.eye(len(values)) * math.pi / 2

    def energies(points: Any) -> Any:
        return estimator.run([(circuit, hamiltonian, points)]).result()[0].data.evs

    def gradient(point: Any) -> tuple[float, Any]:
        found = energies(np.concatenate([point[None], point + shifts, point - shifts]))
        up, down = found[1:].reshape(2, -1)
        return float(found[0]), (up - down) / 2

    works = works_of(lambda point: float(energies(point)), gradient, start_of(num_qubits, layers))
    # It would take minutes, and tell what the gradient tells.
    del works["VQE, L-BFGS-B"]
    return works


LIBRARIES: dict[str, Callable[[int, int, Any], dict[str, Work]]] = {
    "qdock": with_qdock,
    "lightning": with_lightning,
    "qiskit": with_qiskit,
}
CALLS = {"energy": 5, "gradient": 3}
#: Iterations of a minimisation.
EACH = {"VQE, L-BFGS-B": ITERATIONS, "VQE, COBYLA": ENERGIES}

# --- in the process of a library


def seconds(work: Work, calls: int) -> float:
    """Return the seconds of one call."""
    started = perf_counter()
    for _ in range(calls):
        work()
    return (perf_counter() - started) / calls


def serve(library: str) -> None:
    """Measure one row for each line that comes in, and print it: -1 where the library has none."""
    works = {name: LIBRARIES[library](*problem) for name, problem in PROBLEMS.items()}
    for line in sys.stdin:
        problem, row = json.loads(line)
        work = works[problem].get(row)
        calls = 1 if library == "qiskit" else CALLS.get(row, 1)
        print(json.dumps(None if work is None else seconds(work, calls)), flush=True)


# --- in the process of the benchmark


class Library:
    """A library in a process of its own."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [python, __file__, "--serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def measure(self, problem: str, row: str) -> float | None:
        """Return the seconds of one row."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([problem, row]) + "\n")
        self.process.stdin.flush()
        taken: float | None = json.loads(self.process.stdout.readline())
        return taken

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def has(python: str, module: str) -> bool:
    return not subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode


def compare(libraries: list[Library], problem: str, row: str, rounds: int) -> float:
    """Print a row, and return how many times as long the fastest peer takes; infinity where there is none."""
    taken: list[list[float]] = [[] for _ in libraries]
    for turn in range(rounds + 1):
        for library, found in zip(libraries, taken, strict=True):
            one = library.measure(problem, row)
            # The first turn warms up.
            if one is not None and turn:
                found.append(one)
    own, *others = (statistics.median(found) if found else None for found in taken)
    assert own is not None
    parts = [f"qdock {own * 1e3:,.2f} ms"]
    ratios = [math.inf]
    for library, other in zip(libraries[1:], others, strict=True):
        if other is not None:
            ratios.append(other / own)
            parts.append(f"{library.name} {other * 1e3:,.2f} ms ({other / own:,.1f} times)")
    print(f"{problem}, {row}: {', '.join(parts)}, {EACH.get(row, 1) / own:,.0f}/s", flush=True)
    return min(ratios)


def main() -> None:
    """Measure, print, and with ``--check`` fail where a peer is faster."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail where a peer is faster")
    parser.add_argument("--peers", metavar="PYTHON", nargs="*", default=[], help="interpreters of the peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    libraries = [Library("qdock", sys.executable)]
    for python in arguments.peers:
        libraries += [Library(name, python) for name, module in PEERS.items() if has(python, module)]
    rows = ("energy", "gradient", "VQE, L-BFGS-B", "VQE, COBYLA")
    least = min(compare(libraries, problem, row, arguments.rounds) for problem in PROBLEMS for row in rows)
    for library in libraries:
        library.close()
    if arguments.check and least < 1:
        sys.exit("A peer is faster.")


if __name__ == "__main__":
    main()
