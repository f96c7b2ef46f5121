"""Gradients of expectation values: exact ones by the adjoint method, and by shifted parameters on any backend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qdock import Circuit
from qdock.expr import Expr, Parameter
from qdock.gates import GATES
from qdock.lower import lower
from qdock.operations import Modifier
from qdock_algorithms.angles import Angles, ordered
from qdock_algorithms.estimator import DEFAULT_PRECISION, estimate_pub
from qdock_algorithms.exact import ExactCircuit
from qdock_algorithms.pauli import Pauli, PauliLike, as_pauli
from qdock_algorithms.pubs import EstimatorPub, values_of
from qdock_algorithms.running import Runner

if TYPE_CHECKING:
    from qdock.backend import Backend, Context

__all__ = ["ShiftRule", "adjoint_gradient", "parameter_shift"]

Floats = npt.NDArray[np.float64]

#: Turns ``exp(-i angle G)`` whose G has two eigenvalues that differ by one.
_SHIFTED = ("rx", "ry", "rz", "p", "u1", "rxx", "ryy", "rzz", "rzx", "cp", "cu1")
_KEPT = [name for name, row in GATES.items() if not row.num_params or name in _SHIFTED]


def adjoint_gradient(circuit: Circuit, observable: PauliLike, values: Any) -> Floats:
    """Return the exact derivative of an expectation value by each parameter, computed in this process.

    It costs about as much as three runs of the circuit, however many parameters there are.

    Parameters
    ----------
    circuit : Circuit
        Of gates alone.
    observable : Pauli, str or mapping
        With real coefficients.
    values : (num_parameters,) array_like or mapping
        In the order of the parameters' names, or by parameter.

    Returns
    -------
    (num_parameters,) array
        In the order of the parameters' names, numbers in a name by value.

    Examples
    --------
    >>> circuit = Circuit(1).ry(Parameter("theta"), 0)
    >>> adjoint_gradient(circuit, "Z", [0.0]).tolist()
    [0.0]
    """
    return ExactCircuit(circuit).energy_and_gradient(as_pauli(observable), values_of(circuit, values))[1]


def parameter_shift(
    circuit: Circuit,
    observable: PauliLike,
    values: Any,
    backend: str | Backend,
    *,
    precision: float | None = None,
    exact: bool | None = None,
    context: Context | None = None,
) -> Floats:
    """Return the derivative of an expectation value by each parameter, from runs with shifted angles on a backend.

    Parameters
    ----------
    circuit : Circuit
    observable : Pauli, str or mapping
        With real coefficients.
    values : (num_parameters,) array_like or mapping
        In the order of the parameters' names, or by parameter.
    backend : str or Backend
    precision : float, optional
        Standard error of each expectation value where they are measured.
    exact : bool, optional
        Whether to use statevectors. None: where that is possible.
    context : Context, optional
        Of the job that this is a part of.

    Returns
    -------
    (num_parameters,) array
        In the order of the parameters' names, numbers in a name by value.

    References
    ----------
    Schuld et al., "Evaluating analytic gradients on quantum hardware", arXiv:1811.11184.
    """
    runner = Runner(backend, None, context)
    rule = ShiftRule(circuit, as_pauli(observable))
    return rule.energy_and_gradient(values_of(circuit, values), runner, precision, exact)[1]


class ShiftRule:
    """The circuit with an angle of its own for each turn, each to be shifted by a quarter turn both ways.

    The derivative of an expectation value E by the angle of a turn whose generator has two eigenvalues, one apart, is
    ``(E(angle + pi/2) - E(angle - pi/2)) / 2``; other turns are written in such ones.

    Parameters
    ----------
    circuit : Circuit
    observable : Pauli
    """

    def __init__(self, circuit: Circuit, observable: Pauli) -> None:
        self._observable = observable
        self._angles = Angles(ordered(circuit.parameters))
        self._circuit, angles = _with_own_angles(circuit)
        self._map = self._angles.map(angles)
        self._num_angles = len(angles)

    def energy_and_gradient(
        self, values: Floats, runner: Runner, precision: float | None = None, exact: bool | None = None
    ) -> tuple[float, Floats]:
        """Return the expectation value and its derivative by each parameter."""
        atoms = self._angles.values(values)
        angles = self._map.angles(atoms)
        quarter = np.eye(self._num_angles) * math.pi / 2
        rows = np.concatenate([angles[None], angles + quarter, angles - quarter])
        precision = DEFAULT_PRECISION if precision is None else precision
        pub = EstimatorPub(self._circuit, (self._observable,), (), rows, precision)
        energies = estimate_pub(pub, runner, exact).data.evs
        up, down = energies[1:].reshape(2, -1)
        slopes = self._map.pull_back((up - down) / 2, len(atoms))
        return float(energies[0]), self._angles.pull_back(slopes, values)


def _with_own_angles(circuit: Circuit) -> tuple[Circuit, list[Expr]]:
    """Return the circuit with a parameter of its own in each turn that parameters make, and what stood there."""
    turned = any(isinstance(op.detail, Modifier) and _is_turned(op.params) for op in circuit)
    lowered = lower(circuit, [*_KEPT, "unitary", *([] if turned else ["modified"])])
    made, angles = lowered.block(), []
    for operation in lowered:
        if operation.is_gate and _is_turned(operation.params):
            angles.append(operation.params[0])
            made.append(operation.name, operation.qubits, [Parameter(f"a{len(angles)}")])
        else:
            made.append_operation(operation)
    return made, angles


def _is_turned(params: tuple[Any, ...]) -> bool:
    return any(isinstance(angle, Expr) for angle in params)
