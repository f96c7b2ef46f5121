"""Matrices of the table's gates, computed in compiled code."""

from __future__ import annotations

import cmath
import math
from typing import Any

from qdock_basic.fast.front.table import (
    GATE_ENTRIES,
    GATE_FORMULA,
    GATE_START,
    GATE_TARGETS,
    HALF_TURN,
    PHASE,
    PLANE,
    ROTATION,
    TURN,
    XX_MINUS_YY,
    XX_PLUS_YY,
)
from qdock_basic.fast.machine.jit import inner

__all__ = ["gate_matrix"]


@inner
def gate_matrix(code: int, params: Any, start: int, end: int, out: Any) -> None:
    """Write the matrix of what a gate does to its targets, row by row; its angles are from `start` to `end`."""
    formula = GATE_FORMULA[code]
    size = 1 << GATE_TARGETS[code]
    if formula == ROTATION:
        _rotation(params[start], GATE_START[code], size, out)
    elif formula == PHASE:
        out[0], out[1], out[2], out[3] = 1.0, 0.0, 0.0, cmath.rect(1.0, params[start])
    elif formula == TURN:
        _turn(params[start], params[start + 1], params[start + 2], out)
        if end - start == 4:
            _scale(cmath.rect(1.0, params[start + 3]), out)
    elif formula == HALF_TURN:
        _turn(math.pi / 2, params[start], params[start + 1], out)
    elif formula == PLANE:
        _axis(params[start], params[start + 1], 0, 1, 2, out)
    elif formula in (XX_MINUS_YY, XX_PLUS_YY):
        _pair(formula == XX_MINUS_YY, params[start], params[start + 1], out)
    else:
        for place in range(size * size):
            out[place] = GATE_ENTRIES[GATE_START[code] + place]


@inner
def _rotation(theta: float, first: int, size: int, out: Any) -> None:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    for row in range(size):
        for column in range(size):
            generator = GATE_ENTRIES[first + row * size + column]
            diagonal = cos if row == column else 0.0
            # -i sin G, written out: a product with -1j would make zeros negative and reals complex.
            out[row * size + column] = complex(diagonal + sin * generator.imag, -sin * generator.real)


@inner
def _turn(theta: float, phi: float, lam: float, out: Any) -> None:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    first, second = cmath.rect(1.0, phi), cmath.rect(1.0, lam)
    out[0], out[1] = cos, -sin * second
    out[2], out[3] = sin * first, cos * (first * second)


@inner
def _scale(factor: complex, out: Any) -> None:
    for place in range(4):
        out[place] = out[place] * factor


@inner
def _axis(theta: float, phi: float, corner: int, upper: int, lower: int, out: Any) -> None:
    """Write a rotation about an axis in the plane; its last corner lies as far behind `lower` as the first before."""
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    out[corner], out[lower + upper - corner] = cos, cos
    out[upper] = complex(-sin * math.sin(phi), -sin * math.cos(phi))
    out[lower] = complex(sin * math.sin(phi), -sin * math.cos(phi))


@inner
def _pair(outside: bool, theta: float, beta: float, out: Any) -> None:
    for place in range(16):
        out[place] = 1.0 if place % 5 == 0 else 0.0
    if outside:
        _axis(theta, beta, 0, 3, 12, out)
    else:
        _axis(theta, beta, 5, 6, 9, out)
