"""Matrices of the standard gates, and what can be done with a unitary matrix: controls and powers."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["Matrix", "controlled_matrix", "eigenvectors", "matrix_power"]

Matrix = npt.NDArray[np.complex128]

# --- the standard gates


def u(theta: float, phi: float, lam: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return [[cos, -cmath.exp(1j * lam) * sin], [cmath.exp(1j * phi) * sin, cmath.exp(1j * (phi + lam)) * cos]]


def u2(phi: float, lam: float) -> list[list[complex]]:
    return u(math.pi / 2, phi, lam)


def u0(_duration: float) -> list[list[complex]]:
    return [[1, 0], [0, 1]]


def phase(theta: float) -> list[list[complex]]:
    return [[1, 0], [0, cmath.exp(1j * theta)]]


def rx(theta: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return [[cos, -1j * sin], [-1j * sin, cos]]


def ry(theta: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return [[cos, -sin], [sin, cos]]


def rz(theta: float) -> list[list[complex]]:
    return [[cmath.exp(-0.5j * theta), 0], [0, cmath.exp(0.5j * theta)]]


def r(theta: float, phi: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return [[cos, -1j * cmath.exp(-1j * phi) * sin], [-1j * cmath.exp(1j * phi) * sin, cos]]


def cu(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    return cmath.exp(1j * gamma) * np.array(u(theta, phi, lam))


PAULI = {
    "x": np.array([[0, 1], [1, 0]], dtype=complex),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.array([[1, 0], [0, -1]], dtype=complex),
}


def two_pauli_rotation(first: str, second: str) -> Callable[[float], Matrix]:
    """Return ``exp(-i theta/2 second⊗first)``; the first qubit is the right factor."""
    generator = np.kron(PAULI[second], PAULI[first])

    def matrix(theta: float) -> Matrix:
        return math.cos(theta / 2) * np.eye(4) - 1j * math.sin(theta / 2) * generator

    return matrix


def xx_minus_yy(theta: float, beta: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    down, up = -1j * sin * cmath.exp(-1j * beta), -1j * sin * cmath.exp(1j * beta)
    return [[cos, 0, 0, down], [0, 1, 0, 0], [0, 0, 1, 0], [up, 0, 0, cos]]


def xx_plus_yy(theta: float, beta: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    down, up = -1j * sin * cmath.exp(-1j * beta), -1j * sin * cmath.exp(1j * beta)
    return [[1, 0, 0, 0], [0, cos, down, 0], [0, up, cos, 0], [0, 0, 0, 1]]


def rccx() -> Matrix:
    matrix = np.eye(8, dtype=complex)
    matrix[[3, 7]] = 0
    matrix[3, 7], matrix[7, 3], matrix[5, 5] = -1j, 1j, -1
    return matrix


def rc3x() -> Matrix:
    matrix = np.eye(16, dtype=complex)
    matrix[[7, 15]] = 0
    matrix[7, 15], matrix[15, 7], matrix[3, 3], matrix[11, 11] = 1, -1, 1j, -1j
    return matrix


ID = [[1, 0], [0, 1]]
X = [[0, 1], [1, 0]]
S = [[1, 0], [0, 1j]]
SDG = [[1, 0], [0, -1j]]
SX = [[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]]
SXDG = [[0.5 - 0.5j, 0.5 + 0.5j], [0.5 + 0.5j, 0.5 - 0.5j]]
H = [[math.sqrt(0.5), math.sqrt(0.5)], [math.sqrt(0.5), -math.sqrt(0.5)]]
SWAP = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
ISWAP = [[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]
DCX = [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]
ECR = np.array([[0, 1, 0, 1j], [1, 0, -1j, 0], [0, 1j, 0, 1], [-1j, 0, 1, 0]]) * math.sqrt(0.5)


# --- any unitary


def controlled_matrix(matrix: npt.ArrayLike, controls: tuple[int, ...]) -> Matrix:
    """Return a matrix applied when each control qubit is in its state.

    Parameters
    ----------
    matrix : (d, d) array_like
        What acts on the targets.
    controls : tuple of int
        The state, 0 or 1, in which each control applies it. Control qubits are the least significant ones.

    Returns
    -------
    (d * 2**k, d * 2**k) complex128 array
        For k controls.
    """
    inner = np.asarray(matrix, dtype=complex)
    size = 1 << len(controls)
    state = sum(bit << position for position, bit in enumerate(controls))
    outer = np.eye(inner.shape[0] * size, dtype=complex)
    where = np.arange(inner.shape[0]) * size + state
    outer[np.ix_(where, where)] = inner
    return outer


def matrix_power(matrix: Matrix, exponent: float) -> Matrix:
    """Return a unitary to a real power, eigenvalues taken with angles in (-pi, pi].

    Parameters
    ----------
    matrix : (d, d) complex128 array
        Unitary.
    exponent : float

    Returns
    -------
    (d, d) complex128 array
    """
    if exponent == 1:
        return matrix
    if exponent == int(exponent) and abs(exponent) <= 2**40:
        return np.linalg.matrix_power(matrix if exponent >= 0 else matrix.conj().T, int(abs(exponent)))
    vectors = eigenvectors(matrix)
    angles = np.angle(np.einsum("ij,ik,kj->j", vectors.conj(), matrix, vectors))
    angles[angles < -math.pi + 1e-9] += 2 * math.pi
    powered: Matrix = (vectors * np.exp(1j * exponent * angles)) @ vectors.conj().T
    return powered


def eigenvectors(matrix: Matrix) -> Matrix:
    """Return orthonormal eigenvectors of a unitary matrix as columns, degenerate eigenvalues included."""
    # A unitary's real and imaginary parts commute, so a mixture of them has its eigenvectors; the few mixtures
    # are there because two different eigenvalues may come close in one of them.
    real, imaginary = (matrix + matrix.conj().T) / 2, (matrix - matrix.conj().T) / 2j
    candidates = [np.linalg.eigh(real + weight * imaginary)[1] for weight in _MIXTURES]
    return min(candidates, key=lambda vectors: _off_diagonal(vectors.conj().T @ matrix @ vectors))


_MIXTURES = (math.sqrt(2) / 3, -math.sqrt(3) / 2, math.sqrt(5))


def _off_diagonal(matrix: Matrix) -> float:
    return float(np.abs(matrix - np.diag(np.diagonal(matrix))).max())
