"""The start that a config asks for, as a gate: so that a circuit made of a Qobj begins there on any backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qdock_legacy.arrays import Array, matrix_of, vector_of
from qdock_legacy.errors import error_at

__all__ = ["STARTS", "is_start", "start_matrix"]

#: What a config calls the state or the matrix that a run begins with.
STARTS = ("initial_statevector", "initial_unitary")
#: Beyond so many qubits the matrix would be larger than 16 MiB.
_MOST_QUBITS = 10
_TOLERANCE = 1e-8


def start_matrix(config: Mapping[str, Any], num_qubits: int) -> Array | None:
    """Return the unitary on all qubits with which a circuit begins, or None if the config asks for none.

    Parameters
    ----------
    config : mapping
        Of a Qobj or an experiment.
    num_qubits : int

    Raises
    ------
    QobjError
        If what it asks for is no state or unitary of so many qubits, or too large.
    """
    given = [name for name in STARTS if config.get(name) is not None]
    if not given:
        return None
    name, path, size = given[0], f"config.{given[0]}", 1 << num_qubits
    if num_qubits > _MOST_QUBITS:
        raise error_at(
            path,
            f"it was given for {num_qubits} qubits; beyond {_MOST_QUBITS} only the historical simulators begin with "
            "one: run the file with `qdock qobj run`.",
        )
    array = vector_of(config[name], path) if name == STARTS[0] else matrix_of(config[name], path)
    if len(array) != size:
        raise error_at(path, f"{len(array)} rows were given; allowed are {size} on {num_qubits} qubits.")
    if name == STARTS[0]:
        return _preparing(array, path)
    if array.shape != (size, size) or np.abs(array.conj().T @ array - np.eye(size)).max() > _TOLERANCE:
        raise error_at(path, "what was given is not unitary; allowed are unitary matrices.")
    return array


def is_start(matrix: Array, config: Mapping[str, Any]) -> bool:
    """Whether a unitary is what `start_matrix` makes of a config."""
    num_qubits = len(matrix).bit_length() - 1
    start = start_matrix(config, num_qubits) if num_qubits <= _MOST_QUBITS else None
    return start is not None and np.array_equal(matrix, start)


def _preparing(state: Array, path: str) -> Array:
    """Return a unitary whose first column is a state: a Householder reflection, and a phase."""
    norm = float(np.linalg.norm(state))
    if abs(norm - 1) > _TOLERANCE:
        raise error_at(path, f"a vector of norm {norm:.9g} was given; allowed are those of norm 1.")
    phase = state[0] / abs(state[0]) if state[0] else 1.0
    mirror = state / phase
    mirror[0] += 1
    reflection = 2 * np.outer(mirror, mirror.conj()) / np.vdot(mirror, mirror) - np.eye(len(state))
    return (phase * reflection).astype(np.complex128)
