"""Control flow: what is known is resolved while the program is read, what depends on a measurement is kept.

A jump out of something that is written out (a round of a loop, a call) but depends on a measurement sets a flag;
all that follows up to the end of what is left then stands under the condition that the flag is clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from qdock import expr as ex
from qdock.circuit import Range
from qdock.operations import Code

from qdock_openqasm import exact
from qdock_openqasm.assigned import assigned_names, leaves_loop
from qdock_openqasm.declarations import new_variable
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import constant_integer, evaluate, resolve_type
from qdock_openqasm.flow import CallFrame, Flow, LoopFrame
from qdock_openqasm.grammar import ast
from qdock_openqasm.ir import AssignOp, Block, ForOp, IfOp, JumpOp, SwitchOp, WhileOp
from qdock_openqasm.loops import RuntimeBounds, check_rounds, iterations_of, rounds_of
from qdock_openqasm.memory import Storage
from qdock_openqasm.repeat import repeats_exactly
from qdock_openqasm.scope import ArrayAlias, BitsSymbol, Variable
from qdock_openqasm.subroutines import set_result
from qdock_openqasm.types import BOOL, core_type
from qdock_openqasm.values import UNKNOWN, Value, as_bool, as_integer, to_expr

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = [
    "run_all",
    "run_break",
    "run_continue",
    "run_end",
    "run_for",
    "run_if",
    "run_return",
    "run_switch",
    "run_while",
]

Frame = LoopFrame | CallFrame
Result = TypeVar("Result")

# --- a list of statements


def run_all(p: Program, statements: Sequence[Any]) -> Flow:
    """Run statements one after the other, in the scope that is open."""
    for place, statement in enumerate(statements):
        flow = p.run(statement)
        rest = statements[place + 1 :]
        if flow is not Flow.NEXT and not p.memory.dry:
            p.check_only(rest)
            return flow
        if rest and p.raised and not p.memory.dry and _unguarded(p):
            return _run_guarded(p, lambda rest=rest: run_all(p, rest))  # type: ignore[misc] # bound at once
    return Flow.NEXT


def _run_guarded(p: Program, rest: Callable[[], Flow]) -> Flow:
    """Run what follows a jump that may have been taken, under the condition that it was not."""
    clear: ex.Expr | None = None
    frames = _unguarded(p)
    for frame in frames:
        assert frame.flag is not None
        clear = ~frame.flag if clear is None else clear & ~frame.flag
    assert clear is not None
    block = Block()
    outer, p.guarded = p.guarded, {**p.guarded, **{frame: frame.jumps for frame in frames}}
    with p.memory.alternatives(), p.memory.block(block):
        _finish(p, rest())
    p.guarded = outer
    p.memory.emit(IfOp(clear, block))
    return Flow.NEXT


def _unguarded(p: Program) -> list[Frame]:
    """What may have been left since the block at hand was put under the condition that it was not."""
    return [frame for frame in dict.fromkeys(p.raised) if p.guarded.get(frame) != frame.jumps]


def _finish(p: Program, flow: Flow) -> None:
    """A block that may not run has ended with a jump: the jump itself has been emitted."""
    assert flow in Flow, p


# --- if and switch


def run_if(p: Program, node: ast.If) -> Flow:
    """``if (condition) ... else ...``."""
    while True:
        truth = as_bool(evaluate(p, node.condition))
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
                _finish(p, p.run_body(body))
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
    cases = []
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


# --- loops


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
    rounds = 0
    with inside(p, frame):
        for value in values:
            rounds += 1
            flow = _round(p, lambda value=value: _for_body(p, node, value))  # type: ignore[misc] # bound at once
            if flow in (Flow.RETURN, Flow.END):
                return flow
            if flow is Flow.BREAK:
                break
            if rounds == 1 and repeats_exactly(node, p):
                _repeat(p, frame, (rounds_of(p, node) or 1 + sum(1 for _ in values)) - 1)
                break
    if not rounds:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
    return Flow.NEXT


def _for_body(p: Program, node: ast.For, value: Value) -> Flow:
    with p.scope():
        new_variable(p, node.variable.name, node.variable.span, value.type, value)
        with p.scope():
            return run_all(p, node.body)


def _repeat(p: Program, frame: LoopFrame, count: int) -> None:
    """Append a round, in which nothing but the loop variable would change, as often as it is still due."""
    ops = frame.out.ops[frame.start :]
    p.memory.charge(len(ops) * count)
    frame.out.ops.extend(ops * count)


@contextmanager
def inside(p: Program, frame: Frame) -> Iterator[None]:
    """Open a loop or a call that jumps may leave."""
    p.frames.append(frame)
    try:
        yield
    finally:
        p.frames.pop()
        p.raised = [raised for raised in p.raised if raised is not frame]
        if frame.flag is not None:
            p.borrow(Storage("left", BOOL, [None], variables={0: frame.flag}))


def _round(p: Program, body: Callable[[], Flow]) -> Flow:
    """One round of a loop that is written out, unless a flag says that the loop has been left."""

    def once() -> Flow:
        with p.releasing():
            frame = LoopFrame(p.memory.depth, False, p.memory.out, len(p.memory.out.ops), what="round")
            with inside(p, frame):
                flow = body()
            return Flow.NEXT if flow is Flow.CONTINUE else flow

    return _run_guarded(p, once) if _unguarded(p) else once()


_PREDICT = 512


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
    progress = _Progress(p, node)
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


class _Progress:
    """Watches a loop that is resolved while loading: one that can't end in time is refused early."""

    def __init__(self, p: Program, node: ast.While) -> None:
        self.p, self.node = p, node
        self.rounds = 0
        self.next_look = _PREDICT
        self.last: float | None = None

    def check(self) -> None:
        """Count a round; now and then, see how far the condition still is from being false."""
        self.p.spend(1, self.node.condition.span)
        self.rounds += 1
        if self.rounds == self.next_look:
            self._look()

    def _look(self) -> None:
        distance = self._distance()
        if distance is not None:
            if self.last is not None:
                self._predict(self.last - distance, distance)
            self.last = distance
        self.next_look = self.rounds * 2

    def _predict(self, gained: float, distance: float) -> None:
        """Refuse if, at the speed so far, the rounds that are left would not be enough."""
        rounds = self.rounds // 2
        needed = distance * rounds / gained if gained > 0 else float("inf")
        if needed > self.p.iterations_left:
            asked = 10**18 if needed == float("inf") else self.rounds + int(needed)
            raise self.p.limits.reached("iterations", max(asked, self.p.limits.iterations + 1), self.node.condition.span)

    def _distance(self) -> float | None:
        condition = self.node.condition
        if not isinstance(condition, ast.BinaryExpression) or condition.op.value not in ("<", "<=", ">", ">=", "!="):
            return 0.0 if not assigned_names(self.node.body) else None
        left, right = (evaluate(self.p, side) for side in (condition.lhs, condition.rhs))
        kinds = ("int", "uint", "literal", "float")
        if not (left.is_known and right.is_known) or left.type.kind not in kinds or right.type.kind not in kinds:
            return None
        return abs(float(getattr(left.data, "whole", left.data)) - float(getattr(right.data, "whole", right.data)))


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
    truth = as_bool(evaluate(p, node.condition))
    if isinstance(truth, ex.Expr):
        del p.memory.out.ops[before:]
    return truth


