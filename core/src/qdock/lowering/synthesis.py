"""Any unitary matrix as gates: quantum Shannon decomposition, exact to rounding, global phase included.

The matrix is halved again and again by the cosine-sine decomposition; what stands between the halves are
rotations of one qubit that depend on all others. A matrix on n qubits takes about 4^n / 2 controlled X.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
import numpy.typing as npt

from qdock.unitaries.decompositions import Step
from qdock.unitaries.matrices import Matrix, eigenvectors

__all__ = ["one_qubit_angles", "synthesize"]

NEGLIGIBLE = 1e-14


def synthesize(matrix: Matrix) -> list[Step]:
    """Return ``u``, ``ry``, ``rz``, ``cx`` and ``gphase`` steps whose product is a unitary matrix.

    Parameters
    ----------
    matrix : (2^n, 2^n) complex128 array
        Unitary; qubit 0 is the least significant bit of an index.

    Returns
    -------
    list of Step

    References
    ----------
    Shende, Bullock and Markov, *Synthesis of quantum logic circuits*, IEEE TCAD 25 (2006), theorem 13.
    """
    num_qubits = len(matrix).bit_length() - 1
    if num_qubits == 0:
        return [("gphase", (cmath.phase(matrix[0, 0]),), ())]
    if num_qubits == 1:
        theta, phi, lam, gamma = one_qubit_angles(matrix)
        return [("gphase", (gamma,), ()), ("u", (theta, phi, lam), (0,))]
    left, cosines, sines, right = _cosine_sine(matrix)
    angles = 2 * np.arctan2(sines, cosines)
    return [*_either(*right), *_depending_turn("ry", angles, num_qubits - 1), *_either(*left)]


def one_qubit_angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """Return theta, phi, lam and gamma in radians with ``matrix = exp(i gamma) u(theta, phi, lam)``."""
    theta = 2 * math.atan2(abs(matrix[1, 0]), abs(matrix[0, 0]))
    gamma, phi = cmath.phase(matrix[0, 0]), cmath.phase(matrix[1, 0]) - cmath.phase(matrix[0, 0])
    # The phase of a small entry is hardly known, and matters as little; the last angle comes from a large one.
    if abs(matrix[0, 0]) >= abs(matrix[1, 0]):
        return theta, phi, cmath.phase(matrix[1, 1]) - gamma - phi, gamma
    return theta, phi, cmath.phase(-matrix[0, 1]) - gamma, gamma


def _cosine_sine(
    matrix: Matrix,
) -> tuple[tuple[Matrix, Matrix], npt.NDArray[np.float64], npt.NDArray[np.float64], tuple[Matrix, Matrix]]:
    """Return L, c, s, R with ``matrix = (L0 ⊕ L1) [[c, -s], [s, c]] (R0 ⊕ R1)``."""
    half = len(matrix) // 2
    left0, cosines, right0 = np.linalg.svd(matrix[:half, :half])
    # Cosines near one hardly differ, and their sines say which columns belong together: so they are split by those.
    large = int((cosines > 0.7).sum())
    sines, turn = np.linalg.svd(matrix[half:, :half] @ right0[:large].conj().T, full_matrices=False)[1:]
    left0[:, :large], right0[:large] = left0[:, :large] @ turn.conj().T, turn @ right0[:large]
    cosines[:large] = np.sqrt(np.clip(1 - sines**2, 0, 1))
    # Long columns first, each orthogonalised against longer ones.
    columns = matrix[half:, :half] @ right0.conj().T
    order = [*range(large, half), *range(large)]
    left1 = np.empty_like(left0)
    left1[:, order], triangle = np.linalg.qr(columns[:, order])
    lengths = np.empty(half, dtype=complex)
    lengths[order] = np.diagonal(triangle)
    phases = np.exp(1j * np.angle(lengths))
    left1, sines = left1 * phases, np.abs(lengths)
    below, above = left1.conj().T @ matrix[half:, half:], left0.conj().T @ matrix[:half, half:]
    return (left0, left1), cosines, sines, (right0, cosines[:, None] * below - sines[:, None] * above)


def _either(zero: Matrix, one: Matrix) -> list[Step]:
    """Return steps for ``zero ⊕ one``: one of two matrices, as the last qubit says."""
    last = len(zero).bit_length() - 1
    if np.abs(zero - one).max() < NEGLIGIBLE:
        return synthesize(zero)
    product = zero @ one.conj().T
    vectors = eigenvectors(product)
    phases = np.angle(np.einsum("ij,ik,kj->j", vectors.conj(), product, vectors)) / 2
    after = np.exp(1j * phases)[:, None] * (vectors.conj().T @ one)
    return [*synthesize(after), *_depending_turn("rz", -2 * phases, last), *synthesize(vectors)]


def _depending_turn(name: str, angles: npt.NDArray[np.float64], target: int) -> list[Step]:
    """Return a rotation of `target` by the angle that the qubits below it choose, in Gray code order."""
    num_controls = target
    size = 1 << num_controls
    order = np.arange(size) ^ (np.arange(size) >> 1)
    signs = 1 - 2 * (_popcounts(np.arange(size)[:, None] & order[None, :]) & 1)
    parts = (signs.T @ angles) / size
    steps: list[Step] = []
    for place, part in enumerate(parts.tolist()):
        if abs(part) > NEGLIGIBLE:
            steps.append((name, (part,), (target,)))
        flipped = place + 1 if place + 1 < size else size >> 1
        control = (flipped & -flipped).bit_length() - 1
        steps.append(("cx", (), (control, target)))
    return steps


def _popcounts(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.array([[int(value).bit_count() for value in row] for row in values])
