"""A program with measurement and classical control as flat rows: what compiled code walks through, made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from qdock.expr import Bit, Bits, Const, Expr, Var, cast, evaluate
from qdock.operations import Assign, Code, Range
from qdock_basic.fast.branching.postfix import Postfix, Unsupported, wrapping
from qdock_basic.fast.branching.segments import Segments
from qdock_basic.fast.front.programs import ready
from qdock_basic.programs.program import GATES, READ_LAST, Block, Flow, Gates, Step

__all__ = ["Flat", "Kind", "flat_program"]

_MOST = (1 << 63) - 1
# The loops of so many gates take some megabytes; where there are more, what comes between them costs little.
_MOST_GATES = 1 << 12
_MOST_COEFFICIENTS = 1 << 22


class Kind:
    """Kinds of rows; the other columns are named `a` to `e`."""

    #: Loops from `a` up to `b`.
    GATES = 0
    #: The qubit `a` into the clbit `b`.
    MEASURE = 1
    #: The qubit `a`.
    RESET = 2
    #: One more of the last readings.
    READ = 3
    #: Go to `a`.
    JUMP = 4
    #: Go to `c` unless the expression from `a` to `b` holds.
    UNLESS = 5
    #: Go to `c` if the value `a` is `b`.
    CASE = 6
    #: The value `c` becomes that of an expression.
    SET = 7
    #: The `d` clbits from `c` on in the list become the bits of that of an expression.
    SET_BITS = 8
    #: A round of a `while` loop begins.
    ROUND = 9
    #: A `for` loop at the values from `a` on begins: `c` entries of the table from `b` on.
    FOR = 10
    #: One over a range begins, whose bounds are the three values from `b` on.
    FOR_RANGE = 11
    #: Its next round, or go to `b`; the value `c`, wrapped as `d` and `e` say, is the loop's variable if not -1.
    NEXT = 12


_WIDTH = 6
# What a `for` loop keeps: how many rounds have begun, of how many, the first value, and the step; 0: a table.
_LOOP_VALUES = 4


class Flat(NamedTuple):
    """A program.

    Attributes
    ----------
    rows : (r, 6) int64 array
        A `Kind` and its columns.
    ops, table, spots : arrays
        The loops of all gates: see `ops.Ops`.
    expressions : (m, 3) int64 array
    clbits, numbers : int64 arrays
        What rows and expressions refer to.
    readings : (k, 2) int64 array
        Qubits that are read last, and into which places of an outcome; -1 where it is not shown.
    places : int64 array
        For every clbit its place in an outcome, or -1.
    initial : int64 array
        The values with which a shot begins.
    sizes : (2,) int64 array
        How deep the stack of expressions is, and how many places an outcome has.
    """

    rows: Any
    ops: Any
    table: Any
    spots: Any
    expressions: Any
    clbits: Any
    numbers: Any
    readings: Any
    places: Any
    initial: Any
    sizes: Any


def flat_program(
    block: Block,
    num_qubits: int,
    num_clbits: int,
    variables: Sequence[Any],
    shown: Sequence[int],
    real: Any,
    fresh: bool,
) -> Flat:
    """Return a program as flat rows.

    Parameters
    ----------
    block : Block
        The whole program.
    num_qubits, num_clbits : int
    variables : sequence of qdock.operations.Variable
    shown : sequence of int
        Clbits that results show, in order.
    real : dtype
        Of amplitudes' parts.
    fresh : bool
        Whether all qubits are 0 at first.

    Raises
    ------
    Unsupported
        If there is something that compiled code does not do.
    """
    writer = _Writer(num_qubits, variables, real, fresh)
    writer.block(block, None)
    places = np.full(num_clbits, -1, np.int64)
    places[list(shown)] = np.arange(len(shown))
    return writer.finish(places, len(shown))


class _Loop:
    """Where the jumps of a loop go: `head` is known; rows that leave it are filled in at its end."""

    def __init__(self, head: int) -> None:
        self.head = head
        self.leaving: list[tuple[int, int]] = []


class _Writer:
    """Writes rows block by block."""

    def __init__(self, num_qubits: int, variables: Sequence[Any], real: Any, fresh: bool) -> None:
        self.rows: list[list[int]] = []
        self.segments = Segments(num_qubits, real)
        self.numbers: list[int] = []
        self.readings: list[tuple[int, int]] = []
        self.initial: list[int] = []
        self.fresh = fresh
        self.num_gates = 0
        self.ends: list[tuple[int, int]] = []
        self.slots: dict[str, int] = {}
        for variable in variables:
            wrapping(variable.var.type)
            self.slots[variable.var.name] = self.values(int(variable.initial))
        self.postfix = Postfix(self.slots)

    def values(self, *initial: int) -> int:
        """Take places among the values of a branch, and return the first one."""
        self.initial += initial
        return len(self.initial) - len(initial)

    def row(self, kind: int, *columns: int) -> int:
        """Append a row, and return its number."""
        self.rows.append([kind, *columns, *(0,) * (_WIDTH - 1 - len(columns))])
        return len(self.rows) - 1

    def lands_here(self, jumps: Sequence[tuple[int, int]]) -> None:
        """Fill in the next row as the goal of jumps."""
        for number, column in jumps:
            self.rows[number][column] = len(self.rows)

    def finish(self, places: Any, num_places: int) -> Flat:
        self.lands_here(self.ends)
        ops, table, spots = self.segments.finish()
        readings = [(qubit, places[clbit]) for qubit, clbit in self.readings]
        return Flat(
            np.array(self.rows, np.int64).reshape(-1, _WIDTH),
            ops,
            table,
            spots,
            np.array(self.postfix.rows, np.int64).reshape(-1, 3),
            np.array(self.postfix.clbits, np.int64),
            np.array(self.numbers, np.int64),
            np.array(readings, np.int64).reshape(-1, 2),
            places,
            np.array(self.initial, np.int64),
            np.array([self.postfix.depth, num_places], np.int64),
        )

    # --- blocks and steps

    def block(self, block: Block, loop: _Loop | None) -> None:
        if isinstance(block.phase, Expr):
            raise Unsupported("a phase that is computed at run time")
        for step in block.steps:
            write = _STEPS.get(step.kind)
            if write is None:
                raise Unsupported(str(step.kind))
            write(self, step, loop)

    def gates(self, step: Step, _: _Loop | None) -> None:
        gates: Gates = step.detail
        known = ready(gates.circuit)
        if gates.offset or any(gates.start <= index < gates.stop for index in known.large):
            raise Unsupported("large gates")
        self.num_gates += len(gates)
        if self.num_gates > _MOST_GATES:
            raise Unsupported("many gates")
        # What stands first runs once; a later row may be in a loop.
        fresh = self.fresh and not self.rows
        self.row(Kind.GATES, *self.segments.add(known.addresses, gates.start, gates.stop, fresh))
        if self.segments.num_coefficients > _MOST_COEFFICIENTS:
            raise Unsupported("large matrices")

    def measure(self, step: Step, _: _Loop | None) -> None:
        self.row(Kind.MEASURE, step.qubits[0], step.clbits[0])

    def reset(self, step: Step, _: _Loop | None) -> None:
        self.row(Kind.RESET, step.qubits[0])

    def read_last(self, step: Step, _: _Loop | None) -> None:
        self.readings.append((step.qubits[0], step.clbits[0]))
        self.row(Kind.READ)

    def assign(self, step: Step, _: _Loop | None) -> None:
        detail: Assign = step.detail
        begin, end = self.postfix.add(detail.value)
        if isinstance(detail.target, Var):
            self.row(Kind.SET, begin, end, self._slot(detail.target))
            return
        indices = (detail.target.index,) if isinstance(detail.target, Bit) else detail.target.indices
        assert isinstance(detail.target, (Bit, Bits))
        self.postfix.clbits += indices
        self.row(Kind.SET_BITS, begin, end, len(self.postfix.clbits) - len(indices), len(indices))

    def choice(self, step: Step, loop: _Loop | None) -> None:
        flow: Flow = step.detail
        over = [(self.row(Kind.UNLESS, *self.postfix.add(flow.detail.condition)), 3)]
        self.block(flow.blocks[0], loop)
        if len(flow.blocks) > 1:
            out = [(self.row(Kind.JUMP), 1)]
            self.lands_here(over)
            self.block(flow.blocks[1], loop)
            over = out
        self.lands_here(over)

    def switch(self, step: Step, loop: _Loop | None) -> None:
        flow: Flow = step.detail
        value = self.values(0)
        self.row(Kind.SET, *self.postfix.add(flow.detail.target), value)
        goals = [
            [(self.row(Kind.CASE, value, number), 3) for number in numbers if -_MOST <= number <= _MOST]
            for numbers, _ in flow.detail.cases
        ]
        leaving = []
        if flow.detail.default is not None:
            self.block(flow.blocks[-1], loop)
        leaving.append((self.row(Kind.JUMP), 1))
        for goal, block in zip(goals, flow.blocks, strict=False):
            self.lands_here(goal)
            self.block(block, loop)
            leaving.append((self.row(Kind.JUMP), 1))
        self.lands_here(leaving)

    # --- loops

    def while_loop(self, step: Step, _: _Loop | None) -> None:
        flow: Flow = step.detail
        loop = _Loop(len(self.rows))
        loop.leaving.append((self.row(Kind.UNLESS, *self.postfix.add(flow.detail.condition)), 3))
        self.row(Kind.ROUND)
        self._body(loop, flow.blocks[0])

    def for_loop(self, step: Step, _: _Loop | None) -> None:
        flow: Flow = step.detail
        variable, values = flow.detail.variable, flow.detail.values
        slot = self.values(*(0,) * _LOOP_VALUES)
        if isinstance(values, Range):
            bounds = self.values(0, 0, 0)
            for place, bound in enumerate((values.start, values.stop, values.step)):
                self.row(Kind.SET, *self.postfix.add(bound), bounds + place)
            self.row(Kind.FOR_RANGE, slot, bounds)
        else:
            self.row(Kind.FOR, slot, len(self.numbers), len(values))
            self.numbers += [0 if variable is None else self._number(value, variable) for value in values]
        loop = _Loop(len(self.rows))
        columns = (-1,) if variable is None else (self._slot(variable), *wrapping(variable.type))
        loop.leaving.append((self.row(Kind.NEXT, slot, 0, *columns), 2))
        self._body(loop, flow.blocks[0])

    def _body(self, loop: _Loop, block: Block) -> None:
        self.block(block, loop)
        self.row(Kind.JUMP, loop.head)
        self.lands_here(loop.leaving)

    def leave(self, _: Step, loop: _Loop | None) -> None:
        if loop is None:
            raise Unsupported("a jump outside of any loop")
        loop.leaving.append((self.row(Kind.JUMP), 1))

    def again(self, _: Step, loop: _Loop | None) -> None:
        if loop is None:
            raise Unsupported("a jump outside of any loop")
        self.row(Kind.JUMP, loop.head)

    def end(self, _: Step, __: _Loop | None) -> None:
        self.ends.append((self.row(Kind.JUMP), 1))

    def _slot(self, variable: Var) -> int:
        if variable.name not in self.slots:
            raise Unsupported(variable.name)
        return self.slots[variable.name]

    def _number(self, value: Any, variable: Var) -> int:
        wrapping(variable.type)
        found = cast(value, variable.type)
        return int(found.value if isinstance(found, Const) else evaluate(found))


_STEPS: dict[int, Callable[[_Writer, Step, _Loop | None], None]] = {
    GATES: _Writer.gates,
    READ_LAST: _Writer.read_last,
    Code.MEASURE: _Writer.measure,
    Code.RESET: _Writer.reset,
    Code.ASSIGN: _Writer.assign,
    Code.IF: _Writer.choice,
    Code.SWITCH: _Writer.switch,
    Code.WHILE: _Writer.while_loop,
    Code.FOR: _Writer.for_loop,
    Code.BREAK: _Writer.leave,
    Code.CONTINUE: _Writer.again,
    Code.END: _Writer.end,
}
