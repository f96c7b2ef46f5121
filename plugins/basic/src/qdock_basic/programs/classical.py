"""The classical side of a run: bits, variables, and the way through blocks and loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

from qdock.errors import CircuitError
from qdock.expr import Bit, Bits, Expr, Var, cast, evaluate
from qdock.operations import Assign, Code, Range
from qdock_basic.limits import Limits
from qdock_basic.programs.program import Block, Flow, Step

__all__ = ["ACTIONS", "Place", "Value"]

Value = bool | int | float


class Run(NamedTuple):
    """A `for` loop that has begun: its values, and how many of them have been used."""

    variable: Var | None
    values: Sequence[Any]
    body: Block
    begun: int = 0


class Frame(NamedTuple):
    """Where to go on when a block ends; in a loop, which one to go round again."""

    block: Block
    position: int
    loop: Flow | Run | None
    parent: Frame | None


class Place:
    """Where a run is in its program, with its classical values.

    Parameters
    ----------
    block : Block
        The whole program.
    variables : mapping of str to number
        Initial values.
    limits : Limits
    """

    __slots__ = ("bits", "block", "frame", "limits", "phase", "position", "rounds", "variables", "while_rounds")

    def __init__(self, block: Block, variables: Mapping[str, Value], limits: Limits) -> None:
        self.bits = 0
        self.variables = dict(variables)
        self.limits = limits
        self.phase = 0.0
        self.rounds = 0
        self.while_rounds = 0
        self.frame: Frame | None = None
        self._begin(block)

    def copy(self) -> Place:
        """Return an independent copy."""
        other = copy(self)
        other.variables = dict(self.variables)
        return other

    def has_next(self) -> bool:
        """Leave the blocks that have ended, begin the rounds that are due, and return whether there is a step left."""
        while self.position == len(self.block.steps):
            if self.frame is None:
                return False
            self._leave()
        return True

    def take_step(self) -> Step:
        """Return the next step and go past it."""
        self.position += 1
        return self.block.steps[self.position - 1]

    def fraction(self) -> float:
        """Return which part of the program's outermost steps has been begun."""
        block, position, frame = self.block, self.position, self.frame
        while frame is not None:
            block, position, _, frame = frame
        return position / max(len(block.steps), 1)

    def evaluate(self, expression: Expr) -> Value:
        """Return the value of an expression here."""
        return evaluate(expression, self.bits, self.variables)

    def write(self, clbit: int, value: int | bool) -> None:
        """Set one bit."""
        self.bits = self.bits & ~(1 << clbit) | (bool(value) << clbit)

    # --- blocks

    def _begin(self, block: Block) -> None:
        self.block = block
        self.position = 0
        self.phase += block.phase if isinstance(block.phase, float) else float(self.evaluate(block.phase))

    def _enter(self, block: Block, loop: Flow | Run | None = None) -> None:
        self.frame = Frame(self.block, self.position, loop, self.frame)
        self._begin(block)

    def _leave(self) -> None:
        """Go on behind a block that has ended, or go round again."""
        loop = self._pop()
        if loop is not None:
            self._again(loop)

    def _pop(self) -> Flow | Run | None:
        frame = self.frame
        assert frame is not None
        self.block, self.position, loop, self.frame = frame
        return loop

    def _again(self, loop: Flow | Run) -> None:
        """Begin the next round of a loop if there is one."""
        if isinstance(loop, Flow):
            if self.evaluate(loop.detail.condition):
                self.while_rounds += 1
                self.limits.check_while(self.while_rounds)
                self._round(loop.blocks[0], loop)
        elif loop.begun < len(loop.values):
            if loop.variable is not None:
                self.variables[loop.variable.name] = evaluate(cast(loop.values[loop.begun], loop.variable.type))
            self._round(loop.body, loop._replace(begun=loop.begun + 1))

    def _round(self, body: Block, loop: Flow | Run) -> None:
        self.rounds += 1
        self.limits.check_loops(self.rounds)
        self._enter(body, loop)

    # --- what each kind of step does

    def assign(self, detail: Assign) -> None:
        """Give a variable or bits a value."""
        value = self.evaluate(detail.value)
        match detail.target:
            case Var(name=name):
                self.variables[name] = value
            case Bit(index=index):
                self.write(index, bool(value))
            case Bits(indices=indices):
                for place, index in enumerate(indices):
                    self.write(index, int(value) >> place & 1)

    def branch(self, flow: Flow) -> None:
        """Enter the block that a condition chooses, if there is one."""
        chosen = flow.blocks[:1] if self.evaluate(flow.detail.condition) else flow.blocks[1:]
        if chosen:
            self._enter(chosen[0])

    def switch(self, flow: Flow) -> None:
        """Enter the block of the case that lists a value, or the default block."""
        value = self.evaluate(flow.detail.target)
        for (values, _), block in zip(flow.detail.cases, flow.blocks, strict=False):
            if value in values:
                return self._enter(block)
        if flow.detail.default is not None:
            self._enter(flow.blocks[-1])
        return None

    def begin_while(self, flow: Flow) -> None:
        """Enter a loop for the first time, if at all."""
        self._again(flow)

    def begin_for(self, flow: Flow) -> None:
        """Work out a loop's values, all at once, and enter it; too many are refused before the first round."""
        detail = flow.detail
        values = self._range(detail.values) if isinstance(detail.values, Range) else detail.values
        self._again(Run(detail.variable, values, flow.blocks[0]))

    def _range(self, values: Range) -> range:
        start, stop, step = (int(self.evaluate(item)) for item in (values.start, values.stop, values.step))
        if step == 0:
            raise CircuitError(f"A loop over the range {start} to {stop} can't go in steps of 0.")
        # len() of a range refuses what does not fit in 63 bits.
        asked = self.rounds + max(0, -((start - stop) // step))
        self.limits.check_loops(asked)
        return range(start, stop, step)

    def break_loop(self, _: None = None) -> None:
        """Go on behind the innermost loop."""
        self._out_of_blocks("break")

    def next_round(self, _: None = None) -> None:
        """Begin the next round of the innermost loop."""
        self._again(self._out_of_blocks("continue"))

    def _out_of_blocks(self, name: str) -> Flow | Run:
        while self.frame is not None:
            if (loop := self._pop()) is not None:
                return loop
        raise CircuitError(f"'{name}' stands outside of any loop.")

    def end(self, _: None = None) -> None:
        """End the program here."""
        self.frame = None
        self.position = len(self.block.steps)


#: What each classical kind of step does.
ACTIONS: dict[int, Callable[[Place, Any], None]] = {
    Code.ASSIGN: Place.assign,
    Code.IF: Place.branch,
    Code.SWITCH: Place.switch,
    Code.WHILE: Place.begin_while,
    Code.FOR: Place.begin_for,
    Code.BREAK: Place.break_loop,
    Code.CONTINUE: Place.next_round,
    Code.END: Place.end,
}
