"""Values while a program is read: numbers that are known, expressions that are not, and their arithmetic.

An integer literal has no type of its own until it meets one: in an integer's company it is that integer, where a
real number is asked for it is real. So ``3 / 5`` is 0 as an ``int`` and 0.6 as an angle, while for variables and
constants of an integer type division truncates wherever it stands.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qdock import arithmetic as core
from qdock import expr as ex
from qdock.errors import CircuitError

from qdock_openqasm.errors import Fault
from qdock_openqasm.limits import Limits
from qdock_openqasm.types import (
    BOOL,
    COMPLEX,
    DURATION,
    FLOAT,
    INT,
    LITERAL,
    QType,
    bits,
    core_type,
    is_assignable,
)

__all__ = [
    "UNKNOWN",
    "Duration",
    "Ratio",
    "Value",
    "as_bool",
    "as_complex",
    "as_float",
    "as_integer",
    "binary",
    "cast",
    "convert",
    "to_expr",
    "unary",
]


class _Unknown:
    """Stands for a value while a statement is only checked, not run."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Ratio:
    """A quotient of integer literals: what it is as an integer, and as a real number."""

    whole: int
    real: float


@dataclass(frozen=True)
class Duration:
    """A time: ``amount`` in ``unit``. Not `exact`: it has a part that only a target could give a length."""

    amount: float
    unit: str = "dt"
    exact: bool = True


