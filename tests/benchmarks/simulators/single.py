"""What is measured of qdock by itself, or in fresh processes: start, memory, growth, floor, cancelling, neighbours."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

__all__ = ["GROWTH_BOUND", "Figure", "Growth", "measure", "measure_growth"]

BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'
PEER = """
from qiskit import QuantumCircuit
from qiskit.providers.basic_provider import BasicSimulator
print(BasicSimulator().run(QuantumCircuit.from_qasm_file("bell.qasm")).result().get_counts())
"""
MEMORY = """
import resource
from libraries import qdock_circuit, qdock_execute
from circuits import Step
steps = [Step("h", (q,)) for q in range(26)] + [Step("cx", (q, q + 1)) for q in range(25)]
state = qdock_execute([qdock_circuit(steps)], {}, output="statevector")()[0].statevector
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
GROWTH = """
import sys
from time import perf_counter
from circuits import brickwork
from libraries import qdock_circuit, qdock_execute
for size in range(20, int(sys.argv[1]) + 1):
    steps = brickwork(size)[: 2 * size + size - 1]
    work = qdock_execute([qdock_circuit(steps)], {}, output="statevector")
    taken = []
    for _ in range(3):
        begin = perf_counter()
        work()
        taken.append(perf_counter() - begin)
    print(min(taken) / len(steps))
"""
FLOOR = """
import sys
from time import perf_counter
from circuits import brickwork, qv
from libraries import qdock_circuit
from machine import flops_a_second, seconds_a_pass
from qdock_basic import fast
speed, a_pass = flops_a_second(2), seconds_a_pass(2, 24)
print(speed, a_pass)
# A matrix on two qubits takes 32 operations an amplitude; in brickwork every second layer is done with the one before.
for make, matrices in ((qv, 24 * 12), (brickwork, 10 * 12)):
    circuit = qdock_circuit(make(24))
    taken = []
    for _ in range(3):
        begin = perf_counter()
        fast.statevector(circuit, threads=2)
        taken.append(perf_counter() - begin)
    print(min(taken) / (matrices * 32 * 2**24 / speed))
"""
CANCEL = """
from time import perf_counter, sleep
from circuits import brickwork
from libraries import qdock_backend, qdock_circuit
job = qdock_backend().run(qdock_circuit(brickwork(28), measured=True), shots=1, engine="fast", threads=2)
for delay in (4, 1):
    sleep(delay)
    assert not job.done()
begin = perf_counter()
job.cancel()
job.wait_for_final_state(60)
print(perf_counter() - begin)
assert job.cancelled()
"""
NEIGHBOUR = """
import subprocess
import sys
from time import perf_counter
from circuits import brickwork
from libraries import qdock_circuit
from qdock_basic import fast
circuit = qdock_circuit(brickwork(20))
def median():
    taken = []
    for _ in range(15):
        begin = perf_counter()
        fast.statevector(circuit, threads=2)
        taken.append(perf_counter() - begin)
    return sorted(taken)[7]
median()
alone = median()
other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
try:
    print(median() / alone)
finally:
    other.kill()
"""
ROUNDS = 5
# A gate on a qubit more may take so many times twice the time.
GROWTH_BOUND = 1.15


@dataclass(frozen=True)
class Figure:
    """A figure that shall not be above a bound."""

    name: str
    value: float
    bound: float
    unit: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether it is above the bound."""
        return not self.value <= self.bound

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Growth:
    """The seconds a gate of circuits of ever more qubits, from 20 on."""

    seconds: tuple[float, ...]

    @property
    def sizes(self) -> range:
        """The numbers of qubits."""
        return range(20, 20 + len(self.seconds))

    def figures(self) -> list[Figure]:
        """Return each size's time beside twice that of a qubit less."""
        return [
            Figure(f"time a gate, {size} qubits beside twice that of {size - 1}", now / before / 2, GROWTH_BOUND)
            for size, (before, now) in zip(self.sizes[1:], pairwise(self.seconds), strict=True)
        ]


def measure(full: bool, interpreters: dict[str, str]) -> list[Figure]:
    """Measure what there is time for."""
    found = _start(interpreters["aer"]) if "aer" in interpreters else []
    return [*found, *_floor(), _neighbour(), _memory(), _cancel()] if full else found


def measure_growth() -> Growth:
    """Measure the time a gate of as many qubits as fit in half the free memory, 29 at most."""
    from qdock_basic.memory import free_memory

    most = min(29, (free_memory() // 2 // 16).bit_length() - 1)
    return Growth(tuple(_script(GROWTH, str(most))))


def _seconds(command: Sequence[str], folder: str) -> float:
    # Jobs are kept on disk, as they are by default, but not among the user's own.
    environment = {**os.environ, "QDOCK_STORE": f"sqlite://{folder}/jobs.db"}
    # Bytecode is kept, as where a package is installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begin = perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return perf_counter() - begin


def _start(peer: str) -> list[Figure]:
    """A Bell circuit from a file to counts, in fresh processes that take turns."""
    own = [sys.executable, "-m", "qdock", "run", "bell.qasm"]
    imports = "import numpy, qdock.cli.run, qdock.dock, qdock_openqasm.plugin, qdock_basic.backend"
    commands = {
        "own": own,
        "peer": [peer, "-c", PEER],
        "python": [sys.executable, "-c", "pass"],
        "imports": [sys.executable, "-c", imports],
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bell.qasm").write_text(BELL)
        rounds = [{name: _seconds(command, folder) for name, command in commands.items()} for _ in range(ROUNDS + 1)]
    taken = {name: statistics.median(each[name] for each in rounds[1:]) for name in commands}
    return [
        Figure("fresh process: `qdock run bell.qasm`, of BasicSimulator's time", taken["own"] / taken["peer"], 0.6),
        Figure("... in seconds", taken["own"], float("inf"), "s"),
        Figure("... of which Python", taken["python"] / taken["own"], 1),
        Figure("... of which imports", (taken["imports"] - taken["python"]) / taken["own"], 1),
    ]


def _script(code: str, *arguments: str) -> list[float]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return [float(word) for word in run.stdout.split()]


def _memory() -> Figure:
    (peak,) = _script(MEMORY)
    return Figure("memory of a process with 26 qubits", peak / 1024, 1.15 * 1024 + 100, "MiB")


def _floor() -> list[Figure]:
    """Compare circuits with the time of their arithmetic alone, at the speed that the machine shows in this run."""
    speed, a_pass, *ratios = _script(FLOOR)
    names = ("quantum volume", "brickwork")
    return [
        Figure("arithmetic of two threads", speed / 1e9, float("inf"), "GFLOP/s"),
        Figure("one pass over 24 qubits in their order", 1000 * a_pass, float("inf"), "ms"),
        *(Figure(f"{name} of 24 qubits, of its floor", ratio, 1.5) for name, ratio in zip(names, ratios, strict=True)),
    ]


def _cancel() -> Figure:
    (seconds,) = _script(CANCEL)
    return Figure("from the wish to stop 28 qubits to the end of the job", seconds, 0.5, "s")


def _neighbour() -> Figure:
    """Another process keeps one of two cores busy: what remains is half of the machine at least."""
    (ratio,) = _script(NEIGHBOUR)
    return Figure("brickwork of 20 qubits beside a busy process, of its time alone", ratio, 2)
