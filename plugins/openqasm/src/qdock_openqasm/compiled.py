"""Expressions over numbers that are known, as Python functions: what a loop evaluates in every round.

Each is what `qdock_openqasm.evaluate` makes of the same tree, without a value's type being looked at again. What does
not fit raises `Unfit`, and the general way takes over.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qdock_openqasm.arithmetic import binary, unary
from qdock_openqasm.evaluate import evaluate, resolve_type
from qdock_openqasm.functions import REAL_FUNCTIONS
from qdock_openqasm.grammar import ast
from qdock_openqasm.integers import integer_type
from qdock_openqasm.operators import BITWISE, COMPARISONS, INTEGER, REAL
from qdock_openqasm.scope import BitsSymbol, Constant, Function, Variable
from qdock_openqasm.types import BOOL, FLOAT, LITERAL, MACHINE_WIDTH, QType, core_type
from qdock_openqasm.values import Ratio, Value, cast, whole

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = [
    "Number",
    "Unfit",
    "compiled",
    "converted",
    "element",
    "flat_indices",
    "index_of",
    "operation",
    "scalar",
    "span_of",
    "truth",
]

#: Types of the numbers that are compiled.
KINDS = frozenset({"int", "uint", "float", "bool"})
_INTEGERS = frozenset({"int", "uint", "literal"})


class Unfit(Exception):
    """Something that is left to the general way, found while compiling or when a function is called."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a type: `value`, or what `get` returns when it is asked for."""

    type: QType
    get: Callable[[], Any]
    value: Any = None
    is_fixed: bool = False

    @classmethod
    def fixed(cls, kind: QType, value: Any) -> Number:
        """Return a number that never changes."""
        return cls(kind, lambda: value, value, True)


def compiled(p: Program, node: Any) -> Number:
    """Return an expression as a function."""
    make = _COMPILED.get(type(node))
    if make is None:
        raise Unfit
    return make(p, node)


def _literal(p: Program, node: Any) -> Number:
    return _known(evaluate(p, node))


def _known(value: Value) -> Number:
    if not value.is_known or value.type.kind not in KINDS | {"literal"}:
        raise Unfit
    return Number.fixed(value.type, value.data)


# --- names


def scalar(symbol: Any) -> list[Any]:
    """Return where the value of a variable is kept."""
    if not isinstance(symbol, Variable) or symbol.storage.dims or symbol.storage.type.kind not in KINDS:
        raise Unfit
    return symbol.storage.values


def _name(p: Program, node: ast.Identifier) -> Number:
    symbol = p.scopes.get(node)
    if isinstance(symbol, Constant):
        return _known(symbol.value)
    values = scalar(symbol)

    def get() -> Any:
        value = values[0]
        if type(value) not in _PLAIN:
            raise Unfit
        return value

    assert isinstance(symbol, Variable)
    return Number(symbol.storage.type, get)


_PLAIN = frozenset({int, float, bool})


def index_of(p: Program, node: Any) -> Callable[[], int]:
    """Return a single index as a function."""
    number = compiled(p, node)
    if number.type.kind == "float":
        raise Unfit
    get = number.get
    return (lambda: whole(number.value)) if number.is_fixed else get


def element(p: Program, name: Any, indices: list[Any]) -> tuple[Any, Callable[[], int]]:
    """Return a declared array and the place of an element in it, as a function."""
    symbol = p.scopes.get(name)
    if not isinstance(symbol, Variable) or symbol.storage.type.kind not in KINDS:
        raise Unfit
    dims = symbol.storage.dims
    if not dims or len(indices) != len(dims) or any(isinstance(index, ast.Range) for index in indices):
        raise Unfit
    places = [index_of(p, index) for index in indices]
    if len(dims) == 1:
        only, size = places[0], dims[0]
        return symbol.storage, lambda: range(size)[only()]
    rows = [(range(0, math.prod(dims[axis:]), math.prod(dims[axis + 1 :])), at) for axis, at in enumerate(places)]
    return symbol.storage, lambda: sum([row[at()] for row, at in rows])


