"""What a program is lowered to before all its registers are known: blocks of operations, then the circuit.

A plain operation is a tuple ``(code, qubits, clbits, params)`` with the codes of `qdock.operations`, so that a
hundred thousand of them become columns at once; what needs more is an object that appends itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qdock import expr as ex
from qdock.circuit import Circuit, Range
from qdock.expr import Expr, Type, Var
from qdock.gates import Gate
from qdock.operations import Code
from qdock_openqasm.bulk import Columns, append_columns, append_each, append_repeated, append_rows

__all__ = [
    "AssignOp",
    "Block",
    "BroadcastOp",
    "ColumnsOp",
    "DelayOp",
    "EachOp",
    "ForOp",
    "GateOp",
    "IfOp",
    "JumpOp",
    "Layout",
    "Op",
    "RepeatOp",
    "Row",
    "SwitchOp",
    "WhileOp",
    "build",
]

#: A gate of the table with numbers as angles, a measurement, a reset or a barrier.
Row = tuple[int, Sequence[int], Sequence[int], Sequence[float]]


class Op:
    """An operation that is no row; the qubits of physical ones are negative until `place` has put them."""

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        raise NotImplementedError


def exact_sum(angles: Sequence[float | Expr]) -> float | Expr:
    """Return the sum of angles; numbers are added without rounding in between."""
    total: float | Expr = math.fsum(angle for angle in angles if not isinstance(angle, Expr))
    for angle in angles:
        if isinstance(angle, Expr):
            total = angle + total if isinstance(total, Expr) or total else angle
    return total


Place = Callable[[Iterable[int]], list[int]]


@dataclass
class Block:
    """Operations in order, and the global phases they add."""

    ops: list[Row | Op] = field(default_factory=list)
    phases: list[float | Expr] = field(default_factory=list)

    def phase(self) -> float | Expr:
        """Return the sum of the phases; numbers are added exactly, so that what cancels leaves nothing."""
        return exact_sum(self.phases)


@dataclass(frozen=True)
class ColumnsOp(Op):
    """Very many rows at once, on some qubits of the program."""

    columns: Columns
    qubits: Sequence[int]

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        append_columns(circuit, self.columns.on(place(self.qubits)))


@dataclass(frozen=True)
class BroadcastOp(Op):
    """The same rows on each of very many sets of qubits; `make_sets` makes them, an (n, qubits) int32 array."""

    columns: Columns
    make_sets: Callable[[], Any]

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        append_columns(circuit, self.columns.on_each(self.make_sets()))


@dataclass(frozen=True)
class RepeatOp(Op):
    """Operations that follow each other again and again."""

    ops: list[Row | Op]
    count: int

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        rows = [op for op in self.ops if type(op) is tuple and op[0] != Code.BARRIER]
        if len(rows) == len(self.ops):
            append_repeated(circuit, rows, place, self.count)
        else:
            _fill(circuit, Block(self.ops * self.count), place, moved=True)


@dataclass(frozen=True)
class EachOp(Op):
    """A measurement or reset of each of very many qubits."""

    code: int
    qubits: Sequence[int]
    clbits: Sequence[int] = ()

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        append_each(circuit, self.code, place(self.qubits), self.clbits)


@dataclass(frozen=True)
class GateOp(Op):
    """A gate with modifiers, or with angles that are not known yet."""

    gate: Gate
    qubits: Sequence[int]

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        circuit.append(self.gate, place(self.qubits))


@dataclass(frozen=True)
class DelayOp(Op):
    """A delay on several qubits."""

    duration: float
    unit: str
    qubits: Sequence[int]

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        circuit.delay(self.duration, place(self.qubits), self.unit)


@dataclass(frozen=True)
class AssignOp(Op):
    """An assignment to a variable or to clbits."""

    target: Any
    value: Expr

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        circuit.assign(self.target, self.value)


@dataclass(frozen=True)
class IfOp(Op):
    """A branch."""

    condition: Expr
    then: Block
    otherwise: Block | None = None

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        otherwise = None if self.otherwise is None else _block(circuit, self.otherwise, place)
        circuit.if_(self.condition, _block(circuit, self.then, place), otherwise)


@dataclass(frozen=True)
class WhileOp(Op):
    """A loop on a condition."""

    condition: Expr
    body: Block

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        circuit.while_(self.condition, _block(circuit, self.body, place))


@dataclass(frozen=True)
class ForOp(Op):
    """A loop over values known when it begins to run."""

    variable: Var | None
    values: Range | Sequence[int]
    body: Block

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        circuit.for_(self.variable, self.values, _block(circuit, self.body, place))


@dataclass(frozen=True)
class SwitchOp(Op):
    """A choice by a whole number."""

    target: Expr
    cases: dict[tuple[int, ...], Block]
    default: Block | None = None

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        default = None if self.default is None else _block(circuit, self.default, place)
        cases: dict[int | tuple[int, ...], Circuit] = {
            values: _block(circuit, block, place) for values, block in self.cases.items()
        }
        circuit.switch(self.target, cases, default)


_JUMPS: dict[Code, Callable[[Circuit], Any]] = {
    Code.BREAK: Circuit.break_,
    Code.CONTINUE: Circuit.continue_,
    Code.END: Circuit.end,
}


@dataclass(frozen=True)
class JumpOp(Op):
    """``break``, ``continue`` or ``end``."""

    code: Code

    def append(self, circuit: Circuit, place: Place) -> None:
        """Append this operation to a circuit."""
        _JUMPS[self.code](circuit)


# --- to a circuit


@dataclass
class Layout:
    """The bits and variables of a program, in order of declaration."""

    qregs: list[tuple[str, int]] = field(default_factory=list)
    cregs: list[tuple[str, int, bool]] = field(default_factory=list)
    variables: list[tuple[str, Type, Any]] = field(default_factory=list)
    num_physical: int = 0


def build(block: Block, layout: Layout, name: str = "circuit") -> Circuit:
    """Return the circuit of a whole program."""
    circuit = Circuit(name=name)
    for register, size in layout.qregs:
        circuit.add_qreg(register, size)
    first_physical = circuit.num_qubits
    if layout.num_physical:
        circuit.add_qreg(_free("physical", layout), layout.num_physical)
    for register, size, output in layout.cregs:
        circuit.add_creg(register, size, output)
    for variable, kind, initial in layout.variables:
        circuit.add_var(variable, kind, ex.Const(initial, kind) if initial else 0)

    def place(qubits: Iterable[int]) -> list[int]:
        return [qubit if qubit >= 0 else first_physical - qubit - 1 for qubit in qubits]

    _fill(circuit, block, place, bool(layout.num_physical))
    return circuit


def _free(name: str, layout: Layout) -> str:
    taken = {item[0] for rows in (layout.qregs, layout.cregs, layout.variables) for item in rows}
    while name in taken:
        name += "_"
    return name


def _block(circuit: Circuit, block: Block, place: Place) -> Circuit:
    inner = circuit.block()
    _fill(inner, block, place, moved=True)
    return inner


def _fill(circuit: Circuit, block: Block, place: Place, moved: bool) -> None:
    """Append a block's operations, each run of plain ones at once."""
    rows: list[Row] = []
    for op in block.ops:
        if type(op) is tuple:
            rows.append(op)
            continue
        if rows:
            append_rows(circuit, rows, place if moved else None)
            rows = []
        assert isinstance(op, Op)
        op.append(circuit, place)
    if rows:
        append_rows(circuit, rows, place if moved else None)
    phase = block.phase()
    if isinstance(phase, Expr) or phase:
        circuit.global_phase = phase