def _conditional_body(p: Program, node: ast.While) -> ex.Expr:
    """Run a body and return the condition of its loop.

    A condition that calls what has an effect is evaluated in the body, which then breaks the loop if it is false.
    """
    condition = as_bool(evaluate(p, node.condition))
    if isinstance(condition, bool):
        condition = ex.Const(condition, ex.BOOL)
    assert isinstance(condition, ex.Expr)
    if p.memory.out.ops:
        p.memory.emit(IfOp(~condition, Block([JumpOp(Code.BREAK)])))
        condition = ex.Const(True, ex.BOOL)
    _finish(p, p.run_body(node.body))
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


def _for_at_run_time(p: Program, node: ast.For, bounds: RuntimeBounds) -> Flow:
    if p.memory.dry:
        p.check_only(node.body, variable=node.variable, kind=resolve_type(p, node.type))
        return Flow.NEXT
    if not isinstance(bounds.step, int):
        raise Fault("the step of a loop must be known when the program is loaded", node.iterable.span)
    kind = resolve_type(p, node.type)
    target = core_type(kind)
    if target is None or target.kind not in ("int", "uint"):
        raise Fault(f"a loop whose bounds depend on a measurement needs an integer variable, not {kind}", node.type.span)
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


# --- jumps


def run_break(p: Program, _node: ast.Break) -> Flow:
    """``break;``."""
    return _jump(p, _innermost(p, "loop"), Flow.BREAK, Code.BREAK)


def run_continue(p: Program, _node: ast.Continue) -> Flow:
    """``continue;``."""
    frame = _innermost(p, "loop")
    if frame is not None and not frame.at_run_time:  # type: ignore[union-attr] # a loop
        frame = _innermost(p, "round")
    return _jump(p, frame, Flow.CONTINUE, Code.CONTINUE)


def run_end(p: Program, _node: ast.End) -> Flow:
    """``end;``."""
    if not p.memory.dry:
        p.memory.emit(JumpOp(Code.END))
    return Flow.NEXT if p.exact else Flow.END


def run_return(p: Program, node: ast.Return) -> Flow:
    """``return;`` and ``return value;``."""
    value = None if node.value is None else evaluate(p, node.value)
    frame = set_result(p, value, node)
    return Flow.NEXT if frame is None else _jump(p, frame, Flow.RETURN, Code.BREAK)


def _innermost(p: Program, what: str) -> Frame | None:
    return next((frame for frame in reversed(p.frames) if frame.what == what), None)


def _jump(p: Program, frame: Frame | None, flow: Flow, code: Code) -> Flow:
    """Leave a frame: at once if it is certain, by a flag or a jump of the circuit if it depends on a measurement."""
    if p.memory.dry or frame is None:
        return Flow.NEXT
    if isinstance(frame, LoopFrame) and frame.at_run_time:
        p.memory.emit(JumpOp(code))
        return Flow.NEXT if p.exact else flow
    if p.memory.depth == frame.depth:
        return flow
    p.memory.emit(AssignOp(_flag(p, frame), ex.Const(True, ex.BOOL)))
    p.raised.append(frame)
    frame.jumps += 1
    inner = p.frames[p.frames.index(frame) + 1 :]
    if any(isinstance(item, LoopFrame) and item.at_run_time for item in inner):
        p.memory.emit(JumpOp(Code.BREAK))
    return flow


def _flag(p: Program, frame: Frame) -> ex.Var:
    """The variable that says that a frame has been left; it is cleared where the frame begins."""
    if frame.flag is None:
        frame.flag = p.memory.fresh_variable("left", ex.BOOL)
        frame.out.ops.insert(frame.start, AssignOp(frame.flag, ex.Const(False, ex.BOOL)))
        for other in p.frames:
            if other is not frame and other.out is frame.out and other.start >= frame.start:
                other.start += 1
    return frame.flag