_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Value:
    """A typed value: a Python number, a `qdock.expr.Expr`, an array, qubits, or `UNKNOWN`.

    `const` says whether the language calls it a compile-time constant.
    """

    type: QType
    data: Any
    const: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is a number now."""
        return not isinstance(self.data, (ex.Expr, _Unknown))

    @property
    def is_unknown(self) -> bool:
        """Whether it is only known to exist."""
        return self.data is UNKNOWN


def _whole(data: Any) -> int:
    return data.whole if isinstance(data, Ratio) else int(data)


def _real(data: Any) -> float:
    try:
        return data.real if isinstance(data, Ratio) else float(data)
    except OverflowError:
        raise Fault("this integer is too large for a real number") from None


# --- conversions


def to_expr(value: Value) -> ex.Expr:
    """Return a value as an expression of the run-time type of its own type."""
    if isinstance(value.data, ex.Expr):
        return value.data
    kind = core_type(value.type)
    if kind is None:
        raise Fault(f"a value of type {value.type} exists only while the program is read, not when it runs")
    data = _whole(value.data) if value.type.kind == "literal" else value.data
    if value.type.kind == "literal":
        kind = core.Int(max(kind.width, data.bit_length() + 1))
    return ex.Const(kind.wrap(data), kind)


def as_float(value: Value) -> float | ex.Expr | _Unknown:
    """Return a number as a real one; an angle in radians."""
    kind = value.type.kind
    if kind not in ("bool", "bit", "int", "uint", "literal", "float", "angle"):
        raise Fault(f"a real number is needed here, but this is of type {value.type}")
    if value.is_unknown:
        return UNKNOWN
    if isinstance(value.data, ex.Expr):
        return ex.cast(value.data, core.FLOAT)
    if kind == "angle":
        return math.tau * value.data / (1 << value.type.num_bits)
    return _real(value.data)


def as_integer(value: Value, what: str = "an integer") -> int | ex.Expr | _Unknown:
    """Return a whole number: of an integer, a bit or a register of bits."""
    if value.type.kind not in ("bool", "bit", "int", "uint", "literal"):
        raise Fault(f"{what} is needed here, but this is of type {value.type}")
    if value.is_unknown or isinstance(value.data, ex.Expr):
        return value.data  # type: ignore[no-any-return] # the two cases that have just been tested
    return _whole(value.data)


def as_complex(value: Value) -> complex | _Unknown:
    """Return a number as a complex one."""
    if value.type.kind == "complex":
        return value.data  # type: ignore[no-any-return] # by its type
    real = as_float(value)
    if isinstance(real, ex.Expr):
        raise Fault("complex numbers exist only while the program is read, not when it runs")
    return real if isinstance(real, _Unknown) else complex(real)


def as_bool(value: Value, what: str = "a condition") -> bool | ex.Expr | _Unknown:
    """Return the truth of a value: whether it differs from zero."""
    if value.type.kind not in ("bool", "bit", "int", "uint", "literal", "float", "angle"):
        raise Fault(f"{what} must be a boolean value, not {value.type}")
    if value.is_unknown:
        return UNKNOWN
    if isinstance(value.data, ex.Expr):
        return ex.cast(value.data, core.BOOL)
    return bool(_whole(value.data) if value.type.kind == "literal" else value.data)


def convert(value: Value, target: QType, what: str = "a value") -> Value:
    """Return a value in the type of what it is assigned to, or raise a `Fault`."""
    if not is_assignable(target, value.type):
        raise Fault(f"{what} of type {target} cannot take a value of type {value.type}")
    return _in_type(value, target)


def cast(value: Value, target: QType) -> Value:
    """Return a value cast to a type, where the language has such a cast."""
    kind, wanted = value.type.kind, target.kind
    refused = (
        kind in ("qubit", "void", "array")
        or (kind == "duration") != (wanted == "duration")
        or (kind == "angle" and wanted in ("int", "uint", "float"))
        or (kind == "float" and wanted == "bit")
        or (kind == "complex") > (wanted == "complex")
    )
    if refused:
        raise Fault(f"a value of type {value.type} cannot be cast to {target}")
    return _in_type(value, target)


def _in_type(value: Value, target: QType) -> Value:
    if value.is_unknown:
        return Value(target, UNKNOWN, value.const)
    if target.kind in ("array", "duration"):
        return Value(target, value.data, value.const)
    if target.kind == "complex":
        return Value(target, as_complex(value), value.const)
    if isinstance(value.data, ex.Expr):
        return Value(target, _cast_expr(value, target), value.const)
    return Value(target, _cast_number(value, target), value.const)


def _cast_expr(value: Value, target: QType) -> ex.Expr:
    kind = core_type(target)
    assert kind is not None
    node: ex.Expr = value.data
    if target.kind == "angle" and value.type.kind in ("int", "uint", "bool"):
        node = ex.cast(node, core.FLOAT)
    elif target.kind == "angle" and value.type.kind == "bit":
        node = ex.cast(node, core.Uint(kind.width))
    elif target.kind == "bit" and value.type.kind == "angle":
        node = ex.cast(node, core.Uint(kind.width or 1))
    return ex.cast(node, kind)


def _cast_number(value: Value, target: QType) -> Any:
    data, source = value.data, value.type
    if target.kind == "float":
        return as_float(value)
    if target.kind == "angle":
        return _angle_bits(value, target.num_bits)
    kind = core_type(target)
    assert kind is not None, target
    if source.kind == "literal":
        data = _whole(data)
    if source.kind == "float" and not math.isfinite(data):
        raise Fault(f"the number {data} has no value of type {target}")
    return kind.wrap(data)


def _angle_bits(value: Value, width: int) -> int:
    """The integer that stands for an angle, by the kind of what it is made from."""
    source = value.type
    if source.kind == "angle":
        return int(core.convert(value.data, core.Angle(source.num_bits), core.Angle(width)))
    if source.kind == "bit":
        return int(value.data) & ((1 << width) - 1)
    radians = as_float(value)
    if not isinstance(radians, float) or not math.isfinite(radians):
        raise Fault(f"an angle must be finite, but is {radians}")
    return int(core.convert(radians, core.FLOAT, core.Angle(width)))


# --- arithmetic

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARE_EXPR = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BITWISE: dict[str, Callable[[Any, Any], Any]] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}
_REAL: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
_NUMBERS = frozenset({"bool", "bit", "int", "uint", "literal", "float", "angle", "complex"})


def binary(op: str, left: Value, right: Value, limits: Limits) -> Value:
    """Return the value of an operator between two values.

    Parameters
    ----------
    op : str
        As the language writes it.
    left, right : Value
        The operands.
    limits : Limits
        For the size of constants.

    Raises
    ------
    Fault
        If the operator is not defined between their types, or has no value.
    """
    const = left.const and right.const
    if "duration" in (left.type.kind, right.type.kind):
        return _with_const(_timing(op, left, right), const)
    for value in (left, right):
        if value.type.kind not in _NUMBERS:
            raise Fault(f"'{op}' is not defined for a value of type {value.type}")
    try:
        return _with_const(_operation(op, left, right, limits), const)
    except ZeroDivisionError:
        raise Fault(f"division by zero: the right side of '{op}' is 0") from None
    except (OverflowError, ValueError, CircuitError) as error:
        raise Fault(f"'{op}' has no value here: {str(error).rstrip('.')}") from None


def _with_const(value: Value, const: bool) -> Value:
    return Value(value.type, value.data, const)


def _operation(op: str, left: Value, right: Value, limits: Limits) -> Value:
    if op in ("&&", "||"):
        return _logical(op, left, right)
    if op in _COMPARISONS:
        return _comparison(op, left, right)
    if op in _BITWISE:
        return _bitwise(op, left, right)
    if op in ("<<", ">>"):
        return _shift(op, left, right, limits)
    kinds = {left.type.kind, right.type.kind}
    if "complex" in kinds:
        return _complex(op, left, right)
    if "float" in kinds and not ("angle" in kinds and op in ("+", "-")):
        return _float(op, left, right)
    if "angle" in kinds:
        return _angle(op, left, right)
    return _integer(op, left, right, limits)


def _logical(op: str, left: Value, right: Value) -> Value:
    first, second = as_bool(left, f"an operand of '{op}'"), as_bool(right, f"an operand of '{op}'")
    decisive = op == "||"
    if decisive is first or decisive is second:
        return Value(BOOL, decisive)
    if first is UNKNOWN or second is UNKNOWN:
        return Value(BOOL, UNKNOWN)
    if isinstance(first, bool):
        return Value(BOOL, second)
    if isinstance(second, bool):
        return Value(BOOL, first)
    assert isinstance(first, ex.Expr)
    return Value(BOOL, first | second if decisive else first & second)


def _comparison(op: str, left: Value, right: Value) -> Value:
    if "complex" in (left.type.kind, right.type.kind):
        if op not in ("==", "!="):
            raise Fault(f"complex numbers have no order, so '{op}' is not defined for them")
        first, second = as_complex(left), as_complex(right)
        return Value(BOOL, UNKNOWN if UNKNOWN in (first, second) else _COMPARISONS[op](first, second))
    left, right = _comparable(left, right)
    if left.is_unknown or right.is_unknown:
        return Value(BOOL, UNKNOWN)
    if left.is_known and right.is_known:
        return Value(BOOL, bool(_COMPARISONS[op](_plain(left), _plain(right))))
    if left.type == LITERAL:
        left, right, op = right, left, _MIRRORED.get(op, op)
    # A literal gets its type from what it is compared with, or a wider one if it does not fit.
    number = _whole(right.data) if right.type == LITERAL else to_expr(right)
    return Value(BOOL, getattr(to_expr(left), _COMPARE_EXPR[op])(number))


def _comparable(left: Value, right: Value) -> tuple[Value, Value]:
    """Angles are compared as angles of one width, everything else by value."""
    kinds = {left.type.kind, right.type.kind}
    if "angle" in kinds:
        width = max(value.type.num_bits for value in (left, right) if value.type.kind == "angle")
        target = QType("angle", width)
        return _in_type(left, target), _in_type(right, target)
    if "float" in kinds:
        return Value(FLOAT, as_float(left)), Value(FLOAT, as_float(right))
    return left, right


def _plain(value: Value) -> Any:
    return _whole(value.data) if value.type.kind == "literal" else value.data


def _bitwise(op: str, left: Value, right: Value) -> Value:
    kinds = {left.type.kind, right.type.kind}
    if kinds & {"float", "complex"}:
        raise Fault(f"'{op}' is not defined between {left.type} and {right.type}")
    result = _bitwise_type(left.type, right.type)
    if left.is_unknown or right.is_unknown:
        return Value(result, UNKNOWN)
    if left.is_known and right.is_known:
        found = _BITWISE[op](int(_plain(left)), int(_plain(right)))
        kind = core_type(result)
        return Value(result, found if kind is None or result == LITERAL else kind.wrap(found))
    return Value(result, _BITWISE[op](*_in_one_type(left, right, result)))


def _bitwise_type(left: QType, right: QType) -> QType:
    if left.kind == right.kind and left.width == right.width:
        return left
    if left.is_register and right.is_register:
        raise Fault(f"registers of different sizes, {left} and {right}, have no bitwise operation")
    for kind in ("bit", "angle"):
        for one, other in ((left, right), (right, left)):
            if one.kind == kind and (one.is_register or kind == "angle"):
                return one if other.kind != "bit" or not one.is_register else one
    if {left.kind, right.kind} <= {"bool", "bit"}:
        return BOOL
    return _integer_type(left, right)


def _in_one_type(left: Value, right: Value, kind: QType) -> tuple[ex.Expr, ex.Expr]:
    target = core_type(kind)
    assert target is not None
    return ex.cast(_wide_enough(left, target), target), ex.cast(_wide_enough(right, target), target)


def _wide_enough(value: Value, target: core.Type) -> ex.Expr:
    """A literal goes into the other's type at once; everything else keeps its own until it is cast."""
    if value.is_known and value.type == LITERAL and target.kind != "angle":
        return ex.Const(target.wrap(_whole(value.data)), target)
    return to_expr(value)


