"""Statevectors as plain arrays: prepare, apply gates, read probabilities, measure and reset with a given draw.

A state of n qubits is a contiguous (2^n,) array, complex128 or complex64, with qubit 0 the least significant bit
of the index. These functions are public: other plugins call them, with random draws of their own. Those whose
name begins with ``apply_``, and `measure`, `collapse` and `reset`, overwrite their first argument.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock.gates import Gate
from qdock_basic.states.kernels import Array, apply_form, controlled, form_of

__all__ = [
    "PRECISIONS",
    "apply_gate",
    "apply_matrix",
    "collapse",
    "marginal",
    "measure",
    "prepare",
    "probabilities",
    "reset",
    "weights_of",
]

#: Types of amplitudes by the name of the precision.
PRECISIONS: dict[str, type[np.complexfloating[Any, Any]]] = {"double": np.complex128, "single": np.complex64}

# How far a given state's norm may be from one: enough for amplitudes written with seven digits.
_NORM_TOLERANCE = 1e-6
# Longer products are given to threads that spin: see kernels.py.
_ROW = 1 << 13


def prepare(num_qubits: int, initial_state: npt.ArrayLike | None = None, precision: str = "double") -> Array:
    """Return a new state.

    Parameters
    ----------
    num_qubits : int
        How many qubits, 0 included.
    initial_state : (2^num_qubits,) array_like, optional
        Amplitudes to copy; all qubits are 0 if not given.
    precision : {"double", "single"}
        complex128 or complex64 amplitudes.

    Returns
    -------
    (2^num_qubits,) complex array

    Raises
    ------
    ValueError
        If `initial_state` has another length, an entry that is not finite, or a norm other than one to 1e-6; if
        `num_qubits` is negative, or there is no such precision.
    """
    if num_qubits < 0:
        raise ValueError(f"`num_qubits` must be at least 0, but is {num_qubits}.")
    if precision not in PRECISIONS:
        raise ValueError(f"`precision` must be one of {', '.join(map(repr, PRECISIONS))}, but is {precision!r}.")
    dtype = PRECISIONS[precision]
    if initial_state is None:
        state = np.zeros(1 << num_qubits, dtype=dtype)
        state[0] = 1
        return state
    given = np.array(initial_state, dtype=dtype, order="C")
    check_initial_state(given, num_qubits)
    return given


def check_initial_state(given: Array, num_qubits: int) -> None:
    """Raise `ValueError` unless `given` is a normalised state of so many qubits."""
    if given.shape != (1 << num_qubits,):
        raise ValueError(
            f"`initial_state` must have 2^{num_qubits} = {1 << num_qubits} amplitudes for a circuit of {num_qubits} "
            f"qubits, but has the shape {given.shape}."
        )
    norm = float(np.linalg.norm(given))
    if not math.isfinite(norm):
        raise ValueError("`initial_state` must have finite amplitudes, but one is infinite or not a number.")
    if not abs(norm - 1) <= _NORM_TOLERANCE:
        raise ValueError(f"`initial_state` must have norm 1, but its norm is {norm:.12g}. Divide it by its norm.")


def apply_matrix(state: Array, matrix: npt.ArrayLike, qubits: Sequence[int]) -> None:
    """Apply a matrix to some qubits in place.

    Parameters
    ----------
    state : (2^n,) complex array
        Overwritten.
    matrix : (2^k, 2^k) array_like
        Need not be unitary.
    qubits : sequence of k int
        Distinct; the first one is the least significant bit of the matrix's index.

    Raises
    ------
    ValueError
        If the qubits are not distinct qubits of the state, or the matrix has another shape.
    """
    array = np.asarray(matrix, dtype=np.complex128)
    _check_qubits(state, qubits)
    if array.shape != (1 << len(qubits), 1 << len(qubits)):
        raise ValueError(
            f"A matrix on {len(qubits)} qubits has the shape ({1 << len(qubits)}, {1 << len(qubits)}), "
            f"but this one has {array.shape}."
        )
    apply_form(state, form_of(array), tuple(qubits))


def apply_gate(state: Array, gate: Gate, qubits: Sequence[int]) -> None:
    """Apply a gate of `qdock.gates` in place; its control qubits come first.

    Parameters
    ----------
    state : (2^n,) complex array
        Overwritten.
    gate : Gate
        With numbers for parameters.
    qubits : sequence of int
        Distinct, as many as the gate has.

    Raises
    ------
    ValueError
        If the qubits are not distinct qubits of the state, or there are more or fewer than the gate has.
    """
    _check_qubits(state, qubits)
    if len(qubits) != gate.num_qubits:
        raise ValueError(f"Gate {gate.label!r} acts on {gate.num_qubits} qubits, but {len(qubits)} were given.")
    # Controls are not part of the matrix that is made: with 15 of them it would have 2^32 entries.
    apply_form(state, controlled(form_of(gate.target_matrix()), gate.controls), tuple(qubits))


def probabilities(state: Array, qubits: Sequence[int] | None = None) -> npt.NDArray[np.float64]:
    """Return how likely each outcome of measuring some qubits is.

    Parameters
    ----------
    state : (2^n,) complex array
        Need not be normalised; neither is the answer then.
    qubits : sequence of m int, optional
        Distinct; the first one is the least significant bit of the outcome. All of them, in order, if not given.

    Returns
    -------
    (2^m,) float64 array
    """
    table: npt.NDArray[np.float64] = np.square(state.real, dtype=np.float64)
    table += np.square(state.imag, dtype=np.float64)
    if qubits is None:
        return table
    _check_qubits(state, qubits)
    return marginal(table, qubits)


def marginal(table: npt.NDArray[np.float64], qubits: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return tables ``(..., 2^n)`` of probabilities over all qubits as ones over some, the first least significant."""
    if len(qubits) == table.shape[-1].bit_length() - 1 and list(qubits) == list(range(len(qubits))):
        return table
    return _ordered(_summed(table, set(qubits)), qubits)


