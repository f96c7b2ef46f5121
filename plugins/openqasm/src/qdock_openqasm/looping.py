"""Loops: written out as long as all that drives them is known, else loops of the circuit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from qdock import expr as ex
from qdock.circuit import Range
from qdock.operations import Code
from qdock_openqasm import exact
from qdock_openqasm.assigned import assigned_names, leaves_loop
from qdock_openqasm.declarations import new_variable
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import evaluate, resolve_type, truth_of
from qdock_openqasm.flow import Flow, LoopFrame
from qdock_openqasm.grammar import ast
from qdock_openqasm.ir import Block, ForOp, IfOp, JumpOp, WhileOp
from qdock_openqasm.jumps import inside, run_all, run_guarded, unguarded
from qdock_openqasm.loops import RuntimeBounds, check_rounds, iterations_of, rounds_of
from qdock_openqasm.pace import Pace
from qdock_openqasm.progress import Progress
from qdock_openqasm.repeat import repeats_exactly
from qdock_openqasm.scope import ArrayAlias, BitsSymbol, Variable
from qdock_openqasm.types import core_type
from qdock_openqasm.values import UNKNOWN, Value

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["run_for", "run_while"]

Result = TypeVar("Result")


# --- for


def run_for(p: Program, node: ast.For) -> Flow:
    """``for type name in values``: written out if the values are known, a loop of the circuit else."""
    if p.exact:
        return _for_exactly(p, node)
    try:
        values = iterations_of(p, node)
    except RuntimeBounds as bounds:
        return _for_at_run_time(p, node, bounds)
    if p.memory.dry:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
        return Flow.NEXT
    check_rounds(p, node)
    frame = LoopFrame(p.memory.depth, False, p.memory.out, len(p.memory.out.ops))
    rounds, charged = 0, p.memory.charged
    total, pace = rounds_of(p, node), Pace(p, node.iterable.span)
    with inside(p, frame):
        for value in values:
            rounds += 1
            flow = _round(p, lambda value=value: _for_body(p, node, value))  # type: ignore[misc] # bound at once
            if flow in (Flow.RETURN, Flow.END):
                return flow
            if flow is Flow.BREAK:
                break
            if not rounds & (rounds - 1):
                pace.check(rounds, max(total - rounds, 0))
            if rounds == 1 and repeats_exactly(node, p):
                count = (total or 1 + sum(1 for _ in values)) - 1
                p.memory.charge((p.memory.charged - charged) * count, node.span)
                frame.out.ops.extend(frame.out.ops[frame.start :] * count)
                break
    if not rounds:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
    return Flow.NEXT


def _for_body(p: Program, node: ast.For, value: Value) -> Flow:
    with p.scope():
        new_variable(p, node.variable.name, node.variable.span, value.type, value)
        with p.scope():
            return run_all(p, node.body)


def _round(p: Program, body: Callable[[], Flow]) -> Flow:
    """One round of a loop that is written out, unless a flag says that the loop has been left."""

    def once() -> Flow:
        with p.releasing():
            frame = LoopFrame(p.memory.depth, False, p.memory.out, len(p.memory.out.ops), what="round")
            with inside(p, frame):
                flow = body()
            return Flow.NEXT if flow is Flow.CONTINUE else flow

    return run_guarded(p, once) if unguarded(p) else once()


def _for_at_run_time(p: Program, node: ast.For, bounds: RuntimeBounds) -> Flow:
    if p.memory.dry:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
        return Flow.NEXT
    if not isinstance(bounds.step, int):
        raise Fault("the step of a loop must be known when the program is loaded", node.iterable.span)
    kind = resolve_type(p, node.type)
    target = core_type(kind)
    if target is None or target.kind not in ("int", "uint"):
        raise Fault(
            f"a loop whose bounds depend on a measurement needs an integer variable, not {kind}", node.type.span
        )
    _unsettle(p, node)
    start, stop = (ex.cast(ex.lift(bound), target) for bound in (bounds.start, bounds.stop))
    body = Block()
    with p.scope():
        symbol = new_variable(p, node.variable.name, node.variable.span, kind)
        assert isinstance(symbol, Variable)
        var = p.memory.at_run_time(symbol.storage)
        symbol.storage.home += 1
        _loop_body(p, body, lambda: p.run_body(node.body))
    step = 1 if bounds.step > 0 else -1
    p.memory.emit(ForOp(var, Range(start, stop + step, ex.lift(bounds.step)), body))
    return Flow.NEXT


def _for_exactly(p: Program, node: ast.For) -> Flow:
    """A loop as it was written by this package: one of the circuit, over a variable of the circuit or none."""
    symbol = p.scopes.find(node.variable.name)
    var = p.memory.at_run_time(symbol.storage) if isinstance(symbol, Variable) else None
    values: Range | list[Any]
    if isinstance(node.iterable, ast.Range):
        values = _exact_range(p, node.iterable)
    else:
        values = [evaluate(p, item).data for item in getattr(node.iterable, "values", [])]
    body = Block()
    _loop_body(p, body, lambda: p.run_body(node.body))
    p.memory.emit(ForOp(var, values, body))
    return Flow.NEXT


def _exact_range(p: Program, node: ast.Range) -> Range:
    parts = [node.start, node.end, node.step]
    start, stop, step = (ex.lift(1) if part is None else exact.bound(evaluate(p, part)) for part in parts)
    direction = 1 if isinstance(step, ex.Const) and step.value > 0 else -1
    return Range(start, exact.behind(stop, direction), step)


# --- while


def run_while(p: Program, node: ast.While) -> Flow:
    """``while (condition)``: written out as long as its condition is known, a loop of the circuit else."""
    truth = _condition(p, node)
    if truth is UNKNOWN:
        p.check_only(node.body)
        return Flow.NEXT
    if truth is True and not p.exact and not leaves_loop(p, node):
        return _while_known(p, node)
    if truth is False and not p.exact:
        p.check_only(node.body)
        return Flow.NEXT
    _while_at_run_time(p, node)
    return Flow.NEXT


def _while_known(p: Program, node: ast.While) -> Flow:
    frame = LoopFrame(p.memory.depth, False, p.memory.out, len(p.memory.out.ops))
    progress = Progress(p, node)
    with inside(p, frame):
        while True:
            truth = _condition(p, node)
            if truth is not True:
                break
            progress.check()
            flow = _round(p, lambda: p.run_body(node.body))
            if flow in (Flow.RETURN, Flow.END):
                return flow
            if flow is Flow.BREAK:
                return Flow.NEXT
        if truth is not False:
            _while_at_run_time(p, node)
    return Flow.NEXT


def _while_at_run_time(p: Program, node: ast.While) -> None:
    if p.memory.dry:
        p.check_only(node.body)
        return
    if not p.exact:
        _unsettle(p, node)
    body = Block()
    condition = _loop_body(p, body, lambda: _conditional_body(p, node))
    p.memory.emit(WhileOp(condition, body))


def _condition(p: Program, node: ast.While) -> Any:
    """The truth of a loop's condition. If it is not known, what its calls have emitted is taken back."""
    before = len(p.memory.out.ops)
    truth = truth_of(p, node.condition)
    if isinstance(truth, ex.Expr):
        del p.memory.out.ops[before:]
    return truth


