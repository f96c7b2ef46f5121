"""How fast OpenQASM is read: 100,000 gates of either version, beside the readers of other libraries.

``python tests/benchmarks/openqasm_reading.py [--peers PYTHON[,PYTHON...]] [--check] [--rounds N]`` prints medians of
microseconds a gate and how many times slower than qdock each is; with ``--check`` a missed bound fails. Each PYTHON is
an interpreter in whose environment qiskit (with qiskit-qasm3-import), openqasm3[parser], pyqasm, pytket, cirq-core
(with ply) or amazon-braket-default-simulator may be installed; braket wants an environment of its own. Those that are
take turns with qdock, round by round, each in a process that lives as long as the benchmark. This file runs in them
too, so it imports nothing but what it measures.

The program has 20 qubits; a third of its gates have angles, no two of them the same. Readers that take more than 20
microseconds a gate get 2,000 gates instead of 100,000: their times grow with the length.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

QUBITS = 20
MANY, FEW = 100_000, 2_000
#: Seconds for `MANY` gates; how many times slower than Qiskit's reader of OpenQASM 2 we may be; and how many times
#: slower than we every reader of OpenQASM 3 has to be.
BOUND_SECONDS, BOUND_RATIO, BOUND_OTHERS = 1.0, 2.0, 20.0

Load = Callable[[str], object]


def program(version: int, gates: int) -> str:
    """Return a program: h, cx, rz and U on random qubits, and a measurement of all."""
    draw = random.Random(7)
    heads = {
        2: f'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{QUBITS}];\ncreg c[{QUBITS}];\n',
        3: f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{QUBITS}] q;\nbit[{QUBITS}] c;\n',
    }
    lines = []
    for _ in range(gates):
        first, second = draw.sample(range(QUBITS), 2)
        kind = draw.randrange(6)
        if kind < 2:
            lines.append(f"h q[{first}];\n")
        elif kind < 4:
            lines.append(f"cx q[{first}], q[{second}];\n")
        elif kind == 4:
            lines.append(f"rz({draw.uniform(-3, 3):.12f}) q[{first}];\n")
        else:
            angles = ", ".join(f"{draw.uniform(-3, 3):.12f}" for _ in range(3))
            lines.append(f"U({angles}) q[{first}];\n")
    return heads[version] + "".join(lines) + ("measure q -> c;\n" if version == 2 else "c = measure q;\n")


# --- the readers


def with_qdock() -> Load:
    from qdock_openqasm.api import loads

    return loads


def with_qiskit_qasm2() -> Load:
    from qiskit import qasm2

    return qasm2.loads


def with_qiskit_qasm3() -> Load:
    import qiskit_qasm3_import
    from qiskit import qasm3

    del qiskit_qasm3_import
    return qasm3.loads


def with_openqasm3() -> Load:
    import openqasm3

    return openqasm3.parse


def with_pyqasm() -> Load:
    import pyqasm

    return lambda text: pyqasm.loads(text).validate()


def with_pytket() -> Load:
    from pytket.qasm import circuit_from_qasm_str

    return circuit_from_qasm_str


def with_cirq() -> Load:
    from cirq.contrib.qasm_import import circuit_from_qasm

    return circuit_from_qasm


def with_braket() -> Load:
    from braket.default_simulator.openqasm.interpreter import Interpreter

    def load(text: str) -> object:
        # It has the gates built in, one under another name, and can't find the library.
        return Interpreter().build_circuit(text.replace('include "stdgates.inc";', "").replace("cx ", "cnot "))

    return load


#: By name: how to get the reader, the version it reads, how many gates it is given.
READERS: dict[str, tuple[Callable[[], Load], int, int]] = {
    "qdock, version 2": (with_qdock, 2, MANY),
    "qdock, version 3": (with_qdock, 3, MANY),
    "qiskit.qasm2": (with_qiskit_qasm2, 2, MANY),
    "cirq": (with_cirq, 2, FEW),
    "pytket": (with_pytket, 2, FEW),
    "openqasm3": (with_openqasm3, 3, FEW),
    "qiskit.qasm3": (with_qiskit_qasm3, 3, FEW),
    "pyqasm": (with_pyqasm, 3, FEW),
    "braket": (with_braket, 3, FEW),
}


def serve(name: str) -> None:
    """Say that the reader is there; then measure a round for every line that comes in, and print it."""
    begin, version, gates = READERS[name]
    load, text = begin(), program(version, gates)
    print("ready", flush=True)
    for _ in sys.stdin:
        started = perf_counter()
        load(text)
        print(json.dumps((perf_counter() - started) / gates), flush=True)


# --- in the process of the benchmark


class Reader:
    """A reader in a process of its own."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self.rounds: list[float] = []
        self.process = subprocess.Popen(
            [python, __file__, "--serve", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.is_there = self.process.stdout.readline() == "ready\n"

    def measure(self) -> None:
        """Measure one round."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.rounds.append(json.loads(self.process.stdout.readline()))

    @property
    def seconds(self) -> float:
        """The median of seconds a gate over all rounds but the first, which warms up."""
        return statistics.median(self.rounds[1:])

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def readers(pythons: list[str]) -> list[Reader]:
    """Return qdock's readers, and of the others each that one of the interpreters has."""
    found = [Reader(name, sys.executable) for name in READERS if name.startswith("qdock")]
    for name in READERS:
        for python in pythons:
            if name.startswith("qdock") or any(reader.name == name for reader in found):
                continue
            reader = Reader(name, python)
            if reader.is_there:
                found.append(reader)
            else:
                reader.close()
    return found


def missed(found: list[Reader]) -> list[str]:
    """Return the bounds that are missed."""
    own = {READERS[reader.name][1]: reader.seconds for reader in found[:2]}
    problems = [
        f"version {version}: {seconds * MANY:.2f} s for {MANY:,} gates, more than {BOUND_SECONDS} s"
        for version, seconds in own.items()
        if seconds * MANY > BOUND_SECONDS
    ]
    for reader in found[2:]:
        version = READERS[reader.name][1]
        ratio = reader.seconds / own[version]
        if reader.name == "qiskit.qasm2" and ratio < 1 / BOUND_RATIO:
            problems.append(f"{1 / ratio:.1f} times as long as {reader.name}, more than {BOUND_RATIO}")
        if version == 3 and ratio < BOUND_OTHERS:
            problems.append(f"only {ratio:.0f} times as fast as {reader.name}, less than {BOUND_OTHERS}")
    return problems


def main() -> None:
    """Measure, print, and with ``--check`` fail if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail if a bound is missed")
    parser.add_argument("--peers", metavar="PYTHON", default="", help="interpreters with other readers, by commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", choices=READERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    found = readers([python for python in arguments.peers.split(",") if python])
    for _ in range(arguments.rounds + 1):
        for reader in found:
            reader.measure()
    for reader in found:
        reader.close()
    own = {READERS[reader.name][1]: reader.seconds for reader in found[:2]}
    for reader in found:
        _, version, gates = READERS[reader.name]
        ratio = f"{reader.seconds / own[version]:.1f} times qdock's"
        print(f"{reader.name} (OpenQASM {version}, {gates:,} gates): {reader.seconds * 1e6:.2f} us a gate, {ratio}")
    problems = missed(found)
    for problem in problems:
        print(f"missed: {problem}")
    if arguments.check and problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
