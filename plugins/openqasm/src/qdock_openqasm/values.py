"""Values while a program is read: numbers that are known, expressions that are not, and their arithmetic.

An integer literal has no type of its own until it meets one: in an integer's company it is that integer, where a
real number is asked for it is real. So ``3 / 5`` is 0 as an ``int`` and 0.6 as an angle, while for variables and
constants of an integer type division truncates wherever it stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm.errors import Fault
from qdock_openqasm.types import QType, core_type, is_assignable

__all__ = [
    "UNKNOWN",
    "Duration",
    "Ratio",
    "Unknown",
    "Value",
    "as_bool",
    "as_complex",
    "as_float",
    "as_integer",
    "cast",
    "convert",
    "in_type",
    "plain",
    "to_expr",
    "whole",
]


class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


#: Stands for a value while a statement is only checked, not run.
UNKNOWN = Unknown()


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
        return not isinstance(self.data, (ex.Expr, Unknown))

    @property
    def is_unknown(self) -> bool:
        """Whether it is only known to exist."""
        return self.data is UNKNOWN


def whole(data: Any) -> int:
    """Return the data of an integer literal as an integer."""
    return data.whole if isinstance(data, Ratio) else int(data)


def real(data: Any) -> float:
    try:
        return data.real if isinstance(data, Ratio) else float(data)
    except OverflowError:
        raise Fault("this integer is too large for a real number") from None


def plain(value: Value) -> Any:
    """Return the data of a number, a literal as an integer."""
    return whole(value.data) if value.type.kind == "literal" else value.data


# --- conversions


def to_expr(value: Value) -> ex.Expr:
    """Return a value as an expression of the run-time type of its own type."""
    if isinstance(value.data, ex.Expr):
        return value.data
    kind = core_type(value.type)
    if kind is None:
        raise Fault(f"a value of type {value.type} exists only while the program is read, not when it runs")
    data = whole(value.data) if value.type.kind == "literal" else value.data
    if value.type.kind == "literal":
        kind = core.Int(max(kind.width, data.bit_length() + 1))
    return ex.Const(kind.wrap(data), kind)


def as_float(value: Value) -> float | ex.Expr | Unknown:
    """Return a number as a real one; an angle in radians."""
    kind = value.type.kind
    if kind not in ("bool", "bit", "int", "uint", "literal", "float", "angle"):
        raise Fault(f"a real number is needed here, but this is of type {value.type}")
    if value.is_unknown:
        return UNKNOWN
    if isinstance(value.data, ex.Expr):
        return ex.cast(value.data, core.FLOAT)
    if kind == "angle":
        return math.tau * int(value.data) / (1 << value.type.num_bits)
    return real(value.data)


def as_integer(value: Value, what: str = "what is given") -> int | ex.Expr | Unknown:
    """Return a whole number: of an integer, a bit or a register of bits."""
    if value.type.kind not in ("bool", "bit", "int", "uint", "literal"):
        raise Fault(f"{what} must be an integer, not of type {value.type}")
    if value.is_unknown or isinstance(value.data, ex.Expr):
        return value.data  # type: ignore[no-any-return] # the two cases that have just been tested
    return whole(value.data)


def as_complex(value: Value) -> complex | Unknown:
    """Return a number as a complex one."""
    if value.type.kind == "complex":
        return value.data  # type: ignore[no-any-return] # by its type
    real = as_float(value)
    if isinstance(real, ex.Expr):
        raise Fault("complex numbers exist only while the program is read, not when it runs")
    return real if isinstance(real, Unknown) else complex(real)


def as_bool(value: Value, what: str = "a condition") -> bool | ex.Expr | Unknown:
    """Return the truth of a value: whether it differs from zero."""
    if value.type.kind not in ("bool", "bit", "int", "uint", "literal", "float", "angle"):
        raise Fault(f"{what} must be a boolean value, not {value.type}")
    if value.is_unknown:
        return UNKNOWN
    if isinstance(value.data, ex.Expr):
        return ex.cast(value.data, core.BOOL)
    return bool(whole(value.data) if value.type.kind == "literal" else value.data)


def convert(value: Value, target: QType, what: str = "a value") -> Value:
    """Return a value in the type of what it is assigned to, or raise a `Fault`."""
    if value.type.kind == "void":
        raise Fault(f"{what} needs a value, but this function returns none")
    if not is_assignable(target, value.type):
        raise Fault(f"{what} of type {target} cannot take a value of type {value.type}")
    return in_type(value, target)


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
    return in_type(value, target)


def in_type(value: Value, target: QType) -> Value:
    """Return a value in a type that it has been found to fit."""
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
        data = whole(data)
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
