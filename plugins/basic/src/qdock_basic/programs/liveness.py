"""Which classical values still matter: those that something may read before they are written again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from qdock.expr import Expr
from qdock.operations import Code
from qdock_basic.programs.program import READ_LAST, Block, Flow, Step

__all__ = ["Live", "live_values"]

# Each loop is looked at twice, so loops in loops cost twice as much a level; below this level all is taken to matter.
_DEEPEST_LOOP = 6


class Live(NamedTuple):
    """Clbits, as bits of an integer, and names of variables."""

    bits: int = 0
    names: frozenset[str] = frozenset()

    def with_all(self, expressions: Iterable[Expr]) -> Live:
        """Return this and what some expressions read."""
        bits, names = self
        for expression in expressions:
            bits |= _mask(expression.bits)
            names |= {variable.name for variable in expression.variables}
        return Live(bits, names)

    def without(self, target: Expr | None) -> Live:
        """Return this without what is written as a whole."""
        if target is None:
            return self
        return Live(self.bits & ~_mask(target.bits), self.names - {variable.name for variable in target.variables})

    def union(self, *others: Live) -> Live:
        """Return what is live in any of them."""
        bits, names = self
        for other in others:
            bits, names = bits | other.bits, names | other.names
        return Live(bits, names)


class _Jumps(NamedTuple):
    """What is live where the jumps in a loop go to, and how many loops there are around."""

    leave: Live
    again: Live
    depth: int


def live_values(block: Block, shown: Iterable[int], everything: Live) -> dict[int, list[Live]]:
    """Return what is live before each step of a program.

    Parameters
    ----------
    block : Block
        The whole program.
    shown : iterable of int
        Clbits that are read when it ends.
    everything : Live
        All clbits and variables.

    Returns
    -------
    dict of int to list of Live
        By the `id` of each block: what is live before each of its steps, and at its end.
    """
    analysis = _Analysis(Live(_mask(shown)), everything)
    analysis.block(block, analysis.end, _Jumps(analysis.end, analysis.end, 0))
    return analysis.before


def _mask(clbits: Iterable[int]) -> int:
    return sum(1 << clbit for clbit in clbits)


class _Analysis:
    """Goes through a program from its end to its beginning."""

    def __init__(self, end: Live, everything: Live) -> None:
        self.end = end
        self.everything = everything
        self.before: dict[int, list[Live]] = {}

    def block(self, block: Block, after: Live, jumps: _Jumps) -> Live:
        lives = [after]
        for step in reversed(block.steps):
            look = _STEPS.get(step.kind, _Analysis._plain)
            lives.append(look(self, step, lives[-1], jumps))
        lives.reverse()
        self.before[id(block)] = lives
        return lives[0].with_all([block.phase] if isinstance(block.phase, Expr) else [])

    def _plain(self, step: Step, after: Live, _: _Jumps) -> Live:
        return after.with_all(step.angles)

    def _measure(self, step: Step, after: Live, _: _Jumps) -> Live:
        return Live(after.bits & ~_mask(step.clbits), after.names)

    def _assign(self, step: Step, after: Live, _: _Jumps) -> Live:
        return after.without(step.detail.target).with_all(step.detail.expressions)

    def _choice(self, step: Step, after: Live, jumps: _Jumps) -> Live:
        flow: Flow = step.detail
        reached = [self.block(block, after, jumps) for block in flow.blocks]
        if (flow.detail.otherwise if step.kind == Code.IF else flow.detail.default) is None:
            reached.append(after)
        return Live().union(*reached).with_all(flow.detail.expressions)

    def _loop(self, step: Step, after: Live, jumps: _Jumps) -> Live:
        flow: Flow = step.detail
        variable = flow.detail.written
        read_again = flow.detail.expressions if step.kind == Code.WHILE else ()
        head = after.with_all(read_again)
        if jumps.depth >= _DEEPEST_LOOP:
            head = self.everything
        else:
            # What a round reads is live after the round before; a second look adds nothing to that.
            once = self.block(flow.blocks[0], head, _Jumps(after, head, jumps.depth + 1))
            head = head.union(once.without(variable))
        inside = self.block(flow.blocks[0], head, _Jumps(after, head, jumps.depth + 1))
        return head.union(inside.without(variable)).with_all(flow.detail.expressions)

    def _break(self, _: Step, __: Live, jumps: _Jumps) -> Live:
        return jumps.leave

    def _continue(self, _: Step, __: Live, jumps: _Jumps) -> Live:
        return jumps.again

    def _end(self, _: Step, __: Live, ___: _Jumps) -> Live:
        return self.end


_STEPS: dict[int, Callable[[_Analysis, Step, Live, _Jumps], Live]] = {
    READ_LAST: _Analysis._measure,
    Code.MEASURE: _Analysis._measure,
    Code.ASSIGN: _Analysis._assign,
    Code.IF: _Analysis._choice,
    Code.SWITCH: _Analysis._choice,
    Code.WHILE: _Analysis._loop,
    Code.FOR: _Analysis._loop,
    Code.BREAK: _Analysis._break,
    Code.CONTINUE: _Analysis._continue,
    Code.END: _Analysis._end,
}
