"""Sampler: circuits with arrays of parameter values, run for the bits that they measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qdock_algorithms.bit_array import BitArray
from qdock_algorithms.primitive_job import PrimitiveJob
from qdock_algorithms.primitive_result import PrimitiveResult, PubResult
from qdock_algorithms.pubs import SamplerPub, check_shots
from qdock_algorithms.running import Runner, as_argument, check_pubs, read_bits

if TYPE_CHECKING:
    from qdock import CircuitResult
    from qdock.backend import Backend, Context

__all__ = ["Sampler", "sample"]


class Sampler:
    """Runs circuits for the bits that they measure.

    Parameters
    ----------
    backend : str or Backend
        Any that runs circuits.
    default_shots : int
        Of pubs that say nothing else.
    options : mapping, optional
        Of the backend, for every run.

    Examples
    --------
    >>> from qdock import Circuit
    >>> from qdock.expr import Parameter
    >>> circuit = Circuit(1, 1).ry(Parameter("theta"), 0).measure_all()
    >>> job = Sampler("basic_simulator").run([(circuit, {"theta": [0.0, 3.141592653589793]}, 100)])
    >>> [job.result()[0].data.c[i].get_counts() for i in range(2)]
    [{'0': 100}, {'1': 100}]
    """

    def __init__(
        self, backend: str | Backend, *, default_shots: int = 1024, options: Mapping[str, Any] | None = None
    ) -> None:
        self._backend = backend
        self._default_shots = check_shots(default_shots)
        self._options = dict(options or {})

    def run(self, pubs: Sequence[Any], *, shots: int | None = None, **submit: Any) -> PrimitiveJob[PrimitiveResult]:
        """Submit a job and return it.

        Parameters
        ----------
        pubs : sequence of Circuit or (circuit, parameter_values, shots)
            The ends of a tuple may be left out, or None. Values are an array with the parameters along its last axis,
            in the order of their names, or a mapping from a parameter, or a tuple of parameters, to an array.
        shots : int, optional
            Of pubs that say nothing else.
        **submit
            As `PrimitiveJob.submit` takes them: `seed`, `executor`, `time_limit`, `retries`, `tags`.

        Returns
        -------
        PrimitiveJob
            Of a `PrimitiveResult`: for each pub ``.data`` has a `BitArray` by the name of each register.

        Raises
        ------
        TypeError, ValueError
            If a pub is none, or its values don't fit its circuit.
        """
        default = self._default_shots if shots is None else check_shots(shots)
        checked = [SamplerPub.of(pub, default) for pub in check_pubs(pubs, "(circuit, parameter_values, shots)")]
        backend, chosen = as_argument(self._backend)
        job = PrimitiveJob(sample, checked, backend, {**chosen, **self._options})
        job.submit(**submit)
        return job


def sample(
    pubs: Sequence[Any],
    backend: str | Backend,
    options: Mapping[str, Any] | None = None,
    context: Context | None = None,
) -> PrimitiveResult:
    """Do what a job of `Sampler` does: run pubs, and return their samples.

    Parameters
    ----------
    pubs : sequence of SamplerPub
    backend : str or Backend
    options : mapping, optional
        Of the backend.
    context : Context, optional
        Of the job.
    """
    runner = Runner(backend, options, context)
    pubs = [pub if isinstance(pub, SamplerPub) else SamplerPub.of(pub, 1024) for pub in pubs]
    runner.expect(sum(int(np.prod(pub.shape)) for pub in pubs))
    return PrimitiveResult(tuple(_sampled(pub, runner) for pub in pubs))


def _sampled(pub: SamplerPub, runner: Runner) -> PubResult:
    options: dict[str, Any] = {"memory": True} if runner.has("memory") else {}
    rows: dict[str, list[npt.NDArray[np.bool_]]] = {
        register.name: [] for register in pub.circuit.cregs if register.output
    }
    for entry in runner.run(pub.circuits(), shots=pub.shots, **options):
        order = _order(entry)
        for name, found in rows.items():
            found.append(read_bits(entry, name)[order, ::-1])
    arrays = {
        name: BitArray.from_bool_array(np.reshape(found, (*pub.shape, pub.shots, found[0].shape[-1])))
        for name, found in rows.items()
    }
    return PubResult(SimpleNamespace(**arrays), {"shots": pub.shots})


def _order(entry: CircuitResult) -> npt.NDArray[Any]:
    """Return the number of each shot's outcome; a backend that tells no order has them sorted."""
    if entry.memory is not None:
        return entry.memory
    assert entry.counts is not None
    return np.repeat(np.arange(len(entry.counts)), entry.counts)
