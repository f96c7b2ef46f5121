"""What an archive costs: a Qobj of 5,000 experiments of 5 qubits loaded, validated, run and written.

``python tests/benchmarks/legacy.py [--experiments N] [--old PYTHON] [--check]`` prints the seconds of each part; with
``--old``, the interpreter of an environment that has ``qiskit-terra==0.25.3``, the old stack does the same beside it,
and both must give the same counts. With ``--check`` less than 20 times its speed fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from math import pi
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from qdock_legacy.qobj import Qobj
from qdock_legacy.simulators import run_qobj
from qdock_legacy.wire import to_text

QUBITS = 5
LAYERS = 5
SHOTS = 1024
BOUND = 20.0

# What the old stack is asked to do. Its Qobj knows nothing of validation since 0.19; reading and running it checks.
_OLD = """
import json, sys, time
from qiskit.providers.basicaer import QasmSimulatorPy
from qiskit.qobj import QasmQobj
begin = time.perf_counter()
qobj = QasmQobj.from_dict(json.load(open(sys.argv[1])))
loaded = time.perf_counter()
backend = QasmSimulatorPy()
backend._set_options(qobj_config=qobj.config, backend_options={})
result = backend._run_job("job", qobj)
ran = time.perf_counter()
with open(sys.argv[2], "w") as file:
    json.dump(result.to_dict(), file)
written = time.perf_counter()
print(json.dumps([loaded - begin, ran - loaded, written - ran]))
"""


def instructions(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return layers of random rotations of all qubits and CX between random pairs, and a measurement of each."""
    made: list[dict[str, Any]] = []
    for _ in range(LAYERS):
        made += [{"name": "u3", "qubits": [i], "params": rng.uniform(-pi, pi, 3).tolist()} for i in range(QUBITS)]
        made += [{"name": "cx", "qubits": rng.permutation(QUBITS)[:2].tolist()} for _ in range(QUBITS - 1)]
    return made + [{"name": "measure", "qubits": [qubit], "memory": [qubit]} for qubit in range(QUBITS)]


def archive(experiments: int) -> dict[str, Any]:
    """Return a Qobj as the old `assemble` wrote it."""
    rng = np.random.default_rng(7)
    header = {
        "qubit_labels": [["q", i] for i in range(QUBITS)],
        "clbit_labels": [["c", i] for i in range(QUBITS)],
        "qreg_sizes": [["q", QUBITS]],
        "creg_sizes": [["c", QUBITS]],
        "n_qubits": QUBITS,
        "memory_slots": QUBITS,
        "global_phase": 0.0,
        "metadata": {},
    }
    sizes = {"n_qubits": QUBITS, "memory_slots": QUBITS}
    return {
        "qobj_id": "archive",
        "schema_version": "1.3.0",
        "type": "QASM",
        "header": {"backend_name": "qasm_simulator", "backend_version": "2.1.0"},
        "config": {"shots": SHOTS, "memory": False, "seed_simulator": 7, **sizes},
        "experiments": [
            {"config": sizes, "header": {**header, "name": f"circuit-{i}"}, "instructions": instructions(rng)}
            for i in range(experiments)
        ],
    }


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    begin = perf_counter()
    value = function(*arguments)
    return perf_counter() - begin, value


def ours(source: Path, target: Path) -> list[float]:
    """Return the seconds of loading and validating, of running, and of writing."""
    load, qobj = timed(Qobj.load, source)
    run, result = timed(run_qobj, qobj)
    write, _ = timed(lambda: target.write_text(to_text(result)))
    return [load, run, write]


def theirs(python: str, source: Path, target: Path) -> list[float]:
    done = subprocess.run(
        [python, "-W", "ignore", "-c", _OLD, str(source), str(target)], capture_output=True, check=True
    )
    seconds: list[float] = json.loads(done.stdout)
    return seconds


def counts(path: Path) -> list[Any]:
    return [entry["data"]["counts"] for entry in json.loads(path.read_text())["results"]]


def show(name: str, seconds: list[float]) -> None:
    parts = "  ".join(f"{part} {value:7.3f} s" for part, value in zip(("load", "run", "write"), seconds, strict=True))
    print(f"{name:6} {parts}  in all {sum(seconds):7.3f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--old", metavar="PYTHON")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target, other = (Path(folder, name) for name in ("qobj.json", "ours.json", "theirs.json"))
        source.write_text(json.dumps(archive(chosen.experiments)))
        print(f"{chosen.experiments:,} experiments of {QUBITS} qubits, {source.stat().st_size / 2**20:.0f} MB")
        best = min((ours(source, target) for _ in range(chosen.rounds)), key=sum)
        show("qdock", best)
        if chosen.old is None:
            return 0
        old = theirs(chosen.old, source, other)
        show("old", old)
        same, ratio = counts(target) == counts(other), sum(old) / sum(best)
        print(f"{ratio:.1f} times as fast, the counts are {'the same' if same else 'not the same'}")
    return 0 if same and (ratio >= BOUND or not chosen.check) else 1


if __name__ == "__main__":
    sys.exit(main())
