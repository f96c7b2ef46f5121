"""Statements one after the other, and jumps: what is certain is done at once, what depends on a measurement by flags.

A jump out of something that is written out (a round of a loop, a call) but depends on a measurement sets a flag;
all that follows up to the end of what is left then stands under the condition that the flag is clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock.operations import Code
from qdock_openqasm.evaluate import evaluate
from qdock_openqasm.flow import CallFrame, Flow, LoopFrame
from qdock_openqasm.grammar import ast
from qdock_openqasm.ir import AssignOp, Block, IfOp, JumpOp
from qdock_openqasm.memory import Storage
from qdock_openqasm.subroutines import set_result
from qdock_openqasm.types import BOOL

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["inside", "run_all", "run_break", "run_continue", "run_end", "run_guarded", "run_return", "unguarded"]

Frame = LoopFrame | CallFrame


def run_all(p: Program, statements: Sequence[Any]) -> Flow:
    """Run statements one after the other, in the scope that is open."""
    for place, statement in enumerate(statements):
        flow = p.run(statement)
        rest = statements[place + 1 :]
        if flow is not Flow.NEXT and not p.memory.dry:
            p.check_only(rest)
            return flow
        if rest and p.raised and not p.memory.dry and unguarded(p):
            return run_guarded(p, lambda rest=rest: run_all(p, rest))  # type: ignore[misc] # bound at once
    return Flow.NEXT


def run_guarded(p: Program, rest: Callable[[], Flow]) -> Flow:
    """Run what follows a jump that may have been taken, under the condition that it was not."""
    clear: ex.Expr | None = None
    frames = unguarded(p)
    for frame in frames:
        assert frame.flag is not None
        clear = ~frame.flag if clear is None else clear & ~frame.flag
    assert clear is not None
    block = Block()
    outer, p.guarded = p.guarded, {**p.guarded, **{frame: frame.jumps for frame in frames}}
    with p.memory.alternatives(), p.memory.block(block):
        rest()
    p.guarded = outer
    p.memory.emit(IfOp(clear, block))
    return Flow.NEXT


def unguarded(p: Program) -> list[Frame]:
    """What may have been left since the block at hand was put under the condition that it was not."""
    return [frame for frame in dict.fromkeys(p.raised) if p.guarded.get(frame) != frame.jumps]


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
