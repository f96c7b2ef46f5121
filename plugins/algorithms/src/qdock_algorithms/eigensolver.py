"""The variational quantum eigensolver: the lowest energy that a circuit with parameters reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qdock import Circuit
from qdock.streams import draw_seed, stream
from qdock_algorithms.estimator import DEFAULT_PRECISION, estimate_pub
from qdock_algorithms.exact import ExactCircuit
from qdock_algorithms.gradients import ShiftRule
from qdock_algorithms.minimize import GRADIENT_FREE, Evaluate, Minimum, check_optimizer, minimize
from qdock_algorithms.pauli import Pauli, PauliLike, as_pauli
from qdock_algorithms.pubs import EstimatorPub, values_of
from qdock_algorithms.running import Runner

if TYPE_CHECKING:
    from qdock.backend import Backend, Context

__all__ = ["start_of", "vqe"]

Floats = npt.NDArray[np.float64]


def vqe(
    hamiltonian: PauliLike,
    ansatz: Circuit,
    start: Any = None,
    *,
    backend: str | Backend | None = None,
    optimizer: str = "L-BFGS-B",
    maxiter: int = 1000,
    tolerance: float | None = None,
    precision: float | None = None,
    exact: bool | None = None,
    context: Context | None = None,
) -> Minimum:
    """Find the parameters of a circuit for which an observable is lowest.

    Parameters
    ----------
    hamiltonian : Pauli, str, mapping or pairs
        With real coefficients.
    ansatz : Circuit
        With parameters, of gates alone.
    start : (num_parameters,) array_like or mapping, optional
        Values to begin with, in the order of the parameters' names, or by parameter. None: drawn with the job's seed.
    backend : str or Backend, optional
        Where circuits run. None: energies are computed in this process, exactly and with adjoint gradients, which
        is quickest.
    optimizer : str
        Of `scipy.optimize.minimize`: L-BFGS-B, BFGS, CG and SLSQP follow the gradient, on a backend that of the
        parameter-shift rule; COBYLA, Nelder-Mead and Powell need none.
    maxiter : int
        Iterations at most.
    tolerance : float, optional
        SciPy's ``tol``.
    precision : float, optional
        Standard error of energies that are measured.
    exact : bool, optional
        Whether to use the backend's statevectors. None: where that is possible.
    context : Context, optional
        Of the job: it is told the progress, and keeps what a resumed job goes on from.

    Returns
    -------
    Minimum

    References
    ----------
    Peruzzo et al., "A variational eigenvalue solver on a photonic quantum processor", arXiv:1304.3061.

    Examples
    --------
    >>> from qdock.expr import Parameter
    >>> ansatz = Circuit(1).ry(Parameter("theta"), 0)
    >>> round(vqe({"Z": 1.0, "X": 1.0}, ansatz, [0.3]).energy, 8)
    -1.41421356
    """
    check_optimizer(optimizer)
    observable = as_pauli(hamiltonian)
    evaluate: Evaluate = (
        _exactly(observable, ansatz)
        if backend is None
        else _on(Runner(backend, None, context), observable, ansatz, optimizer, precision, exact)
    )
    first = start_of(ansatz, start, context)
    return minimize(evaluate, first, optimizer=optimizer, maxiter=maxiter, tolerance=tolerance, context=context)


def start_of(ansatz: Circuit, start: Any, context: Context | None) -> Floats:
    """Return values to begin with: those given, or some between 0 and one."""
    if start is not None:
        values = values_of(ansatz, start)
        if values.ndim != 1:
            raise ValueError(f"`start` is one value for each parameter, but has the shape {values.shape}.")
        return values
    rng = stream(draw_seed()) if context is None else context.rng()
    return rng.uniform(0.0, 1.0, len(ansatz.parameters))


def _exactly(observable: Pauli, ansatz: Circuit) -> Evaluate:
    compiled = ExactCircuit(ansatz)
    return lambda _, values: compiled.energy_and_gradient(observable, values)


def _on(
    runner: Runner,
    observable: Pauli,
    ansatz: Circuit,
    optimizer: str,
    precision: float | None,
    exact: bool | None,
) -> Evaluate:
    aim = DEFAULT_PRECISION if precision is None else precision
    rule = None if optimizer in GRADIENT_FREE else ShiftRule(ansatz, observable)

    def evaluate(number: int, values: Floats) -> tuple[float, Floats | None]:
        # Its draws depend on its number alone, so that a job that is resumed makes the same ones.
        runner.restart(number)
        if rule is not None:
            return rule.energy_and_gradient(values, runner, aim, exact)
        pub = EstimatorPub(ansatz, (observable,), (), values, aim)
        return float(estimate_pub(pub, runner, exact).data.evs), None

    return evaluate
