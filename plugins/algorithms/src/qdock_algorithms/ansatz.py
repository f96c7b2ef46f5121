"""Circuits with parameters to begin a variational algorithm with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qdock import Circuit
from qdock.expr import Expr, Parameter
from qdock_algorithms.pauli import PauliLike, as_pauli

__all__ = ["evolution", "hardware_efficient", "trotter_ansatz"]


def hardware_efficient(
    num_qubits: int, reps: int = 3, *, rotations: Sequence[str] = ("ry", "rz"), entangler: str = "cx"
) -> Circuit:
    """Return layers of rotations of every qubit, with an entangling gate on each pair of neighbours between them.

    Parameters
    ----------
    num_qubits : int
    reps : int
        Entangling layers; there is one more of rotations.
    rotations : sequence of str
        Gates of one qubit with one angle.
    entangler : str
        Gate of two qubits without angle.

    Returns
    -------
    Circuit
        With the parameters ``theta0``, ``theta1``, ... in the order of its gates.
    """
    if num_qubits < 1 or reps < 0:
        raise ValueError(f"An ansatz has a qubit or more and 0 reps or more, not {num_qubits} and {reps}.")
    circuit, count = Circuit(num_qubits, name="hardware_efficient"), 0
    for layer in range(reps + 1):
        for rotation in rotations:
            for qubit in range(num_qubits):
                circuit.append(rotation, [qubit], [Parameter(f"theta{count}")])
                count += 1
        if layer < reps:
            for qubit in range(num_qubits - 1):
                circuit.append(entangler, [qubit, qubit + 1])
    return circuit


def trotter_ansatz(parts: Sequence[PauliLike], reps: int, start: Circuit | None = None) -> Circuit:
    """Return turns by the parts of a Hamiltonian, one after the other, each with a parameter of its own, `reps` times.

    Parameters
    ----------
    parts : sequence of Pauli
        Each of terms that commute.
    reps : int
    start : Circuit, optional
        Comes first; a Hadamard gate on each qubit if not given.

    References
    ----------
    Wecker, Hastings and Troyer, "Progress towards practical quantum variational algorithms", arXiv:1507.08969.
    """
    sums = [as_pauli(part) for part in parts]
    num_qubits = sums[0].num_qubits
    circuit = Circuit(num_qubits, name="trotter") if start is None else start.copy()
    if start is None:
        circuit.h(range(num_qubits))
    for number in range(reps * len(sums)):
        circuit.compose(evolution(sums[number % len(sums)], Parameter(f"theta{number}")))
    return circuit


def evolution(hamiltonian: PauliLike, time: float | Expr) -> Circuit:
    """Return ``exp(-i time P)`` for each string P with its coefficient, one after the other.

    The product is ``exp(-i time hamiltonian)``, up to a global phase, if the strings commute.
    """
    terms = as_pauli(hamiltonian)
    circuit = Circuit(terms.num_qubits, name="evolution")
    for label, number in terms.to_list():
        _turn(circuit, label[::-1], 2 * float(number.real) * time)
    return circuit


def _turn(circuit: Circuit, letters: str, angle: float | Expr) -> None:
    """Append the turn by a string's half angle: in its basis, the parity of its qubits is turned about z."""
    qubits = [qubit for qubit, letter in enumerate(letters) if letter != "I"]
    if not qubits:
        return
    names = "".join(letters[qubit] for qubit in qubits).lower()
    if len(names) == 1 or names in ("xx", "yy", "zz", "zx"):
        circuit.append(f"r{names}", qubits, [angle])
        return
    for qubit in qubits:
        circuit.append(_INTO[letters[qubit]], [qubit])
    ladder = list(pairwise(qubits[:-1]))
    for pair in ladder:
        circuit.cx(*pair)
    circuit.rzz(angle, qubits[-2], qubits[-1])
    for pair in reversed(ladder):
        circuit.cx(*pair)
    for qubit in qubits:
        circuit.append(_OUT_OF[letters[qubit]], [qubit])


#: Letter to the gate that turns its basis to that of Z, and the one that turns back.
_INTO = {"X": "h", "Y": "sx", "Z": "id"}
_OUT_OF = {"X": "h", "Y": "sxdg", "Z": "id"}
