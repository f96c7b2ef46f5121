"""Expressions: parameters of a circuit and classical values at run time, in one kind of tree.

An angle that is not known yet is an expression over `Parameter`; a condition, an assigned value or an angle
that depends on measured bits is one over `Bit`, `Bits` and `Var`. Nodes are frozen, hashable and compared by
structure, so ``==`` never makes a comparison *in* a circuit: that is ``a.eq(b)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from qdock.arithmetic import BOOL, FLOAT, Angle, Int, Number, Type, Uint, binary, common, convert, unary
from qdock.errors import CircuitError

__all__ = [
    "BOOL",
    "FLOAT",
    "Angle",
    "Binary",
    "Bit",
    "Bits",
    "Cast",
    "Const",
    "Expr",
    "Int",
    "Number",
    "Parameter",
    "Type",
    "Uint",
    "Unary",
    "Var",
    "arccos",
    "arcsin",
    "arctan",
    "bit_at",
    "cast",
    "ceiling",
    "cos",
    "evaluate",
    "exp",
    "floor",
    "lift",
    "log",
    "popcount",
    "rotl",
    "rotr",
    "sin",
    "sqrt",
    "tan",
]

MAX_DEPTH = 200

# --- nodes


def _operator(op: str, build: Callable[[str, Any, Any], Expr]) -> Callable[[Any, Any], Expr]:
    return lambda left, right: build(op, left, right)


def _reflected(op: str, build: Callable[[str, Any, Any], Expr]) -> Callable[[Any, Any], Expr]:
    return lambda right, left: build(op, left, right)


def _arithmetic(op: str, left: Expr | Number, right: Expr | Number) -> Expr:
    left, right = _lift_both(left, right)
    result = common(left.type, right.type)
    if op == "/" and result.is_integer:
        result = FLOAT
    if op == "/" and result.kind == "angle":
        op, result = "//", Uint(result.width) if left.type.kind == right.type.kind else result
    if op in ("//", "%") and result.kind == "float":
        raise CircuitError(f"'{op}' needs integers, but '{left}' {op} '{right}' has a float. Use '/' or a cast.")
    return _fold(Binary(op, left, right, result))


def _bitwise(op: str, left: Expr | Number, right: Expr | Number) -> Expr:
    left, right = _lift_both(left, right)
    if left.type == BOOL and right.type == BOOL:
        return _fold(Binary(op, left, right, BOOL))
    result = common(left.type, right.type)
    if result.kind == "float":
        raise CircuitError(f"'{op}' needs bits or integers, but one of '{left}' and '{right}' is a float.")
    return _fold(Binary(op, left, right, result))


def _shift(op: str, left: Expr, right: Expr | int) -> Expr:
    right = lift(right)
    if left.type.kind in ("float", "bool") or not (right.type.is_integer or right.type == BOOL):
        raise CircuitError(f"'{op}' shifts an integer by an integer, but got {left.type} {op} {right.type}.")
    return _fold(Binary(op, left, right, left.type))


def _comparison(op: str, left: Expr, right: Expr | Number) -> Expr:
    return _fold(Binary(op, left, lift(right, left.type), BOOL))


class Expr:
    """Base of all nodes. Python's operators build larger ones; comparisons are the methods `eq` to `ge`.

    Attributes
    ----------
    type : Type
        Type of the value.
    children : tuple of Expr
        The nodes right below this one.
    depth : int
        Levels of nodes, this one included.
    """

    type: Type
    children: tuple[Expr, ...] = ()
    depth: int = 1

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"The value of '{self}' is known only when the circuit runs, so it is neither true nor false here. "
            "Give it to circuit.if_ or circuit.while_ instead."
        )

    __add__, __radd__ = _operator("+", _arithmetic), _reflected("+", _arithmetic)
    __sub__, __rsub__ = _operator("-", _arithmetic), _reflected("-", _arithmetic)
    __mul__, __rmul__ = _operator("*", _arithmetic), _reflected("*", _arithmetic)
    __truediv__, __rtruediv__ = _operator("/", _arithmetic), _reflected("/", _arithmetic)
    __floordiv__, __rfloordiv__ = _operator("//", _arithmetic), _reflected("//", _arithmetic)
    __mod__, __rmod__ = _operator("%", _arithmetic), _reflected("%", _arithmetic)
    __pow__, __rpow__ = _operator("**", _arithmetic), _reflected("**", _arithmetic)
    __and__, __rand__ = _operator("&", _bitwise), _reflected("&", _bitwise)
    __or__, __ror__ = _operator("|", _bitwise), _reflected("|", _bitwise)
    __xor__, __rxor__ = _operator("^", _bitwise), _reflected("^", _bitwise)
    __lshift__, __rshift__ = _operator("<<", _shift), _operator(">>", _shift)

    def __neg__(self) -> Expr:
        return _fold(Unary("-", self, FLOAT if self.type.kind == "float" else common(self.type, self.type)))

    def __invert__(self) -> Expr:
        if self.type.kind == "float":
            raise CircuitError(f"'~' needs a bit or an integer, but '{self}' is a float.")
        return _fold(Unary("~", self, self.type))

    def eq(self, other: Expr | Number) -> Expr:
        """Return the condition that both values are equal."""
        return _comparison("==", self, other)

    def ne(self, other: Expr | Number) -> Expr:
        """Return the condition that the values differ."""
        return _comparison("!=", self, other)

    def lt(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is the smaller one."""
        return _comparison("<", self, other)

    def le(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is not the larger one."""
        return _comparison("<=", self, other)

    def gt(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is the larger one."""
        return _comparison(">", self, other)

    def ge(self, other: Expr | Number) -> Expr:
        """Return the condition that this value is not the smaller one."""
        return _comparison(">=", self, other)

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

    def bind(self, values: Mapping[Parameter, Expr | Number]) -> Expr:
        """Return the expression with parameters replaced; what has become constant is computed."""
        return self.replace(lambda node: lift(values[node]) if isinstance(node, Parameter) and node in values else node)

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

    def __str__(self) -> str:
        return f"c[{self.index}]"


@dataclass(frozen=True, repr=False)
class Bits(Expr):
    """Several clbits read as an unsigned integer, the first one least significant."""

    indices: tuple[int, ...]
    type: Type = field(init=False)

    def __post_init__(self) -> None:
        if not self.indices:
            raise CircuitError("A value needs at least one clbit, but an empty register was given.")
        object.__setattr__(self, "type", Uint(len(self.indices)))

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


class _Inner(Expr):
    """A node with children; knows its depth, so that a tree too deep to walk is refused when it is built."""

    def _place(self, *children: Expr) -> None:
        depth = 1 + max(child.depth for child in children)
        if depth > MAX_DEPTH:
            raise CircuitError(
                f"The expression is nested {depth} deep; the limit is {MAX_DEPTH}. Use a variable for a part of it."
            )
        object.__setattr__(self, "depth", depth)
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
        return f"{self.op}{_grouped(self.operand)}" if self.op in "-~" else f"{self.op}({self.operand})"


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
        return f"{_grouped(self.left)}{space}{self.op}{space}{_grouped(self.right)}"


@dataclass(frozen=True, repr=False)
class Cast(_Inner):
    """A value in another type."""

    operand: Expr
    type: Type

    def __post_init__(self) -> None:
        self._place(self.operand)

    def __str__(self) -> str:
        return f"{self.type}({self.operand})"


def _grouped(node: Expr) -> str:
    return f"({node})" if isinstance(node, Binary) and not node.op.isalpha() else str(node)


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
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return Const(bool(value), BOOL)
    if hasattr(value, "__index__"):
        return _lift_integer(int(value.__index__()), like)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CircuitError(
            f"An expression is made of numbers, parameters and classical values, but {value!r} was given."
        ) from None
    if not math.isfinite(number):
        raise CircuitError(f"A number in an expression must be finite, but is {number}.")
    return Const(number, FLOAT)


def _lift_integer(value: int, like: Type | None) -> Const:
    if like is not None and like.kind == "float":
        return Const(float(value), FLOAT)
    bits = value.bit_length()
    if like is not None and like.kind in ("uint", "angle") and value >= 0:
        return Const(value, Uint(max(like.width, bits)))
    return Const(value, Int(max(like.width if like and like.kind == "int" else 64, bits + 1)))


def _lift_both(left: Expr | Number, right: Expr | Number) -> tuple[Expr, Expr]:
    if isinstance(left, Expr):
        return left, lift(right, left.type)
    if isinstance(right, Expr):
        return lift(left, right.type), right
    return lift(left), lift(right)


def cast(value: Expr | Number, target: Type) -> Expr:
    """Return `value` in type `target`.

    Floats are cut toward zero, integers wrap around, anything but zero is true. Between floats and angles the
    value in radians is kept, to the angle's precision; between angles of two widths, too.
    """
    value = lift(value)
    return value if value.type == target else _fold(Cast(value, target))


def _function(name: str) -> Callable[[Expr | Number], Expr]:
    def function(value: Expr | Number) -> Expr:
        return _fold(Unary(name, cast(value, FLOAT), FLOAT))

    function.__name__ = name
    function.__doc__ = f"Return the {name} of `value` as an expression; angles are in radians."
    return function


sin, cos, tan = _function("sin"), _function("cos"), _function("tan")
arcsin, arccos, arctan = _function("arcsin"), _function("arccos"), _function("arctan")
exp, log, sqrt = _function("exp"), _function("log"), _function("sqrt")
floor, ceiling = _function("floor"), _function("ceiling")


def popcount(value: Expr) -> Expr:
    """Return how many bits of an integer are one, as an integer of the same width."""
    return _fold(Unary("popcount", value, Uint(max(value.type.width, 1))))


def rotl(value: Expr, distance: Expr | int) -> Expr:
    """Return an integer rotated to the left within its width."""
    return _fold(Binary("rotl", value, lift(distance), value.type))


def rotr(value: Expr, distance: Expr | int) -> Expr:
    """Return an integer rotated to the right within its width."""
    return _fold(Binary("rotr", value, lift(distance), value.type))


def bit_at(value: Expr, index: Expr | int) -> Expr:
    """Return one bit of an integer, 0 the least significant."""
    return _fold(Binary("bit", value, lift(index), BOOL))


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
