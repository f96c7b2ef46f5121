"""A circuit as text: a line for each qubit and classical register, time from left to right."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from qdock import circuit_facts
from qdock.expr import Expr
from qdock.gates import GATES
from qdock.operations import Assign, For, If, Modifier, Operation, Range, Switch, While

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["draw"]

_TARGETS = dict.fromkeys(("x", "cx", "CX", "ccx", "c3x", "c4x"), "⊕") | {
    "cz": "●",
    "ccz": "●",
    "swap": "×",
    "cswap": "×",
    "c3sqrtx": "sx",
}


def draw(circuit: Circuit, width: int | None = None) -> str:
    """Return a drawing of a circuit and, below it, of the blocks that its control flow runs.

    Parameters
    ----------
    circuit : Circuit
    width : int, optional
        Fold the drawing at that many characters. None: one line a wire, however long.
    """
    return "\n".join(_lines(circuit, width, set(range(circuit.num_qubits)) | {-1}))


def _lines(circuit: Circuit, width: int | None, shown: set[int]) -> list[str]:
    sheet = _Sheet(circuit)
    for operation in circuit:
        sheet.add(operation)
    lines = sheet.lines(width, shown)
    for title, block in sheet.blocks:
        lines.append(title)
        if block is not None:
            qubits, clbits = circuit_facts.bits_used(block)
            inner = _lines(block, None if width is None else width - 4, set(qubits) | ({-1} if clbits else set()))
            lines += [f"    {line}".rstrip() for line in inner]
    return lines


@dataclass
class _Column:
    """What stands in one column of the drawing: symbols on wires, links between them, notes below."""

    symbols: dict[int, str] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return max((len(text) for text in (*self.symbols.values(), *self.notes.values())), default=1)


class _Sheet:
    """A drawing while operations are added: each goes to the first column in which its wires are free."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._creg_row: dict[int, tuple[int, int]] = {}
        self._labels = [f"{register.name}[{place}]" for register in circuit.qregs for place in range(register.size)]
        for register in circuit.cregs:
            for clbit in register:
                self._creg_row[clbit] = (len(self._labels), clbit - register.start)
            self._labels.append(f"{register.name}/{register.size}")
        self._columns: list[_Column] = []
        self._free = [0] * len(self._labels)
        self.blocks: list[tuple[str, Circuit | None]] = []

    def add(self, operation: Operation) -> None:
        """Place an operation."""
        symbols = self._symbols(operation)
        clbits = self._clbits(operation)
        rows = [*symbols, *(self._creg_row[clbit][0] for clbit in clbits)]
        if not rows:
            return
        first, last = min(rows), max(rows)
        place = max(self._free[first : last + 1])
        while len(self._columns) <= place:
            self._columns.append(_Column())
        column = self._columns[place]
        self._link(column, first, last, self._circuit.num_qubits)
        column.symbols.update(symbols)
        for clbit in clbits:
            row, index = self._creg_row[clbit]
            column.symbols[row] = "╩" if operation.name in ("measure", "assign") else "●"
            column.notes[row] = f"{column.notes[row]},{index}" if row in column.notes else str(index)
        self._free[first : last + 1] = [place + 1] * (last + 1 - first)

    def _link(self, column: _Column, first: int, last: int, num_qubits: int) -> None:
        classical = last >= num_qubits
        for row in range(first, last):
            column.links[row] = "║" if classical else "│"
            if row > first:
                column.symbols[row] = ("╫" if classical else "┼") if row < num_qubits else "╬"

    def _clbits(self, operation: Operation) -> list[int]:
        clbits = set(operation.clbits)
        for param in operation.params:
            if isinstance(param, Expr):
                clbits |= param.bits
        return sorted(clbits | circuit_facts.detail_bits(operation.detail)[1])

    def _symbols(self, operation: Operation) -> dict[int, str]:
        """Return what stands on each qubit's wire."""
        if operation.detail is not None and (operation.detail.blocks or isinstance(operation.detail, Assign)):
            return self._note(operation)
        if operation.name in ("measure", "reset", "barrier"):
            return dict.fromkeys(operation.qubits, {"measure": "M", "reset": "|0>", "barrier": "░"}[operation.name])
        return _gate_symbols(operation)

    def _note(self, operation: Operation) -> dict[int, str]:
        """Return a numbered mark for an operation that is told in words below the drawing."""
        number = sum(1 for title, _ in self.blocks if title.startswith("[")) + 1
        mark = f"[{number}]"
        titles = _titles(operation.detail)
        blocks = operation.blocks or (None,)
        for position, (title, block) in enumerate(zip(titles, blocks, strict=True)):
            self.blocks.append((f"{mark} {title}" if position == 0 else f"{' ' * len(mark)} {title}", block))
        qubits = circuit_facts.detail_bits(operation.detail)[0]
        return dict.fromkeys(sorted(qubits) or [0] if self._circuit.num_qubits else [], mark)

    def lines(self, width: int | None, shown: set[int]) -> list[str]:
        """Return the drawing, folded at `width`; of the wires those `shown`, where -1 stands for all registers."""
        margin = max((len(label) for label in self._labels), default=0)
        banks = self._banks(None if width is None else max(width - margin - 4, 1))
        drawn = [line for bank in banks for line in [*self._bank(bank, margin, shown), ""]]
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

    def _bank(self, columns: list[_Column], margin: int, shown: set[int]) -> list[str]:
        lines = []
        for row, label in enumerate(self._labels):
            quantum = row < self._circuit.num_qubits
            if (row if quantum else -1) not in shown:
                continue
            wire = "─" if quantum else "═"
            cells = [column.symbols.get(row, wire).center(column.width, wire) for column in columns]
            below = [(column.links.get(row) or column.notes.get(row, "")).center(column.width) for column in columns]
            lines.append(f"{label:>{margin}}: {wire}{(wire * 2).join(cells)}{wire}")
            lines.append((" " * (margin + 3) + "  ".join(below)).rstrip())
        return [line for index, line in enumerate(lines) if line or index % 2 == 0]


def _gate_symbols(operation: Operation) -> dict[int, str]:
    if operation.name == "delay":
        return dict.fromkeys(operation.qubits, f"delay({_angle(operation.params[0])})")
    if operation.name not in GATES and not isinstance(operation.detail, Modifier):
        return {0: operation.name}
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
        return str(value)
    part = Fraction(value / math.pi).limit_denominator(64)
    if part == 0 or abs(float(part) * math.pi - value) > 1e-12 * abs(value):
        return f"{value:.4g}"
    top = {1: "π", -1: "-π"}.get(part.numerator, f"{part.numerator}π")
    return top if part.denominator == 1 else f"{top}/{part.denominator}"


def _titles(detail: Any) -> list[str]:
    """Return a line for each block of a control-flow operation."""
    if isinstance(detail, If):
        return [f"if {detail.condition}:", "else:"][: len(detail.blocks)]
    if isinstance(detail, While):
        return [f"while {detail.condition}:"]
    if isinstance(detail, For):
        return [f"for {'_' if detail.variable is None else detail.variable} in {_values(detail)}:"]
    if isinstance(detail, Switch):
        cases = [f"case {', '.join(map(str, values))}:" for values, _ in detail.cases]
        lines = [*cases, *([] if detail.default is None else ["default:"])]
        return [f"switch {detail.target} {lines[0]}", *lines[1:]] if lines else []
    return [f"{detail.target} = {detail.value}"]


def _values(detail: For) -> str:
    if isinstance(detail.values, Range):
        return f"range({detail.values.start}, {detail.values.stop}, {detail.values.step})"
    return f"{{{', '.join(map(str, detail.values))}}}"