def _shift(op: str, left: Value, right: Value, limits: Limits) -> Value:
    if left.type.kind in ("float", "complex"):
        raise Fault(f"'{op}' is not defined for {left.type}")
    distance = as_integer(right, f"a distance of '{op}'")
    kind = INT if left.type.kind == "bool" else left.type
    if left.is_unknown or distance is UNKNOWN:
        return Value(kind, UNKNOWN)
    if isinstance(distance, int) and distance < 0:
        raise Fault(f"the distance of '{op}' must not be negative, but is {distance}")
    if left.is_known and isinstance(distance, int):
        return Value(kind, _shifted(op, left, distance, kind, limits))
    shifted = ex.cast(to_expr(left), core_type(kind if kind.kind != "bit" or kind.width else bits(1)) or core.BOOL)
    amount = distance if isinstance(distance, ex.Expr) else ex.Const(distance, core.Int(64))
    result = shifted << amount if op == "<<" else shifted >> amount
    return Value(kind, ex.cast(result, core_type(kind) or core.BOOL))


def _shifted(op: str, left: Value, distance: int, kind: QType, limits: Limits) -> int | bool:
    data = int(_plain(left))
    if kind == LITERAL:
        if op == "<<":
            limits.check("constant_bits", data.bit_length() + distance)
            return data << distance
        return data >> min(distance, limits.constant_bits)
    width = kind.num_bits
    distance = min(distance, width)
    found = data << distance if op == "<<" else data >> distance
    target = core_type(kind)
    return found if target is None else target.wrap(found & ((1 << width) - 1))  # type: ignore[return-value]


