"""What the tests of OpenQASM share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock_openqasm.api import loads


@pytest.fixture(scope="session")
def collection() -> Path:
    """The folder of real circuits, which is not part of the repository."""
    folder = os.environ.get("QDOCK_TEST_CIRCUITS")
    if not folder:
        pytest.skip("QDOCK_TEST_CIRCUITS does not say where the collection of real circuits lies")
    return Path(folder)


@pytest.fixture(scope="session")
def probabilities() -> Callable[[Circuit], dict[str, float]]:
    """Return the exact distribution over a circuit's outcomes, as the simulator computes it."""
    pytest.importorskip("qdock_basic")
    dock = Dock(Config.load({}))

    def run(circuit: Circuit) -> dict[str, float]:
        job = dock.run(circuit, "basic_simulator", output="probabilities", executor="inline")
        (entry,) = job.result()
        return {key: value for key, value in entry.get_probabilities_dict().items() if value > 1e-12}

    return run


@pytest.fixture
def outcome(probabilities: Callable[[Circuit], dict[str, float]]) -> Callable[..., str]:
    """Return the only outcome of an OpenQASM 3 program that has the standard library."""

    def run(program: str, **inputs: float) -> str:
        circuit = loads('OPENQASM 3.0;\ninclude "stdgates.inc";\n' + program, inputs=inputs)
        found = probabilities(circuit)
        assert len(found) == 1, found
        return next(iter(found))

    return run


@pytest.fixture(scope="session")
def sections() -> Callable[[str], list[tuple[str, str]]]:
    """Return what stands behind each ``==`` of a file of programs, and the program below it."""

    def read(file: str) -> list[tuple[str, str]]:
        text = re.sub(r"(?m)^# .*\n", "", (Path(__file__).parent / file).read_text("utf-8"))
        parts = re.split(r"(?m)^== (.+)\n", text)[1:]
        return [(parts[at], parts[at + 1].strip()) for at in range(0, len(parts), 2)]

    return read
