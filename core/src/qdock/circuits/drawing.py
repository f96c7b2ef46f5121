"""A circuit as text: a line for each qubit and classical register, time from left to right."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from qdock.circuits import circuit_facts
from qdock.errors import CircuitError
from qdock.expr import Const, Expr
from qdock.expressions.arithmetic import shown, whole
from qdock.gates import GATES
from qdock.operations import Assign, Code, Delay, For, If, Modifier, Operation, Range, Register, Switch, While

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["draw"]

#: A circuit with more qubits is drawn without those that nothing happens to.
MANY_QUBITS = 64
MAX_NAME, MAX_ANGLE = 20, 32

_TARGETS = dict.fromkeys(("x", "cx", "CX", "ccx", "c3x", "c4x"), "⊕") | {
    "cz": "●",
    "ccz": "●",
    "swap": "×",
    "cswap": "×",
    "c3sqrtx": "sx",
}
_JUMPS = frozenset(code.name.lower() for code in (Code.BREAK, Code.CONTINUE, Code.END))


def draw(circuit: Circuit, width: int | None = None) -> str:
    """Return a drawing of a circuit and, below it, of the blocks that its control flow runs.

    Parameters
    ----------
    circuit : Circuit
    width : int, optional
        Fold the drawing at that many characters. None: one line a wire, however long.

    Raises
    ------
    CircuitError
        If the width is no whole number.
    """
    if width is not None and whole(width) is None:
        raise CircuitError(
            f"A drawing is a text, folded at a number of characters, but its width was given as {shown(width)}."
        )
    qubits: Iterable[int] = range(circuit.num_qubits)
    idle = 0
    if circuit.num_qubits > MANY_QUBITS:
        qubits = sorted(circuit_facts.bits_used(circuit)[0])
        idle = circuit.num_qubits - len(qubits)
    lines = _lines(circuit, width, qubits, circuit.cregs)
    return "\n".join([*lines, *([f"({idle} qubits that nothing happens to are left out)"] if idle else [])])


def _lines(circuit: Circuit, width: int | None, qubits: Iterable[int], cregs: Iterable[Register]) -> list[str]:
    sheet = _Sheet(circuit, qubits, cregs)
    for operation in circuit:
        sheet.add(operation)
    phase = circuit.global_phase
    lines = [f"global phase: {_angle(phase)}"] if isinstance(phase, Expr) or phase else []
    lines += sheet.lines(width)
    for note in sheet.notes:
        lines += note.lines(width)
    return lines


def _block_lines(block: Circuit, width: int | None) -> list[str]:
    """Return the drawing of a block, with the wires that it touches."""
    qubits, clbits = circuit_facts.bits_used(block)
    cregs = [register for register in block.cregs if any(clbit in register for clbit in clbits)]
    return _lines(block, width, sorted(qubits), cregs) or ["(nothing)"]


@dataclass
class _Note:
    """An operation that is told in words below the drawing: its mark there, and titles with their blocks."""

    mark: str
    parts: list[tuple[str, Circuit | None]]

    def lines(self, width: int | None) -> list[str]:
        """Return the titles, each with its block drawn below it."""
        lines = []
        for place, (title, block) in enumerate(self.parts):
            lines.append(f"{self.mark if place == 0 else ' ' * len(self.mark)}{title}")
            if block is not None:
                indent = " " * (len(self.mark) + 4)
                inner = _block_lines(block, None if width is None else width - len(indent))
                lines += [f"{indent}{line}".rstrip() for line in inner]
        return lines


@dataclass
class _Column:
    """What stands in one column of the drawing: symbols on wires, links between them, numbers of clbits below."""

    symbols: dict[int, str] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return max((len(text) for text in (*self.symbols.values(), *self.numbers.values())), default=1)


class _Sheet:
    """A drawing while operations are added: each goes to the first column in which its wires are free."""

    def __init__(self, circuit: Circuit, qubits: Iterable[int], cregs: Iterable[Register]) -> None:
        qregs, self._cregs = circuit.qregs, list(cregs)
        # A register without bits begins where the next one does; bisection finds the last of them, which has some.
        starts = [register.start for register in qregs]
        self._creg_starts = [register.start for register in self._cregs]
        self._qubit_rows = {qubit: row for row, qubit in enumerate(qubits)}
        homes = ((qregs[bisect_right(starts, qubit) - 1], qubit) for qubit in self._qubit_rows)
        self._labels = [f"{_short(register.name, MAX_NAME)}[{qubit - register.start}]" for register, qubit in homes]
        self._labels += [f"{_short(register.name, MAX_NAME)}/{register.size}" for register in self._cregs]
        self._columns: list[_Column] = []
        self._free = [0] * len(self._labels)
        self.notes: list[_Note] = []

    def add(self, operation: Operation) -> None:
        """Place an operation."""
        flow = _is_flow(operation)
        symbols = self._flow_symbols(operation) if flow else self._symbols(operation)
        clbits = [self._creg_place(clbit) for clbit in _clbits(operation)]
        rows = [*symbols, *(row for row, _ in clbits)]
        if not rows:
            return
        first, last = min(rows), max(rows)
        # What decides which way the circuit goes comes after all that is drawn before it, and before all after it.
        taken = slice(0, None) if flow else slice(first, last + 1)
        place = max(self._free[taken])
        self._free[taken] = [place + 1] * len(self._free[taken])
        column = self._column(place)
        self._link(column, first, last)
        column.symbols.update(symbols)
        for row, index in clbits:
            column.symbols[row] = "╩" if operation.name in ("measure", "assign") else "●"
            column.numbers[row] = f"{column.numbers[row]},{index}" if row in column.numbers else str(index)

    def _column(self, place: int) -> _Column:
        while len(self._columns) <= place:
            self._columns.append(_Column())
        return self._columns[place]

    def _creg_place(self, clbit: int) -> tuple[int, int]:
        """Return the row of a clbit's register, and the clbit's number in it."""
        row = bisect_right(self._creg_starts, clbit) - 1
        return len(self._qubit_rows) + row, clbit - self._creg_starts[row]

    def _link(self, column: _Column, first: int, last: int) -> None:
        num_qubits = len(self._qubit_rows)
        classical = last >= num_qubits
        for row in range(first, last):
            column.links[row] = "║" if classical else "│"
            if row > first:
                column.symbols[row] = ("╫" if classical else "┼") if row < num_qubits else "╬"

    def _symbols(self, operation: Operation) -> dict[int, str]:
        """Return what stands on each qubit's wire."""
        if operation.name in _PLAIN:
            return {self._qubit_rows[qubit]: _PLAIN[operation.name] for qubit in operation.qubits}
        if isinstance(operation.detail, Delay):
            text = f"delay({_angle(operation.params[0])} {operation.detail.unit})"
            return {self._qubit_rows[qubit]: text for qubit in operation.qubits}
        return {self._qubit_rows[qubit]: text for qubit, text in _gate_symbols(operation).items()}

    def _flow_symbols(self, operation: Operation) -> dict[int, str]:
        """Return the mark of an operation that is told in words below the drawing, on the wires that it touches."""
        mark = operation.name
        if operation.name not in _JUMPS:
            mark = f"[{len(self.notes) + 1}]"
            self.notes.append(_Note(f"{mark} ", _parts(operation.detail)))
        elif not self._qubit_rows:
            self.notes.append(_Note("", [(mark, None)]))
        rows = sorted(self._qubit_rows[qubit] for qubit in circuit_facts.detail_bits(operation.detail)[0])
        return dict.fromkeys(rows or range(min(1, len(self._qubit_rows))), mark)

    def lines(self, width: int | None) -> list[str]:
        """Return the drawing, folded at `width`."""
        margin = max((len(label) for label in self._labels), default=0)
        banks = self._banks(None if width is None else max(width - margin - 4, 1))
        drawn = [line for bank in banks for line in [*self._bank(bank, margin), ""]]
        while drawn and not drawn[-1]:
            drawn.pop()
        return drawn

    def _banks(self, room: int | None) -> list[list[_Column]]:
        banks: list[list[_Column]] = [[]]
        used = 0
        for column in self._columns:
            if room is not None and banks[-1] and used + column.width + 2 > room:
                banks.append([])
                used = 0
            banks[-1].append(column)
            used += column.width + 2
        return banks

    def _bank(self, columns: list[_Column], margin: int) -> list[str]:
        lines = []
        for row, label in enumerate(self._labels):
            wire = "─" if row < len(self._qubit_rows) else "═"
            cells = [column.symbols.get(row, wire).center(column.width, wire) for column in columns]
            below = [(column.links.get(row) or column.numbers.get(row, "")).center(column.width) for column in columns]
            lines.append(f"{label:>{margin}}: {wire}{(wire * 2).join(cells)}{wire}")
            lines.append((" " * (margin + 3) + "  ".join(below)).rstrip())
        return [line for index, line in enumerate(lines) if line or index % 2 == 0]


