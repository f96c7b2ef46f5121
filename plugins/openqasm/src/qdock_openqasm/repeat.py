"""Loops whose rounds are all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdock_openqasm.assigned import walk
from qdock_openqasm.grammar import ast

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["repeats_exactly"]

_PLAIN = (ast.GateCall, ast.MeasureStatement, ast.Reset, ast.Barrier, ast.Delay, ast.Nop)
_PARTS = (
    ast.Identifier,
    ast.IndexedIdentifier,
    ast.HardwareQubit,
    ast.IntegerLiteral,
    ast.FloatLiteral,
    ast.DurationLiteral,
    ast.UnaryExpression,
    ast.BinaryExpression,
    ast.MeasureExpression,
    ast.Range,
    ast.GateModifier,
)


def repeats_exactly(node: ast.For, p: Program) -> bool:
    """Return whether every round of a loop does what the first one did: no use of its variable, no assignment."""
    if p.raised or p.memory.depth:
        return False
    for item in walk(node.body):
        if isinstance(item, ast.Identifier):
            if item.name == node.variable.name or p.scopes.find(item.name) is None:
                return False
        elif not isinstance(item, (*_PLAIN, *_PARTS)):
            return False
    return not any(isinstance(item, ast.GateCall) and _calls(p, item) for item in walk(node.body))


def _calls(p: Program, node: Any) -> bool:
    """Whether what looks like a gate is a subroutine."""
    symbol = p.scopes.find(node.name.name)
    return symbol is None or symbol.what != "gate"
