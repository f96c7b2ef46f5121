"""The environments of other libraries: made when asked for, one where they go together, braket's apart from all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import platformdirs

__all__ = ["ENVIRONMENTS", "FOLDER", "Library", "find", "make", "python_of", "versions"]

#: Where they are made.
FOLDER = platformdirs.user_cache_path("qdock-benchmark")

#: What is installed in each, and which simulators it serves.
ENVIRONMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "main": (
        ("numpy", "qiskit", "qiskit-aer", "qulacs", "stim", "mqt.ddsim"),
        ("aer", "basicsimulator", "qulacs", "stim", "ddsim"),
    ),
    "lightning": (("pennylane", "pennylane-lightning"), ("lightning",)),
    "cirq": (("cirq-core", "qsimcirq"), ("cirq", "qsim")),
    "braket": (("amazon-braket-sdk",), ("braket",)),
    "readers": (
        ("qiskit", "qiskit-aer", "qiskit-qasm3-import", "openqasm3[parser]", "pyqasm", "pytket", "cirq-core", "ply"),
        (),
    ),
    # The last release with Qobj and the simulators that qdock-legacy repeats.
    "terra": (("qiskit-terra==0.25.3", "numpy<2"), ()),
}
_DISTRIBUTIONS = {
    "aer": "qiskit-aer",
    "basicsimulator": "qiskit",
    "lightning": "pennylane-lightning",
    "cirq": "cirq-core",
    "qsim": "qsimcirq",
    "braket": "amazon-braket-default-simulator",
    "ddsim": "mqt.ddsim",
    "qdock": "qdock-basic",
}


def python_of(folder: Path, name: str) -> Path:
    """Return the interpreter of an environment."""
    return folder / name / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make(folder: Path, names: Iterable[str]) -> None:
    """Make those environments that are not there; one whose packages don't go with this Python is left out."""
    for name in names:
        packages, python = ENVIRONMENTS[name][0], python_of(folder, name)
        if python.exists():
            continue
        print(f"making {folder / name}: {', '.join(packages)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
        if subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=False).returncode:
            print(f"{folder / name} can't be made: what needs it is left out", flush=True)
            shutil.rmtree(folder / name)


def find(folder: Path) -> dict[str, str]:
    """Return the interpreters of the libraries that are there."""
    found = {"qdock": sys.executable}
    for name, (_, libraries) in ENVIRONMENTS.items():
        if python_of(folder, name).exists():
            found |= dict.fromkeys(libraries, str(python_of(folder, name)))
    return found


def versions(interpreters: dict[str, str]) -> dict[str, str]:
    """Return the version of each library."""
    found = {}
    for library, python in interpreters.items():
        name = _DISTRIBUTIONS.get(library, library)
        code = f"from importlib.metadata import version; print(version({name!r}))"
        run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        found[library] = run.stdout.strip() or "?"
    return found


class Library:
    """A library in a process of its own, which answers question by question."""

    def __init__(self, name: str, python: str, threads: int) -> None:
        self.name = name
        count = str(threads)
        variables = ("OMP_NUM_THREADS", "QULACS_NUM_THREADS", "OPENBLAS_NUM_THREADS", "QDOCK_THREADS")
        environment = {**os.environ, **dict.fromkeys(variables, count)}
        worker = Path(__file__).with_name("worker.py")
        self._process = subprocess.Popen(
            [python, str(worker), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, ask: str, cell: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Return the answer to a question about a cell."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"ask": ask, "cell": cell, **more}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "its process ended"}
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