def flat_indices(node: Any) -> tuple[Any, list[Any]]:
    """Return the name and all indices of ``name[i][j, k]``."""
    groups: list[Any] = []
    if isinstance(node, ast.IndexedIdentifier):
        groups, name = list(node.indices), node.name
    else:
        while isinstance(node, ast.IndexExpression):
            groups.insert(0, node.index)
            node = node.collection
        name = node
    if not isinstance(name, ast.Identifier) or not all(isinstance(group, list) for group in groups):
        raise Unfit
    return name, [index for group in groups for index in group]


def _element(p: Program, node: Any) -> Number:
    name, indices = flat_indices(node)
    symbol = p.scopes.get(name)
    if isinstance(symbol, BitsSymbol):
        return _bit(p, symbol, indices)
    storage, place = element(p, name, indices)
    values = storage.values

    def get() -> Any:
        value = values[place()]
        if type(value) not in _PLAIN:
            raise Unfit
        return value

    return Number(storage.type, get)


def _bit(p: Program, symbol: BitsSymbol, indices: list[Any]) -> Number:
    """A bit of a register whose bits are clbits, as far as its value is known."""
    bits = symbol.bits
    if bits.clbits is None or not bits.is_register or len(indices) != 1 or isinstance(indices[0], ast.Range):
        raise Unfit
    clbits, at, known = bits.clbits, index_of(p, indices[0]), p.memory.known_bits()

    def get() -> bool:
        state = known[clbits[at()]]
        if state > 1:
            raise Unfit
        return bool(state)

    return Number(BOOL, get)


# --- operators


def _unary(p: Program, node: ast.UnaryExpression) -> Number:
    operand = compiled(p, node.operand)
    op, kind, get = node.op.value, operand.type, operand.get
    if operand.is_fixed:
        return _known(unary(op, Value(kind, operand.value, True)))
    if op == "!":
        return Number(BOOL, lambda: not get())
    if op == "-" and kind == FLOAT:
        return Number(FLOAT, lambda: -get())
    if not kind.is_integer:
        raise Unfit
    return Number(kind, lambda: unary(op, Value(kind, get())).data)


def _binary(p: Program, node: ast.BinaryExpression) -> Number:
    spine = [node]
    while isinstance(spine[-1].lhs, ast.BinaryExpression):
        spine.append(spine[-1].lhs)
    number = compiled(p, spine[-1].lhs)
    for item in reversed(spine):
        number = operation(p, item.op.value, number, compiled(p, item.rhs))
    return number


def operation(p: Program, op: str, left: Number, right: Number) -> Number:
    """Return an operator of two numbers."""
    if left.is_fixed and right.is_fixed:
        return _known(binary(op, Value(left.type, left.value, True), Value(right.type, right.value, True), p.limits))
    if op in ("&&", "||"):
        return _logical(op, truth(left), truth(right))
    left, right = _settled(left, right), _settled(right, left)
    if op in COMPARISONS:
        compare, a, b = COMPARISONS[op], left.get, right.get
        return Number(BOOL, lambda: compare(a(), b()))
    if FLOAT in (left.type, right.type):
        return _real(op, left, right)
    return _integer(p, op, left, right)


def truth(number: Number) -> Callable[[], Any]:
    """Return the truth of a number as a function."""
    value = number.value
    return (lambda: bool(whole(value))) if isinstance(value, Ratio) else number.get


def _logical(op: str, left: Callable[[], Any], right: Callable[[], Any]) -> Number:
    if op == "&&":
        return Number(BOOL, lambda: bool(left() and right()))
    return Number(BOOL, lambda: bool(left() or right()))


def _settled(number: Number, beside: Number) -> Number:
    """A literal as the other operand takes it: real beside a real number, else an integer; a float in real company."""
    if FLOAT in (number.type, beside.type) and number.type != FLOAT:
        return converted(number, FLOAT)
    return Number.fixed(LITERAL, whole(number.value)) if isinstance(number.value, Ratio) else number


def _real(op: str, left: Number, right: Number) -> Number:
    if op not in REAL:
        raise Unfit
    apply, a, b, is_finite = REAL[op], left.get, right.get, math.isfinite

    def get() -> float:
        found = apply(a(), b())
        if type(found) is not float or not is_finite(found):
            raise Unfit
        return found

    return Number(FLOAT, get)