def _complex(op: str, left: Value, right: Value) -> Value:
    first, second = as_complex(left), as_complex(right)
    if op not in _REAL:
        raise Fault(f"'{op}' is not defined for complex numbers")
    if isinstance(first, _Unknown) or isinstance(second, _Unknown):
        return Value(COMPLEX, UNKNOWN)
    if op == "**" and first == 0 and second.real > 0:
        return Value(COMPLEX, 0j)
    found = complex(_REAL[op](first, second))
    if not cmath.isfinite(found):
        raise Fault(f"'{op}' has no finite value here")
    return Value(COMPLEX, found)


def _float(op: str, left: Value, right: Value) -> Value:
    first, second = as_float(left), as_float(right)
    if first is UNKNOWN or second is UNKNOWN:
        return Value(FLOAT, UNKNOWN)
    if op == "%":
        if isinstance(first, float) and isinstance(second, float):
            if second == 0:
                raise ZeroDivisionError
            return Value(FLOAT, math.fmod(first, second))
        raise Fault("'%' of real numbers that depend on a measurement is not supported")
    found = _REAL[op](first, second)
    if isinstance(found, complex):
        raise Fault("a negative number has no real power with a fractional exponent; use complex numbers")
    if isinstance(found, float) and not math.isfinite(found):
        raise Fault(f"'{op}' has no finite value here")
    return Value(FLOAT, found)


def _angle(op: str, left: Value, right: Value) -> Value:
    both = left.type.kind == right.type.kind
    width = max(value.type.num_bits for value in (left, right) if value.type.kind == "angle")
    named = any(value.type.width for value in (left, right) if value.type.kind == "angle")
    angle = QType("angle", width if named else None)
    if op in ("+", "-"):
        return _wrapped(op, _in_type(left, angle), _in_type(right, angle), angle)
    if op == "*" and not both:
        factor, turned = (left, right) if right.type.kind == "angle" else (right, left)
        return _wrapped(op, _bits_of(turned), _unsigned(factor, width), angle)
    if op == "/" and left.type.kind == "angle":
        if both:
            return _wrapped(
                "//", _bits_of(_in_type(left, angle)), _bits_of(_in_type(right, angle)), QType("uint", width)
            )
        return _wrapped("//", _bits_of(left), _unsigned(right, width), angle)
    if op == "**":
        return _float(op, left, right)
    raise Fault(f"'{op}' is not defined between {left.type} and {right.type}")


