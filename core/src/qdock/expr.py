"""Expressions: parameters of a circuit and classical values at run time, in one kind of tree.

An angle that is not known yet is an expression over `Parameter`; a condition, an assigned value or an angle
that depends on measured bits is one over `Bit`, `Bits` and `Var`. Nodes are frozen, hashable and compared by
structure, so ``==`` never makes a comparison *in* a circuit: that is ``a.eq(b)``.
"""

from __future__ import annotations

from collections.abc import Callable

from qdock.expressions.arithmetic import BOOL, FLOAT, Angle, Int, Number, Type, Uint
from qdock.expressions.nodes import (
    Binary,
    Bit,
    Bits,
    Cast,
    Const,
    Expr,
    Parameter,
    Unary,
    Var,
    cast,
    evaluate,
    lift,
    make_binary,
    make_unary,
    walk,
)

__all__ = [
    "BOOL",
    "FLOAT",
    "Angle",
    "Binary",
    "Bit",
    "Bits",
    "Cast",
    "Const",
    "Expr",
    "Int",
    "Number",
    "Parameter",
    "Type",
    "Uint",
    "Unary",
    "Var",
    "arccos",
    "arcsin",
    "arctan",
    "bit_at",
    "cast",
    "ceiling",
    "cos",
    "evaluate",
    "exp",
    "floor",
    "lift",
    "log",
    "make_binary",
    "make_unary",
    "popcount",
    "rotl",
    "rotr",
    "sin",
    "sqrt",
    "tan",
    "walk",
]


def _function(name: str) -> Callable[[Expr | Number], Expr]:
    def function(value: Expr | Number) -> Expr:
        return make_unary(name, value)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return the {name} of `value` as an expression; angles are in radians."
    return function


sin, cos, tan = _function("sin"), _function("cos"), _function("tan")
arcsin, arccos, arctan = _function("arcsin"), _function("arccos"), _function("arctan")
exp, log, sqrt = _function("exp"), _function("log"), _function("sqrt")
floor, ceiling = _function("floor"), _function("ceiling")


def popcount(value: Expr | int) -> Expr:
    """Return how many bits of an integer are one, as an integer of the same width."""
    return make_unary("popcount", value)


def rotl(value: Expr | int, distance: Expr | int) -> Expr:
    """Return an integer rotated to the left within its width."""
    return make_binary("rotl", value, distance)


def rotr(value: Expr | int, distance: Expr | int) -> Expr:
    """Return an integer rotated to the right within its width."""
    return make_binary("rotr", value, distance)


def bit_at(value: Expr | int, index: Expr | int) -> Expr:
    """Return one bit of an integer, 0 the least significant."""
    return make_binary("bit", value, index)
