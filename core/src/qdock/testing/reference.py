"""The independent answer: a circuit of gates applied to a state, each matrix of `qdock.gates` by one `numpy.einsum`.

It shares nothing with any backend but the table of gates, and is as slow as it is plain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdock.circuit import Circuit
from qdock.operations import Operation

__all__ = ["distribution", "final_state", "matrix_of", "zero_state"]

Complex = NDArray[np.complex128]


def zero_state(num_qubits: int) -> Complex:
    """Return the state of all qubits 0, ``(2**num_qubits,)``."""
    state = np.zeros(2**num_qubits, complex)
    state[0] = 1
    return state


def apply(matrix: Complex, qubits: Sequence[int], state: Complex) -> Complex:
    """Return `state`, ``(2**n, ...)``, after a matrix whose least significant bit is the first of `qubits`."""
    size, count = state.shape[0].bit_length() - 1, len(qubits)
    rest = state.shape[1:]
    # Axis 0 is the most significant bit: qubit q is axis size - 1 - q.
    axes = [size - 1 - qubit for qubit in reversed(qubits)]
    new = [size + i for i in range(count)]
    tensor = state.reshape((2,) * size + (-1,))
    labels = [*range(size), size + count]
    result = [new[axes.index(axis)] if axis in axes else axis for axis in range(size)]
    operands: list[Any] = [matrix.reshape((2,) * (2 * count)), [*new, *axes], tensor, labels, [*result, size + count]]
    made: Complex = np.einsum(*operands)
    return made.reshape(-1, *rest)


def final_state(circuit: Circuit, state: Complex | None = None) -> Complex:
    """Return the state after the gates of a circuit, ``(2**num_qubits,)``; measurements are passed over."""
    state = zero_state(circuit.num_qubits) if state is None else state
    for operation in circuit:
        state = _after(operation, state)
    return _phased(state, circuit.global_phase)


def _after(operation: Operation, state: Complex) -> Complex:
    if operation.name in ("measure", "barrier", "delay"):
        return state
    if operation.name == "gphase":
        return _phased(state, operation.params[0])
    return apply(operation.gate.matrix(), operation.qubits, state)


def _phased(state: Complex, angle: Any) -> Complex:
    phased: Complex = state * np.exp(1j * float(getattr(angle, "value", angle)))
    return phased


def matrix_of(circuit: Circuit) -> Complex:
    """Return the matrix of a circuit's gates, ``(2**num_qubits, 2**num_qubits)``."""
    return final_state(circuit, np.eye(2**circuit.num_qubits, dtype=complex))


def distribution(circuit: Circuit, state: Complex | None = None) -> NDArray[np.float64]:
    """Return the probability of every outcome of a circuit that measures at its end, ``(2**num_clbits,)``.

    Bit i of an outcome is clbit i; clbits that nothing is measured into are 0.
    """
    likely = np.abs(final_state(circuit, state)) ** 2
    index = np.arange(len(likely))
    outcome = np.zeros(len(likely), np.int64)
    for operation in circuit:
        if operation.name == "measure":
            qubit, clbit = operation.qubits[0], operation.clbits[0]
            outcome &= ~(1 << clbit)
            outcome |= ((index >> qubit) & 1) << clbit
    return np.bincount(outcome, weights=likely, minlength=2**circuit.num_clbits).astype(np.float64)