def _bits_of(angle: Value) -> Value:
    """An angle as the unsigned integer that represents it."""
    unsigned = QType("uint", angle.type.num_bits)
    if isinstance(angle.data, ex.Expr):
        return Value(unsigned, ex.cast(angle.data, core.Uint(angle.type.num_bits)))
    return Value(unsigned, angle.data)


def _unsigned(value: Value, width: int) -> Value:
    return _in_type(value, QType("uint", width))


def _wrapped(op: str, left: Value, right: Value, result: QType) -> Value:
    """Integer arithmetic in the width of `result`, wrapping around."""
    if left.is_unknown or right.is_unknown:
        return Value(result, UNKNOWN)
    kind = core_type(result)
    assert kind is not None
    raw = core.Uint(kind.width) if kind.kind == "angle" else kind
    if left.is_known and right.is_known:
        return Value(result, core.binary(op, left.data, right.data, (raw, raw), raw))
    first, second = ex.cast(to_expr(left), raw), ex.cast(to_expr(right), raw)
    return Value(result, ex.cast(_EXPR_INTEGER[op](first, second), kind))


_EXPR_INTEGER: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def _integer_type(left: QType, right: QType) -> QType:
    """C's usual conversions: the wider type, and unsigned among equals; a literal takes the other's type."""
    left, right = _promoted(left), _promoted(right)
    if LITERAL in (left, right):
        return right if left == LITERAL else left
    if left.kind == right.kind:
        return left if (left.num_bits, left.width or 0) >= (right.num_bits, right.width or 0) else right
    unsigned, signed = (left, right) if left.kind == "uint" else (right, left)
    return unsigned if unsigned.num_bits >= signed.num_bits else signed


def _promoted(kind: QType) -> QType:
    if kind.kind == "bit" and kind.width:
        return QType("uint", kind.width)
    return INT if kind.kind in ("bool", "bit") else kind


def _integer(op: str, left: Value, right: Value, limits: Limits) -> Value:
    result = _integer_type(left.type, right.type)
    if left.is_unknown or right.is_unknown:
        return Value(result, UNKNOWN)
    if result == LITERAL:
        return _literal(op, left.data, right.data, limits)
    if op == "**" and right.is_known and _whole(right.data) < 0:
        return _float(op, left, right)
    op = "//" if op == "/" else op
    kind = core_type(result)
    assert kind is not None
    if left.is_known and right.is_known:
        first, second = (kind.wrap(_whole(value.data)) for value in (left, right))
        return Value(result, core.binary(op, first, second, (kind, kind), kind))
    return Value(result, _EXPR_INTEGER[op](*_in_one_type(left, right, result)))


def _literal(op: str, left: Any, right: Any, limits: Limits) -> Value:
    """Arithmetic of untyped integers: exact, and both as integers and as reals where a quotient is among them."""
    first, second = _whole(left), _whole(right)
    if op == "**":
        return _literal_power(left, right, limits)
    if op in ("/", "%") and second == 0:
        raise ZeroDivisionError
    if op == "*":
        limits.check("constant_bits", first.bit_length() + second.bit_length() - 1)
    whole = _EXACT[op](first, second)
    if op != "%" and (op == "/" or isinstance(left, Ratio) or isinstance(right, Ratio)):
        real = _REAL[op](_exact(left), _exact(right))
        return Value(LITERAL, whole if whole == real else Ratio(whole, float(real)))
    limits.check("constant_bits", whole.bit_length())
    return Value(LITERAL, whole)


def _exact(data: Any) -> Any:
    return data.real if isinstance(data, Ratio) else data


def _truncated(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_EXACT: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _truncated,
    "%": lambda left, right: left - right * _truncated(left, right),
}


def _literal_power(left: Any, right: Any, limits: Limits) -> Value:
    if isinstance(left, Ratio) or isinstance(right, Ratio) or right < 0:
        return _float("**", Value(LITERAL, left), Value(LITERAL, right))
    if abs(left) > 1:
        limits.check("constant_bits", (abs(left).bit_length() - 1) * right)
    return Value(LITERAL, left**right if abs(left) > 1 else left ** (right % 2 or 2 * (right > 0)))


# --- one operand


def unary(op: str, operand: Value) -> Value:
    """Return the value of ``-``, ``~`` or ``!`` before a value."""
    if op == "!":
        truth = as_bool(operand, "an operand of '!'")
        if truth is UNKNOWN:
            return Value(BOOL, UNKNOWN, operand.const)
        return Value(BOOL, not truth if isinstance(truth, bool) else ~truth, operand.const)  # type: ignore[operator]
    handler = _negated if op == "-" else _inverted
    try:
        return _with_const(handler(operand), operand.const)
    except CircuitError as error:
        raise Fault(str(error).rstrip(".")) from None