# --- symbols

_PLAIN = {"measure": "M", "reset": "|0>", "barrier": "░"}


def _is_flow(operation: Operation) -> bool:
    return operation.name in _JUMPS or isinstance(operation.detail, (Assign, If, While, For, Switch))


def _clbits(operation: Operation) -> list[int]:
    clbits = set(operation.clbits)
    for param in operation.params:
        if isinstance(param, Expr):
            clbits |= param.bits
    return sorted(clbits | circuit_facts.detail_bits(operation.detail)[1])


def _gate_symbols(operation: Operation) -> dict[int, str]:
    added = operation.detail.controls if isinstance(operation.detail, Modifier) else ()
    name = operation.detail.name if isinstance(operation.detail, Modifier) else operation.name
    own = GATES[name].num_controls if name in GATES else 0
    states = [*added, *([1] * own)]
    symbols = {qubit: "●" if bit else "○" for qubit, bit in zip(operation.qubits, states, strict=False)}
    targets = operation.qubits[len(states) :]
    text = _target_text(operation, name, own, bool(states))
    for place, qubit in enumerate(targets):
        marked = len(targets) > 1 and text != "×"
        symbols[qubit] = f"{text}:{place}" if marked else text
    return symbols


def _target_text(operation: Operation, name: str, own: int, controlled: bool) -> str:
    text = _TARGETS.get(name, name[own:]) if controlled or name == "swap" else name
    if operation.params:
        text += f"({', '.join(_angle(param) for param in operation.params)})"
    power = operation.detail.power if isinstance(operation.detail, Modifier) else 1
    return text if power == 1 else f"{text}^{power:g}"


