"""Types of classical values, and arithmetic on them as OpenQASM 3 defines it: fixed widths, wrap-around."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from qdock.errors import CircuitError

__all__ = [
    "BINARY_OPERATORS",
    "BOOL",
    "FLOAT",
    "MAX_WIDTH",
    "Angle",
    "Int",
    "Number",
    "REAL_FUNCTIONS",
    "Type",
    "UNARY_OPERATORS",
    "Uint",
    "beside",
    "binary",
    "binary_type",
    "common",
    "convert",
    "shown",
    "unary",
    "unary_type",
    "whole",
]

Number = bool | int | float

MAX_WIDTH = 4096
MAX_SHOWN = 200

#: The kinds of values, and whether they have a width.
_WIDTHS = {"bool": False, "uint": True, "int": True, "float": False, "angle": True}


def whole(value: Any) -> int | None:
    """Return an integer, also one of numpy, as Python's; None for anything else, truth values too."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def shown(value: object) -> str:
    """Return a value for an error message, cut where it is long; Python refuses to write very long integers."""
    try:
        text = repr(value)
    except ValueError:
        return f"one of type {type(value).__name__} that is too long to write"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


@dataclass(frozen=True)
class Type:
    """Type of a classical value: ``bool``, ``uint``, ``int``, ``float`` or ``angle``, with its width in bits."""

    kind: str
    width: int = 0

    def __post_init__(self) -> None:
        if self.kind not in _WIDTHS or (self.width and not _WIDTHS[self.kind]):
            raise CircuitError(
                f"There is no type {self.kind!r} of width {self.width!r}; use BOOL, FLOAT, Uint(n), Int(n) or Angle(n)."
            )
        if not _WIDTHS[self.kind]:
            return
        width = whole(self.width)
        if width is None or not 1 <= width <= MAX_WIDTH:
            raise CircuitError(f"The width of {self.kind} must be 1 to {MAX_WIDTH} bits, but is {shown(self.width)}.")
        object.__setattr__(self, "width", width)

    def __str__(self) -> str:
        return f"{self.kind}[{self.width}]" if self.width else self.kind

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers of a fixed width."""
        return self.kind in ("uint", "int")

    def wrap(self, value: Number) -> Number:
        """Return `value`, which arithmetic left outside, as a value of this type."""
        if self.kind == "bool":
            return bool(value)
        if self.kind == "float":
            return _real(value)
        value = int(value) & ((1 << self.width) - 1)
        return value - (1 << self.width) if self.kind == "int" and value >> (self.width - 1) else value


def _real(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        raise CircuitError(f"An integer of {int(value).bit_length()} bits is too large for a float.") from None


BOOL = Type("bool")
FLOAT = Type("float")


def Uint(width: int) -> Type:
    """Return the type of unsigned integers of `width` bits; they wrap around."""
    return Type("uint", width)


def Int(width: int) -> Type:
    """Return the type of two's complement integers of `width` bits; they wrap around."""
    return Type("int", width)


def Angle(width: int) -> Type:
    """Return the type of angles of `width` bits: the integer x stands for ``2 * pi * x / 2**width``."""
    return Type("angle", width)


def common(left: Type, right: Type) -> Type:
    """Return the type in which two values meet: float before angle before int before uint, the wider width.

    An angle keeps its width beside an integer, which is not in units of any width.
    """
    kinds = {left.kind, right.kind}
    if "float" in kinds:
        return FLOAT
    if "angle" in kinds:
        return Type("angle", max(type.width for type in (left, right) if type.kind == "angle"))
    return Type("int" if "int" in kinds else "uint", max(left.width, right.width, 1))


# --- the type of an operator's value


def unary_type(op: str, operand: Type) -> Type:
    """Return the type of an operator or function of one value, or raise `CircuitError` if there is none."""
    if op in REAL_FUNCTIONS:
        return FLOAT
    if op == "-":
        return common(operand, operand)
    if operand == FLOAT:
        raise CircuitError(f"'{op}' needs bits or an integer, but was given a float.")
    return Uint(max(operand.width, 1)) if op == "popcount" else operand