#: Of integers of a width, which wrap around.
_WRAPPING = {**INTEGER, **BITWISE}


def _integer(p: Program, op: str, left: Number, right: Number) -> Number:
    if op in ("<<", ">>") and left.type.kind in ("int", "uint") and right.type.kind in _INTEGERS:
        return _shift(p, op, left, right)
    if op == "**" and right.type.kind in _INTEGERS:
        return _power(left, right)
    if op not in _WRAPPING or left.type.kind not in _INTEGERS or right.type.kind not in _INTEGERS:
        raise Unfit
    kind = _narrow(integer_type(left.type, right.type))
    apply, wrap = _WRAPPING[op], core_type(kind).wrap  # type: ignore[union-attr] # integers have one
    a, b = converted(left, kind).get, converted(right, kind).get
    low, high = span_of(kind)

    def get() -> Any:
        found = apply(a(), b())
        return found if low <= found < high else wrap(found)

    return Number(kind, get)


def _narrow(kind: QType) -> QType:
    """A type of integers whose operators take no longer than any others."""
    if kind.num_bits > MACHINE_WIDTH:
        raise Unfit
    return kind


def _shift(p: Program, op: str, left: Number, right: Number) -> Number:
    a, b, kinds = left.get, right.get, (left.type, right.type)
    return Number(left.type, lambda: binary(op, Value(kinds[0], a()), Value(kinds[1], b()), p.limits).data)


def _power(left: Number, right: Number) -> Number:
    if left.type.kind not in _INTEGERS:
        raise Unfit
    kind = _narrow(integer_type(left.type, right.type))
    a, b, wrap = converted(left, kind).get, right.get, core_type(kind).wrap  # type: ignore[union-attr] # integers have one

    def get() -> Any:
        exponent = wrap(b())
        if exponent < 0 or b() < 0:
            raise Unfit
        return wrap(pow(a(), int(exponent), 1 << kind.num_bits))

    return Number(kind, get)


def span_of(kind: QType) -> tuple[int, int]:
    """Return the smallest number of an integer type, and the one behind the largest."""
    bits = kind.num_bits
    return (0, 1 << bits) if kind.kind == "uint" else (-(1 << (bits - 1)), 1 << (bits - 1))


# --- conversions


def converted(number: Number, kind: QType) -> Number:
    """Return a number in another type, as an assignment takes it."""
    source, get = number.type, number.get
    if kind.kind not in KINDS:
        raise Unfit
    if number.is_fixed:
        return _known(cast(Value(source, number.value), kind))
    if source == kind:
        return number
    if kind in (FLOAT, BOOL):
        make: Callable[[Any], Any] = float if kind == FLOAT else bool
        return Number(kind, lambda: make(get()))
    wrap = core_type(kind).wrap  # type: ignore[union-attr] # integers have one
    return Number(kind, lambda: wrap(get()))


def _cast(p: Program, node: ast.Cast) -> Number:
    return converted(compiled(p, node.operand), resolve_type(p, node.type))


def _call(p: Program, node: ast.FunctionCall) -> Number:
    name = node.name.name
    if not isinstance(p.scopes.get(node.name), Function) or p.version != 3 or len(node.arguments) != 1:
        raise Unfit
    if name not in REAL_FUNCTIONS:
        raise Unfit
    argument = converted(compiled(p, node.arguments[0]), FLOAT).get
    apply, is_finite = REAL_FUNCTIONS[name], math.isfinite

    def get() -> float:
        found = float(apply(argument()))
        if not is_finite(found):
            raise Unfit
        return found

    return Number(FLOAT, get)


_COMPILED: dict[type, Callable[[Any, Any], Number]] = {
    ast.IntegerLiteral: _literal,
    ast.FloatLiteral: _literal,
    ast.BooleanLiteral: _literal,
    ast.Identifier: _name,
    ast.IndexedIdentifier: _element,
    ast.IndexExpression: _element,
    ast.UnaryExpression: _unary,
    ast.BinaryExpression: _binary,
    ast.Cast: _cast,
    ast.FunctionCall: _call,
}
