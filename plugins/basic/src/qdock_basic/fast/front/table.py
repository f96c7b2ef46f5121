"""The gates of `qdock.gates` as arrays that compiled code reads: how each row's matrix follows from its angles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qdock.gates import GATES
from qdock_basic.fast.machine.vectors import COMPLEX, REAL, TURNED

__all__ = [
    "CONSTANT",
    "FLIPPED",
    "GATE_CONTROLS",
    "GATE_DIAGONAL",
    "GATE_ENTRIES",
    "GATE_FORMULA",
    "GATE_PARTS",
    "GATE_START",
    "GATE_TARGETS",
    "HALF_TURN",
    "PHASE",
    "PLANE",
    "ROTATION",
    "SWAPPED",
    "TURN",
    "XX_MINUS_YY",
    "XX_PLUS_YY",
]

# --- formulas of matrices

#: Entries from the table.
CONSTANT = 0
#: ``cos(theta/2) - i sin(theta/2) G`` with the entries of G from the table.
ROTATION = 1
#: ``diag(1, exp(i theta))``.
PHASE = 2
#: OpenQASM's U with angles theta, phi, lambda, and gamma if there are four.
TURN = 3
#: A rotation about an axis in the plane: theta, phi.
PLANE = 4
XX_MINUS_YY = 5
XX_PLUS_YY = 6
#: A qubit, or a controlled one, turned over; and two qubits exchanged: constants that are moved, not multiplied.
FLIPPED = 7
SWAPPED = 8
#: A turn by theta = pi / 2: phi and lambda.
HALF_TURN = 9

_FORMULAS: dict[str, int] = {
    **dict.fromkeys(("rx", "ry", "rz", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"), ROTATION),
    **dict.fromkeys(("p", "u1", "cp", "cu1"), PHASE),
    **dict.fromkeys(("u", "u3", "U", "cu", "cu3"), TURN),
    **dict.fromkeys(("x", "cx", "CX", "ccx", "c3x", "c4x"), FLIPPED),
    **dict.fromkeys(("swap", "cswap"), SWAPPED),
    "u0": CONSTANT,
    "u2": HALF_TURN,
    "r": PLANE,
    "xx_minus_yy": XX_MINUS_YY,
    "xx_plus_yy": XX_PLUS_YY,
}


def _generator(name: str) -> npt.NDArray[np.complex128]:
    """Return G of a rotation: at theta = pi the matrix is -i G."""
    return np.asarray(1j * GATES[name].base_matrix(np.pi))


def _entries(name: str, formula: int) -> npt.NDArray[np.complex128]:
    """Return the entries that a formula needs; those of a rotation are whole numbers but for rounding."""
    row = GATES[name]
    if formula == ROTATION:
        generator = _generator(name)
        return np.asarray(np.rint(generator.real) + 1j * np.rint(generator.imag))
    if formula in (CONSTANT, FLIPPED, SWAPPED):
        return row.base_matrix(*(0.0,) * row.num_params)
    return np.zeros((0, 0), dtype=complex)


def _parts(entries: npt.NDArray[np.complex128]) -> int:
    """Return what the entries of a rotation are, whatever its angle, from those of G."""
    size = len(entries)
    differing = np.arange(size)[:, np.newaxis] ^ np.arange(size)
    real, imaginary = entries.imag != 0, entries.real != 0
    is_turned = (differing == 1) | (differing == 2)
    if not imaginary.any():
        return REAL
    return COMPLEX if (real & is_turned).any() or (imaginary & ~is_turned).any() else TURNED


def _columns() -> tuple[Any, ...]:
    count = len(GATES)
    formula, targets, controls, start, parts = (np.zeros(count, dtype=np.int64) for _ in range(5))
    diagonal = np.zeros(count, dtype=np.bool_)
    entries: list[npt.NDArray[np.complex128]] = []
    place = 0
    for name, row in GATES.items():
        code = row.code
        # Without angles a matrix is a constant; with some, the formula must be known here.
        formula[code] = _FORMULAS[name] if row.num_params else _FORMULAS.get(name, CONSTANT)
        controls[code], targets[code] = row.num_controls, row.num_qubits - row.num_controls
        diagonal[code], start[code] = row.diagonal, place
        matrix = _entries(name, int(formula[code]))
        parts[code] = _parts(matrix) if formula[code] == ROTATION else COMPLEX
        entries.append(matrix.reshape(-1))
        place += len(entries[-1])
    return formula, targets, controls, diagonal, start, parts, np.concatenate(entries)


GATE_FORMULA, GATE_TARGETS, GATE_CONTROLS, GATE_DIAGONAL, GATE_START, GATE_PARTS, GATE_ENTRIES = _columns()