def binary_type(op: str, left: Type, right: Type) -> Type:
    """Return the type of an operator or function of two values, or raise `CircuitError` if there is none."""
    return _TYPE_RULES[op](op, left, right)


def beside(op: str, type: Type) -> Type | None:
    """Return the type in which a bare number is read as an operand beside one of `type`; None: in its own.

    Beside an angle it is a factor in a product, and a number of radians in a sum or a comparison.
    """
    own = op in _ON_BITS or (type.kind == "angle" and op in ("*", "/", "//", "%", "**", "&", "|", "^"))
    return None if own else type


def _arithmetic_type(op: str, left: Type, right: Type) -> Type:
    result = common(left, right)
    if result.kind == "angle":
        return _angle_type(op, left, right)
    if result.kind == "float" and op in ("//", "%"):
        raise CircuitError(f"'{op}' needs integers, but was given {left} {op} {right}. Use '/' or a cast.")
    return FLOAT if op == "/" else result


def _angle_type(op: str, left: Type, right: Type) -> Type:
    operands = tuple("angle" if type.kind == "angle" else "integer" for type in (left, right))
    if operands not in _WITH_ANGLES.get(op, ()):
        raise CircuitError(
            f"'{op}' is not defined between {left} and {right}. Angles add up with angles, or with floats in radians, "
            "and are multiplied or divided by integers; use a cast for anything else."
        )
    result = common(left, right)
    return Uint(result.width) if op in ("/", "//") and operands == ("angle", "angle") else result


def _bitwise_type(op: str, left: Type, right: Type) -> Type:
    if FLOAT in (left, right):
        raise CircuitError(f"'{op}' needs bits or integers, but was given {left} {op} {right}.")
    return BOOL if left == right == BOOL else common(left, right)


def _shift_type(op: str, left: Type, right: Type) -> Type:
    if left in (BOOL, FLOAT) or not (right.is_integer or right == BOOL):
        raise CircuitError(f"'{op}' shifts an integer by an integer, but was given {left} {op} {right}.")
    return left


def _place_type(op: str, left: Type, right: Type) -> Type:
    if left == FLOAT or not (right.is_integer or right == BOOL):
        raise CircuitError(f"'{op}' takes bits or an integer, and an integer, but was given {left} and {right}.")
    return BOOL if op == "bit" else left


def _comparison_type(op: str, left: Type, right: Type) -> Type:
    kinds = {left.kind, right.kind}
    if "angle" in kinds and not kinds <= {"angle", "float"}:
        raise CircuitError(
            f"'{op}' is not defined between {left} and {right}. An angle is compared with an angle, "
            "or with a number of radians."
        )
    return BOOL


_TYPE_RULES: dict[str, Callable[[str, Type, Type], Type]] = {
    **dict.fromkeys(("+", "-", "*", "/", "//", "%", "**"), _arithmetic_type),
    **dict.fromkeys(("&", "|", "^"), _bitwise_type),
    **dict.fromkeys(("<<", ">>"), _shift_type),
    **dict.fromkeys(("rotl", "rotr", "bit"), _place_type),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _comparison_type),
}
#: What may stand beside an angle, by operator.
_WITH_ANGLES = {
    "+": (("angle", "angle"),),
    "-": (("angle", "angle"),),
    "*": (("angle", "integer"), ("integer", "angle")),
    "/": (("angle", "angle"), ("angle", "integer")),
    "//": (("angle", "angle"), ("angle", "integer")),
    "%": (("angle", "angle"), ("angle", "integer")),
}

# --- values


def convert(value: Number, source: Type, target: Type) -> Number:
    """Return `value` of type `source` in type `target`.

    Floats are cut toward zero, integers wrap around, anything but zero is true. Between floats and angles the
    value in radians is kept, to the angle's precision; between angles of two widths, too.
    """
    if source.kind == "angle" and target.kind == "float":
        return math.tau * (value / (1 << source.width))
    if source.kind == "float" and target.kind == "angle":
        turn = value / math.tau
        # A fraction, because a float does not reach 2**4096.
        return target.wrap(round(Fraction(turn - math.floor(turn)) * (1 << target.width)))
    if source.kind == target.kind == "angle":
        shift = target.width - source.width
        return int(value) << shift if shift >= 0 else int(value) >> -shift
    return target.wrap(value)


