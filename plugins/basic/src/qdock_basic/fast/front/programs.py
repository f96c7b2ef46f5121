"""From a circuit to the arrays that compiled code reads: its columns as they are, and matrices of modified gates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.expr import FLOAT, Expr, cast, evaluate
from qdock.gates import GATES
from qdock.operations import Columns, Modifier
from qdock.unitaries.matrices import matrix_power
from qdock_basic.fast.front.clifford_steps import IS_AFFINE
from qdock_basic.fast.front.source import DETAILS, NUM_ADDRESSES, Source, locate

__all__ = ["LARGE_TARGETS", "Ready", "angle_of", "has_large_gates", "matrix_of", "ready"]

#: Matrices on more qubits are left to numpy: they are work for a product of matrices, not for a loop.
LARGE_TARGETS = 6

_NO_ROWS = np.zeros((0, DETAILS), dtype=np.int64)
_NO_ENTRIES = np.zeros(0, dtype=np.complex128)


class Ready(NamedTuple):
    """What compiled code needs to know of a circuit.

    Attributes
    ----------
    columns : Columns
        From which the rest has been made.
    arrays : Source
    addresses : (NUM_ADDRESSES,) int64 array
        Where they lie: see `source.locate`. They lie there as long as this value is kept.
    large : list of int
        The operations that are matrices too large for compiled code.
    is_affine : bool
        Whether all gates are among those of `affine`.
    """

    columns: Columns
    arrays: Source
    addresses: npt.NDArray[np.int64]
    large: list[int]
    is_affine: bool


def ready(circuit: Circuit) -> Ready:
    """Return what compiled code needs, kept as long as the circuit is unchanged.

    Raises
    ------
    CircuitError
        If a parameter is not bound.
    """
    return circuit.once(_made_ready)


def _made_ready(circuit: Circuit) -> Ready:
    columns = circuit.columns()
    arrays, addresses = _arrays(columns), np.empty(NUM_ADDRESSES, np.int64)
    locate(arrays, addresses)
    return Ready(columns, arrays, addresses, _large_gates(columns), bool(IS_AFFINE[columns.code].all()))


def _arrays(columns: Columns) -> Source:
    """Return the arrays of a circuit; nothing is copied where all angles are numbers and no gate has modifiers."""
    params = columns.params if not columns.expressions else _evaluated(columns)
    modified, entries = (_NO_ROWS, _NO_ENTRIES) if not columns.details else _modified(columns, params)
    places = columns.qubit_start, params, columns.param_start
    return Source(columns.code, columns.qubits, *places, modified, entries, len(modified), len(entries))


def angle_of(value: float | Expr) -> float:
    """Return an angle as a number."""
    return value if isinstance(value, float) else float(evaluate(cast(value, FLOAT)))


def _evaluated(columns: Columns) -> npt.NDArray[np.float64]:
    """Return the angles with those filled in that are known before the run; others stay NaN."""
    params = columns.params.copy()
    for place, expression in columns.expressions.items():
        if not expression.bits and not expression.variables:
            params[place] = angle_of(expression)
    return params


def _modified(columns: Columns, params: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    rows, matrices, start = [], [_NO_ENTRIES], 0
    for index, detail in columns.details.items():
        if isinstance(detail, Modifier):
            angles = params[columns.param_start[index] : columns.param_start[index + 1]]
            matrix = matrix_of(detail, tuple(angles.tolist()))
            states = sum(bit << position for position, bit in enumerate(detail.controls))
            rows.append((index, detail.num_targets, start, states, detail.name == "x" and detail.power == 1))
            matrices.append(matrix.reshape(-1))
            start += matrix.size
    if not rows:
        return _NO_ROWS, _NO_ENTRIES
    return np.array(rows, dtype=np.int64), np.concatenate(matrices)


def matrix_of(detail: Modifier, angles: tuple[float, ...]) -> npt.NDArray[np.complex128]:
    """Return the matrix that a gate with modifiers applies to its targets."""
    if detail.array is not None:
        return matrix_power(detail.array, detail.power)
    return _table_matrix(detail.name, detail.power, angles)


@lru_cache(maxsize=1 << 10)
def _table_matrix(name: str, power: float, angles: tuple[float, ...]) -> npt.NDArray[np.complex128]:
    return matrix_power(GATES[name].matrix(*angles), power)


def has_large_gates(columns: Columns) -> bool:
    """Whether an operation is a matrix too large for compiled code."""
    return bool(columns.details) and bool(_large_gates(columns))


def _large_gates(columns: Columns) -> list[int]:
    return [
        index
        for index, detail in columns.details.items()
        if isinstance(detail, Modifier) and detail.num_targets > LARGE_TARGETS
    ]
