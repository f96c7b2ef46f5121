"""Arithmetic of numbers: integers of a width, which wrap around, angles, literals, and real numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm.errors import Fault
from qdock_openqasm.limits import Limits
from qdock_openqasm.operators import INTEGER, REAL
from qdock_openqasm.types import FLOAT, INT, LITERAL, QType, core_type
from qdock_openqasm.values import UNKNOWN, Ratio, Value, as_float, in_type, to_expr, whole

__all__ = ["angle", "in_one_type", "integer", "integer_type", "real_operation"]


def real_operation(op: str, left: Value, right: Value) -> Value:
    """Return an operator between real numbers."""
    first, second = as_float(left), as_float(right)
    if first is UNKNOWN or second is UNKNOWN:
        return Value(FLOAT, UNKNOWN)
    if op == "%":
        if isinstance(first, float) and isinstance(second, float):
            if second == 0:
                raise ZeroDivisionError
            return Value(FLOAT, math.fmod(first, second))
        raise Fault("'%' of real numbers that depend on a measurement is not supported")
    found = REAL[op](first, second)
    if isinstance(found, complex):
        raise Fault("a negative number has no real power with a fractional exponent; use complex numbers")
    if isinstance(found, float) and not math.isfinite(found):
        raise Fault(f"'{op}' has no finite value here")
    return Value(FLOAT, found)


# --- angles


def angle(op: str, left: Value, right: Value) -> Value:
    """Return an operator between angles, or an angle and a number."""
    both = left.type.kind == right.type.kind
    width = max(value.type.num_bits for value in (left, right) if value.type.kind == "angle")
    named = any(value.type.width for value in (left, right) if value.type.kind == "angle")
    angle = QType("angle", width if named else None)
    if op in ("+", "-"):
        return _wrapped(op, in_type(left, angle), in_type(right, angle), angle)
    if op == "*" and not both:
        factor, turned = (left, right) if right.type.kind == "angle" else (right, left)
        return _wrapped(op, _bits_of(turned), _unsigned(factor, width), angle)
    if op == "/" and left.type.kind == "angle":
        if both:
            return _wrapped("//", _bits_of(in_type(left, angle)), _bits_of(in_type(right, angle)), QType("uint", width))
        return _wrapped("//", _bits_of(left), _unsigned(right, width), angle)
    if op == "**":
        return real_operation(op, left, right)
    raise Fault(f"'{op}' is not defined between {left.type} and {right.type}")


def _bits_of(angle: Value) -> Value:
    """An angle as the unsigned integer that represents it."""
    unsigned = QType("uint", angle.type.num_bits)
    if isinstance(angle.data, ex.Expr):
        return Value(unsigned, ex.cast(angle.data, core.Uint(angle.type.num_bits)))
    return Value(unsigned, angle.data)


def _unsigned(value: Value, width: int) -> Value:
    return in_type(value, QType("uint", width))


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


# --- integers

_EXPR_INTEGER: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def integer_type(left: QType, right: QType) -> QType:
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


def integer(op: str, left: Value, right: Value, limits: Limits) -> Value:
    """Return an operator between integers, in the type in which they meet."""
    result = integer_type(left.type, right.type)
    if left.is_unknown or right.is_unknown:
        return Value(result, UNKNOWN)
    if result == LITERAL:
        return literal(op, left.data, right.data, limits)
    if op == "**" and right.is_known and whole(right.data) < 0:
        return real_operation(op, left, right)
    op = "//" if op == "/" else op
    kind = core_type(result)
    assert kind is not None
    if left.is_known and right.is_known:
        first, second = (kind.wrap(whole(value.data)) for value in (left, right))
        return Value(result, core.binary(op, first, second, (kind, kind), kind))
    return Value(result, _EXPR_INTEGER[op](*in_one_type(left, right, result)))


def in_one_type(left: Value, right: Value, kind: QType) -> tuple[ex.Expr, ex.Expr]:
    """Return two values as expressions of one type."""
    target = core_type(kind)
    assert target is not None
    return ex.cast(_wide_enough(left, target), target), ex.cast(_wide_enough(right, target), target)


def _wide_enough(value: Value, target: core.Type) -> ex.Expr:
    """A literal goes into the other's type at once; everything else keeps its own until it is cast."""
    if value.is_known and value.type == LITERAL and target.kind != "angle":
        return ex.Const(target.wrap(whole(value.data)), target)
    return to_expr(value)


# --- literals


def literal(op: str, left: Any, right: Any, limits: Limits) -> Value:
    """Arithmetic of untyped integers: exact, and both as integers and as reals where a quotient is among them."""
    first, second = whole(left), whole(right)
    if op == "**":
        return _literal_power(left, right, limits)
    if op in ("/", "%") and second == 0:
        raise ZeroDivisionError
    if op == "*":
        limits.check("constant_bits", first.bit_length() + second.bit_length() - 1)
    found = INTEGER[op](first, second)
    if op != "%" and (op == "/" or isinstance(left, Ratio) or isinstance(right, Ratio)):
        real = REAL[op](_exact(left), _exact(right))
        return Value(LITERAL, found if found == real else Ratio(found, float(real)))
    limits.check("constant_bits", found.bit_length())
    return Value(LITERAL, found)


def _exact(data: Any) -> Any:
    return data.real if isinstance(data, Ratio) else data


def _literal_power(left: Any, right: Any, limits: Limits) -> Value:
    if isinstance(left, Ratio) or isinstance(right, Ratio) or right < 0:
        return real_operation("**", Value(LITERAL, left), Value(LITERAL, right))
    if abs(left) > 1:
        limits.check("constant_bits", (abs(left).bit_length() - 1) * right)
    return Value(LITERAL, left**right if abs(left) > 1 else left ** (right % 2 or 2 * (right > 0)))
