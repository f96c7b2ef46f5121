"""The quantum approximate optimisation algorithm: bit strings of low cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qdock import Circuit
from qdock.streams import draw_seed, stream
from qdock_algorithms.ansatz import trotter_ansatz
from qdock_algorithms.eigensolver import vqe
from qdock_algorithms.exact import ExactCircuit
from qdock_algorithms.pauli import Pauli, PauliLike, as_pauli
from qdock_algorithms.pubs import SamplerPub, values_of
from qdock_algorithms.sampler import sample

if TYPE_CHECKING:
    from qdock.backend import Backend, Context

__all__ = ["QAOAResult", "cost_of", "qaoa", "qaoa_ansatz"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class QAOAResult:
    """What was found.

    Attributes
    ----------
    bitstring : str
        The one of lowest cost that was sampled, qubit 0 rightmost.
    cost : float
        Its cost.
    mean_cost : float
        Of the state that was sampled, the lowest that the optimiser has reached.
    counts : dict of str to int
        How often each bit string was sampled.
    parameters : (2 * reps,) array
    energies : (evaluations,) array
        Every mean cost on the way.
    """

    bitstring: str
    cost: float
    mean_cost: float
    counts: dict[str, int]
    parameters: Floats
    energies: Floats


def qaoa(
    cost: PauliLike,
    reps: int = 3,
    start: Any = None,
    *,
    backend: str | Backend | None = None,
    shots: int = 1024,
    optimizer: str = "L-BFGS-B",
    maxiter: int = 200,
    context: Context | None = None,
) -> QAOAResult:
    """Look for the bit string of the lowest cost.

    Parameters
    ----------
    cost : Pauli, str, mapping or pairs
        Of I and Z only, with real coefficients: `maxcut` makes one of a graph.
    reps : int
        Layers of the ansatz; each has two parameters.
    start : (2 * reps,) array_like, optional
        Values to begin with. None: those of a slow passage from the mixer to the cost.
    backend : str or Backend, optional
        Where circuits run. None: mean costs and samples are computed in this process.
    shots : int
        How many bit strings are sampled at the end.
    optimizer, maxiter
        As for `vqe`.
    context : Context, optional
        Of the job.

    References
    ----------
    Farhi, Goldstone and Gutmann, "A quantum approximate optimization algorithm", arXiv:1411.4028.

    Examples
    --------
    >>> from qdock_algorithms import maxcut
    >>> square = maxcut([(0, 1), (1, 2), (2, 3), (3, 0)])
    >>> qaoa(square, reps=2).cost
    -4.0
    """
    hamiltonian = as_pauli(cost)
    ansatz = qaoa_ansatz(hamiltonian, reps)
    first = _passage(hamiltonian, reps) if start is None else values_of(ansatz, start)
    found = vqe(hamiltonian, ansatz, first, backend=backend, optimizer=optimizer, maxiter=maxiter, context=context)
    counts = _sampled(ansatz, found.parameters, backend, shots, context)
    costs = dict(zip(counts, cost_of(hamiltonian, list(counts)).tolist(), strict=True))
    best = min(costs, key=lambda bits: (costs[bits], bits))
    return QAOAResult(best, costs[best], found.energy, counts, found.parameters, found.energies)


def qaoa_ansatz(cost: PauliLike, reps: int) -> Circuit:
    """Return the state of all bit strings, turned in turn by the cost and by an X on each qubit, `reps` times."""
    hamiltonian = as_pauli(cost)
    if hamiltonian.x.any():
        raise ValueError(f"A cost is a sum of strings of I and Z, but this one is {hamiltonian}.")
    count = hamiltonian.num_qubits
    return trotter_ansatz([hamiltonian, Pauli.from_sparse_list([("X", [i], 1.0) for i in range(count)], count)], reps)


def _passage(hamiltonian: Pauli, reps: int) -> Floats:
    """Return angles that grow for the cost and fade for the mixer, in units of the cost's typical coefficient."""
    active = hamiltonian.z.any(axis=1)
    unit = float(np.abs(hamiltonian.coefficients[active]).mean()) if active.any() else 1.0
    along = (np.arange(reps) + 0.5) / reps
    # The state begins as the highest of the mixer, so that it is taken to the highest of minus the cost.
    return np.stack([0.35 * along / unit, -0.6 * (1 - along)], axis=1).reshape(-1)


def cost_of(cost: PauliLike, bitstrings: list[str]) -> Floats:
    """Return the cost of each bit string, qubit 0 rightmost."""
    hamiltonian = as_pauli(cost)
    bits = np.array([[character == "1" for character in text[::-1]] for text in bitstrings])
    signs = 1 - 2 * (bits.astype(np.int64) @ hamiltonian.z.T.astype(np.int64) % 2)
    return signs @ hamiltonian.coefficients.real


def _sampled(
    ansatz: Circuit, values: Floats, backend: str | Backend | None, shots: int, context: Context | None
) -> dict[str, int]:
    """Return how often each bit string was seen in the ansatz's state."""
    if backend is not None:
        measured = ansatz.copy().measure_all()
        (found,) = sample([SamplerPub(measured, values, shots)], backend, None, context)
        return dict(found.join_data().get_counts())
    probabilities = np.abs(ExactCircuit(ansatz).statevector(values)) ** 2
    rng = stream(draw_seed()) if context is None else context.rng(1)
    counts = rng.multinomial(shots, probabilities / probabilities.sum())
    return {format(place, f"0{ansatz.num_qubits}b"): int(counts[place]) for place in np.flatnonzero(counts)}
