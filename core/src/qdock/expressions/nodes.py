"""The nodes of expressions: what they know of themselves, how they are made, and their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from qdock.errors import CircuitError, LimitExceeded
from qdock.expressions.arithmetic import (
    BOOL,
    FLOAT,
    REAL_FUNCTIONS,
    Int,
    Number,
    Type,
    Uint,
    beside,
    binary,
    binary_type,
    convert,
    shown,
    unary,
    unary_type,
    whole,
)

__all__ = [
    "Binary",
    "Bit",
    "Bits",
    "Cast",
    "Const",
    "Expr",
    "Parameter",
    "Unary",
    "Var",
    "cast",
    "evaluate",
    "lift",
    "make_binary",
    "make_unary",
    "walk",
]

MAX_DEPTH = 200
MAX_SIZE = 10_000

# --- nodes


def _operator(op: str) -> Callable[[Any, Any], Expr]:
    return lambda left, right: make_binary(op, left, right)


def _reflected(op: str) -> Callable[[Any, Any], Expr]:
    return lambda right, left: make_binary(op, left, right)


class Expr:
    """Base of all nodes. Python's operators build larger ones; comparisons are the methods `eq` to `ge`.

    Attributes
    ----------
    type : Type
        Type of the value.
    children : tuple of Expr
        The nodes right below this one.
    depth, size : int
        Levels of nodes and number of nodes, this one included; a node that stands twice counts twice.
    """

    type: Type
    children: tuple[Expr, ...] = ()
    depth: int = 1
    size: int = 1

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"The value of '{self}' is known only when the circuit runs, so it is neither true nor false here. "
            "Give it to circuit.if_ or circuit.while_ instead."
        )

    __add__, __radd__ = _operator("+"), _reflected("+")
    __sub__, __rsub__ = _operator("-"), _reflected("-")
    __mul__, __rmul__ = _operator("*"), _reflected("*")
    __truediv__, __rtruediv__ = _operator("/"), _reflected("/")
    __floordiv__, __rfloordiv__ = _operator("//"), _reflected("//")
    __mod__, __rmod__ = _operator("%"), _reflected("%")
    __pow__, __rpow__ = _operator("**"), _reflected("**")
    __and__, __rand__ = _operator("&"), _reflected("&")
    __or__, __ror__ = _operator("|"), _reflected("|")
    __xor__, __rxor__ = _operator("^"), _reflected("^")
    __lshift__, __rlshift__ = _operator("<<"), _reflected("<<")
    __rshift__, __rrshift__ = _operator(">>"), _reflected(">>")

    def __neg__(self) -> Expr:
        return make_unary("-", self)

    def __invert__(self) -> Expr:
        return make_unary("~", self)

    def eq(self, other: Expr | Number) -> Expr:
        """Return the condition that both values are equal."""
        return make_binary("==", self, other)

    def ne(self, other: Expr | Number) -> Expr:
        """Return the condition that the values differ."""
        return make_binary("!=", self, other)

    def lt(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is the smaller one."""
        return make_binary("<", self, other)

    def le(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is not the larger one."""
        return make_binary("<=", self, other)

    def gt(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is the larger one."""
        return make_binary(">", self, other)

    def ge(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is not the smaller one."""
        return make_binary(">=", self, other)

    @property
    def parameters(self) -> frozenset[Parameter]:
        """The parameters that must be bound before the circuit can run."""
        return frozenset(node for node in walk(self) if isinstance(node, Parameter))

    @property
    def variables(self) -> frozenset[Var]:
        """The classical variables that are read."""
        return frozenset(node for node in walk(self) if isinstance(node, Var))

    @property
    def bits(self) -> frozenset[int]:
        """The clbits that are read."""
        found: set[int] = set()
        for node in walk(self):
            if isinstance(node, Bit):
                found.add(node.index)
            elif isinstance(node, Bits):
                found.update(node.indices)
        return frozenset(found)

    def bind(self, values: Mapping[Parameter | str, Expr | Number]) -> Expr:
        """Return the expression with parameters, or those of these names, replaced; constants are computed."""
        given = {getattr(key, "name", key): cast(values[key], FLOAT) for key in values}
        return self.replace(lambda node: given.get(node.name, node) if isinstance(node, Parameter) else node)

    def replace(self, leaf: Callable[[Expr], Expr]) -> Expr:
        """Return the expression with `leaf` applied to every node that has no children."""
        if not self.children:
            return leaf(self)
        return _rebuild(self, tuple(child.replace(leaf) for child in self.children))


@dataclass(frozen=True, repr=False)
class Const(Expr):
    """A value known when the circuit is built."""

    value: Number
    type: Type

    def __post_init__(self) -> None:
        value = self.type.wrap(self.value) if isinstance(self.value, (bool, int, float)) else None
        # NaN differs from itself.
        if value is None or value != self.value or value in (math.inf, -math.inf):
            raise CircuitError(f"A constant of type {self.type} can't be {self.value!r}; use cast(value, type).")
        object.__setattr__(self, "value", value)

    def __str__(self) -> str:
        return f"{self.value:.12g}" if self.type == FLOAT else str(self.value).lower()


@dataclass(frozen=True, repr=False)
class Parameter(Expr):
    """A real number to be bound before the circuit runs; two of the same name are the same one."""

    name: str
    type: Type = field(default=FLOAT, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise CircuitError(f"A parameter's name is an identifier such as 'theta', but {self.name!r} was given.")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, repr=False)
class Bit(Expr):
    """The value of one clbit."""

    index: int
    type: Type = field(default=BOOL, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", _clbit(self.index))

    def __str__(self) -> str:
        return f"c[{self.index}]"


@dataclass(frozen=True, repr=False)
class Bits(Expr):
    """Several clbits read as an unsigned integer, the first one least significant."""

    indices: tuple[int, ...]
    type: Type = field(init=False)

    def __post_init__(self) -> None:
        indices = tuple(_clbit(index) for index in self.indices)
        if not indices:
            raise CircuitError("A value needs at least one clbit, but an empty register was given.")
        object.__setattr__(self, "indices", indices)
        object.__setattr__(self, "type", Uint(len(indices)))

    def __str__(self) -> str:
        first, last = self.indices[0], self.indices[-1]
        if self.indices == tuple(range(first, last + 1)):
            return f"c[{first}:{last}]"
        return f"c[{', '.join(map(str, self.indices))}]"


@dataclass(frozen=True, repr=False)
class Var(Expr):
    """A classical variable of the circuit."""

    name: str
    type: Type

    def __str__(self) -> str:
        return self.name


def _clbit(index: Any) -> int:
    found = whole(index)
    if found is None or found < 0:
        raise CircuitError(f"A clbit is a whole number from 0 on, but {shown(index)} was given.")
    return found


class _Inner(Expr):
    """A node with children; knows its extent, so that a tree too large to walk is refused when it is built."""

    def _place(self, *children: Expr) -> None:
        depth = 1 + max(child.depth for child in children)
        if depth > MAX_DEPTH:
            raise LimitExceeded(
                f"The expression is nested {depth} deep; the limit is {MAX_DEPTH}. Use a variable for a part of it."
            )
        # A node may be its own sibling, and its own cousin: doubling forty times makes a tree of a million million.
        size = 1 + sum(child.size for child in children)
        if size > MAX_SIZE:
            raise LimitExceeded(
                f"The expression has {size} nodes; the limit is {MAX_SIZE}. Use a variable for a part of it."
            )
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "children", children)


@dataclass(frozen=True, repr=False)
class Unary(_Inner):
    """An operator or function of one value."""

    op: str
    operand: Expr
    type: Type

    def __post_init__(self) -> None:
        self._place(self.operand)

    def __str__(self) -> str:
        return f"{self.op}{_grouped(self.operand, 'unary')}" if self.op in "-~" else f"{self.op}({self.operand})"


@dataclass(frozen=True, repr=False)
class Binary(_Inner):
    """An operator of two values."""

    op: str
    left: Expr
    right: Expr
    type: Type

    def __post_init__(self) -> None:
        self._place(self.left, self.right)

    def __str__(self) -> str:
        if self.op.isalpha():
            return f"{self.op}({self.left}, {self.right})"
        space = "" if self.op in ("*", "/", "**", "//") else " "
        return f"{_grouped(self.left, self.op)}{space}{self.op}{space}{_grouped(self.right, self.op, right=True)}"


@dataclass(frozen=True, repr=False)
class Cast(_Inner):
    """A value in another type."""

    operand: Expr
    type: Type

    def __post_init__(self) -> None:
        self._place(self.operand)

    def __str__(self) -> str:
        return f"{self.type}({self.operand})"


#: How tightly operators bind that everybody knows; all others get parentheses.
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "unary": 3, "**": 4}


def _grouped(node: Expr, outer: str, right: bool = False) -> str:
    """Return an operand of the operator `outer` as text, in parentheses where it could be misread."""
    text = str(node)
    inner = node.op if isinstance(node, Binary) and not node.op.isalpha() else "unary" if text[0] in "-~" else ""
    if not inner:
        return text
    own, around = _BINDING.get(inner, 0), _BINDING.get(outer, 0)
    chained = own == around > 0 and not right and outer not in ("**", "unary")
    return text if own > around > 0 or chained or (inner == "unary" and right) else f"({text})"


def walk(node: Expr) -> list[Expr]:
    """Return `node` and all nodes below it."""
    found = [node]
    for item in found:
        found.extend(item.children)
    return found


def _rebuild(node: Expr, children: tuple[Expr, ...]) -> Expr:
    if isinstance(node, Unary):
        return _fold(Unary(node.op, children[0], node.type))
    if isinstance(node, Binary):
        return _fold(Binary(node.op, children[0], children[1], node.type))
    return cast(children[0], node.type)


# --- how nodes are made


def lift(value: Expr | Number, like: Type | None = None) -> Expr:
    """Return `value` as an expression; a bare integer takes the type of what it stands beside, if it fits."""
    if isinstance(value, Expr):
        return value
    if getattr(value, "ndim", None) == 0:
        # numpy's numbers become Python's: its truth values have no __index__.
        value = value.item()  # type: ignore[union-attr]  # what has dimensions has it
    if isinstance(value, bool):
        return Const(value, BOOL)
    integer = whole(value)
    if integer is not None:
        return _lift_integer(integer, like)
    number = _float(value)
    if not math.isfinite(number):
        raise CircuitError(f"A number in an expression must be finite, but is {number}.")
    return Const(number, FLOAT)


def _float(value: Any) -> float:
    try:
        if not isinstance(value, (str, bytes)) and not hasattr(value, "ndim"):
            return float(value)
    except (TypeError, ValueError):
        pass  # It is no number: the same error as for a text or an array, which float() would take.
    except OverflowError:
        raise CircuitError("A number in an expression must be finite, but this one is beyond all floats.") from None
    raise CircuitError(
        f"An expression is made of numbers, parameters and classical values, but {shown(value)} was given."
    )


def _lift_integer(value: int, like: Type | None) -> Const:
    if like is not None and like.kind in ("float", "angle"):
        return Const(_float(value), FLOAT)
    bits = (value if value >= 0 else ~value).bit_length()
    if like is not None and like.kind == "uint" and value >= 0:
        return Const(value, Uint(max(like.width, bits)))
    return Const(value, Int(max(like.width if like and like.kind == "int" else 64, bits + 1)))


def cast(value: Expr | Number, target: Type) -> Expr:
    """Return `value` in type `target`.

    Floats are cut toward zero, integers wrap around, anything but zero is true. Between floats and angles the
    value in radians is kept, to the angle's precision; between angles of two widths, too. An integer becomes the
    angle that it is the number of.
    """
    value = lift(value)
    return value if value.type == target else _fold(Cast(value, target))


def make_unary(op: str, value: Expr | Number) -> Expr:
    """Return an operator or function of one value; the functions of a real number cast it."""
    value = lift(value)
    if op in REAL_FUNCTIONS:
        value = cast(value, FLOAT)
    return _fold(Unary(op, value, unary_type(op, value.type)))


def make_binary(op: str, left: Expr | Number, right: Expr | Number) -> Expr:
    """Return an operator or function of two values; a bare number takes the type of the other one, if it fits."""
    if isinstance(left, Expr):
        right = lift(right, beside(op, left.type))
    else:
        right = lift(right)
        left = lift(left, beside(op, right.type))
    return _fold(Binary(op, left, right, binary_type(op, left.type, right.type)))


def _fold(node: Expr) -> Expr:
    if all(isinstance(child, Const) for child in node.children):
        return Const(evaluate(node), node.type)
    return node


# --- values


def evaluate(node: Expr, bits: int = 0, variables: Mapping[str, Number] | None = None) -> Number:
    """Return the value of an expression.

    Parameters
    ----------
    node : Expr
        Without unbound parameters.
    bits : int
        All clbits as one integer, clbit 0 least significant.
    variables : mapping of str to number
        Values of the classical variables by name.

    Returns
    -------
    bool, int or float
        As the node's type says. Angles are their integer.

    Raises
    ------
    CircuitError
        For an unbound parameter, a division by zero or a function outside its domain.
    """
    return _EVALUATE[type(node)](node, bits, variables or {})


def _evaluate_var(node: Var, _bits: int, variables: Mapping[str, Number]) -> Number:
    try:
        return variables[node.name]
    except KeyError:
        raise CircuitError(f"The classical variable '{node.name}' has no value; add it with circuit.add_var.") from None


def _evaluate_parameter(node: Parameter, _bits: int, _variables: Mapping[str, Number]) -> NoReturn:
    raise CircuitError(f"The parameter '{node.name}' is not bound. Give it a value with circuit.bind({{...}}).")


def _evaluate_bits(node: Bits, bits: int, _variables: Mapping[str, Number]) -> int:
    return sum(((bits >> index) & 1) << position for position, index in enumerate(node.indices))


def _evaluate_unary(node: Unary, bits: int, variables: Mapping[str, Number]) -> Number:
    return unary(node.op, evaluate(node.operand, bits, variables), node.operand.type, node.type)


def _evaluate_binary(node: Binary, bits: int, variables: Mapping[str, Number]) -> Number:
    left, right = evaluate(node.left, bits, variables), evaluate(node.right, bits, variables)
    return binary(node.op, left, right, (node.left.type, node.right.type), node.type)


def _evaluate_cast(node: Cast, bits: int, variables: Mapping[str, Number]) -> Number:
    return convert(evaluate(node.operand, bits, variables), node.operand.type, node.type)


_EVALUATE: dict[type[Expr], Callable[[Any, int, Mapping[str, Number]], Number]] = {
    Const: lambda node, _bits, _variables: node.value,
    Parameter: _evaluate_parameter,
    Bit: lambda node, bits, _variables: bool((bits >> node.index) & 1),
    Bits: _evaluate_bits,
    Var: _evaluate_var,
    Unary: _evaluate_unary,
    Binary: _evaluate_binary,
    Cast: _evaluate_cast,
}
