"""Loops: written out as long as all that drives them is known, else loops of the circuit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from qdock import expr as ex
from qdock.circuit import Range
from qdock.operations import Code
from qdock_openqasm import exact
from qdock_openqasm.assigned import assigned_names, leaves_loop, names_in, walk
from qdock_openqasm.cost import GENERAL, size_of
from qdock_openqasm.declarations import new_variable
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import evaluate, resolve_type, truth_of
from qdock_openqasm.flow import Flow, LoopFrame
from qdock_openqasm.grammar import ast
from qdock_openqasm.ir import Block, ForOp, IfOp, JumpOp, RepeatOp, WhileOp
from qdock_openqasm.jumps import inside, run_all, run_guarded, unguarded
from qdock_openqasm.loops import RuntimeBounds, check_rounds, iterations_of, rounds_of
from qdock_openqasm.repeat import repeats_exactly
from qdock_openqasm.rounds import run_compiled
from qdock_openqasm.scope import ArrayAlias, BitsSymbol, Subroutine, Variable
from qdock_openqasm.types import core_type
from qdock_openqasm.values import UNKNOWN, Value

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["run_for", "run_while"]

Result = TypeVar("Result")
#: What may end a loop before its values are used up.
_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.End)
#: More operations than this are kept as one.
_MANY = 4096


# --- for


def run_for(p: Program, node: ast.For) -> Flow:
    """``for type name in values``: written out if the values are known, a loop of the circuit else."""
    if p.exact:
        return _for_exactly(p, node)
    is_repeated = repeats_exactly(node, p)
    if not p.memory.dry:
        check_rounds(p, node)
        if not is_repeated and run_compiled(p, node, rounds_of(p, node)):
            return Flow.NEXT
    try:
        values = iterations_of(p, node)
    except RuntimeBounds as bounds:
        return _for_at_run_time(p, node, bounds)
    if p.memory.dry:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
        return Flow.NEXT
    return _for_known(p, node, values, is_repeated)


def _for_known(p: Program, node: ast.For, values: Iterator[Value], is_repeated: bool) -> Flow:
    memory, cost, total = p.memory, p.cost_of(node.body), rounds_of(p, node)
    is_foreseen = is_repeated or not any(isinstance(item, _JUMPS) for item in walk(node.body))
    memory.spend_work(cost * (1 if is_repeated else total) if is_foreseen else 0, node.iterable.span)
    frame = LoopFrame(memory.depth, False, memory.out, len(memory.out.ops))
    charged, phases, rounds = memory.charged, len(memory.out.phases), 0
    with inside(p, frame):
        for value in values:
            rounds += 1
            memory.spend_work(0 if is_foreseen and total else cost, node.iterable.span)
            flow = _round(p, lambda value=value: _for_body(p, node, value))  # type: ignore[misc] # bound at once
            if flow in (Flow.RETURN, Flow.END):
                return flow
            if flow is Flow.BREAK:
                break
            if is_repeated:
                count = (total or 1 + sum(1 for _ in values)) - 1
                memory.charge((memory.charged - charged) * count, node.span)
                _repeat(frame.out, frame.start, phases, count)
                break
    if not rounds:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
    return Flow.NEXT


def _repeat(out: Block, first: int, first_phase: int, count: int) -> None:
    """Append what a block holds from some place on, several times more."""
    rows = out.ops[first:]
    out.phases.extend(out.phases[first_phase:] * count)
    if len(rows) * count > _MANY:
        out.ops.append(RepeatOp(rows, count))
    else:
        out.ops.extend(rows * count)


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
            charged = p.memory.charged
            with inside(p, frame):
                flow = body()
            p.memory.spend_elements(p.memory.charged - charged)
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
    memory, span = p.memory, node.condition.span
    if _never_ends(p, node):
        raise p.limits.reached("iterations", None, span)
    if run_compiled(p, node):
        return Flow.NEXT
    frame = LoopFrame(memory.depth, False, memory.out, len(memory.out.ops))
    cost, rounds = p.cost_of(node.body) + GENERAL * size_of(node.condition), 0
    with inside(p, frame):
        while True:
            truth = _condition(p, node)
            if truth is not True:
                break
            rounds += 1
            p.spend(1, span)
            p.limits.check("while_rounds", rounds, span)
            memory.spend_work(cost, span)
            flow = _round(p, lambda: p.run_body(node.body))
            if flow in (Flow.RETURN, Flow.END):
                return flow
            if flow is Flow.BREAK:
                return Flow.NEXT
        if truth is not False:
            _while_at_run_time(p, node)
    return Flow.NEXT


def _never_ends(p: Program, node: ast.While) -> bool:
    """Whether nothing in a loop can change its condition, nor end the program."""
    calls = (ast.FunctionCall, ast.GateCall)
    return not names_in([node.condition]) & assigned_names(node.body) and not any(
        isinstance(item, calls) and isinstance(p.scopes.find(item.name.name), Subroutine) for item in walk([node])
    )


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
