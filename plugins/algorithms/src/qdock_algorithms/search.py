"""Grover's search: a marked bit string among all, in about the square root of their number of steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qdock import Circuit
from qdock.gates import Gate
from qdock_algorithms.pubs import SamplerPub, check_shots, values_of
from qdock_algorithms.sampler import sample

if TYPE_CHECKING:
    from qdock.backend import Backend, Context

__all__ = ["GroverResult", "grover", "grover_circuit", "phase_oracle"]


@dataclass(frozen=True)
class GroverResult:
    """What was found.

    Attributes
    ----------
    bitstring : str
        The one that was seen most often, qubit 0 rightmost.
    counts : dict of str to int
    iterations : int
    probability : float
        With which theory says a marked bit string is seen.
    """

    bitstring: str
    counts: dict[str, int]
    iterations: int
    probability: float


def grover(
    marked: Sequence[str] | str,
    backend: str | Backend,
    *,
    iterations: int | None = None,
    shots: int = 1024,
    context: Context | None = None,
) -> GroverResult:
    """Search bit strings that an oracle marks.

    Parameters
    ----------
    marked : sequence of str, or str
        Bit strings of one length, qubit 0 rightmost, or a single one. For an oracle of your own use `grover_circuit`.
    backend : str or Backend
    iterations : int, optional
        Default: as many as make a marked one most likely.
    shots : int
    context : Context, optional
        Of the job.

    References
    ----------
    Boyer, Brassard, Høyer and Tapp, "Tight bounds on quantum searching", arXiv:quant-ph/9605034.

    Examples
    --------
    >>> grover(["101"], "basic_simulator").bitstring
    '101'
    """
    texts = _checked(marked)
    oracle = phase_oracle(texts)
    angle = math.asin(math.sqrt(len(texts) / 2**oracle.num_qubits))
    rounds = max(round(math.pi / (4 * angle) - 0.5), 0) if iterations is None else iterations
    circuit = grover_circuit(oracle, rounds).measure_all()
    (found,) = sample([SamplerPub(circuit, values_of(circuit, None), check_shots(shots))], backend, None, context)
    counts = found.join_data().get_counts()
    best = max(counts, key=lambda bits: counts[bits])
    return GroverResult(best, dict(counts), rounds, math.sin((2 * rounds + 1) * angle) ** 2)


def phase_oracle(marked: Sequence[str] | str) -> Circuit:
    """Return the circuit that turns the sign of some bit strings."""
    texts = _checked(marked)
    circuit = Circuit(len(texts[0]), name="oracle")
    for text in texts:
        _turn_sign(circuit, text)
    return circuit


def _checked(marked: Sequence[str] | str) -> list[str]:
    """Return distinct bit strings of one length, from several or from one."""
    texts = [marked] if isinstance(marked, str) else list(dict.fromkeys(marked))
    if not texts or any(not text or set(text) - set("01") or len(text) != len(texts[0]) for text in texts):
        raise ValueError(f"`marked` has bit strings of one length, such as ['101'], but {marked!r} was given.")
    return texts


def _turn_sign(circuit: Circuit, text: str) -> None:
    """Append a minus sign for one bit string: a Z on the last qubit, controlled by the others."""
    bits = [int(character) for character in text[::-1]]
    *controls, last = range(circuit.num_qubits)
    if not bits[last]:
        circuit.x(last)
    circuit.append(Gate("z", (), tuple(bits[:last])), [*controls, last])
    if not bits[last]:
        circuit.x(last)


def grover_circuit(oracle: Circuit, iterations: int, prepare: Circuit | None = None) -> Circuit:
    """Return the search for what an oracle marks, without measurement.

    Parameters
    ----------
    oracle : Circuit
        Turns the sign of the states that are sought.
    iterations : int
    prepare : Circuit, optional
        Makes the state in which is searched, all qubits 0 before; all bit strings alike if not given.
    """
    if iterations < 0:
        raise ValueError(f"`iterations` is 0 or more, but {iterations} was given.")
    count = oracle.num_qubits
    start = Circuit(count).h(range(count)) if prepare is None else prepare
    circuit = Circuit(count, name="grover").compose(start)
    for _ in range(iterations):
        circuit.compose(oracle).compose(start.inverse())
        _turn_sign(circuit, "0" * count)
        circuit.compose(start).gphase(math.pi)
    return circuit
