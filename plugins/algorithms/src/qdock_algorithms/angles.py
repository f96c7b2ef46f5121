"""Angles of a circuit as functions of its parameters: values from an array, and derivatives back to one.

Nearly every angle is affine in the parameters. All of them together are one sparse matrix then, over *atoms*: the
parameters, and after them those parts of angles that are not affine, such as ``sin(theta)``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qdock.errors import CircuitError
from qdock.expr import FLOAT, Binary, Cast, Const, Expr, Parameter, Unary

__all__ = ["Affine", "AffineMap", "Angles", "affine", "ordered"]

Floats = npt.NDArray[np.float64]
#: Coefficients by atom, and the constant.
Affine = tuple[dict[Expr, float], float]


def ordered(parameters: Sequence[Parameter] | frozenset[Parameter]) -> tuple[Parameter, ...]:
    """Return parameters in the order of their names, numbers in a name by value: ``a2`` comes before ``a10``."""
    return tuple(sorted(parameters, key=lambda item: [_part(part) for part in re.split(r"(\d+)", item.name)]))


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), text) if text.isdecimal() else (1, 0, text)


class Angles:
    """The atoms of a circuit's angles.

    Parameters
    ----------
    parameters : sequence of Parameter
        In the order of the arrays of values.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self._places: dict[Expr, int] = {parameter: place for place, parameter in enumerate(self.parameters)}

    def __len__(self) -> int:
        return len(self._places)

    def map(self, angles: Iterable[Expr]) -> AffineMap:
        """Return angles as a map from the atoms, those among them that are new included."""
        parts, constants = [], []
        for row, angle in enumerate(angles):
            atoms, constant = affine(angle)
            constants.append(constant)
            parts += [(row, self._places.setdefault(atom, len(self._places)), part) for atom, part in atoms.items()]
        return AffineMap(parts, constants)

    def values(self, values: Floats) -> Floats:
        """Return the value of each atom, from those of the parameters."""
        if len(self) == len(self.parameters):
            return values
        given = dict(zip(self.parameters, values.tolist(), strict=True))
        return np.concatenate([values, [_dual(atom, given)[0] for atom in self._others()]])

    def pull_back(self, gradient: Floats, values: Floats) -> Floats:
        """Return the derivatives by the parameters, from those by the atoms."""
        total = gradient[: len(self.parameters)].copy()
        given = dict(zip(self.parameters, values.tolist(), strict=True))
        for atom, outer in zip(self._others(), gradient[len(total) :].tolist(), strict=True):
            for parameter, slope in _dual(atom, given)[1].items():
                total[self._places[parameter]] += outer * slope
        return total

    def _others(self) -> list[Expr]:
        return list(self._places)[len(self.parameters) :]


class AffineMap:
    """From atoms to angles, ``matrix @ atoms + constants``, the matrix as a list of its entries."""

    def __init__(self, entries: Sequence[tuple[int, int, float]], constants: Sequence[float]) -> None:
        table = np.array(entries, dtype=float).reshape(-1, 3)
        self.rows, self.columns = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
        self.numbers, self.constants = table[:, 2].copy(), np.array(constants, dtype=float)

    def angles(self, atoms: Floats) -> Floats:
        """Return the angles for the values of the atoms."""
        parts = self.numbers * atoms[self.columns]
        return self.constants + np.bincount(self.rows, parts, len(self.constants))

    def pull_back(self, gradient: Floats, num_atoms: int) -> Floats:
        """Return the derivatives by the atoms, from those by the angles."""
        return np.bincount(self.columns, self.numbers * gradient[self.rows], num_atoms).astype(float)


# --- what is affine


def affine(node: Expr) -> Affine:
    """Return an expression as a sum of atoms with coefficients, and a constant."""
    if isinstance(node, Const):
        return {}, float(node.value)
    if isinstance(node, Unary) and node.op == "-":
        return _scaled(affine(node.operand), -1.0)
    if isinstance(node, Binary) and node.op in _AFFINE and node.type == FLOAT:
        return _AFFINE[node.op](node, affine(node.left), affine(node.right))
    return {node: 1.0}, 0.0


