"""Classical expressions as a postfix code over 64-bit integers, and its evaluation in compiled code.

Values are those of `qdock.expressions.arithmetic`: booleans, unsigned integers of up to 63 bits and signed ones of up
to 64, so that every value and every product's lower half fit in a machine word. Whatever else there is, `Unsupported`
is raised when the code is made, or a fault is noted when it runs; the interpreter in Python then has the last word.
"""

from __future__ import annotations

from typing import Any

from qdock.expr import Binary, Bit, Bits, Cast, Const, Expr, Unary, Var
from qdock.expressions.arithmetic import BOOL, Type
from qdock_basic.fast.machine.jit import inner

__all__ = ["SIGNED", "UNSIGNED", "Postfix", "Unsupported", "evaluate", "wrap", "wrapping"]

# --- instructions: (operation, argument, second argument)

_CONST, _BIT, _BITS, _VAR = range(4)
_ADD, _SUB, _MUL, _DIV, _MOD, _AND, _OR, _XOR, _EQ, _NE, _LT, _LE, _GT, _GE = range(4, 18)
_LEFT, _RIGHT, _PICK = range(18, 21)
_NEGATE, _INVERT, _POPCOUNT, _WRAP = range(21, 25)
_FIRST_BINARY, _FIRST_UNARY = _ADD, _NEGATE

_BINARY = {
    **dict(zip(("+", "-", "*", "//", "%", "&", "|", "^"), range(_ADD, _XOR + 1), strict=True)),
    **dict(zip(("==", "!=", "<", "<=", ">", ">="), range(_EQ, _GE + 1), strict=True)),
    **dict(zip(("<<", ">>", "bit"), range(_LEFT, _PICK + 1), strict=True)),
}
_UNARY = {"-": _NEGATE, "~": _INVERT, "popcount": _POPCOUNT}

# --- how a value is made one of its type

TRUTH, UNSIGNED, SIGNED = 0, 1, 2


class Unsupported(Exception):
    """Compiled code can't do this; who catches it takes the way that can."""


def wrapping(kind: Type) -> tuple[int, int]:
    """Return how values become those of a type: `TRUTH`, `UNSIGNED` or `SIGNED`, and the width."""
    if kind == BOOL:
        return TRUTH, 1
    if kind.kind == "uint" and kind.width < 64:
        return UNSIGNED, kind.width
    if kind.kind == "int" and kind.width <= 64:
        return SIGNED, kind.width
    raise Unsupported(str(kind))


class Postfix:
    """Expressions put one after the other.

    Parameters
    ----------
    variables : dict of str to int
        Where each variable stands among the values of a branch.
    """

    def __init__(self, variables: dict[str, int]) -> None:
        self.rows: list[tuple[int, int, int]] = []
        self.clbits: list[int] = []
        self.depth = 1
        self._variables = variables

    def add(self, expression: Expr) -> tuple[int, int]:
        """Append an expression, and return where it begins and ends.

        Raises
        ------
        Unsupported
            If it has floats, angles, wide integers or functions of them.
        """
        begin = len(self.rows)
        self._add(expression, 1)
        return begin, len(self.rows)

    def _add(self, node: Expr, depth: int) -> None:
        self.depth = max(self.depth, depth)
        how, width = wrapping(node.type)
        if isinstance(node, Const):
            self.rows.append((_CONST, int(node.value), 0))
        elif isinstance(node, Bit):
            self.rows.append((_BIT, node.index, 0))
        elif isinstance(node, Bits):
            self.rows.append((_BITS, len(self.clbits), len(node.indices)))
            self.clbits += node.indices
        elif isinstance(node, Var):
            self.rows.append((_VAR, self._place(node.name), 0))
        else:
            self._operator(node, depth)
            self.rows.append((_WRAP, how, width))

    def _place(self, name: str) -> int:
        if name not in self._variables:
            raise Unsupported(name)
        return self._variables[name]

    def _operator(self, node: Expr, depth: int) -> None:
        for position, child in enumerate(node.children):
            self._add(child, depth + position)
        if isinstance(node, Cast):
            return
        if isinstance(node, Unary) and node.op == "~" and node.type == BOOL:
            self.depth = max(self.depth, depth + 1)
            self.rows += [(_CONST, 0, 0), (_EQ, 0, 1)]
            return
        table = _UNARY if isinstance(node, Unary) else _BINARY
        if not isinstance(node, (Unary, Binary)) or node.op not in table:
            raise Unsupported(str(node))
        self.rows.append((table[node.op], 0, max(node.children[0].type.width, 1)))


