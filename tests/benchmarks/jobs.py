"""From submit to result of a one-qubit circuit: qdock with its durable store and without, beside other simulators.

``python tests/benchmarks/jobs.py [--check] [--peers PYTHON]...`` runs them in turn, each in a process of its own, and
prints medians, 99th percentiles and ratios. The interpreters have qiskit-aer or qulacs; with ``--check`` a median
above half of Aer's fails.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

BOUND = 0.5
SHOTS = 1024
#: Jobs of one library before the next has its turn.
TURN = 50

Work = Callable[[], object]

# --- the same work with each library


def with_qdock() -> Work:
    import qdock
    from qdock import Circuit

    circuit = Circuit(1, 1).h(0).measure(0, 0)
    return lambda: qdock.run(circuit, shots=SHOTS).result().get_counts()


def with_aer() -> Work:
    from qiskit import QuantumCircuit
    from qiskit_aer import AerSimulator

    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    simulator = AerSimulator()
    return lambda: simulator.run(circuit, shots=SHOTS).result().get_counts()


def with_qulacs() -> Work:
    from collections import Counter

    from qulacs import QuantumCircuit, QuantumState

    circuit = QuantumCircuit(1)
    circuit.add_H_gate(0)

    def work() -> object:
        state = QuantumState(1)
        circuit.update_quantum_state(state)
        return Counter(state.sampling(SHOTS))

    return work


#: Name -> (what makes the work, the module that it takes).
LIBRARIES: dict[str, tuple[Callable[[], Work], str]] = {
    "qdock": (with_qdock, "qdock"),
    "qdock, in memory": (with_qdock, "qdock"),
    "aer": (with_aer, "qiskit_aer"),
    "qulacs": (with_qulacs, "qulacs"),
}


def serve(library: str) -> None:
    """Do a turn for every line that comes in, and print the seconds of each job."""
    work = LIBRARIES[library][0]()
    for _ in sys.stdin:
        times = []
        for _ in range(TURN):
            begin = perf_counter()
            work()
            times.append(perf_counter() - begin)
        print(json.dumps(times), flush=True)


# --- in the process of the benchmark


class Library:
    """A library in a process of its own."""

    def __init__(self, name: str, python: str, store: str) -> None:
        self.name, self.times = name, list[float]()
        self.process = subprocess.Popen(
            [python, __file__, "--serve", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "QDOCK_STORE": store},
        )

    def measure(self) -> list[float]:
        """Return the seconds of one turn's jobs."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return list(json.loads(self.process.stdout.readline()))

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def shown(self) -> str:
        late = statistics.quantiles(self.times, n=100)[98]
        return f"{self.name}: median {1e6 * self.median:,.0f} us, 99th percentile {1e6 * late:,.0f} us"


def has(python: str, module: str) -> bool:
    return not subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode


def start(peers: list[str], folder: Path) -> list[Library]:
    """Return the libraries there are."""
    stores = {"qdock": f"sqlite://{folder}/jobs.sqlite"}
    ours = [Library(name, sys.executable, stores.get(name, "memory:")) for name in ("qdock", "qdock, in memory")]
    theirs = [(name, python) for python in peers for name in ("aer", "qulacs") if has(python, LIBRARIES[name][1])]
    return ours + [Library(name, python, "memory:") for name, python in theirs]


def main() -> None:
    """Measure, print, and with ``--check`` fail above the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail above {BOUND} of Aer's median")
    parser.add_argument("--peers", metavar="PYTHON", action="append", default=[], help="one with qiskit-aer or qulacs")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        libraries = start(arguments.peers, Path(folder))
        for library in libraries:
            # The first turn warms up.
            library.measure()
        for _ in range(arguments.rounds):
            for library in libraries:
                library.times += library.measure()
        for library in libraries:
            library.process.communicate()
    for library in libraries:
        print(f"{library.shown()}, qdock / it {libraries[0].median / library.median:.2f}")
    slow = [item for item in libraries if item.name == "aer" and libraries[0].median > BOUND * item.median]
    if slow and arguments.check:
        sys.exit(f"a job takes more than {BOUND} of Aer's")


if __name__ == "__main__":
    main()
