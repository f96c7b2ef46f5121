"""State fidelity: how much two states have in common, exactly or measured on a backend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qdock import Circuit
from qdock_algorithms.exact import ExactCircuit
from qdock_algorithms.pubs import SamplerPub, check_shots, values_of
from qdock_algorithms.sampler import sample

if TYPE_CHECKING:
    from qdock.backend import Backend, Context

__all__ = ["Fidelity", "measure_fidelity", "state_fidelity"]


@dataclass(frozen=True)
class Fidelity:
    """A fidelity that was measured.

    Attributes
    ----------
    value : float
        Between 0 and 1.
    std : float
        Its standard error.
    """

    value: float
    std: float


def state_fidelity(first: Circuit | npt.ArrayLike, second: Circuit | npt.ArrayLike) -> float:
    """Return ``|<first|second>|^2``, computed in this process.

    Parameters
    ----------
    first, second : Circuit or (2^n,) array_like
        A circuit of gates whose parameters are bound, or the amplitudes of a state of norm one.

    Examples
    --------
    >>> round(state_fidelity(Circuit(1).h(0), [1, 0]), 12)
    0.5
    """
    states = [_state(item) for item in (first, second)]
    if states[0].shape != states[1].shape:
        raise ValueError(
            f"Two states of one size can be compared, but these have {len(states[0])} and {len(states[1])}."
        )
    return float(abs(np.vdot(*states)) ** 2)


def _state(given: Circuit | npt.ArrayLike) -> npt.NDArray[np.complex128]:
    if isinstance(given, Circuit):
        return ExactCircuit(given).statevector([])
    state = np.asarray(given, dtype=complex)
    if state.ndim != 1 or not math.isclose(float(np.linalg.norm(state)), 1.0, abs_tol=1e-6):
        raise ValueError(f"A state is an array of norm 1 with one axis; this one has the shape {state.shape}.")
    return state


def measure_fidelity(
    first: Circuit,
    second: Circuit,
    backend: str | Backend,
    *,
    shots: int = 4096,
    context: Context | None = None,
) -> Fidelity:
    """Measure ``|<first|second>|^2``: how often all qubits are 0 after the first circuit and the second one undone.

    Parameters
    ----------
    first, second : Circuit
        Of gates alone, their parameters bound.
    backend : str or Backend
    shots : int
    context : Context, optional
        Of the job.

    References
    ----------
    Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", arXiv:1804.11326.
    """
    if first.num_qubits != second.num_qubits:
        raise ValueError(f"The circuits have {first.num_qubits} and {second.num_qubits} qubits; they must be as many.")
    circuit = Circuit(first.num_qubits, name="fidelity").compose(first).compose(second.inverse()).measure_all()
    (found,) = sample([SamplerPub(circuit, values_of(circuit, None), check_shots(shots))], backend, None, context)
    value = found.join_data().get_int_counts().get(0, 0) / shots
    return Fidelity(value, math.sqrt(value * (1 - value) / shots))