def _angle(value: float | Expr) -> str:
    """Return an angle as a fraction of pi where it is one."""
    if isinstance(value, Expr):
        return _short(str(value), MAX_ANGLE)
    part = Fraction(value / math.pi).limit_denominator(64)
    if not 0 < abs(part.numerator) < 1000 or abs(float(part) * math.pi - value) > 1e-12 * abs(value):
        return f"{value:.4g}"
    top = {1: "π", -1: "-π"}.get(part.numerator, f"{part.numerator}π")
    return top if part.denominator == 1 else f"{top}/{part.denominator}"


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


# --- words


def _parts(detail: Any) -> list[tuple[str, Circuit | None]]:
    """Return a title for each block of a control-flow operation, or what an assignment says."""
    if isinstance(detail, If):
        return list(zip((f"if {detail.condition}:", "else:"), detail.blocks, strict=False))
    if isinstance(detail, While):
        return [(f"while {detail.condition}:", detail.body)]
    if isinstance(detail, For):
        return [(f"for {'_' if detail.variable is None else detail.variable} in {_values(detail)}:", detail.body)]
    if isinstance(detail, Switch):
        cases = [f"  case {', '.join(map(str, values))}:" for values, _ in detail.cases]
        return [(f"switch {detail.target}:", None), *zip([*cases, "  default:"], detail.blocks, strict=False)]
    return [(f"{detail.target} = {detail.value}", None)]


def _values(detail: For) -> str:
    if not isinstance(detail.values, Range):
        return f"{{{', '.join(map(str, detail.values)).lower()}}}"
    bounds = [detail.values.start, detail.values.stop, detail.values.step]
    if isinstance(bounds[2], Const) and bounds[2].value == 1:
        bounds.pop()
        if isinstance(bounds[0], Const) and bounds[0].value == 0:
            bounds.pop(0)
    return f"range({', '.join(map(str, bounds))})"
