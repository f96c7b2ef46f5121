"""Expectation values from shots: terms that commute qubit by qubit are measured together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qdock.errors import LimitExceeded
from qdock_algorithms.pauli import Pauli
from qdock_algorithms.primitive_result import PubResult
from qdock_algorithms.running import Runner, read_bits

if TYPE_CHECKING:
    from qdock import Circuit, CircuitResult
    from qdock_algorithms.pubs import EstimatorPub

__all__ = ["estimate_by_shots"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def estimate_by_shots(pub: EstimatorPub, runner: Runner) -> PubResult:
    """Return the values of a pub's observables and their standard errors, which are at most the pub's precision."""
    if not pub.precision:
        raise ValueError(
            "`precision` must be above 0 where values are measured, but is 0. For exact values use a backend with "
            "the feature 'statevector'."
        )
    numbers, observables = pub.pairs()
    evs, variances = np.zeros(numbers.shape), np.zeros(numbers.shape)
    circuits, shots = list(pub.circuits()), 0
    for wanted, alike in _alike(numbers, observables).items():
        plan = Plan.of([pub.observables[item] for item in wanted], pub.precision)
        _check_shots(plan, pub.precision, runner)
        values, errors = plan.run([circuits[number] for number in alike], runner)
        for row, number in enumerate(alike):
            here = np.flatnonzero(numbers == number)
            columns = np.searchsorted(wanted, observables[here])
            evs[here], variances[here] = values[row, columns], errors[row, columns]
        shots += sum(plan.shots) * len(alike)
    data = SimpleNamespace(evs=evs.reshape(pub.shape), stds=np.sqrt(variances).reshape(pub.shape))
    return PubResult(data, {"exact": False, "target_precision": pub.precision, "shots": shots})


def _alike(numbers: Ints, observables: Ints) -> dict[tuple[int, ...], list[int]]:
    """Return the sets of values by the observables that are wanted there, which mostly are all."""
    found: dict[tuple[int, ...], list[int]] = {}
    for number in np.unique(numbers).tolist():
        found.setdefault(tuple(np.unique(observables[numbers == number]).tolist()), []).append(number)
    return found


@dataclass(frozen=True)
class Plan:
    """What is measured for some observables.

    Attributes
    ----------
    groups : list of Pauli
        Distinct strings, in groups that are measured together.
    weights : list of (observables, terms) arrays
        For each group the coefficients that its strings have in each observable.
    constants : (observables,) array
        Coefficients of the identity, which needs no shot.
    shots : list of int
        For each group.
    """

    groups: list[Pauli]
    weights: list[Floats]
    constants: Floats
    shots: list[int]

    @classmethod
    def of(cls, observables: Sequence[Pauli], precision: float) -> Plan:
        """Return how to estimate observables to a precision."""
        found = [dict(item.simplify(0.0).to_list()) for item in observables]
        identity = "I" * observables[0].num_qubits
        labels = list(dict.fromkeys(label for item in found for label in item if label != identity))
        groups = Pauli.from_list([(label, 1.0) for label in labels]).group_commuting() if labels else []
        weights = [np.array([[item.get(label, 0.0) for label in group.labels] for item in found]) for group in groups]
        constants = np.array([item.get(identity, 0.0) for item in found])
        return cls(groups, weights, constants, _shots(weights, precision))

    def run(self, circuits: Sequence[Circuit], runner: Runner) -> tuple[Floats, Floats]:
        """Return the value of each observable in each circuit's state, and the variance of that."""
        values = np.tile(self.constants.astype(float), (len(circuits), 1))
        variances = np.zeros_like(values)
        for group, weights, shots in zip(self.groups, self.weights, self.shots, strict=True):
            name = _free_name(circuits[0])
            results = runner.run((_measured(circuit, group, name) for circuit in circuits), shots=shots)
            for row, entry in enumerate(results):
                mean, variance = _moments(entry, _signs(entry, group, name) @ weights.T)
                values[row] += mean
                variances[row] += variance / shots
        return values, variances


def _shots(weights: list[Floats], precision: float) -> list[int]:
    """Return how often each group is measured, so that no observable's standard error exceeds the precision.

    A group's part of an observable is at most the sum a of its absolute coefficients, and so is the deviation of one
    shot. The total error is then below ``sqrt(sum(a**2 / shots))``, and ``shots = a * sum(a) / precision**2`` is the
    cheapest choice that keeps it.
    """
    bounds = np.array([np.abs(group).sum(axis=1) for group in weights]).reshape(len(weights), -1)
    needed = bounds * bounds.sum(axis=0) / precision**2
    # What rounding adds must not cost one more shot.
    return [max(2, math.ceil(number * (1 - 1e-12))) for number in needed.max(axis=1, initial=0.0).tolist()]


def _check_shots(plan: Plan, precision: float, runner: Runner) -> None:
    spec = runner.backend.spec
    most = max(plan.shots, default=0)
    if spec.max_shots is not None and most > spec.max_shots:
        raise LimitExceeded(
            f"A precision of {precision:g} takes {most:,} shots, but {spec.name!r} runs {spec.max_shots:,} at most. "
            f"Ask for a larger one."
        )


def _free_name(circuit: Circuit) -> str:
    taken = {register.name for register in (*circuit.cregs, *circuit.qregs)}
    taken |= {variable.var.name for variable in circuit.variables}
    return next(name for name in _names() if name not in taken)


def _names() -> Iterator[str]:
    yield "estimated"
    number = 0
    while True:
        number += 1
        yield f"estimated{number}"


def _measured(circuit: Circuit, group: Pauli, name: str) -> Circuit:
    """Return the circuit followed by the measurement of every qubit that the group acts on, each in its basis."""
    made = circuit.copy()
    x, z = np.any(group.x, axis=0).tolist(), np.any(group.z, axis=0).tolist()
    qubits = [qubit for qubit in range(group.num_qubits) if x[qubit] or z[qubit]]
    for qubit in qubits:
        if x[qubit] and z[qubit]:
            made.sdg(qubit)
        if x[qubit]:
            made.h(qubit)
    register = made.add_creg(name, len(qubits))
    return made.measure(qubits, register)


def _signs(entry: CircuitResult, group: Pauli, name: str) -> Floats:
    """Return the value, 1 or -1, of each string of a group in each outcome that was seen."""
    active = group.x | group.z
    bits = read_bits(entry, name).astype(np.int64)
    odd = bits @ active[:, np.any(active, axis=0)].T.astype(np.int64) % 2
    return np.asarray(1 - 2 * odd, dtype=float)


def _moments(entry: CircuitResult, values: Floats) -> tuple[Floats, Floats]:
    """Return the mean over the shots of values in each outcome, and the estimate of their variance."""
    assert entry.counts is not None
    shots = entry.counts.sum()
    mean = entry.counts @ values / shots
    return np.asarray(mean, dtype=float), np.asarray(entry.counts @ (values - mean) ** 2 / (shots - 1), dtype=float)
