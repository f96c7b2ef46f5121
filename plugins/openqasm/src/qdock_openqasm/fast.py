"""The fast path: runs of plain statements, read without the parser.

Plain are calls of gates on qubits and registers with numbers for angles, measurements, resets and barriers at the top
level, declarations of qubits and bits, and the libraries of the language. An operation is looked up by its text first,
then read by one regular expression; whatever does not fit, or is wrong in any way, is left to the parser. The result
is the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from qdock.operations import Code
from qdock_openqasm.errors import Fault, Position
from qdock_openqasm.ir import Row
from qdock_openqasm.memory import Bits
from qdock_openqasm.program import Program
from qdock_openqasm.qubits import QubitsPart, broadcast
from qdock_openqasm.scope import BitsSymbol, GateSymbol, Qubits
from qdock_openqasm.sources import Origin, Source
from qdock_openqasm.templates import GateKind, RowGate
from qdock_openqasm.vocabulary import KEYWORDS

__all__ = ["FastPath"]

_MEASURE, _RESET, _BARRIER = int(Code.MEASURE), int(Code.RESET), int(Code.BARRIER)

_OPERAND = r"[A-Za-z_]\w*\s*(?:\[\s*\d{1,9}\s*\]\s*)?"
_CALL = re.compile(rf"\s*([A-Za-z_]\w*)(?:\s*\(([^()\[\]{{}}\"']*)\)\s*|\s+)({_OPERAND}(?:,\s*{_OPERAND})*)", re.ASCII)
_ARROW = re.compile(rf"\s*measure\s+({_OPERAND})->\s*({_OPERAND})", re.ASCII)
_ASSIGNED = re.compile(rf"\s*({_OPERAND})=\s*measure\s+({_OPERAND})", re.ASCII)
_ITEM = re.compile(r"([A-Za-z_]\w*)\s*(?:\[\s*(\d+)\s*\])?", re.ASCII)
_SIZE = r"\[\s*([1-9]\d{0,8})\s*\]"
_DECLARED = re.compile(
    rf"\s*(?:(qubit|bit)(?:\s*{_SIZE}\s*|\s+)([A-Za-z_]\w*)|(qreg|creg)\s+([A-Za-z_]\w*)\s*{_SIZE})\s*;", re.ASCII
)
_LIBRARY = re.compile(r"\s*include\s*\"(stdgates\.inc|qelib1\.inc)\"\s*;", re.ASCII)
_NUMBER = r"(?:\d{1,20}\.\d*|\.\d+|\d{1,20})(?:[eE][+-]?\d{1,5})?"
_ANGLE = re.compile(rf"\s*(-?)\s*({_NUMBER}|pi)\s*((?:[*/]\s*(?:{_NUMBER}|pi)\s*)*)", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,20}\.\d+", re.ASCII)
_FACTOR = re.compile(rf"([*/])\s*({_NUMBER}|pi)", re.ASCII)

#: A string, a comment, or the beginning of one over several lines.
_COMMENT = re.compile(r"\"[^\"\r\n]*\"|'[^'\r\n]*'|//[^\n]*|/\*")
#: Where text that looks like a comment may be something else.
_RAW_TEXT = re.compile(r"pragma|cal\b|@[^\W\d]|#")

_FIRST_WINDOW, _LAST_WINDOW = 2_048, 262_144
#: More operations than this for a statement, and it is not kept for the next time.
_SMALL = 64
_MEMO = 500_000
#: What acts on registers of more qubits than this becomes columns at once.
_WIDE = 1024

Rows = Sequence[Row]


class _Operands:
    """The operands of a call; `qubits` if all are single and different ones; `is_wide` if they are very many."""

    __slots__ = ("is_wide", "parts", "qubits")

    def __init__(self, parts: list[QubitsPart]) -> None:
        self.parts = parts
        self.is_wide = any(len(part.indices) > _WIDE for part in parts)
        self.qubits: tuple[int, ...] | None = None


class FastPath:
    """Runs plain statements of a source.

    Parameters
    ----------
    source : Source
        The source.
    program : Program
        What the statements add to.
    """

    def __init__(self, source: Source, program: Program) -> None:
        self._program = program
        self._source = source
        text = source.text
        self._text = text if _RAW_TEXT.search(text) else _without_comments(text)
        self._statements: dict[str, Rows] = {}
        self._angles: dict[str, tuple[float, ...]] = {}
        self._operands: dict[str, _Operands] = {}
        self._symbols = program.scopes.globals.symbols
        self._replacements = 0

    def run(self, position: int) -> int:
        """Run the plain statements from a position on; return where the first one that is not plain begins."""
        while True:
            begin = self._run_operations(position)
            position = self._run_declaration(begin)
            if position == begin:
                return position

    def _run_operations(self, position: int) -> int:
        if self._replacements != self._program.scopes.replacements:
            self._replacements = self._program.scopes.replacements
            self._statements.clear()
        window = _FIRST_WINDOW
        while True:
            end = self._text.rfind(";", position, position + window) + 1
            if end <= position:
                return position
            pieces = self._text[position:end].split(";")
            pieces.pop()
            done = self._run_pieces(pieces)
            if done < len(pieces):
                return position + done + sum(map(len, pieces[:done]))
            position = end
            window = min(window * 2, _LAST_WINDOW)

    def _run_pieces(self, pieces: list[str]) -> int:
        """Run statements up to the first one that is not plain, and return how many were."""
        memory = self._program.memory
        statements, ops = self._statements, memory.out.ops
        before = len(ops)
        done = 0
        for piece in pieces:
            rows = statements.get(piece)
            if rows is None:
                rows = self._read(piece)
                if rows is None:
                    break
                ops.extend(rows)
            else:
                ops += rows
            done += 1
        memory.charge(len(ops) - before)
        return done

    # --- declarations

    def _run_declaration(self, position: int) -> int:
        """Declare a register, a qubit, a bit or a library, and return what follows; the same position if it is none."""
        match = _LIBRARY.match(self._text, position)
        if match:
            self._program.add_library(match[1])
            return match.end()
        match = _DECLARED.match(self._text, position)
        if match is None:
            return position
        kind = match[1] or match[4]
        group, size = (3, match[2]) if match[1] else (5, match[6])
        name = match[group]
        if (self._program.version == 2 and match[1]) or name in KEYWORDS or self._is_taken(name):
            return position
        origin = Origin(self._source, match.start(group))
        span = Position(origin, origin.line, origin.column + 1, len(name))
        declare = self._declare_qubits if kind[0] == "q" else self._declare_bits
        return match.end() if declare(name, span, int(size) if size else None) else position

    def _is_taken(self, name: str) -> bool:
        """Whether a name is in use, or too long for one."""
        if len(name) > self._program.limits.identifier:
            return True
        return name in self._symbols or name in self._program.scopes.builtin.symbols

    def _declare_qubits(self, name: str, span: Position, size: int | None) -> bool:
        """Declare qubits, unless they are too many."""
        memory = self._program.memory
        if memory.num_qubits + (size or 1) > memory.limits.qubits:
            return False
        symbol = Qubits(name, span, is_register=size is not None)
        self._program.scopes.declare(symbol)
        symbol.indices = memory.add_qubits(name, size or 1)
        return True

    def _declare_bits(self, name: str, span: Position, size: int | None) -> bool:
        """Declare bits, unless they are too many."""
        memory = self._program.memory
        if memory.num_clbits + (size or 1) > memory.limits.clbits:
            return False
        bits = Bits(name, size or 1, size is not None)
        self._program.scopes.declare(BitsSymbol(name, span, bits=bits))
        bits.clbits = memory.add_clbits(name, bits.size, output=True)
        return True

    # --- statements

    def _read(self, piece: str) -> Rows | None:
        """Return the operations of a statement, or None if it is not plain or not right."""
        match = _CALL.fullmatch(piece)
        try:
            if match:
                return self._call(piece, *match.groups())
            match = _ARROW.fullmatch(piece)
            if match:
                return self._measured(match[1], match[2])
            match = _ASSIGNED.fullmatch(piece) if self._program.version == 3 else None
            return self._measured(match[2], match[1]) if match else None
        except Fault:
            return None

    def _call(self, piece: str, name: str, params: str | None, text: str) -> Rows | None:
        operands = self._operands.get(text) or self._parsed_operands(text)
        if operands is None or operands.is_wide:
            return None
        symbol = self._symbols.get(name) or self._program.scopes.builtin.symbols.get(name)
        if symbol is None:
            rows = _OTHERS[name](operands.parts) if params is None and name in _OTHERS else None
            self._keep(piece, rows)
            return rows
        angles = self._angles.get(params or "") or self._parsed_angles(params or "")
        if angles is None or not isinstance(symbol, GateSymbol):
            return None
        kind = symbol.gate
        if kind is None or len(angles) != kind.num_params or len(operands.parts) != kind.num_qubits:
            return None
        if not isinstance(kind, RowGate):
            return self._template(piece, kind, angles, operands)
        if operands.qubits is not None:
            rows = ((kind.code, operands.qubits, (), angles),)
        else:
            rows = [(kind.code, qubits, (), angles) for qubits in broadcast(operands.parts, "", None)]
        self._keep(piece, rows)
        return rows

    def _keep(self, piece: str, rows: Rows | None) -> None:
        if rows is not None and len(rows) <= _SMALL and len(self._statements) < _MEMO:
            self._statements[piece] = rows

    def _template(self, piece: str, kind: GateKind, angles: tuple[float, ...], operands: _Operands) -> Rows | None:
        """The operations of a gate that the program defines; kept only if they are all that a call does."""
        calls = list(broadcast(operands.parts, "", None))
        if kind.size * len(calls) > _LAST_WINDOW:
            return None
        flat = kind.flat(angles, self._program.limits)
        if not all(isinstance(what, int) for what, _, _ in flat.entries):
            return None
        rows = [
            (what, tuple([qubits[i] for i in own]), (), params)
            for qubits in calls
            for what, own, params in flat.entries
        ]
        if flat.phases:
            self._program.memory.out.phases.extend(flat.phases * len(calls))
        else:
            self._keep(piece, rows)  # type: ignore[arg-type] # codes, as tested
        return rows  # type: ignore[return-value] # codes, as tested

    def _measured(self, source: str, target: str) -> Rows | None:
        operands = self._operands.get(source) or self._parsed_operands(source)
        clbits = self._clbits(target)
        if operands is None or operands.is_wide or clbits is None or len(operands.parts[0].indices) != len(clbits):
            return None
        self._program.memory.measured(clbits)
        qubits = operands.parts[0].indices
        return [(_MEASURE, (qubit,), (clbit,), ()) for qubit, clbit in zip(qubits, clbits, strict=True)]

    # --- operands and angles

    def _parsed_operands(self, text: str) -> _Operands | None:
        parts = []
        for name, index in _ITEM.findall(text):
            symbol = self._symbols.get(name)
            if not isinstance(symbol, Qubits):
                return None
            if not index:
                parts.append(QubitsPart(symbol.indices, symbol.is_register))
            elif symbol.is_register and int(index) < len(symbol.indices):
                parts.append(QubitsPart((symbol.indices[int(index)],), False))
            else:
                return None
        operands = _Operands(parts)
        if not any(part.is_register for part in parts):
            qubits = tuple([part.indices[0] for part in parts])
            if len(set(qubits)) != len(qubits):
                return None
            operands.qubits = qubits
        self._operands[text] = operands
        return operands

    def _clbits(self, target: str) -> Sequence[int] | None:
        match = _ITEM.match(target)
        assert match is not None
        name, index = match.groups()
        symbol = self._symbols.get(name)
        if not isinstance(symbol, BitsSymbol) or symbol.bits.clbits is None:
            return None
        clbits = symbol.bits.clbits
        if index is None:
            return clbits
        return (clbits[int(index)],) if symbol.bits.is_register and int(index) < len(clbits) else None

    def _parsed_angles(self, params: str) -> tuple[float, ...] | None:
        if not params:
            return ()
        if _DECIMAL.fullmatch(params):
            angles: tuple[float, ...] = (float(params),)
        else:
            angles = tuple([_angle(text) for text in params.split(",")])
        if not all(map(math.isfinite, angles)):
            return None
        self._angles[params] = angles
        return angles


def _without_comments(text: str) -> str:
    """The text with spaces in place of its comments, up to one that has no end."""
    parts, done, position = [], 0, 0
    while match := _COMMENT.search(text, position):
        start, position = match.span()
        if match.group() == "/*":
            end = text.find("*/", position)
            if end < 0:
                break
            position = end + 2
        if text[start] == "/":
            parts += [text[done:start], " " * (position - start)]
            done = position
    return "".join([*parts, text[done:]])


def _barrier(parts: list[QubitsPart]) -> Rows:
    return ((_BARRIER, tuple(dict.fromkeys(index for part in parts for index in part.indices)), (), ()),)


def _reset(parts: list[QubitsPart]) -> Rows | None:
    return [(_RESET, (index,), (), ()) for index in parts[0].indices] if len(parts) == 1 else None


_OTHERS: dict[str, Callable[[list[QubitsPart]], Rows | None]] = {"barrier": _barrier, "reset": _reset}


def _angle(text: str) -> float:
    """The value of a product of numbers and pi, computed as the parser's tree would be; NaN if it is none."""
    match = _ANGLE.fullmatch(text)
    if match is None:
        return math.nan
    sign, first, factors = match.groups()
    value = _factor(first)
    if sign:
        value = -value
    try:
        for op, factor in _FACTOR.findall(factors):
            value = value * _factor(factor) if op == "*" else value / _factor(factor)
        return float(value)
    except (ZeroDivisionError, OverflowError):
        return math.nan


def _factor(text: str) -> float:
    if text == "pi":
        return math.pi
    return int(text) if text.isdigit() else float(text)
