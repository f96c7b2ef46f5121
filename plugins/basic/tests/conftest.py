"""What the tests of the simulator share: independent answers, and runs of a circuit without a job around it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.result import CircuitResult
from qdock_basic.choice import engine_for
from qdock_basic.limits import Limits
from qdock_basic.plugin import SPEC
from qdock_basic.simulate import Simulation, simulate
from qdock_basic.watch import Watch

_TOLERANCES = {"double": 1e-12, "single": 1e-5}


def _module(name: str) -> ModuleType:
    """Import a file that lies beside the tests."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Dataclasses look up their own module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The independent answers."""
    return _module("kronecker_oracle")


@pytest.fixture(scope="session")
def random_circuits() -> ModuleType:
    """Strategies of random circuits without classical control."""
    return _module("random_circuits")


@pytest.fixture(scope="session")
def dynamic() -> ModuleType:
    """Strategies of random circuits with classical control."""
    return _module("dynamic_circuits")


@pytest.fixture(scope="session")
def shared() -> ModuleType:
    """Random circuits for the fast engine, and the numpy engine's states."""
    return _module("fast_circuits")


@pytest.fixture(scope="session")
def simulated() -> Callable[..., CircuitResult]:
    """Simulate a circuit as the backend does, without a job."""
    defaults = {name: option.default for name, option in SPEC.options.items()}

    def run(
        circuit: Circuit, seed: int = 7, index: int = 0, limits: Limits | None = None, **options: Any
    ) -> CircuitResult:
        context = Context(seed=seed)
        rng = partial(context.rng, index)
        chosen = {**defaults, **options}
        engine, key = engine_for(chosen), context.stream_key(index)
        simulation = Simulation(circuit, chosen, rng, Watch(context), limits or Limits(), engine, key)
        return simulate(simulation, seed)[0]

    return run


@pytest.fixture(scope="module", params=_TOLERANCES)
def precision(request: pytest.FixtureRequest) -> Any:
    """Each precision in turn."""
    return request.param


@pytest.fixture(scope="module")
def tolerance(precision: str) -> float:
    """How far amplitudes of a state may be from the exact ones."""
    return _TOLERANCES[precision]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes over chunks of 1024 amplitudes, for states of eleven qubits and more."""
    monkeypatch.setattr("qdock_basic.fast.run.LEAST_BITS", 11)
    monkeypatch.setattr("qdock_basic.fast.large.passes._CHUNK_BYTES", 1 << 14)
