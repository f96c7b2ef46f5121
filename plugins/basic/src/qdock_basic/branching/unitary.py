"""The unitary of a circuit with classical control: all columns at once, as one state of twice as many qubits."""

from __future__ import annotations

import numpy as np

from qdock_basic.branching.branches import Branch, Mass, follow
from qdock_basic.engines.engine import Engine
from qdock_basic.programs.classical import Place
from qdock_basic.states.kernels import Array
from qdock_basic.states.state import PRECISIONS
from qdock_basic.watch import Watch

__all__ = ["unitary_of"]


def unitary_of(
    place: Place, num_qubits: int, watch: Watch, engine: Engine, precision: str = "double"
) -> tuple[Array, float]:
    """Return the matrix of a circuit without measurement and reset, and the angle of its global phase.

    Parameters
    ----------
    place : Place
        The beginning of the program, compiled with its qubits moved up by `num_qubits`: the lower ones number the
        columns. What classical control it has is followed as the initial values of its variables say.
    num_qubits : int
    watch : Watch
    engine : Engine
    precision : {"double", "single"}

    Returns
    -------
    (2^n, 2^n) complex array
        Qubit 0 is the least significant bit of both indices.
    float
    """
    size = 1 << num_qubits
    columns = np.eye(size, dtype=PRECISIONS[precision]).reshape(-1)
    (end,) = follow(Branch(columns, place, 1.0), Mass(0.0), watch, engine)
    return end.state.reshape(size, size), place.phase