def _negated(operand: Value) -> Value:
    kind = operand.type
    if kind.kind == "duration":
        return operand if operand.is_unknown else Value(kind, _scaled(operand.data, -1.0))
    if kind.kind not in _NUMBERS or kind.is_register:
        raise Fault(f"'-' is not defined for a value of type {kind}")
    if operand.is_unknown:
        return operand
    if kind == LITERAL:
        data = operand.data
        return Value(LITERAL, Ratio(-data.whole, -data.real) if isinstance(data, Ratio) else -data)
    if kind.kind in ("bool", "bit"):
        operand, kind = _in_type(operand, INT), INT
    if kind.kind in ("float", "complex"):
        return Value(kind, -operand.data)
    if isinstance(operand.data, ex.Expr):
        return Value(kind, -operand.data)
    target = core_type(kind)
    assert target is not None
    return Value(kind, target.wrap(-operand.data))


def _inverted(operand: Value) -> Value:
    kind = operand.type
    if kind.kind not in ("bool", "bit", "int", "uint", "literal", "angle"):
        raise Fault(f"'~' is not defined for a value of type {kind}")
    if operand.is_unknown:
        return operand
    if kind == LITERAL:
        return Value(LITERAL, ~_whole(operand.data))
    if isinstance(operand.data, ex.Expr):
        return Value(kind, ~operand.data)
    target = core_type(kind)
    assert target is not None
    return Value(kind, not operand.data if target == core.BOOL else target.wrap(~operand.data))


# --- durations


def _timing(op: str, left: Value, right: Value) -> Value:
    both = left.type.kind == right.type.kind
    unknown = left.is_unknown or right.is_unknown
    if op in ("+", "-") and both:
        return Value(DURATION, UNKNOWN if unknown else _sum(left.data, right.data, 1 if op == "+" else -1))
    if op == "/" and both:
        return Value(FLOAT, UNKNOWN if unknown else _quotient(left.data, right.data))
    if op in _COMPARISONS and both:
        return Value(
            BOOL, UNKNOWN if unknown else _COMPARISONS[op](_quotient_base(left.data), _quotient_base(right.data))
        )
    if op in ("*", "/") and (op == "*" or left.type.kind == "duration") and not both:
        time, factor = (left, right) if left.type.kind == "duration" else (right, left)
        number = as_float(factor)
        if unknown or number is UNKNOWN:
            return Value(DURATION, UNKNOWN)
        if not isinstance(number, float):
            raise Fault("a duration that depends on a measurement is not supported")
        if op == "/" and number == 0:
            raise Fault("division by zero: the right side of '/' is 0")
        return Value(DURATION, _scaled(time.data, number if op == "*" else 1 / number))
    raise Fault(f"'{op}' is not defined between {left.type} and {right.type}")


def _scaled(time: Duration, factor: float) -> Duration:
    amount = time.amount * factor
    if not math.isfinite(amount):
        raise Fault("this duration is not finite")
    return Duration(amount, time.unit, time.exact)


def _sum(left: Duration, right: Duration, sign: int) -> Duration:
    exact = left.exact and right.exact
    if right.amount == 0:
        return Duration(left.amount, left.unit, exact)
    if left.amount == 0:
        return Duration(sign * right.amount, right.unit, exact)
    if left.unit == right.unit:
        return Duration(left.amount + sign * right.amount, left.unit, exact)
    if "dt" in (left.unit, right.unit):
        raise Fault("'dt' is a length that only a device knows, so it can't be added to seconds here")
    return Duration(left.amount * _SECONDS[left.unit] + sign * right.amount * _SECONDS[right.unit], "s", exact)


def _quotient_base(time: Duration) -> float:
    return time.amount * _SECONDS.get(time.unit, 1.0)


def _quotient(left: Duration, right: Duration) -> float:
    if ("dt" in (left.unit, right.unit)) and left.unit != right.unit:
        raise Fault("'dt' is a length that only a device knows, so it can't be compared with seconds here")
    if right.amount == 0:
        raise Fault("division by zero: the right side of '/' is a duration of 0")
    if left.unit == right.unit:
        return left.amount / right.amount
    return _quotient_base(left) / _quotient_base(right)