# --- in compiled code


@inner
def wrap(value: int, how: int, width: int) -> int:
    """Return a value, computed in 64 bits, as one of a type."""
    if how == TRUTH:
        return int(value != 0)
    shift = 64 - width
    if how == UNSIGNED:
        return value & ((1 << width) - 1)
    return (value << shift) >> shift


@inner
def evaluate(rows: Any, begin: int, end: int, clbits: Any, bits: Any, values: Any, stack: Any) -> tuple[int, bool]:
    """Return the value of an expression, and whether it has one.

    Parameters
    ----------
    rows : (m, 3) int64 array
    begin, end : int
        Which rows.
    clbits : int64 array
        What rows for several clbits refer to.
    bits, values : arrays
        Of a branch: its clbits and its variables.
    stack : int64 array
        Room for what is not used up yet.
    """
    top = -1
    for row in range(begin, end):
        op, first, second = rows[row, 0], rows[row, 1], rows[row, 2]
        if op < _FIRST_BINARY:
            top += 1
            stack[top] = _operand(op, first, second, clbits, bits, values)
        elif op < _FIRST_UNARY:
            top -= 1
            if not _is_defined(op, stack[top + 1], second):
                return 0, False
            stack[top] = _binary(op, stack[top], stack[top + 1], second)
        elif op == _WRAP:
            stack[top] = wrap(stack[top], first, second)
        else:
            stack[top] = _unary(op, stack[top], second)
    return stack[0], True


@inner
def _operand(op: int, first: int, second: int, clbits: Any, bits: Any, values: Any) -> int:
    if op == _CONST:
        return first
    if op == _BIT:
        return int(bits[first])
    if op == _VAR:
        return int(values[first])
    found = 0
    for position in range(second):
        found |= int(bits[clbits[first + position]]) << position
    return found


@inner
def _is_defined(op: int, right: int, width: int) -> bool:
    if op in (_DIV, _MOD):
        return right != 0
    if op in (_LEFT, _RIGHT):
        return right >= 0
    return op != _PICK or 0 <= right < width


@inner
def _binary(op: int, left: int, right: int, width: int) -> int:
    if op <= _XOR:
        return _arithmetic(op, left, right)
    if op == _LEFT:
        return left << right if right < width else 0
    if op == _RIGHT:
        return left >> min(right, 63)
    if op == _PICK:
        return left >> right & 1
    return int(_compared(op, left, right))


@inner
def _arithmetic(op: int, left: int, right: int) -> int:
    if op == _ADD:
        return left + right
    if op == _SUB:
        return left - right
    if op == _MUL:
        return left * right
    if op == _AND:
        return left & right
    if op == _OR:
        return left | right
    if op == _XOR:
        return left ^ right
    # Toward zero, as OpenQASM has it; the most negative number by -1 is itself again.
    quotient = -left if right == -1 else left // right
    if right != -1 and quotient < 0 and quotient * right != left:
        quotient += 1
    return quotient if op == _DIV else left - right * quotient


@inner
def _compared(op: int, left: int, right: int) -> bool:
    if op in (_EQ, _NE):
        return (left == right) == (op == _EQ)
    if op in (_LT, _GE):
        return (left < right) == (op == _LT)
    return (left <= right) == (op == _LE)


@inner
def _unary(op: int, value: int, width: int) -> int:
    if op == _NEGATE:
        return -value
    if op == _INVERT:
        return ~value
    count = 0
    for place in range(width):
        count += value >> place & 1
    return count
