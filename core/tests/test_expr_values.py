"""Values of expressions, compared with another reading of the same operators: strings of bits and fractions."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock import expr as ex
from qdock.errors import CircuitError
from qdock.expr import BOOL, FLOAT, Angle, Bit, Bits, Int, Type, Uint, Var, cast, evaluate, lift

NUM_BITS = 6
VARIABLES = {
    "flag": (BOOL, True),
    "small": (Uint(3), 6),
    "byte": (Uint(8), 201),
    "word": (Uint(80), (1 << 79) + 12345),
    "near": (Int(8), -7),
    "far": (Int(64), -(1 << 62)),
    "turn": (Angle(8), 96),
    "half": (Angle(4), 8),
    "real": (FLOAT, -2.75),
}
VALUES = {name: value for name, (_, value) in VARIABLES.items()}
BITS = 0b101101


# --- another reading: values with their types, integers as strings of bits, quotients as fractions


class NoValue(Exception):
    """What has no value: a division by zero, a negative shift."""


@dataclass(frozen=True)
class Known:
    """A value of a type."""

    value: bool | int | float
    type: Type


def to_bits(item):
    width = max(item.type.width, 1)
    return format(int(item.value) % (1 << width), f"0{width}b")


def from_bits(text, type_):
    """Read the last bits of a text, filled up on the left, as a value of an integer type or an angle."""
    width = type_.width
    text = text[-width:].rjust(width, "0")
    value = int(text, 2)
    if type_.kind == "int" and text[0] == "1":
        value = -int("".join("10"[int(bit)] for bit in text), 2) - 1
    return Known(value, type_)


def wrapped(value, type_):
    """A whole number of any size as a value of an integer type or an angle."""
    text = format(value, "b") if value >= 0 else "".join("10"[int(bit)] for bit in format(-value - 1, "b"))
    fill = "0" if value >= 0 else "1"
    return from_bits(text.rjust(type_.width, fill), type_)


def rounded(value):
    """A number as a float; what is beyond all floats has no value."""
    try:
        number = float(value)
    except OverflowError:
        raise NoValue from None
    if not math.isfinite(number):
        raise NoValue
    return Known(number, FLOAT)


def met(left, right):
    """The type of a sum by the rule in words: float, then angle, then int, then uint, and the wider width."""
    for kind in ("float", "angle", "int"):
        if kind in (left.type.kind, right.type.kind):
            break
    else:
        kind = "uint"
    widths = [item.type.width for item in (left, right) if kind != "angle" or item.type.kind == "angle"]
    return FLOAT if kind == "float" else Type(kind, max(*widths, 1, 1))


def radians(item):
    return math.tau * float(Fraction(item.value, 1 << item.type.width)) if item.type.kind == "angle" else item.value


def same_units(left, right):
    """The numbers to compute with: angles as steps of one width, beside floats as radians."""
    kinds = (left.type.kind, right.type.kind)
    if "float" in kinds:
        return radians(left), radians(right)
    if kinds == ("angle", "angle"):
        width = max(left.type.width, right.type.width)
        return left.value << (width - left.type.width), right.value << (width - right.type.width)
    return left.value, right.value


def arithmetic(op, left, right):
    type_ = met(left, right)
    one, two = same_units(left, right)
    if op == "/" and type_.kind in ("int", "uint"):
        if two == 0:
            raise NoValue
        return rounded(Fraction(one, two))
    if op in ("/", "//", "%") and type_ != FLOAT:
        if two == 0:
            raise NoValue
        if op != "%" and left.type.kind == right.type.kind == "angle":
            type_ = Uint(type_.width)
        quotient = math.trunc(Fraction(one, two))
        return wrapped(one - quotient * two if op == "%" else quotient, type_)
    if op == "**" and type_ != FLOAT:
        if two < 0:
            raise NoValue
        return wrapped(pow(one, two, 1 << (type_.width + 1)), type_)
    try:
        value = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}[
            op
        ](one, two)
    except (ZeroDivisionError, OverflowError):
        raise NoValue from None
    if isinstance(value, complex):
        raise NoValue
    return rounded(value) if type_ == FLOAT else wrapped(value, type_)


def bitwise(op, left, right):
    """Bit by bit on strings, the sign or zeros in front."""
    if left.type == right.type == BOOL:
        return Known(
            {"&": left.value and right.value, "|": left.value or right.value, "^": left.value != right.value}[op], BOOL
        )
    type_ = met(left, right)
    texts = []
    for item, number in zip((left, right), same_units(left, right), strict=True):
        source = type_ if item.type.kind == "angle" else item.type
        texts.append(to_bits(Known(number, source)).rjust(type_.width, "1" if number < 0 else "0")[-type_.width :])
    rule = {"&": "0001", "|": "0111", "^": "0110"}[op]
    return from_bits("".join(rule[int(one + two, 2)] for one, two in zip(*texts, strict=True)), type_)


def shifted(op, left, right):
    if right.value < 0:
        raise NoValue
    text, width = to_bits(left), left.type.width
    distance = min(int(right.value), width)
    sign = text[0] if left.type.kind == "int" else "0"
    moved = text[distance:] + "0" * distance if op == "<<" else sign * distance + text[: width - distance]
    return from_bits(moved, left.type)


def rotated(op, left, right):
    text = to_bits(left)
    turn = int(right.value) % len(text) if op == "rotl" else -int(right.value) % len(text)
    text = text[turn:] + text[:turn]
    return Known(text == "1", BOOL) if left.type == BOOL else from_bits(text, left.type)


def picked(_op, left, right):
    text = to_bits(left)
    if not 0 <= right.value < len(text):
        raise NoValue
    return Known(text[-1 - int(right.value)] == "1", BOOL)


def compared(op, left, right):
    one, two = same_units(left, right)
    order = (one > two) - (one < two)
    chosen = {"==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
    return Known(chosen[op], BOOL)


def recast(item, type_):
    value, source = item.value, item.type
    if type_ == BOOL:
        return Known(value != 0, BOOL)
    if type_ == FLOAT:
        return rounded(radians(item))
    if source == FLOAT and type_.kind == "angle":
        turns = Fraction(value / math.tau)
        return wrapped(round((turns - math.floor(turns)) * 2**type_.width), type_)
    if source.kind == type_.kind == "angle":
        return Known(math.floor(Fraction(value) * Fraction(2) ** (type_.width - source.width)), type_)
    return wrapped(math.trunc(Fraction(value)), type_)


BINARY = {
    **dict.fromkeys(["+", "-", "*", "/", "//", "%", "**"], arithmetic),
    **dict.fromkeys(["&", "|", "^"], bitwise),
    **dict.fromkeys(["<<", ">>"], shifted),
    **dict.fromkeys(["rotl", "rotr"], rotated),
    **dict.fromkeys(["==", "!=", "<", "<=", ">", ">="], compared),
    "bit": picked,
}
FUNCTIONS = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arctan": np.arctan,
    "floor": np.floor,
    "ceiling": np.ceil,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
}


def operator_of_one(op, item):
    if op in FUNCTIONS:
        with np.errstate(all="ignore"):
            return rounded(FUNCTIONS[op](recast(item, FLOAT).value))
    if op == "popcount":
        return wrapped(to_bits(item).count("1"), Uint(max(item.type.width, 1)))
    if op == "~":
        if item.type == BOOL:
            return Known(not item.value, BOOL)
        return from_bits("".join("10"[int(bit)] for bit in to_bits(item)), item.type)
    return rounded(-item.value) if item.type == FLOAT else wrapped(-item.value, met(item, item))


# --- random expressions, each with what it should be worth


BUILD_BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "rotl": ex.rotl,
    "rotr": ex.rotr,
    "bit": ex.bit_at,
    "==": lambda left, right: left.eq(right),
    "!=": lambda left, right: left.ne(right),
    "<": lambda left, right: left.lt(right),
    "<=": lambda left, right: left.le(right),
    ">": lambda left, right: left.gt(right),
    ">=": lambda left, right: left.ge(right),
}
BUILD_UNARY = {
    "-": operator.neg,
    "~": operator.invert,
    "popcount": ex.popcount,
    **{name: getattr(ex, name) for name in FUNCTIONS},
}
TYPES = [BOOL, FLOAT, Uint(1), Uint(3), Uint(8), Uint(70), Int(1), Int(4), Int(8), Int(64), Angle(4), Angle(9)]


def leaves():
    variables = st.sampled_from(sorted(VARIABLES)).map(
        lambda name: (Var(name, VARIABLES[name][0]), Known(VARIABLES[name][1], VARIABLES[name][0]))
    )
    bits = st.integers(0, NUM_BITS - 1).map(lambda index: (Bit(index), Known(bool(BITS >> index & 1), BOOL)))
    registers = st.lists(st.integers(0, NUM_BITS - 1), min_size=1, max_size=5).map(
        lambda indices: (
            Bits(tuple(indices)),
            Known(int("".join(str(BITS >> index & 1) for index in reversed(indices)), 2), Uint(len(indices))),
        )
    )
    constants = st.one_of(
        st.booleans().map(lambda value: (lift(value), Known(value, BOOL))),
        st.integers(-300, 300).map(lambda value: (lift(value), Known(value, Int(64)))),
        st.floats(-10, 10).map(lambda value: (lift(value), Known(value, FLOAT))),
    )
    return st.one_of(variables, bits, registers, constants)


@st.composite
def grown(draw, inner):
    """A larger expression, or the smaller one where the operator does not fit it or has no value."""
    left, right = draw(inner), draw(inner)
    kind = draw(st.sampled_from(["binary", "binary", "unary", "cast"]))
    try:
        if kind == "binary":
            op = draw(st.sampled_from(sorted(BINARY)))
            return BUILD_BINARY[op](left[0], right[0]), BINARY[op](op, left[1], right[1])
        if kind == "unary":
            op = draw(st.sampled_from(sorted(BUILD_UNARY)))
            return BUILD_UNARY[op](left[0]), operator_of_one(op, left[1])
        target = draw(st.sampled_from(TYPES))
        return cast(left[0], target), recast(left[1], target)
    except (CircuitError, NoValue):
        return left


EXPRESSIONS = st.recursive(leaves(), grown, max_leaves=12)


def test_the_other_reading_knows_what_has_no_value():
    nothing = Var("none", Uint(3))
    for op in ("/", "//", "%"):
        with pytest.raises(NoValue):
            BINARY[op](op, Known(3, Uint(3)), Known(0, Uint(3)))
        with pytest.raises(CircuitError, match="Division by zero"):
            evaluate(BUILD_BINARY[op](nothing, 0), 0, {"none": 3})


@given(EXPRESSIONS)
def test_the_value_of_an_expression_is_that_of_the_other_reading(pair):
    node, known = pair
    assert node.type == known.type
    found = evaluate(node, BITS, VALUES)
    assert found == pytest.approx(known.value, rel=1e-9, abs=1e-9)
    assert type(found) is {"bool": bool, "float": float}.get(node.type.kind, int)


@given(EXPRESSIONS)
def test_an_expression_is_equal_to_its_copies_and_hashes_alike(pair):
    node = pair[0]
    for other in (
        pickle.loads(pickle.dumps(node)),
        copy.deepcopy(node),
        copy.copy(node),
        node.replace(lambda leaf: leaf),
    ):
        assert other == node
        assert hash(other) == hash(node)
        assert (other.depth, other.size, other.children) == (node.depth, node.size, node.children)
        assert str(other) == str(node)


@given(EXPRESSIONS)
def test_what_is_read_is_what_stands_in_the_leaves(pair):
    node = pair[0]
    found = ex.walk(node)
    assert len(found) == node.size
    assert node.variables == {item for item in found if isinstance(item, Var)}
    assert node.bits == {item.index for item in found if isinstance(item, Bit)}.union(
        *(item.indices for item in found if isinstance(item, Bits))
    )
    assert node.parameters == frozenset()
