"""Arithmetic of durations."""

from __future__ import annotations

import math

from qdock_openqasm.errors import Fault
from qdock_openqasm.operators import COMPARISONS
from qdock_openqasm.types import BOOL, DURATION, FLOAT
from qdock_openqasm.values import UNKNOWN, Duration, Value, as_float

__all__ = ["scaled", "timing"]

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def timing(op: str, left: Value, right: Value) -> Value:
    """Return an operator between durations, or a duration and a number."""
    both = left.type.kind == right.type.kind
    unknown = left.is_unknown or right.is_unknown
    if op in ("+", "-") and both:
        return Value(DURATION, UNKNOWN if unknown else _sum(left.data, right.data, 1 if op == "+" else -1))
    if op == "/" and both:
        return Value(FLOAT, UNKNOWN if unknown else _quotient(left.data, right.data))
    if op in COMPARISONS and both:
        return Value(BOOL, UNKNOWN if unknown else COMPARISONS[op](*_in_one_unit(left.data, right.data)))
    if op in ("*", "/") and (op == "*" or left.type.kind == "duration") and not both:
        time, factor = (left, right) if left.type.kind == "duration" else (right, left)
        number = as_float(factor)
        if unknown or number is UNKNOWN:
            return Value(DURATION, UNKNOWN)
        if not isinstance(number, float):
            raise Fault("a duration that depends on a measurement is not supported")
        if op == "/" and number == 0:
            raise Fault("division by zero: the right side of '/' is 0")
        return Value(DURATION, scaled(time.data, number if op == "*" else 1 / number))
    raise Fault(f"'{op}' is not defined between {left.type} and {right.type}")


def scaled(time: Duration, factor: float) -> Duration:
    """Return a multiple of a duration."""
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


def _in_one_unit(left: Duration, right: Duration) -> tuple[float, float]:
    if left.unit == right.unit or 0 in (left.amount, right.amount):
        return left.amount, right.amount
    if "dt" in (left.unit, right.unit):
        raise Fault("'dt' is a length that only a device knows, so it can't be compared with seconds here")
    return left.amount * _SECONDS[left.unit], right.amount * _SECONDS[right.unit]


def _quotient(left: Duration, right: Duration) -> float:
    if right.amount == 0:
        raise Fault("division by zero: the right side of '/' is a duration of 0")
    first, second = _in_one_unit(left, right)
    return first / second
