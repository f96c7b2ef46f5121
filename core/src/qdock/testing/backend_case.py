"""What the checks of a backend stand on: the backend itself, how it is asked for things, and what it needs declared."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qdock.backend import Backend, LocalBackend, Target
from qdock.call import Call
from qdock.circuit import Circuit
from qdock.dock import Dock
from qdock.job import RecordedJob
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec, Option
from qdock.testing.checks import SkipTest
from qdock.testing.circuits import Layout
from qdock.testing.suite import Suite
from qdock.work.options import declared_options

__all__ = ["NOISY", "BackendCase", "is_exact", "runs_circuits"]

#: The feature of a backend that is not exact, and the key of its `params` that says by how much.
NOISY = "x-noisy"
#: What comes back, in the order in which it is asked for.
OUTPUTS = ("counts", "statevector", "probabilities", "unitary")
#: What an option that sets an initial state may be called.
INITIAL = ("initial_state", "initial_statevector")

SHOTS = 4096
SEED = 20_240_229


class BackendCase(Suite):
    """A backend under test.

    Attributes
    ----------
    backend : str, BackendSpec, LocalBackend or a class of it
        What is tested: ``"plugin/backend"`` of an installed plugin; before there is one, a spec, a class or an object.
    options : mapping
        Given to every run, beside what a check asks for.
    """

    backend: ClassVar[Any] = ""
    options: ClassVar[Mapping[str, Any]] = {}

    _backend: LocalBackend | None = None

    # --- the backend

    @cached_property
    def spec(self) -> BackendSpec:
        """What the backend says about itself."""
        if isinstance(self.backend, BackendSpec):
            return self.backend
        if not isinstance(self.backend, str):
            spec: BackendSpec = self.backend.spec
            return spec
        with Dock() as dock:
            return dock.registry.get_backend_spec(self.backend)

    def features(self) -> frozenset[str]:
        """Return the features that the backend declares."""
        return self.spec.features

    def prepare(self, dock: Dock) -> None:
        """Register a backend that no plugin brings."""
        if isinstance(self.backend, BackendSpec):
            dock.register(self.backend)

    @property
    def device(self) -> LocalBackend:
        """The backend, made by the Dock of this check; nothing else uses this object."""
        if self._backend is None or self._backend.dock is not self.dock:
            self._backend = self._make()
        return self._backend

    def _make(self) -> LocalBackend:
        if isinstance(self.backend, (str, BackendSpec)):
            made: Backend = self.dock.get_backend(self.spec.full_name)
        else:
            made = self.backend() if isinstance(self.backend, type) else copy.copy(self.backend)
            made.dock = self.dock
        if not isinstance(made, LocalBackend):
            raise SkipTest(f"{type(made).__name__} is no LocalBackend; a suite for services comes later")
        return made

    @cached_property
    def target(self) -> Target | None:
        """The device that it describes, if any."""
        with self.session():
            return self.device.target()

    @cached_property
    def layout(self) -> Layout:
        """Which of its qubits may meet."""
        counts = [count for count in (self.spec.num_qubits, getattr(self.target, "num_qubits", None)) if count]
        return Layout(min(counts, default=None), getattr(self.target, "couplings", None))

    @cached_property
    def declared(self) -> dict[str, Option]:
        """The options by name, `shots` among them."""
        return declared_options(self.spec)

    @property
    def noise(self) -> float:
        """The total variation that each distribution may be off; 0 where the backend is exact."""
        return _distance(self.spec) or 0.0

    def place(self, count: int) -> list[int]:
        """Return `count` qubits in a line, or skip the check where the device has none."""
        path = self.layout.path(count)
        if path is None:
            raise SkipTest(f"the device has no {count} qubits in a line")
        return path

    # --- asking it

    def wish(self, output: str) -> dict[str, Any]:
        """Return the options that ask for an output, where the backend has such options."""
        if output == "memory":
            return {"memory": True} if "memory" in self.declared else {}
        choices = self.declared["output"].choices if "output" in self.declared else ()
        if not set(choices) & set(OUTPUTS):
            return {}
        self.expect(output in choices, f"{output} is declared, but it is no choice of the option `output`: {choices}")
        return {"output": output}

    def run(self, programs: Any, **options: Any) -> RecordedJob:
        """Submit a job with a fixed seed, with no more shots than the backend takes."""
        given = {"seed": SEED, **self.options, **options}
        if "shots" in self.declared and "shots" not in given:
            given["shots"] = self.most_shots
        return self.device.run(programs, **given)

    def result(self, programs: Any, **options: Any) -> Result:
        """Run and return the result."""
        return self.run(programs, **options).result(timeout=self.patience)

    def entries(self, circuits: Sequence[Circuit], **options: Any) -> list[CircuitResult]:
        """Run circuits, in as many jobs as it takes, and return their entries."""
        size = self.spec.max_programs or len(circuits)
        parts = [circuits[start : start + size] for start in range(0, len(circuits), size)]
        return [entry for part in parts for entry in self.result(list(part), **options)]

    @property
    def most_shots(self) -> int:
        """As many shots as checks use, or as it takes."""
        option = self.declared.get("shots")
        limits = [limit for limit in (self.spec.max_shots, getattr(option, "maximum", None)) if limit]
        return int(min([SHOTS, *limits]))

    def simple(self, count: int = 2, name: str = "circuit") -> Circuit:
        """Return a small circuit whose outcomes are random, as far as the backend can: a ``h`` on each qubit."""
        path = self.layout.path(count) or self.place(1)
        return Circuit(max(path) + 1, len(path), name=name).h(path).measure(path, list(range(len(path))))

    def plain(self, count: int = 2) -> Any:
        """Return a program that this backend runs whatever it declares: a circuit, or else a call.

        The circuit measures where the backend has counts.
        """
        if "circuit" not in self.spec.accepts:
            return Call("qdock.testing.probe:give", (count,))
        circuit = self.simple(count)
        return circuit if "counts" in self.features() or not self.features() else Circuit(circuit.num_qubits).h(0)

    def array(self, entry: CircuitResult) -> NDArray[np.int64]:
        """Return counts as an array, ``(2**num_clbits,)``, bit i of an index being clbit i."""
        counts = np.zeros(2**entry.num_clbits, np.int64)
        for outcome, number in entry.get_counts().int_outcomes().items():
            counts[outcome] = number
        return counts


# --- what checks need


def _distance(spec: BackendSpec) -> float | None:
    if NOISY not in spec.features:
        return None
    value = spec.params.get(NOISY)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def runs_circuits(suite: BackendCase) -> str:
    """Need a backend that runs circuits."""
    return "" if "circuit" in suite.spec.accepts else "it runs no circuits"


def is_exact(suite: BackendCase) -> str:
    """Need a backend that declares no noise."""
    return f"it declares {NOISY}" if NOISY in suite.spec.features else ""


def means_something(suite: BackendCase) -> str:
    """Need a backend whose counts have to do with the circuit."""
    return f"with {NOISY} at a distance of {suite.noise:g} any answer is right" if suite.noise >= 1 else ""


def has_counts(suite: BackendCase) -> str:
    """Need a backend whose counts say something of a circuit."""
    if "counts" not in suite.spec.features:
        return "counts is not declared"
    return runs_circuits(suite) or means_something(suite)
