"""The functions of the language: by name, how many arguments they take and what they are."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

from qdock import expr as ex
from qdock.errors import CircuitError
from qdock.expressions import arithmetic as core
from qdock_openqasm.arithmetic import binary
from qdock_openqasm.errors import Fault
from qdock_openqasm.limits import Limits
from qdock_openqasm.types import COMPLEX, FLOAT, INT, LITERAL, QType, core_type
from qdock_openqasm.values import UNKNOWN, Value, as_complex, as_float, as_integer, to_expr

__all__ = ["FUNCTIONS", "REAL_FUNCTIONS", "call_function"]

_UINT = QType("uint")
_REAL: dict[str, tuple[Callable[[float], float], Callable[..., ex.Expr]]] = {
    "arccos": (math.acos, ex.arccos),
    "arcsin": (math.asin, ex.arcsin),
    "arctan": (math.atan, ex.arctan),
    "cos": (math.cos, ex.cos),
    "exp": (math.exp, ex.exp),
    "log": (math.log, ex.log),
    "sin": (math.sin, ex.sin),
    "sqrt": (math.sqrt, ex.sqrt),
    "tan": (math.tan, ex.tan),
    "ceiling": (math.ceil, ex.ceiling),
    "floor": (math.floor, ex.floor),
}
REAL_FUNCTIONS = {name: function for name, (function, _) in _REAL.items()}
_COMPLEX: dict[str, Callable[[complex], complex]] = {
    "arccos": cmath.acos,
    "arcsin": cmath.asin,
    "arctan": cmath.atan,
    "cos": cmath.cos,
    "exp": cmath.exp,
    "log": cmath.log,
    "sin": cmath.sin,
    "sqrt": cmath.sqrt,
    "tan": cmath.tan,
}


def _real_function(name: str) -> Callable[[list[Value], Limits], Value]:
    def apply(arguments: list[Value], _limits: Limits) -> Value:
        argument = arguments[0]
        if argument.type.kind == "complex" and name in _COMPLEX:
            number = as_complex(argument)
            return Value(COMPLEX, UNKNOWN if argument.is_unknown else _COMPLEX[name](number))  # type: ignore[arg-type] # known
        real = as_float(argument)
        if isinstance(real, ex.Expr):
            return Value(FLOAT, _REAL[name][1](real))
        return Value(FLOAT, UNKNOWN if argument.is_unknown else float(_REAL[name][0](real)))  # type: ignore[arg-type] # known

    return apply


def _part(name: str) -> Callable[[list[Value], Limits], Value]:
    def apply(arguments: list[Value], _limits: Limits) -> Value:
        number = as_complex(arguments[0])
        return Value(FLOAT, UNKNOWN if arguments[0].is_unknown else getattr(number, name))

    return apply


def _mod(arguments: list[Value], limits: Limits) -> Value:
    left, right = arguments
    return binary("%", left, right, limits)


def _pow(arguments: list[Value], limits: Limits) -> Value:
    left, right = arguments
    return binary("**", left, right, limits)


def _popcount(arguments: list[Value], _limits: Limits) -> Value:
    data = as_integer(arguments[0], "the argument of 'popcount'")
    if isinstance(data, ex.Expr):
        bits = data if data.type != core.BOOL else ex.cast(data, core.Uint(1))
        return Value(_UINT, ex.cast(ex.popcount(bits), core.Uint(_UINT.num_bits)))
    if arguments[0].is_unknown:
        return Value(_UINT, UNKNOWN)
    width = arguments[0].type.num_bits
    number = int(data)  # type: ignore[arg-type] # a number, as it is neither of the two above
    return Value(_UINT, (number & ((1 << width) - 1)).bit_count())


def _rotated(sign: int) -> Callable[[list[Value], Limits], Value]:
    def apply(arguments: list[Value], _limits: Limits) -> Value:
        value, distance = arguments
        if value.type.kind not in ("bit", "uint", "int", "angle", "literal"):
            raise Fault(f"bits can be rotated, but this is of type {value.type}")
        amount = as_integer(distance, "a distance")
        if value.is_unknown or amount is UNKNOWN:
            return Value(value.type, UNKNOWN)
        kind = core_type(INT if value.type == LITERAL else value.type)
        assert kind is not None
        raw = core.Uint(max(kind.width, 1))
        node = ex.cast(ex.cast(to_expr(value), kind), raw)
        steps = amount if isinstance(amount, ex.Expr) else ex.Const(sign * amount, core.Int(64))  # type: ignore[operator] # a number
        turned = ex.rotl(node, steps) if sign > 0 or not isinstance(amount, ex.Expr) else ex.rotr(node, steps)
        turned = ex.cast(turned, kind)
        return Value(value.type, turned.value if isinstance(turned, ex.Const) else turned)

    return apply


Handler = Callable[[list[Value], Limits], Value]
_ALL: dict[str, tuple[int, Handler]] = {
    **{name: (1, _real_function(name)) for name in _REAL},
    "mod": (2, _mod),
    "pow": (2, _pow),
    "popcount": (1, _popcount),
    "rotl": (2, _rotated(1)),
    "rotr": (2, _rotated(-1)),
    "real": (1, _part("real")),
    "imag": (1, _part("imag")),
}

#: By version of the language. ``sizeof`` is not here, as it looks at types and not at values.
FUNCTIONS: dict[int, dict[str, tuple[int, Handler]]] = {
    2: {
        **{name: _ALL[name] for name in ("sin", "cos", "tan", "exp", "sqrt")},
        "ln": _ALL["log"],
        "asin": _ALL["arcsin"],
        "acos": _ALL["arccos"],
        "atan": _ALL["arctan"],
    },
    3: _ALL,
}


def call_function(name: str, arguments: list[Value], version: int, limits: Limits) -> Value:
    """Return the value of a function of the language, or raise a `Fault`."""
    count, handler = FUNCTIONS[version][name]
    if len(arguments) != count:
        given = f"{len(arguments)} {'was' if len(arguments) == 1 else 'were'} given"
        raise Fault(f"'{name}' takes {count} argument{'s' if count > 1 else ''}, but {given}")
    try:
        value = handler(arguments, limits)
    except (CircuitError, ArithmeticError, ValueError) as error:
        shown = ", ".join(str(_shown(argument)) for argument in arguments)
        raise Fault(f"'{name}' has no value for {shown}: {str(error).rstrip('.')}") from None
    if isinstance(value.data, float) and not math.isfinite(value.data):
        raise Fault(f"'{name}' has no finite value here")
    return Value(value.type, value.data, all(argument.const for argument in arguments))


def _shown(value: Value) -> Any:
    return getattr(value.data, "real", value.data) if value.type == LITERAL else value.data
