"""Estimator: expectation values of observables in the final states of circuits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock_algorithms.measured import estimate_by_shots
from qdock_algorithms.primitive_job import PrimitiveJob
from qdock_algorithms.primitive_result import PrimitiveResult, PubResult
from qdock_algorithms.pubs import EstimatorPub, check_precision
from qdock_algorithms.running import Runner, as_argument, check_pubs

if TYPE_CHECKING:
    from qdock import Circuit
    from qdock.backend import Backend, Context

__all__ = ["Estimator", "estimate"]

#: What is measured, where nothing is said, with 4096 shots an observable of norm one.
DEFAULT_PRECISION = 1 / 64
#: What makes a run end in a state that another run may not end in.
_BRANCHING = {"measure", "reset", "if", "while", "for", "switch", "assign", "break", "continue", "end"}


class Estimator:
    """Estimates expectation values.

    A backend that returns statevectors gives exact values. With any other, or ``exact=False``, each group of terms
    that commute qubit by qubit is measured, often enough that the standard error is at most the precision.

    Parameters
    ----------
    backend : str or Backend
        Any that runs circuits.
    default_precision : float
        Standard error to aim for where values are measured and the pub says nothing else.
    exact : bool, optional
        Whether to use statevectors. None: where the backend has them, and the circuit nothing but gates.
    options : mapping, optional
        Of the backend, for every run.

    Examples
    --------
    >>> from qdock import Circuit
    >>> from qdock_algorithms import Pauli
    >>> bell = Circuit(2).h(0).cx(0, 1)
    >>> job = Estimator("basic_simulator").run([(bell, ["ZZ", "ZI", Pauli("XX") - Pauli("YY")])])
    >>> job.result()[0].data.evs.round(12)
    array([1., 0., 2.])
    """

    def __init__(
        self,
        backend: str | Backend,
        *,
        default_precision: float = DEFAULT_PRECISION,
        exact: bool | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._backend = backend
        self._default_precision = check_precision(default_precision)
        self._exact = exact
        self._options = dict(options or {})

    def run(
        self, pubs: Sequence[Any], *, precision: float | None = None, **submit: Any
    ) -> PrimitiveJob[PrimitiveResult]:
        """Submit a job and return it.

        Parameters
        ----------
        pubs : sequence of (circuit, observables, parameter_values, precision)
            The ends of a tuple may be left out, or None. An observable is a `Pauli`, a label or a mapping from label
            to coefficient; lists of them are arrays. Values are an array with the parameters along its last axis, in
            the order of their names, or a mapping from a parameter, or a tuple of parameters, to an array. Both
            shapes broadcast.
        precision : float, optional
            Of pubs that say nothing else.
        **submit
            As `PrimitiveJob.submit` takes them: `seed`, `executor`, `time_limit`, `retries`, `tags`.

        Returns
        -------
        PrimitiveJob
            Of a `PrimitiveResult`: for each pub ``.data.evs`` has the values and ``.data.stds`` their standard errors.

        Raises
        ------
        TypeError, ValueError
            If a pub is none, its parts don't fit together, or exact values are asked of what has none.
        """
        default = self._default_precision if precision is None else check_precision(precision)
        form = "(circuit, observables, parameter_values, precision)"
        checked = [EstimatorPub.of(pub, default) for pub in check_pubs(pubs, form)]
        backend, chosen = as_argument(self._backend)
        job = PrimitiveJob(estimate, checked, backend, {**chosen, **self._options}, self._exact)
        job.submit(**submit)
        return job


def estimate(
    pubs: Sequence[Any],
    backend: str | Backend,
    options: Mapping[str, Any] | None = None,
    exact: bool | None = None,
    context: Context | None = None,
) -> PrimitiveResult:
    """Do what a job of `Estimator` does: run pubs, and return the values of their observables.

    Parameters
    ----------
    pubs : sequence of EstimatorPub
    backend : str or Backend
    options : mapping, optional
        Of the backend.
    exact : bool, optional
        Whether to use statevectors. None: where that is possible.
    context : Context, optional
        Of the job.
    """
    runner = Runner(backend, options, context)
    found = [pub if isinstance(pub, EstimatorPub) else EstimatorPub.of(pub, DEFAULT_PRECISION) for pub in pubs]
    return PrimitiveResult(tuple(estimate_pub(pub, runner, exact) for pub in found))


def estimate_pub(pub: EstimatorPub, runner: Runner, exact: bool | None = None) -> PubResult:
    """Return the values of one pub, exact ones where that is wanted and possible."""
    possible = runner.has("statevector") and has_state(pub.circuit)
    if exact and not possible:
        raise ValueError(
            f"There are no exact values of {pub.circuit.name!r} on {runner.backend.name!r}: that takes a backend with "
            f"the feature 'statevector', and a circuit of gates alone."
        )
    return _exactly(pub, runner) if (possible if exact is None else exact) else estimate_by_shots(pub, runner)


def has_state(circuit: Circuit) -> bool:
    """Whether every run of a circuit ends in the same state."""
    return _BRANCHING.isdisjoint(circuit.count_ops())


def _exactly(pub: EstimatorPub, runner: Runner) -> PubResult:
    numbers, observables = pub.pairs()
    evs = np.zeros(numbers.shape)
    results = runner.run(pub.circuits(), 1 << pub.circuit.num_qubits, output="statevector")
    for number, entry in enumerate(results):
        here = np.flatnonzero(numbers == number)
        for place in np.unique(observables[here]).tolist():
            value = pub.observables[place].expectation(entry.statevector)
            evs[here[observables[here] == place]] = value
    evs = evs.reshape(pub.shape)
    return PubResult(SimpleNamespace(evs=evs, stds=np.zeros_like(evs)), {"exact": True, "target_precision": None})
