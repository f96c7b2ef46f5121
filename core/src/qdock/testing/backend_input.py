"""The checks of bad input: what must be refused is, and there is no job of it."""

from __future__ import annotations

from collections.abc import Callable

from qdock.circuit import Circuit
from qdock.expr import Parameter
from qdock.expressions.arithmetic import Int
from qdock.testing.backend_case import BackendCase, runs_circuits
from qdock.testing.backend_plugin import refused
from qdock.testing.checks import SkipTest, check
from qdock.testing.circuits import random_state

__all__ = ["InputChecks"]

BAD_SHOTS = (0, -1, 10**12, 2.5, float("nan"), "10", True)
BAD_SEEDS = (-1, 2**64, 1.5, "7", True)


class InputChecks(BackendCase):
    """Programs and options that make no sense, or that the backend does not declare."""

    @check("input", needs=(runs_circuits,))
    def test_bad_shots(self) -> None:
        """Shots that are no positive whole number, or too many, are refused."""
        if "shots" not in self.declared:
            raise SkipTest("it has no option `shots`")
        most = self.spec.max_shots
        for shots in (*BAD_SHOTS, *([] if most is None else [most + 1])):
            refused(self, lambda shots=shots: self.run(self.plain(), shots=shots), f"shots={shots!r}")

    @check("input")
    def test_bad_seeds(self) -> None:
        """A seed that is no whole number from 0 to 2**64 - 1 is refused."""
        for seed in BAD_SEEDS:
            refused(self, lambda seed=seed: self.run(self.plain(), seed=seed), f"seed={seed!r}")

    @check("input", needs=(runs_circuits,))
    def test_open_parameters(self) -> None:
        """A circuit with parameters that have no value is refused."""
        circuit = Circuit(1, 1).rx(Parameter("theta"), 0).measure(0, 0)
        error = refused(self, lambda: self.run(circuit), "a circuit with the open parameter 'theta'")
        self.expect("theta" in str(error), f"the error does not name the parameter: {error}")

    @check("input")
    def test_no_program(self) -> None:
        """What is no program, and a list of none, are refused."""
        refused(self, lambda: self.run([]), "an empty list of programs")
        refused(self, lambda: self.run(object()), "an object that is no program")
        if self.spec.max_programs is not None:
            many = [self.plain()] * (self.spec.max_programs + 1)
            refused(self, lambda: self.run(many), f"{len(many)} programs, with max_programs={self.spec.max_programs}")

    @check("input", needs=(runs_circuits,))
    def test_too_many_qubits(self) -> None:
        """A circuit of more qubits than the backend has is refused."""
        limit = self.layout.num_qubits
        if limit is None:
            raise SkipTest("it is bounded by memory only")
        circuit = Circuit(limit + 1, 1).h(limit).measure(limit, 0)
        refused(self, lambda: self.run(circuit), f"a circuit of {limit + 1} qubits, of {limit} that there are")

    @check("input", needs=(runs_circuits,))
    def test_undeclared_features(self) -> None:
        """A circuit that needs what the backend does not declare is refused."""
        if not self.features():
            raise SkipTest("it declares no features, and so says nothing about them")
        for feature, make in _NEEDING.items():
            if feature not in self.features():
                refused(self, lambda make=make: self.run(make()), f"a circuit that needs {feature}")

    @check("input", features=("initial_state",), needs=(runs_circuits,))
    def test_bad_initial_state(self) -> None:
        """An initial state of a wrong length, or that is not normalised, is refused."""
        name = next((name for name in ("initial_state", "initial_statevector") if name in self.declared), None)
        if name is None:
            raise SkipTest("there is no such option")
        circuit = self.plain()
        for what, state in (
            ("a wrong length", random_state(circuit.num_qubits + 1, 1)),
            ("norm 2", 2 * random_state(circuit.num_qubits, 1)),
        ):
            refused(self, lambda state=state: self.run(circuit, **{name: state}), f"an initial state of {what}")


def _conditional() -> Circuit:
    circuit = Circuit(1, 2).h(0).measure(0, 0)
    return circuit.if_(circuit.bit(0), circuit.block().x(0)).measure(0, 1)


def _loop() -> Circuit:
    circuit = Circuit(1, 1)
    return circuit.for_(None, range(3), circuit.block().x(0)).measure(0, 0)


def _variable() -> Circuit:
    circuit = Circuit(1, 1)
    number = circuit.add_var("number", Int(32), 3)
    return circuit.assign(number, number + 1).measure(0, 0)


_NEEDING: dict[str, Callable[[], Circuit]] = {
    "mid_circuit_measurement": lambda: Circuit(1, 2).h(0).measure(0, 0).x(0).measure(0, 1),
    "reset": lambda: Circuit(1, 1).x(0).reset(0).measure(0, 0),
    "conditionals": _conditional,
    "loops": _loop,
    "variables": _variable,
}