def _scaled(value: Affine, factor: float) -> Affine:
    return {atom: part * factor for atom, part in value[0].items()}, value[1] * factor


def _sum(left: Affine, right: Affine) -> Affine:
    atoms = {**left[0], **right[0]}
    return {atom: left[0].get(atom, 0.0) + right[0].get(atom, 0.0) for atom in atoms}, left[1] + right[1]


def _product(node: Expr, left: Affine, right: Affine) -> Affine:
    if not left[0]:
        return _scaled(right, left[1])
    return ({node: 1.0}, 0.0) if right[0] else _scaled(left, right[1])


def _quotient(node: Expr, left: Affine, right: Affine) -> Affine:
    return ({node: 1.0}, 0.0) if right[0] or right[1] == 0 else _scaled(left, 1 / right[1])


_AFFINE: dict[str, Callable[[Expr, Affine, Affine], Affine]] = {
    "+": lambda _, left, right: _sum(left, right),
    "-": lambda _, left, right: _sum(left, _scaled(right, -1.0)),
    "*": _product,
    "/": _quotient,
}

# --- what is not: values together with derivatives

Slopes = dict[Parameter, float]


def _dual(node: Expr, given: Mapping[Parameter, float]) -> tuple[float, Slopes]:
    """Return the value of an expression and its derivatives by the parameters in it."""
    if isinstance(node, Const):
        return float(node.value), {}
    if isinstance(node, Parameter):
        return given[node], {node: 1.0}
    if isinstance(node, Cast):
        return _dual(node.operand, given)
    rule = _DERIVATIVES.get(node.op) if isinstance(node, (Unary, Binary)) and node.type == FLOAT else None
    if rule is None:
        raise CircuitError(f"The angle '{node}' can't be differentiated; use sums, products, powers and functions.")
    inner = [_dual(child, given) for child in node.children]
    try:
        value, factors = rule(*(value for value, _ in inner))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise CircuitError(f"The angle '{node}' has no value or no derivative here: {error}.") from None
    slopes: Slopes = {}
    for factor, (_, part) in zip(factors, inner, strict=True):
        for parameter, slope in part.items():
            slopes[parameter] = slopes.get(parameter, 0.0) + factor * slope
    return value, slopes


def _power(base: float, exponent: float) -> tuple[float, tuple[float, float]]:
    value = math.pow(base, exponent)
    return value, (
        exponent * math.pow(base, exponent - 1) if exponent else 0.0,
        value * math.log(base) if base > 0 else 0.0,
    )


#: Operator -> values of the operands to the value and the derivative by each operand.
_DERIVATIVES: dict[str, Callable[..., tuple[float, tuple[float, ...]]]] = {
    "+": lambda a, b: (a + b, (1.0, 1.0)),
    "-": lambda a, *b: (a - b[0], (1.0, -1.0)) if b else (-a, (-1.0,)),
    "*": lambda a, b: (a * b, (b, a)),
    "/": lambda a, b: (a / b, (1 / b, -a / b**2)),
    "**": _power,
    "sin": lambda a: (math.sin(a), (math.cos(a),)),
    "cos": lambda a: (math.cos(a), (-math.sin(a),)),
    "tan": lambda a: (math.tan(a), (1 + math.tan(a) ** 2,)),
    "exp": lambda a: (math.exp(a), (math.exp(a),)),
    "log": lambda a: (math.log(a), (1 / a,)),
    "sqrt": lambda a: (math.sqrt(a), (0.5 / math.sqrt(a),)),
    "arcsin": lambda a: (math.asin(a), (1 / math.sqrt(1 - a * a),)),
    "arccos": lambda a: (math.acos(a), (-1 / math.sqrt(1 - a * a),)),
    "arctan": lambda a: (math.atan(a), (1 / (1 + a * a),)),
}