def _summed(table: npt.NDArray[np.float64], keep: set[int]) -> npt.NDArray[np.float64]:
    """Sum over the qubits that are not kept, the highest first, so that the table halves each time."""
    for qubit in reversed(range(table.shape[-1].bit_length() - 1)):
        if qubit not in keep:
            pairs = table.reshape(-1, 2, 1 << qubit)
            table = (pairs[:, 0] + pairs[:, 1]).reshape(*table.shape[:-1], -1)
    return table


def _ordered(table: npt.NDArray[np.float64], qubits: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return tables whose bits are the sorted qubits with their bits in the order of `qubits`."""
    rank = {qubit: position for position, qubit in enumerate(sorted(qubits))}
    if list(rank) == list(qubits):
        return table
    last = len(rank)
    axes = [0, *(last - rank[qubit] for qubit in reversed(qubits))]
    moved = table.reshape(-1, *(2,) * len(rank)).transpose(axes)
    return np.ascontiguousarray(moved).reshape(table.shape)


def weights_of(state: Array, qubit: int) -> tuple[float, float]:
    """Return the squared norms of the two parts of a state in which a qubit is 0 and 1."""
    halves = state.reshape(-1, 2, 1 << qubit)
    return _squared_norm(halves[:, 0]), _squared_norm(halves[:, 1])


def _squared_norm(part: Array) -> float:
    flat = part.reshape(-1).astype(np.complex128, copy=False)
    rows = flat.reshape(-1, min(flat.size, _ROW))
    return sum(float(np.vdot(row, row).real) for row in rows)


def collapse(state: Array, qubit: int, outcome: int, weight: float) -> None:
    """Keep the part of a state in which a qubit has an outcome, in place, and normalise it.

    Parameters
    ----------
    state : (2^n,) complex array
        Overwritten.
    qubit : int
        The qubit that was measured.
    outcome : {0, 1}
        What was found.
    weight : float
        Squared norm of that part, as `weights_of` tells it; positive.
    """
    halves = state.reshape(-1, 2, 1 << qubit)
    halves[:, 1 - outcome] = 0
    halves[:, outcome] *= 1 / math.sqrt(weight)


def measure(state: Array, qubit: int, draw: float) -> int:
    """Measure a qubit in place.

    Parameters
    ----------
    state : (2^n,) complex array
        Normalised; overwritten by the state after the measurement.
    qubit : int
        The qubit to measure.
    draw : float
        Uniformly distributed in [0, 1): the outcome is 0 where it is below the probability of 0.

    Returns
    -------
    int
        The outcome, 0 or 1.
    """
    _check_qubits(state, (qubit,))
    zero, one = weights_of(state, qubit)
    outcome = int(draw >= zero and one > 0)
    collapse(state, qubit, outcome, (zero, one)[outcome])
    return outcome


def reset(state: Array, qubit: int, draw: float) -> int:
    """Measure a qubit in place with a uniform draw from [0, 1), set it to 0, and return what was measured."""
    outcome = measure(state, qubit, draw)
    if outcome:
        flip(state, qubit)
    return outcome


def flip(state: Array, qubit: int) -> None:
    """Move a collapsed qubit from 1 to 0 in place."""
    halves = state.reshape(-1, 2, 1 << qubit)
    halves[:, 0] = halves[:, 1]
    halves[:, 1] = 0


def _check_qubits(state: Array, qubits: Sequence[int]) -> None:
    num_qubits = state.size.bit_length() - 1
    if len(set(qubits)) != len(qubits) or any(not 0 <= qubit < num_qubits for qubit in qubits):
        raise ValueError(f"The qubits must be distinct and from 0 to {num_qubits - 1}, but are {list(qubits)}.")
