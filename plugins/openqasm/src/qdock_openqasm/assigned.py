"""What the body of a loop may change, and whether it may be left by a measurement, told from its tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qdock_openqasm.grammar import ast

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["assigned_names", "leaves_loop", "names_in"]


def children(node: Any) -> Iterator[Any]:
    """Yield the nodes right below a node."""
    for value in vars(node).values():
        if isinstance(value, ast.Node):
            yield value
        elif isinstance(value, list):
            yield from _nodes(value)


def _nodes(items: list[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, ast.Node):
            yield item
        elif isinstance(item, list):
            yield from _nodes(item)


def walk(nodes: Sequence[Any]) -> Iterator[Any]:
    """Yield all nodes of some trees, parents first."""
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))


def names_in(nodes: Sequence[Any]) -> set[str]:
    """Return the names that stand anywhere in some trees."""
    return {node.name for node in walk(nodes) if isinstance(node, ast.Identifier)}


def _target(node: Any) -> str:
    return str(node.name.name if isinstance(node, ast.IndexedIdentifier) else node.name)


def assigned_names(statements: Sequence[Any]) -> set[str]:
    """Return the names, declared outside, that some statements may set; rather too many than too few."""
    found: set[str] = set()
    for node in walk(statements):
        if isinstance(node, (ast.Assignment, ast.MeasureStatement)) and node.target is not None:
            found.add(_target(node.target))
        elif isinstance(node, ast.FunctionCall):
            # An array may be passed to be changed.
            found.update(item.name for item in walk(node.arguments) if isinstance(item, ast.Identifier))
    return found - _own_names(statements)


def _own_names(statements: Sequence[Any]) -> set[str]:
    """The names declared at the top of some statements before they are used otherwise."""
    own: set[str] = set()
    used: set[str] = set()
    for node in statements:
        if isinstance(node, (ast.ClassicalDeclaration, ast.ConstDeclaration, ast.AliasDeclaration)):
            name = node.name.name
            used |= names_in([item for item in children(node) if item is not node.name])
            if name not in used:
                own.add(name)
        else:
            used |= names_in([node])
    return own


def leaves_loop(p: Program, node: ast.While) -> bool:
    """Return whether a ``while`` loop must be one of the circuit, though its condition holds for certain now.

    That is so if its condition depends on what a measurement in the body sets, or if nothing but a jump that
    depends on one can end it.
    """
    unsure = _unsure_names(p, node)
    condition = names_in([node.condition])
    if condition & unsure:
        return True
    if condition & assigned_names(node.body):
        return False
    return any(isinstance(item, (ast.Break, ast.Return, ast.End)) for item in walk(node.body))


def _unsure_names(p: Program, node: ast.While) -> set[str]:
    """The names whose values depend on a measurement at some point of the loop."""
    unsure = {name for name in names_in([node]) if p.is_unsure(name)}
    before = -1
    while len(unsure) != before:
        before = len(unsure)
        _spread(p, node.body, unsure, False)
    return unsure


def _spread(p: Program, statements: Sequence[Any], unsure: set[str], guarded: bool) -> None:
    """Add the names that take a value from an unsure one, or under a condition on one."""
    for node in statements:
        if (isinstance(node, ast.MeasureStatement) and node.target is not None) or (
            isinstance(node, ast.Assignment) and (guarded or _depends(p, [node.value], unsure))
        ):
            unsure.add(_target(node.target))
        elif isinstance(node, ast.ClassicalDeclaration) and node.init is not None and _depends(p, [node.init], unsure):
            unsure.add(node.name.name)
        condition = getattr(node, "condition", None) or getattr(node, "iterable", None)
        inner = guarded or (condition is not None and _depends(p, [condition], unsure))
        if isinstance(node, ast.Switch):
            inner = guarded or _depends(p, [node.target], unsure)
        for body in _bodies(node):
            _spread(p, body, unsure, inner)


def _bodies(node: Any) -> list[Sequence[Any]]:
    if isinstance(node, ast.If):
        return [node.then_body, node.else_body]
    if isinstance(node, ast.Switch):
        return [*(case.body for case in node.cases), node.default or []]
    if isinstance(node, ast.Block):
        return [node.statements]
    return [node.body] if isinstance(node, (ast.While, ast.For, ast.Box)) else []


def _depends(p: Program, nodes: Sequence[Any], unsure: set[str]) -> bool:
    for node in walk(nodes):
        if isinstance(node, ast.Identifier) and node.name in unsure:
            return True
        if isinstance(node, ast.MeasureExpression):
            return True
        if isinstance(node, ast.FunctionCall) and p.measures(node.name.name):
            return True
    return False
