"""Matrices on one qubit that are real but for a phase of each row: real ones, which take half the time, and a phase.

So is RY followed by RZ, or H by a phase. The phases of a pass are applied together, by a table.
"""

from __future__ import annotations

import cmath
from typing import Any

import numpy as np

from qdock_basic.fast.front.rows import CONTROLS, KIND, ONE, PARTS, START, A, Rows
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.vectors import COMPLEX, REAL

__all__ = ["halve"]

# As much of a matrix may be lost as by rounding.
_ROUNDING = 1e-15


@inner
def halve(rows: Rows) -> tuple[Rows, Any]:
    """Make matrices real, and add the terms that then follow them.

    Parameters
    ----------
    rows : Rows
        Its rows and entries are overwritten.

    Returns
    -------
    rows : Rows
        With more terms; the last one is a phase of everything.
    after : (r,) int64 array
        The term that follows each row, or -1.
    """
    count, term = len(rows.rows), len(rows.masks)
    masks, angles = np.empty(term + count + 1, np.int64), np.empty(term + count + 1, np.float64)
    # A loop, as what numba makes of an assignment to a part of an array takes seconds to compile.
    for known in range(term):
        masks[known], angles[known] = rows.masks[known], rows.angles[known]
    after, phase = np.full(count, -1), 0.0
    for number in range(count):
        row = rows.rows[number]
        if row[KIND] != ONE or row[CONTROLS] != 0 or row[PARTS] != COMPLEX:
            continue
        first, second = rows.entries[row[START] : row[START] + 2], rows.entries[row[START] + 2 : row[START] + 4]
        if _has_phase(first) and _has_phase(second):
            angle = _make_real(first)
            masks[term], angles[term] = 1 << row[A], _make_real(second) - angle
            after[number], row[PARTS] = term, REAL
            phase += angle
            term += 1
    masks[term], angles[term] = 0, phase
    return Rows(rows.rows, rows.entries, rows.places, masks[: term + 1], angles[: term + 1]), after


@inner
def _has_phase(row: Any) -> bool:
    """Whether a row of a matrix is real but for a phase."""
    return abs((row[0] * row[1].conjugate()).imag) < _ROUNDING


@inner
def _make_real(row: Any) -> float:
    """Divide a row by its phase, and return that."""
    larger = row[0] if abs(row[0]) > abs(row[1]) else row[1]
    angle = cmath.phase(larger)
    turn = cmath.rect(1.0, -angle)
    row[0], row[1] = (row[0] * turn).real, (row[1] * turn).real
    return angle
