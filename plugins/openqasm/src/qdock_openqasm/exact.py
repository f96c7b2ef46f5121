"""Reading back what this package has written: nothing is folded, every operator becomes the node it stands for.

Circuits have their own rules for types in expressions (`qdock.expressions.arithmetic`); the writer spells out every
cast, so that those rules and the language's agree, and here Python's operators build the same nodes again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm.types import BOOL, FLOAT, LITERAL, QType, core_type
from qdock_openqasm.values import Value, to_expr

__all__ = ["binary", "behind", "bit", "bound", "call", "cast", "is_exact", "typed", "unary"]


def typed(node: ex.Expr) -> Value:
    """Return an expression as a value of the language's type for it."""
    kind = node.type
    if kind == core.BOOL:
        return Value(BOOL, node)
    return Value(FLOAT if kind == core.FLOAT else QType(kind.kind, kind.width), node)


def is_exact(*values: Value) -> bool:
    """Return whether an operator of these values is a node of an expression, and no number."""
    return any(isinstance(value.data, ex.Expr) for value in values)


def _operand(value: Value) -> Any:
    """A value as an operand: integer literals take their type from the other one, as where circuits are built."""
    if value.type == LITERAL and isinstance(value.data, int):
        return value.data
    return to_expr(value)


def _divided(left: Any, right: Any) -> ex.Expr:
    kinds = [item.type.kind if isinstance(item, ex.Expr) else "int" for item in (left, right)]
    whole = all(kind in ("int", "uint", "bool") for kind in kinds)
    return left // right if whole else left / right  # type: ignore[no-any-return] # one of them is an expression


_BINARY: dict[str, Callable[[Any, Any], ex.Expr]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": operator.mod,
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "&&": operator.and_,
    "||": operator.or_,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
_COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def binary(op: str, left: Value, right: Value) -> Value:
    """Return an operator of two values as a node."""
    first, second = _operand(left), _operand(right)
    if op in _COMPARISONS:
        beside = second.type if isinstance(second, ex.Expr) else None
        return typed(getattr(ex.lift(first, beside), _COMPARISONS[op])(second))
    return typed(_BINARY[op](first, second))


def unary(op: str, operand: Value) -> Value:
    """Return an operator of a value as a node."""
    node = to_expr(operand)
    return typed(-node if op == "-" else ~node)


def cast(value: Value, target: QType) -> Value:
    """Return a value in another type as a node."""
    kind = core_type(target)
    return Value(target, value.data) if kind is None else typed(ex.cast(to_expr(value), kind))


_NAMES = "sin cos tan arcsin arccos arctan exp log sqrt floor ceiling popcount rotl rotr"
_FUNCTIONS: dict[str, Callable[..., ex.Expr]] = {name: getattr(ex, name) for name in _NAMES.split(" ")}


def call(name: str, arguments: Sequence[Value]) -> Value | None:
    """Return a function of values as a node, or None if there is no such node."""
    function = _FUNCTIONS.get(name)
    return None if function is None else typed(function(*(_operand(argument) for argument in arguments)))


def bound(value: Value) -> ex.Expr:
    """Return a bound of a loop as a node."""
    return ex.lift(_operand(value))


def behind(last: ex.Expr, direction: int) -> ex.Expr:
    """Return where a range stops, without that value, given the last one as `qdock_openqasm.writer` writes it."""
    if isinstance(last, ex.Const):
        return ex.Const(int(last.value) + direction, last.type)
    op = "-" if direction > 0 else "+"
    if isinstance(last, ex.Binary) and last.op == op and isinstance(last.right, ex.Const) and last.right.value == 1:
        return last.left
    return last + direction


def bit(value: Value, index: ex.Expr | int) -> Value:
    """Return one bit of a value as a node."""
    return typed(ex.bit_at(to_expr(value), index))
