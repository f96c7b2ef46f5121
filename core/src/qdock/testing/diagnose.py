"""Why counts are wrong: what is often mistaken, tried on the circuit until one mistake explains what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qdock.circuit import Circuit
from qdock.gates import Gate
from qdock.operations import Operation
from qdock.testing.reference import distribution
from qdock.testing.statistics import difference

__all__ = ["cause"]

Floats = NDArray[np.float64]


def cause(circuit: Circuit, counts: NDArray[np.int64], gate: str = "") -> str:
    """Return what would explain the counts, as a sentence to follow another, or an empty text.

    Parameters
    ----------
    circuit : Circuit
        It measures at its end.
    counts : (2**num_clbits,) int64 array
    gate : str
        The gate under test, if it is one; else the whole circuit is suspected.
    """
    for sentence, expected in _guesses(circuit, gate):
        if difference(counts, expected) is None:
            return f" They would be right if {sentence}."
    return ""


def _guesses(circuit: Circuit, gate: str) -> Iterator[tuple[str, Floats]]:
    right = distribution(circuit)
    if len(right) > 2:
        yield "the bits of each outcome were read in the opposite order", reversed_bits(right)
    yield "every bit were flipped", right[::-1]
    for sentence, change in _MISTAKES.items():
        wrong = _with_gates(circuit, change, gate)
        if wrong is not None:
            yield sentence.format(gate=f"gate {gate!r}" if gate else "every gate"), distribution(wrong)
    yield "every outcome were equally likely, whatever the circuit", np.full(len(right), 1 / len(right))
    yield "nothing had been done to the qubits", np.eye(len(right))[0]


def reversed_bits(values: Floats) -> Floats:
    """Return a distribution with clbit 0 in the place of the last, and so on."""
    size = len(values).bit_length() - 1
    return values.reshape((2,) * size).transpose(range(size)[::-1]).reshape(-1)


def _scaled(factor: float) -> Callable[[Operation], Gate | None]:
    def change(operation: Operation) -> Gate | None:
        gate = operation.gate
        return replace(gate, params=tuple(factor * float(angle) for angle in gate.params)) if gate.params else None

    return change


def _turned(operation: Operation) -> Gate | None:
    """Return the gate with its qubits listed the other way round."""
    count = len(operation.qubits)
    if count < 2:
        return None
    matrix = operation.gate.matrix().reshape((2,) * (2 * count))
    axes = (*range(count)[::-1], *range(count, 2 * count)[::-1])
    return Gate("unitary", array=matrix.transpose(axes).reshape(2**count, 2**count))


def _conjugated(operation: Operation) -> Gate | None:
    return Gate("unitary", array=operation.gate.matrix().conj())


def _left_out(operation: Operation) -> Gate | None:
    return Gate("unitary", array=np.eye(2 ** len(operation.qubits), dtype=complex))


_MISTAKES: dict[str, Callable[[Operation], Gate | None]] = {
    "{gate} turned the other way: the sign of its angle is wrong": _scaled(-1.0),
    "{gate} took half of its angle": _scaled(0.5),
    "{gate} took twice its angle": _scaled(2.0),
    "{gate} had its qubits the other way round, such as control and target": _turned,
    "{gate} were inverted": lambda operation: operation.gate.inverse(),
    "{gate} were complex conjugated": _conjugated,
    "{gate} did nothing": _left_out,
}


def _with_gates(circuit: Circuit, change: Callable[[Operation], Gate | None], name: str) -> Circuit | None:
    """Return the circuit with gates changed, those of a name or all; None if there is nothing to change."""
    made, found = Circuit(circuit.num_qubits, circuit.num_clbits), False
    for operation in circuit:
        other = change(operation) if operation.is_gate and name in ("", operation.gate.label) else None
        if other is None:
            made.append_operation(operation)
        else:
            made.append(other, operation.qubits)
            found = True
    return made if found else None
