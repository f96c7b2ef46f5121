"""Numbers, bits and expressions as OpenQASM text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from qdock.circuit import Circuit
from qdock.errors import ConversionError
from qdock.expr import BOOL, FLOAT, Binary, Bit, Bits, Cast, Const, Expr, Parameter, Type, Unary, Var, lift

__all__ = ["Names", "angle_text", "expression_text", "number_text", "type_text"]

_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64)
_LARGEST_NUMERATOR = 64


def number_text(value: float) -> str:
    """Return a real number so that it is read back as the same one."""
    return repr(float(value))


def angle_text(value: float) -> str:
    """Return an angle as a multiple of pi where it is exactly that, else as a number."""
    value = float(value)
    if value and abs(value) <= _LARGEST_NUMERATOR * math.pi:
        for denominator in _DENOMINATORS:
            numerator = round(value * denominator / math.pi)
            if numerator and numerator * math.pi / denominator == value and abs(numerator) <= _LARGEST_NUMERATOR:
                return _fraction(numerator, denominator)
    return number_text(value)


def _fraction(numerator: int, denominator: int) -> str:
    factor = "pi" if numerator == 1 else "-pi" if numerator == -1 else f"{numerator}*pi"
    return factor if denominator == 1 else f"{factor}/{denominator}"


def type_text(kind: Type) -> str:
    """Return a type's name."""
    return "float[64]" if kind == FLOAT else str(kind)


class Names:
    """How a circuit's bits are called: by their registers, or by aliases for clbits of several registers.

    Parameters
    ----------
    circuit : Circuit
        Its registers.
    taken : iterable of str
        Names that an alias must not have.
    """

    def __init__(self, circuit: Circuit, taken: Sequence[str] = ()) -> None:
        self.qubits = [f"{register.name}[{place}]" for register in circuit.qregs for place in range(len(register))]
        self.clbits = [(register.name, place) for register in circuit.cregs for place in range(len(register))]
        self._registers = {tuple(register): register.name for register in circuit.cregs if len(register)}
        self._qregs = {tuple(register): register.name for register in circuit.qregs if len(register)}
        self._taken = {register.name for register in (*circuit.qregs, *circuit.cregs)} | set(taken)
        self._taken |= {variable.var.name for variable in circuit.variables}
        #: Aliases that must be declared: name and what it stands for.
        self.aliases: dict[str, str] = {}
        self._by_bits: dict[tuple[int, ...], str] = {}

    def qubit_list(self, qubits: Sequence[int]) -> str:
        """Return qubits, or the register that they are."""
        return self._qregs.get(tuple(qubits)) or ", ".join(self.qubits[qubit] for qubit in qubits)

    def bit(self, clbit: int) -> str:
        """Return one clbit."""
        name, place = self.clbits[clbit]
        return f"{name}[{place}]"

    def bits(self, clbits: tuple[int, ...]) -> str:
        """Return several clbits as one value."""
        found = self._registers.get(clbits) or self._by_bits.get(clbits)
        if found is None:
            found = self._slice(clbits) or self._alias(clbits)
            self._by_bits[clbits] = found
        return found

    def _slice(self, clbits: tuple[int, ...]) -> str | None:
        name = self.clbits[clbits[0]][0]
        places = [self.clbits[clbit][1] for clbit in clbits]
        if any(self.clbits[clbit][0] != name for clbit in clbits):
            return None
        if places == list(range(places[0], places[0] + len(places))):
            return f"{name}[{places[0]}:{places[-1]}]"
        return f"{name}[{{{', '.join(map(str, places))}}}]"

    def _alias(self, clbits: tuple[int, ...]) -> str:
        name = self.free(f"bits_{len(self.aliases)}")
        parts = [f"{register}[{place}:{place}]" for register, place in (self.clbits[clbit] for clbit in clbits)]
        self.aliases[name] = " ++ ".join(parts)
        return name

    def free(self, name: str) -> str:
        """Return a name that nothing has, and take it."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


# --- expressions


def expression_text(node: Expr, names: Names) -> str:
    """Return an expression, inner ones in parentheses."""
    return _WRITE[type(node)](node, names)


def _inner(node: Expr, names: Names) -> str:
    text = expression_text(node, names)
    is_whole = isinstance(node, (Var, Parameter, Bit, Bits, Cast)) or text.replace(".", "").isalnum()
    return text if is_whole else f"({text})"


def _const(node: Const, _names: Names) -> str:
    if node.type == BOOL:
        return str(node.value).lower()
    if node.type == FLOAT:
        return angle_text(node.value)
    if node.type.kind == "angle":
        return f'{node.type}("{int(node.value):0{node.type.width}b}")'
    return f"{node.type}({node.value})"


def _plain(node: Expr, beside: Expr) -> str | None:
    """A constant as a bare integer, where it would get its type from what it stands beside."""
    if isinstance(node, Const) and node.type.is_integer and not isinstance(beside, Const):
        made = lift(int(node.value), beside.type)
        return str(node.value) if made == node else None
    return None


def _unary(node: Unary, names: Names) -> str:
    if node.op == "-":
        return f"-{_inner(node.operand, names)}"
    if node.op == "~":
        return f"{'!' if node.type == BOOL else '~'}{_inner(node.operand, names)}"
    return f"{node.op}({expression_text(node.operand, names)})"


def _binary(node: Binary, names: Names) -> str:
    if node.op == "bit":
        return _indexed(node, names)
    left = _plain(node.left, node.right) or _inner(node.left, names)
    right = _plain(node.right, node.left) or _inner(node.right, names)
    if node.op in ("rotl", "rotr"):
        return f"{node.op}({left}, {right})"
    op = "/" if node.op == "//" else node.op
    if node.op == "/" and node.left.type.is_integer and node.right.type.is_integer:
        return f"float[64]({left}) / float[64]({right})"
    return f"{left} {op} {right}"


def _indexed(node: Binary, names: Names) -> str:
    index = str(node.right.value) if isinstance(node.right, Const) else expression_text(node.right, names)
    left = expression_text(node.left, names)
    if isinstance(node.left, Bits):
        # Without the cast this would be the clbit itself.
        return f"{node.left.type}({left})[{index}]"
    return f"{left}[{index}]" if isinstance(node.left, (Var, Cast)) else f"({left})[{index}]"


_WRITE: dict[type[Expr], Callable[[Any, Names], str]] = {
    Const: _const,
    Parameter: lambda node, _: node.name,
    Var: lambda node, _: node.name,
    Bit: lambda node, names: names.bit(node.index),
    Bits: lambda node, names: names.bits(node.indices),
    Cast: lambda node, names: f"{type_text(node.type)}({expression_text(node.operand, names)})",
    Unary: _unary,
    Binary: _binary,
}


def unsayable(what: str, version: int, instead: str) -> ConversionError:
    """Return the error for what a version of the language has no words for."""
    return ConversionError(f"OpenQASM {version} can't say {what}. {instead}")
