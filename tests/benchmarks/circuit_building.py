"""What it costs to build circuits: a gate of each kind, and 1,000 circuits of 5 qubits and depth 20.

``python tests/benchmarks/circuit_building.py [--peers PYTHON] [--check] [--rounds N]`` prints medians of nanoseconds a
gate and milliseconds for the circuits; with ``--check`` a gate above the bound fails. PYTHON is an interpreter in
whose environment qulacs or qiskit may be installed: those that are take turns with qdock, round by round, each in a
process that lives as long as the benchmark. This file runs in them too, so it imports nothing but what it measures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

CALLS = 2_000
CIRCUITS = 1_000
QUBITS, DEPTH = 5, 20
BOUND_NS = 2_000
PEERS = ("qulacs", "qiskit")
ANGLE = 0.3

Work = Callable[[], object]
#: What is measured, by name; None where a library has no such gate.
Works = dict[str, Callable[[], Work] | None]


def with_qdock() -> Works:
    from qdock import Circuit

    def layers() -> None:
        circuit = Circuit(QUBITS, QUBITS)
        for layer in range(DEPTH):
            for qubit in range(QUBITS):
                circuit.rz(ANGLE, qubit)
            for qubit in range(layer % 2, QUBITS - 1, 2):
                circuit.cx(qubit, qubit + 1)

    def on(append: Callable[[Circuit], object]) -> Callable[[], Work]:
        def begin() -> Work:
            circuit = Circuit(QUBITS, QUBITS)
            return lambda: append(circuit)

        return begin

    return {
        "h": on(lambda c: c.h(1)),
        "rz": on(lambda c: c.rz(ANGLE, 1)),
        "cx": on(lambda c: c.cx(1, 2)),
        "u": on(lambda c: c.u(ANGLE, 0.1, 0.2, 1)),
        "cp": on(lambda c: c.cp(ANGLE, 1, 2)),
        "ccx": on(lambda c: c.ccx(1, 2, 3)),
        "measure": on(lambda c: c.measure(1, 2)),
        "append by name": on(lambda c: c.append("h", [1])),
        "circuits": lambda: layers,
    }


def with_qulacs() -> Works:
    from qulacs import QuantumCircuit
    from qulacs.gate import TOFFOLI, H, Measurement

    def layers() -> None:
        circuit = QuantumCircuit(QUBITS)
        for layer in range(DEPTH):
            for qubit in range(QUBITS):
                circuit.add_RZ_gate(qubit, ANGLE)
            for qubit in range(layer % 2, QUBITS - 1, 2):
                circuit.add_CNOT_gate(qubit, qubit + 1)

    def on(append: Callable[[QuantumCircuit], object]) -> Callable[[], Work]:
        def begin() -> Work:
            circuit = QuantumCircuit(QUBITS)
            return lambda: append(circuit)

        return begin

    return {
        "h": on(lambda c: c.add_H_gate(1)),
        "rz": on(lambda c: c.add_RZ_gate(1, ANGLE)),
        "cx": on(lambda c: c.add_CNOT_gate(1, 2)),
        "u": on(lambda c: c.add_U3_gate(1, ANGLE, 0.1, 0.2)),
        "cp": None,
        "ccx": on(lambda c: c.add_gate(TOFFOLI(1, 2, 3))),
        "measure": on(lambda c: c.add_gate(Measurement(1, 2))),
        "append by name": on(lambda c: c.add_gate(H(1))),
        "circuits": lambda: layers,
    }


def with_qiskit() -> Works:
    from qiskit import QuantumCircuit
    from qiskit.circuit.library import HGate

    def layers() -> None:
        circuit = QuantumCircuit(QUBITS, QUBITS)
        for layer in range(DEPTH):
            for qubit in range(QUBITS):
                circuit.rz(ANGLE, qubit)
            for qubit in range(layer % 2, QUBITS - 1, 2):
                circuit.cx(qubit, qubit + 1)

    def on(append: Callable[[QuantumCircuit], object]) -> Callable[[], Work]:
        def begin() -> Work:
            circuit = QuantumCircuit(QUBITS, QUBITS)
            return lambda: append(circuit)

        return begin

    return {
        "h": on(lambda c: c.h(1)),
        "rz": on(lambda c: c.rz(ANGLE, 1)),
        "cx": on(lambda c: c.cx(1, 2)),
        "u": on(lambda c: c.u(ANGLE, 0.1, 0.2, 1)),
        "cp": on(lambda c: c.cp(ANGLE, 1, 2)),
        "ccx": on(lambda c: c.ccx(1, 2, 3)),
        "measure": on(lambda c: c.measure(1, 2)),
        "append by name": on(lambda c: c.append(HGate(), [1])),
        "circuits": lambda: layers,
    }


LIBRARIES: dict[str, Callable[[], Works]] = {"qdock": with_qdock, "qulacs": with_qulacs, "qiskit": with_qiskit}

# --- in the process of a library


def seconds(begin: Callable[[], Work], calls: int) -> float:
    """Return the seconds of one call, the least of three runs: the one that others disturbed least."""
    best = float("inf")
    for _ in range(3):
        work = begin()
        started = perf_counter()
        for _ in range(calls):
            work()
        best = min(best, (perf_counter() - started) / calls)
    return best


def serve(library: str) -> None:
    """Measure a round for every line that comes in, and print it."""
    works = LIBRARIES[library]()
    calls = {name: CIRCUITS // 10 if name == "circuits" else CALLS for name in works}
    for _ in sys.stdin:
        measured = {name: begin and seconds(begin, calls[name]) for name, begin in works.items()}
        print(json.dumps(measured), flush=True)


# --- in the process of the benchmark


class Library:
    """A library in a process of its own."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self.rounds: list[dict[str, float | None]] = []
        self.process = subprocess.Popen(
            [python, __file__, "--serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def measure(self) -> None:
        """Measure one round."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.rounds.append(json.loads(self.process.stdout.readline()))

    def median(self, name: str) -> float | None:
        """Return the median of all rounds but the first, which warms up."""
        found = [taken for taken in (measured[name] for measured in self.rounds[1:]) if taken is not None]
        return statistics.median(found) if found else None

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def has(python: str, module: str) -> bool:
    return not subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode


def written(name: str, taken: float | None) -> str:
    if taken is None:
        return "-"
    return f"{taken * CIRCUITS * 1e3:,.0f} ms" if name == "circuits" else f"{taken * 1e9:,.0f} ns"


def main() -> None:
    """Measure, print, and with ``--check`` fail above the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail if a gate takes more than {BOUND_NS:,} ns")
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter with qulacs or qiskit")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    libraries = [Library("qdock", sys.executable)]
    if arguments.peers:
        libraries += [Library(name, arguments.peers) for name in PEERS if has(arguments.peers, name)]
    for _ in range(arguments.rounds + 1):
        for library in libraries:
            library.measure()
    slowest = 0.0
    for name in libraries[0].rounds[0]:
        figures = [f"{library.name} {written(name, library.median(name))}" for library in libraries]
        label = f"{CIRCUITS:,} circuits of {QUBITS} qubits and depth {DEPTH}" if name == "circuits" else name
        print(f"{label}: {', '.join(figures)}")
        own = libraries[0].median(name)
        if name != "circuits" and own is not None:
            slowest = max(slowest, own * 1e9)
    for library in libraries:
        library.close()
    print(f"slowest gate {slowest:,.0f} ns  (bound {BOUND_NS:,} ns, median of {arguments.rounds} rounds)")
    if arguments.check and slowest > BOUND_NS:
        sys.exit(1)


if __name__ == "__main__":
    main()
