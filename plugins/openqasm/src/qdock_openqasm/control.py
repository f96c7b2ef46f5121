"""Branches: what is known is resolved while the program is read, what depends on a measurement is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import constant_integer, evaluate, truth_of
from qdock_openqasm.flow import Flow
from qdock_openqasm.grammar import ast
from qdock_openqasm.ir import Block, IfOp, SwitchOp
from qdock_openqasm.values import UNKNOWN, as_integer, to_expr

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["run_if", "run_switch"]


def run_if(p: Program, node: ast.If) -> Flow:
    """``if (condition) ... else ...``."""
    while True:
        truth = truth_of(p, node.condition)
        if isinstance(truth, bool) and p.exact:
            truth = ex.Const(truth, ex.BOOL)
        if isinstance(truth, ex.Expr):
            return _if_at_run_time(p, node, truth)
        if truth is True:
            p.check_only(node.else_body)
            return p.run_body(node.then_body)
        p.check_only(node.then_body)
        # A long chain of `else if` is no deep nesting.
        if len(node.else_body) != 1 or not isinstance(node.else_body[0], ast.If):
            break
        node = node.else_body[0]
    if truth is UNKNOWN:
        p.check_only(node.else_body)
        return Flow.NEXT
    return p.run_body(node.else_body)


def _if_at_run_time(p: Program, node: ast.If, truth: ex.Expr) -> Flow:
    then, otherwise = _branches(p, [node.then_body, node.else_body])
    if not then.ops and not then.phases and otherwise.ops and not p.exact:
        truth, then, otherwise = ~truth, otherwise, then
    p.memory.emit(IfOp(truth, then, otherwise if otherwise.ops or otherwise.phases else None))
    return Flow.NEXT


def _branches(p: Program, bodies: Iterable[Sequence[Any]]) -> list[Block]:
    """Blocks of which one runs."""
    blocks = []
    with p.memory.alternatives():
        for body in bodies:
            block = Block()
            with p.memory.block(block):
                p.run_body(body)
            blocks.append(block)
    return blocks


def run_switch(p: Program, node: ast.Switch) -> Flow:
    """``switch (target) { case ... default ... }``."""
    target = evaluate(p, node.target)
    if target.type.kind not in ("int", "uint", "literal", "bit", "bool"):
        raise Fault(f"a switch needs an integer value, not one of type {target.type}", node.target.span)
    cases = _cases(p, node)
    bodies = [body for _, body in cases]
    number = as_integer(target)
    if number is UNKNOWN:
        for body in [*bodies, node.default or []]:
            p.check_only(body)
        return Flow.NEXT
    if isinstance(number, int) and p.exact:
        number = to_expr(target)
    if isinstance(number, int):
        return _run_case(p, number, cases, node.default or [])
    blocks = _branches(p, [*bodies, node.default or []])
    default = blocks.pop()
    rows = {values: block for (values, _), block in zip(cases, blocks, strict=True)}
    is_empty = node.default is None if p.exact else not default.ops and not default.phases
    p.memory.emit(SwitchOp(_switch_target(number), rows, None if is_empty else default))
    return Flow.NEXT


def _switch_target(number: Any) -> ex.Expr:
    assert isinstance(number, ex.Expr)
    return number


def _cases(p: Program, node: ast.Switch) -> list[tuple[tuple[int, ...], Sequence[Any]]]:
    seen: set[int] = set()
    cases: list[tuple[tuple[int, ...], Sequence[Any]]] = []
    for case in node.cases:
        values = []
        for item in case.values:
            number = constant_integer(p, item, "the value of a case")
            if number in seen:
                raise Fault(f"the case {number} stands twice in this switch", item.span)
            seen.add(number)
            values.append(number)
        cases.append((tuple(values), case.body))
    return cases


def _run_case(p: Program, number: int, cases: Sequence[Any], default: Sequence[Any]) -> Flow:
    chosen = next((body for values, body in cases if number in values), default)
    for body in [*(body for _, body in cases), default]:
        if body is not chosen:
            p.check_only(body)
    return p.run_body(chosen)
