"""Operators: what they are between values of any two types."""

from __future__ import annotations

import cmath

from qdock import expr as ex
from qdock.errors import CircuitError
from qdock.expressions import arithmetic as core
from qdock_openqasm.durations import scaled, timing
from qdock_openqasm.errors import Fault
from qdock_openqasm.integers import angle, in_one_type, integer, integer_type, real_operation
from qdock_openqasm.limits import Limits
from qdock_openqasm.operators import BITWISE, COMPARISONS, REAL
from qdock_openqasm.types import BOOL, COMPLEX, FLOAT, INT, LITERAL, QType, bits, core_type
from qdock_openqasm.values import (
    UNKNOWN,
    Ratio,
    Unknown,
    Value,
    as_bool,
    as_complex,
    as_float,
    as_integer,
    in_type,
    plain,
    to_expr,
    whole,
)

__all__ = ["binary", "unary"]

_COMPARE_EXPR = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
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
        return _with_const(timing(op, left, right), const)
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
    if op in COMPARISONS:
        return _comparison(op, left, right)
    if op in BITWISE:
        return _bitwise(op, left, right)
    if op in ("<<", ">>"):
        return _shift(op, left, right, limits)
    kinds = {left.type.kind, right.type.kind}
    if "complex" in kinds:
        return _complex(op, left, right)
    if "float" in kinds and not ("angle" in kinds and op in ("+", "-")):
        return real_operation(op, left, right)
    if "angle" in kinds:
        return angle(op, left, right)
    return integer(op, left, right, limits)


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
        return Value(BOOL, UNKNOWN if UNKNOWN in (first, second) else COMPARISONS[op](first, second))
    left, right = _comparable(left, right)
    if left.is_unknown or right.is_unknown:
        return Value(BOOL, UNKNOWN)
    if left.is_known and right.is_known:
        return Value(BOOL, bool(COMPARISONS[op](plain(left), plain(right))))
    if left.type == LITERAL:
        left, right, op = right, left, _MIRRORED.get(op, op)
    # A literal gets its type from what it is compared with, or a wider one if it does not fit.
    number = whole(right.data) if right.type == LITERAL else to_expr(right)
    return Value(BOOL, getattr(to_expr(left), _COMPARE_EXPR[op])(number))


def _comparable(left: Value, right: Value) -> tuple[Value, Value]:
    """Angles are compared as angles of one width, everything else by value."""
    kinds = {left.type.kind, right.type.kind}
    if "angle" in kinds:
        width = max(value.type.num_bits for value in (left, right) if value.type.kind == "angle")
        target = QType("angle", width)
        return in_type(left, target), in_type(right, target)
    if "float" in kinds:
        return Value(FLOAT, as_float(left)), Value(FLOAT, as_float(right))
    return left, right


def _bitwise(op: str, left: Value, right: Value) -> Value:
    kinds = {left.type.kind, right.type.kind}
    if kinds & {"float", "complex"}:
        raise Fault(f"'{op}' is not defined between {left.type} and {right.type}")
    result = _bitwise_type(left.type, right.type)
    if left.is_unknown or right.is_unknown:
        return Value(result, UNKNOWN)
    if left.is_known and right.is_known:
        found = BITWISE[op](int(plain(left)), int(plain(right)))
        kind = core_type(result)
        return Value(result, found if kind is None or result == LITERAL else kind.wrap(found))
    return Value(result, BITWISE[op](*in_one_type(left, right, result)))


def _bitwise_type(left: QType, right: QType) -> QType:
    if left.kind == right.kind and left.width == right.width:
        return left
    if left.is_register and right.is_register:
        raise Fault(f"registers of different sizes, {left} and {right}, have no bitwise operation")
    for kind in ("bit", "angle"):
        for one in (left, right):
            if one.kind == kind and (one.is_register or kind == "angle"):
                return one
    if {left.kind, right.kind} <= {"bool", "bit"}:
        return BOOL
    return integer_type(left, right)


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
    amount = distance if isinstance(distance, ex.Expr) else ex.Const(int(distance), core.Int(64))  # type: ignore[arg-type] # a number
    result = shifted << amount if op == "<<" else shifted >> amount
    return Value(kind, ex.cast(result, core_type(kind) or core.BOOL))


def _shifted(op: str, left: Value, distance: int, kind: QType, limits: Limits) -> int | bool:
    data = int(plain(left))
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
    if op not in REAL:
        raise Fault(f"'{op}' is not defined for complex numbers")
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        return Value(COMPLEX, UNKNOWN)
    if op == "**" and first == 0 and second.real > 0:
        return Value(COMPLEX, 0j)
    found = complex(REAL[op](first, second))
    if not cmath.isfinite(found):
        raise Fault(f"'{op}' has no finite value here")
    return Value(COMPLEX, found)


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
        return operand if operand.is_unknown else Value(kind, scaled(operand.data, -1.0))
    if kind.kind not in _NUMBERS or kind.is_register:
        raise Fault(f"'-' is not defined for a value of type {kind}")
    if operand.is_unknown:
        return operand
    if kind == LITERAL:
        data = operand.data
        return Value(LITERAL, Ratio(-data.whole, -data.real) if isinstance(data, Ratio) else -data)
    if kind.kind in ("bool", "bit"):
        operand, kind = in_type(operand, INT), INT
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
        return Value(LITERAL, ~whole(operand.data))
    if isinstance(operand.data, ex.Expr):
        return Value(kind, ~operand.data)
    target = core_type(kind)
    assert target is not None
    return Value(kind, not operand.data if target == core.BOOL else target.wrap(~operand.data))
