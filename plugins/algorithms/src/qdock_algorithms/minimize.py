"""SciPy's optimisers for energies that circuits compute: watched, and taken up again where they were interrupted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from qdock.backend import Context

__all__ = ["GRADIENT_FREE", "Minimum", "minimize"]

Floats = npt.NDArray[np.float64]
#: Number of the evaluation and the parameters to the energy and, for optimisers that want one, the gradient.
Evaluate = Callable[[int, Floats], tuple[float, Floats | None]]

#: Optimisers of SciPy that use no gradient.
GRADIENT_FREE = ("COBYLA", "Nelder-Mead", "Powell")
# Seconds between two checkpoints. What was computed since the last one is computed again, with the same outcome.
_INTERVAL = 0.05
_OPTIMIZERS = ("L-BFGS-B", "BFGS", "CG", "SLSQP", *GRADIENT_FREE)


@dataclass(frozen=True)
class Minimum:
    """What an optimiser has found.

    Attributes
    ----------
    energy : float
        The lowest that was seen.
    parameters : (n,) array
        Where.
    energies : (evaluations,) array
        Every one that was computed, in order.
    iterations : int
    converged : bool
    message : str
        Why the optimiser has stopped, in its words.
    """

    energy: float
    parameters: Floats
    energies: Floats
    iterations: int
    converged: bool
    message: str


def minimize(
    evaluate: Evaluate,
    start: Floats,
    *,
    optimizer: str = "L-BFGS-B",
    maxiter: int = 1000,
    tolerance: float | None = None,
    context: Context | None = None,
) -> Minimum:
    """Minimise an energy.

    The evaluations so far are the job's checkpoint. A job that is resumed begins anew, but is given those that were
    made before; as an optimiser depends on nothing else, it goes the same way and on from there.

    Parameters
    ----------
    evaluate : callable
    start : (n,) array
    optimizer : str
        Of `scipy.optimize.minimize`.
    maxiter : int
        Iterations at most.
    tolerance : float, optional
        SciPy's ``tol``, whose meaning depends on the optimiser.
    context : Context, optional
        Of the job.
    """
    from scipy.optimize import minimize as scipy_minimize

    check_optimizer(optimizer)
    history = History(evaluate, start, maxiter, context)
    found = scipy_minimize(
        history.gradient_too if optimizer not in GRADIENT_FREE else history.energy,
        history.start,
        jac=optimizer not in GRADIENT_FREE,
        method=optimizer,
        tol=tolerance,
        options={"maxiter": maxiter},
    )
    energies = np.array(history.energies)
    best = int(energies.argmin())
    return Minimum(
        float(energies[best]),
        history.points[best],
        energies,
        int(found.get("nit", len(energies))),
        bool(found.success),
        str(found.message),
    )


def check_optimizer(optimizer: Any) -> None:
    """Raise `ValueError` for an optimiser that is none of those that fit."""
    if optimizer not in _OPTIMIZERS:
        raise ValueError(f"`optimizer` is one of {', '.join(_OPTIMIZERS)}, but {optimizer!r} was given.")


class History:
    """The evaluations of a minimisation so far, those of an interrupted one first."""

    def __init__(self, evaluate: Evaluate, start: Floats, maxiter: int, context: Context | None) -> None:
        self._evaluate, self._maxiter, self._context = evaluate, maxiter, context
        self.points: list[Floats] = []
        self.energies: list[float] = []
        self._gradients: list[Floats] = []
        self._told = -math.inf
        self._known: dict[str, Any] = (context.resume() if context is not None else None) or {}
        self.start = self._known["points"][0] if self._known else start

    def energy(self, point: Floats) -> float:
        """Return the energy at a point."""
        return self._at(point)[0]

    def gradient_too(self, point: Floats) -> tuple[float, Floats | None]:
        """Return the energy at a point, and the gradient."""
        return self._at(point)

    def _at(self, point: Floats) -> tuple[float, Floats | None]:
        number = len(self.energies)
        found = self._remembered(number, point)
        energy, gradient = self._evaluate(number, point) if found is None else found
        self.points.append(np.array(point, dtype=float))
        self.energies.append(energy)
        if gradient is not None:
            self._gradients.append(gradient)
        if found is None:
            self._tell()
        return energy, gradient

    def _remembered(self, number: int, point: Floats) -> tuple[float, Floats | None] | None:
        if not self._known or number >= len(self._known["energies"]):
            return None
        if not np.array_equal(self._known["points"][number], point):
            # Another SciPy goes another way; what is known is of no use from here.
            self._known = {}
            return None
        gradients = self._known["gradients"]
        return float(self._known["energies"][number]), gradients[number] if len(gradients) else None

    def _tell(self) -> None:
        """Tell the job how far it is and keep what there is, now and then: it costs as much as some energies."""
        if self._context is None:
            return
        self._context.check()
        if monotonic() < self._told + _INTERVAL:
            return
        self._told = monotonic()
        count = len(self.energies)
        self._context.progress(min(count / self._maxiter, 1.0), f"energy {count}, lowest {min(self.energies):.8g}")
        arrays = {"points": self.points, "energies": self.energies, "gradients": self._gradients}
        self._context.checkpoint({name: np.array(values) for name, values in arrays.items()})
