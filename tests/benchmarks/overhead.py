"""What qdock adds to a computation: appending a gate, submitting a job, starting the command.

``python tests/benchmarks/overhead.py [--check] [--rounds N]`` prints the median of each; with ``--check`` a gate above
its bound fails. The simulation of a Bell circuit itself is some microseconds of numpy, so what is printed is overhead.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import qdock
from qdock import Circuit

GATES = 100_000
GATE_BOUND_US = 2.0
BELL = Path(__file__).parents[2] / "docs" / "examples" / "bell.qasm"


def build() -> None:
    circuit = Circuit(4)
    for _ in range(GATES // 4):
        circuit.h(0).cx(0, 1).rz(0.5, 2).swap(2, 3)


def run_bell() -> None:
    bell = Circuit(2, 2).h(0).cx(0, 1).measure_all()
    assert qdock.run(bell, shots=1000, seed=1).result().get_counts().shots == 1000


def start(*arguments: str) -> Callable[[], None]:
    def work() -> None:
        # Bytecode is kept, as where a package is installed.
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        subprocess.run([sys.executable, *arguments], env=environ, check=True, stdout=subprocess.DEVNULL)

    return work


#: What is measured -> (the work, units of it, seconds to the unit printed, unit).
WORK: dict[str, tuple[Callable[[], None], int, float, str]] = {
    "append a gate": (build, GATES, 1e6, "us"),
    "Bell circuit, from building to counts": (run_bell, 1, 1e3, "ms"),
    "python -c pass, a new process": (start("-c", "pass"), 1, 1e3, "ms"),
    "qdock --help, a new process": (start("-m", "qdock", "--help"), 1, 1e3, "ms"),
    "qdock run bell.qasm, a new process": (start("-m", "qdock", "run", str(BELL)), 1, 1e3, "ms"),
}


def median(work: Callable[[], None], rounds: int) -> float:
    work()
    times = []
    for _ in range(rounds):
        begin = perf_counter()
        work()
        times.append(perf_counter() - begin)
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail if a gate costs more than its bound")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # A durable store, as by default, but not the user's own.
        os.environ["QDOCK_STORE"] = f"sqlite://{folder}/jobs.sqlite"
        figures = {name: median(work, given.rounds) / units * scale for name, (work, units, scale, _) in WORK.items()}
        qdock.default_dock().close()
    for name, figure in figures.items():
        print(f"{name:40} {figure:8.2f} {WORK[name][3]}")
    too_slow = figures["append a gate"] > GATE_BOUND_US
    print(f"bound of a gate {GATE_BOUND_US} us: {'missed' if too_slow else 'kept'}")
    return 1 if given.check and too_slow else 0


if __name__ == "__main__":
    sys.exit(main())