def _conditional_body(p: Program, node: ast.While) -> ex.Expr:
    """Run a body and return the condition of its loop.

    A condition that calls what has an effect is evaluated in the body, which then breaks the loop if it is false.
    """
    condition = truth_of(p, node.condition)
    if isinstance(condition, bool):
        condition = ex.Const(condition, ex.BOOL)
    assert isinstance(condition, ex.Expr)
    if p.memory.out.ops:
        p.memory.emit(IfOp(~condition, Block([JumpOp(Code.BREAK)])))
        condition = ex.Const(True, ex.BOOL)
    p.run_body(node.body)
    return condition


def _loop_body(p: Program, body: Block, run: Callable[[], Result]) -> Result:
    with p.memory.alternatives(), p.memory.block(body):
        frame = LoopFrame(p.memory.depth, True, body, 0)
        with inside(p, frame):
            return run()


def _unsettle(p: Program, node: Any) -> None:
    """What a loop of the circuit changes is no longer known from before the loop on."""
    for name in assigned_names(node.body):
        symbol = p.scopes.find(name)
        if isinstance(symbol, Variable):
            p.memory.unsettle(symbol.storage)
        elif isinstance(symbol, BitsSymbol):
            p.memory.unsettle_bits(symbol.bits)
        elif isinstance(symbol, ArrayAlias):
            p.memory.unsettle(symbol.value.data.storage)
