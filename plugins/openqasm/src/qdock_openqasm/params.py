"""Angles inside a gate definition as functions of the gate's parameters."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from qdock.errors import CircuitError
from qdock.expr import Binary, Cast, Const, Expr, Parameter, Unary
from qdock_openqasm.errors import Fault

__all__ = ["Param"]

Angle = float | Expr
Function = Callable[[Sequence[Any]], Any]

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "sin": math.sin, "cos": math.cos, "sqrt": math.sqrt}


class Param:
    """An angle of a step in a definition.

    Parameters
    ----------
    node : Expr
        In `Parameter`s named like those of the gate.
    names : sequence of str
        The gate's parameters, in order.
    """

    __slots__ = ("_function", "_names", "node")

    def __init__(self, node: Expr, names: Sequence[str]) -> None:
        self.node = node
        self._names = [Parameter(name) for name in names]
        self._function = _compiled(node, {name: place for place, name in enumerate(names)})

    def __call__(self, values: Sequence[Angle]) -> Angle:
        """Return the angle for the parameters' values."""
        try:
            if self._function is None or any(isinstance(value, Expr) for value in values):
                return _number(self.node.bind(dict(zip(self._names, values, strict=True))))
            result = self._function(values)
        except (CircuitError, ArithmeticError, ValueError) as error:
            raise Fault(f"the angle '{self.node}' has no value here: {str(error).rstrip('.')}") from None
        if isinstance(result, complex) or not math.isfinite(result):
            raise Fault(f"the angle '{self.node}' has no finite value here")
        return float(result)


def _number(node: Expr) -> Angle:
    return float(node.value) if isinstance(node, Const) else node


def _compiled(node: Expr, places: dict[str, int]) -> Function | None:
    """Return `node` as a function of the parameters' numbers, or None if it holds anything unusual."""
    if isinstance(node, Const):
        value = node.value
        return lambda _: value
    if isinstance(node, Parameter):
        return operator.itemgetter(places[node.name])
    if isinstance(node, Cast):
        return _compiled(node.operand, places) if node.type.kind == "float" == node.operand.type.kind else None
    if isinstance(node, Unary) and node.op in _UNARY and node.operand.type.kind == "float":
        return _unary(_UNARY[node.op], _compiled(node.operand, places))
    if isinstance(node, Binary) and node.op in _BINARY and node.type.kind == "float":
        return _binary(_BINARY[node.op], _compiled(node.left, places), _compiled(node.right, places))
    return None


def _unary(apply: Callable[[Any], Any], inner: Function | None) -> Function | None:
    return None if inner is None else lambda values: apply(inner(values))


def _binary(apply: Callable[[Any, Any], Any], left: Function | None, right: Function | None) -> Function | None:
    if left is None or right is None:
        return None
    return lambda values: apply(left(values), right(values))
