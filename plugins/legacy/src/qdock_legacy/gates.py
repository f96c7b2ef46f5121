"""Matrices of the gates in a Qobj, one by one or many at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock.gates import GATES
from qdock_legacy.arrays import Array

__all__ = ["matrices_for", "matrix_for"]

Angles = npt.NDArray[np.float64]


def matrix_for(detail: tuple[Any, ...]) -> Array:
    """Return the matrix of a gate, given as its name and angles, or as ``("unitary", matrix)``."""
    if detail[0] == "unitary":
        matrix: Array = detail[1]
        return matrix
    return _table_matrix(*detail)


@lru_cache(maxsize=4096)
def _table_matrix(name: str, *angles: float) -> Array:
    matrix = GATES[name].matrix(*angles)
    matrix.setflags(write=False)
    return matrix


def matrices_for(name: str, angles: Angles) -> Array:
    """Return the matrices of a gate with many sets of angles, ``(m, p)``, as an array ``(m, 2^k, 2^k)``."""
    make = _MANY.get(name)
    if make is None or len(angles) < 4:
        return np.stack([_table_matrix(name, *each) for each in angles.tolist()])
    return make(*angles.T)


def _u(theta: Angles, phi: Angles, lam: Angles) -> Array:
    matrices = np.empty((len(theta), 2, 2), dtype=np.complex128)
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    matrices[:, 0, 0] = cos
    matrices[:, 0, 1] = -np.exp(1j * lam) * sin
    matrices[:, 1, 0] = np.exp(1j * phi) * sin
    matrices[:, 1, 1] = np.exp(1j * (phi + lam)) * cos
    return matrices


def _u2(phi: Angles, lam: Angles) -> Array:
    return _u(np.full_like(phi, np.pi / 2), phi, lam)


def _phase(lam: Angles) -> Array:
    matrices = np.zeros((len(lam), 2, 2), dtype=np.complex128)
    matrices[:, 0, 0], matrices[:, 1, 1] = 1, np.exp(1j * lam)
    return matrices


#: The gates with angles of which old files have most.
_MANY: dict[str, Callable[..., Array]] = {
    "U": _u,
    "u": _u,
    "u3": _u,
    "u2": _u2,
    "u1": _phase,
    "p": _phase,
}
