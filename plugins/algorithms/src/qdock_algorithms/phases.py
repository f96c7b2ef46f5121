"""Quantum phase estimation: the phase that a unitary gives to one of its eigenstates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qdock import Circuit
from qdock.gates import Gate
from qdock_algorithms.pubs import SamplerPub, check_shots, values_of
from qdock_algorithms.sampler import sample

if TYPE_CHECKING:
    from qdock.backend import Backend, Context

__all__ = ["PhaseResult", "fourier", "phase_estimation", "phase_estimation_circuit"]


@dataclass(frozen=True)
class PhaseResult:
    """What was found.

    Attributes
    ----------
    phase : float
        The most frequent one, in turns: from 0 to below 1, where the eigenvalue is ``exp(2j * pi * phase)``.
    phases : dict of float to int
        How often each was seen.
    """

    phase: float
    phases: dict[float, int]


def phase_estimation(
    unitary: Circuit | Gate,
    num_bits: int,
    backend: str | Backend,
    *,
    prepare: Circuit | None = None,
    shots: int = 1024,
    context: Context | None = None,
) -> PhaseResult:
    """Estimate the phase of an eigenvalue, to `num_bits` bits.

    A phase that has so many bits is seen with certainty; any other one is seen as the closest of them with a
    probability of at least 4/π².

    Parameters
    ----------
    unitary : Circuit or Gate
        A circuit of gates alone.
    num_bits : int
        How many qubits read the phase.
    backend : str or Backend
    prepare : Circuit, optional
        Makes the eigenstate, or a sum of several, whose phases are then seen with their weights. None: all qubits 0.
    shots : int
    context : Context, optional
        Of the job.

    References
    ----------
    Nielsen and Chuang, *Quantum Computation and Quantum Information*, section 5.2.

    Examples
    --------
    >>> one = Circuit(1).x(0)
    >>> phase_estimation(Gate("p", (3.141592653589793 / 4,)), 3, "basic_simulator", prepare=one).phase
    0.125
    """
    circuit = phase_estimation_circuit(unitary, num_bits, prepare)
    (found,) = sample([SamplerPub(circuit, values_of(circuit, None), check_shots(shots))], backend, None, context)
    counts = found.data.phase.get_int_counts()
    phases = {value / 2**num_bits: counts[value] for value in sorted(counts)}
    return PhaseResult(max(phases, key=lambda phase: phases[phase]), phases)


def phase_estimation_circuit(unitary: Circuit | Gate, num_bits: int, prepare: Circuit | None = None) -> Circuit:
    """Return the circuit that measures a phase into the register ``phase``, its most significant bit leftmost."""
    if num_bits < 1:
        raise ValueError(f"`num_bits` is 1 or more, but {num_bits} was given.")
    width = unitary.num_qubits
    system = range(num_bits, num_bits + width)
    circuit = Circuit(num_bits + width, name="phase_estimation")
    if prepare is not None:
        circuit.compose(prepare, list(system)[: prepare.num_qubits])
    for bit in range(num_bits):
        circuit.h(bit)
        _append_power(circuit, unitary, 1 << bit, [bit, *system])
    circuit.compose(fourier(num_bits).inverse(), range(num_bits))
    return circuit.measure(range(num_bits), circuit.add_creg("phase", num_bits))


def _append_power(circuit: Circuit, unitary: Circuit | Gate, power: int, qubits: list[int]) -> None:
    """Append a power of the unitary with the first of the qubits as its control."""
    if isinstance(unitary, Gate):
        circuit.append(unitary.to_power(power).control(), qubits)
        return
    controlled = _controlled(unitary)
    for _ in range(power):
        circuit.compose(controlled, qubits)


def _controlled(unitary: Circuit) -> Circuit:
    """Return a circuit of gates with a control qubit before its own."""
    made = Circuit(unitary.num_qubits + 1)
    made.p(unitary.global_phase, 0)
    for operation in unitary:
        if operation.is_gate:
            made.append(operation.gate.control(), [0, *(qubit + 1 for qubit in operation.qubits)])
        elif operation.name not in ("barrier", "delay"):
            raise ValueError(f"A unitary is a circuit of gates alone, but this one has a '{operation.name}'.")
    return made


def fourier(num_qubits: int) -> Circuit:
    """Return the quantum Fourier transform, ``sum over k of exp(2j pi j k / 2^n) |k>`` for the input j."""
    circuit = Circuit(num_qubits, name="fourier")
    for qubit in reversed(range(num_qubits)):
        circuit.h(qubit)
        for lower in reversed(range(qubit)):
            circuit.cp(math.pi / 2 ** (qubit - lower), lower, qubit)
    for qubit in range(num_qubits // 2):
        circuit.swap(qubit, num_qubits - 1 - qubit)
    return circuit