def unary(op: str, value: Number, source: Type, result: Type) -> Number:
    """Return an operator or function of a value of type `source`, as a value of type `result`."""
    if op == "~":
        return not value if result == BOOL else result.wrap(~int(value))
    if op == "popcount":
        return (int(value) & ((1 << max(source.width, 1)) - 1)).bit_count()
    return result.wrap(-value if op == "-" else _guarded(op, _FUNCTIONS[op], value))


def binary(op: str, left: Number, right: Number, types: tuple[Type, Type], result: Type) -> Number:
    """Return an operator of two values of the given types, as a value of type `result`."""
    if op in _ON_BITS:
        return result.wrap(_ON_BITS[op](int(left), int(right), max(types[0].width, 1)))
    if op == "**" and result.is_integer:
        return result.wrap(_integer_power(int(left), int(right), result.width))
    left, right = _meet(left, right, types)
    whole = op == "/" and result != FLOAT
    return result.wrap(_guarded(op, _OPERATORS["//" if whole else op], left, right))


def _meet(left: Number, right: Number, types: tuple[Type, Type]) -> tuple[Number, Number]:
    """Angles meet floats in radians, and each other in the wider width."""
    kinds = {types[0].kind, types[1].kind}
    if kinds == {"angle", "float"}:
        return convert(left, types[0], FLOAT), convert(right, types[1], FLOAT)
    if kinds == {"angle"}:
        wider = common(*types)
        return convert(left, types[0], wider), convert(right, types[1], wider)
    return left, right


def _guarded(op: str, function: Callable[..., Any], *values: Number) -> Number:
    try:
        result: Number = function(*values)
        # A wide integer is finite, but no float: math.isfinite would not take it.
        if isinstance(result, int) or (isinstance(result, float) and math.isfinite(result)):
            return result
    except ZeroDivisionError:
        raise CircuitError(f"Division by zero: {values[0]} {op} {values[-1]}.") from None
    except (ValueError, OverflowError):
        pass  # Outside the function's domain or beyond a float: the same error as for a result that is not finite.
    raise CircuitError(f"'{op}' has no finite real value for {' and '.join(map(str, values))}.")


def _truncated(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _integer_power(base: int, exponent: int, width: int) -> int:
    if exponent < 0:
        raise CircuitError(f"An integer can't be raised to the negative power {exponent}; cast it to a float first.")
    return pow(base, exponent, 1 << width)


def _shift_left(value: int, distance: int, width: int) -> int:
    return value << _distance(distance) if distance < width else 0


def _shift_right(value: int, distance: int, width: int) -> int:
    return value >> min(_distance(distance), width)


def _distance(distance: int) -> int:
    if distance < 0:
        raise CircuitError(f"A value can't be shifted by the negative distance {distance}; shift the other way.")
    return distance


def _rotate_left(value: int, distance: int, width: int) -> int:
    value &= (1 << width) - 1
    distance %= width
    return (value << distance) | (value >> (width - distance))


def _rotate_right(value: int, distance: int, width: int) -> int:
    return _rotate_left(value, -distance, width)


def _bit(value: int, index: int, width: int) -> int:
    if not 0 <= index < width:
        raise CircuitError(f"There is no bit {index} in a value of {width} bits; they are numbered 0 to {width - 1}.")
    return (value >> index) & 1


_ON_BITS: dict[str, Callable[[int, int, int], int]] = {
    "<<": _shift_left,
    ">>": _shift_right,
    "rotl": _rotate_left,
    "rotr": _rotate_right,
    "bit": _bit,
}
_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": _truncated,
    "%": lambda left, right: left - right * _truncated(left, right),
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "floor": math.floor,
    "ceiling": math.ceil,
}

#: Functions of a real number.
REAL_FUNCTIONS = frozenset(_FUNCTIONS)
#: Names of the operators and functions of one value, and of two.
UNARY_OPERATORS = REAL_FUNCTIONS | {"-", "~", "popcount"}
BINARY_OPERATORS = frozenset(_OPERATORS) | frozenset(_ON_BITS)
