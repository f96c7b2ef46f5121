"""Arithmetic of fixed widths: compared with the machine's own integers, and with values worked out by hand."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.errors import CircuitError
from qdock.expressions.arithmetic import (
    BINARY_OPERATORS,
    BOOL,
    FLOAT,
    MAX_WIDTH,
    UNARY_OPERATORS,
    Angle,
    Int,
    Type,
    Uint,
    beside,
    binary,
    binary_type,
    common,
    convert,
    unary,
    unary_type,
)

MACHINE = {
    **{Uint(width): np.dtype(f"uint{width}") for width in (8, 16, 32, 64)},
    **{Int(width): np.dtype(f"int{width}") for width in (8, 16, 32, 64)},
}
MACHINE_OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "&": np.bitwise_and,
    "|": np.bitwise_or,
    "^": np.bitwise_xor,
    "<<": np.left_shift,
    ">>": np.right_shift,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "//": lambda left, right: (left - np.fmod(left, right)) // right,
    "%": np.fmod,
}


def values_of(kind):
    low = -(1 << (kind.width - 1)) if kind.kind == "int" else 0
    return st.integers(low, low + (1 << kind.width) - 1)


@given(st.data())
def test_operators_agree_with_the_integers_of_the_machine(data):
    kind = data.draw(st.sampled_from(list(MACHINE)))
    op = data.draw(st.sampled_from(list(MACHINE_OPERATORS)))
    left, right = data.draw(values_of(kind)), data.draw(values_of(kind))
    if op in ("<<", ">>"):
        right = data.draw(st.integers(0, kind.width - 1))
    if op in ("//", "%") and (right == 0 or (right == -1 and left == -(1 << (kind.width - 1)))):
        right = 1
    with np.errstate(over="ignore"):
        expected = MACHINE_OPERATORS[op](np.array([left], MACHINE[kind]), np.array([right], MACHINE[kind]))[0].item()
    assert binary(op, left, right, (kind, kind), binary_type(op, kind, kind)) == expected


@given(st.data())
def test_operators_of_one_value_agree_with_the_integers_of_the_machine(data):
    kind = data.draw(st.sampled_from(list(MACHINE)))
    value = data.draw(values_of(kind))
    array = np.array([value], MACHINE[kind])
    assert unary("-", value, kind, kind) == np.negative(array)[0].item()
    assert unary("~", value, kind, kind) == np.invert(array)[0].item()


@given(st.data())
def test_casts_between_integers_agree_with_the_machine(data):
    source, target = (data.draw(st.sampled_from(list(MACHINE))) for _ in range(2))
    value = data.draw(values_of(source))
    assert convert(value, source, target) == np.array([value], MACHINE[source]).astype(MACHINE[target])[0].item()


def test_the_least_integer_divided_by_minus_one_wraps_around():
    assert binary("//", -128, -1, (Int(8), Int(8)), Int(8)) == -128
    assert binary("%", -128, -1, (Int(8), Int(8)), Int(8)) == 0


@pytest.mark.parametrize(
    "left, right, quotient, rest",
    [(7, 2, 3, 1), (-7, 2, -3, -1), (7, -2, -3, 1), (-7, -2, 3, -1), (6, 3, 2, 0)],
)
def test_division_cuts_toward_zero_and_the_rest_has_the_sign_of_the_dividend(left, right, quotient, rest):
    assert binary("//", left, right, (Int(8), Int(8)), Int(8)) == quotient
    assert binary("%", left, right, (Int(8), Int(8)), Int(8)) == rest


@given(st.integers(1, 200), st.data())
def test_rotation_is_that_of_the_string_of_bits(width, data):
    value, distance = data.draw(values_of(Uint(width))), data.draw(st.integers(-1000, 1000))
    text = format(value, f"0{width}b")
    turn = distance % width
    types = (Uint(width), Int(64))
    assert binary("rotl", value, distance, types, Uint(width)) == int(text[turn:] + text[:turn], 2)
    assert binary("rotr", value, distance, types, Uint(width)) == int(text[width - turn :] + text[: width - turn], 2)


@given(st.integers(1, 200), st.data())
def test_bits_are_counted_and_picked_as_in_the_string_of_bits(width, data):
    kind = data.draw(st.sampled_from([Uint(width), Int(width)]))
    value = data.draw(values_of(kind))
    text = format(value % (1 << width), f"0{width}b")
    assert unary("popcount", value, kind, Uint(width)) == text.count("1")
    place = data.draw(st.integers(0, width - 1))
    assert binary("bit", value, place, (kind, Int(64)), BOOL) is (text[width - 1 - place] == "1")


@given(st.integers(1, 64), st.integers(0, 200))
def test_shifts_beyond_the_width_leave_nothing_but_the_sign(width, distance):
    distance += width
    types = (Int(width), Int(64))
    assert binary("<<", 1, distance, (Uint(width), Int(64)), Uint(width)) == 0
    assert binary(">>", (1 << width) - 1, distance, (Uint(width), Int(64)), Uint(width)) == 0
    assert binary(">>", -1, distance, types, Int(width)) == -1


@given(st.integers(-(2**40), 2**40), st.integers(0, 10**6), st.sampled_from([Int(16), Uint(16)]))
def test_integer_powers_wrap_around(base, exponent, kind):
    base = kind.wrap(base)
    assert binary("**", base, exponent, (kind, Int(64)), kind) == kind.wrap(pow(base, exponent, 1 << 16))


def test_a_huge_power_costs_nothing():
    assert binary("**", 3, 9**99, (Uint(64), Uint(4096)), Uint(64)) == pow(3, 9**99, 1 << 64)


def test_integers_wider_than_any_float_are_computed():
    wide = Uint(2048)
    top = (1 << 2048) - 1
    assert binary("+", top, 2, (wide, wide), wide) == 1
    assert binary("*", top, top, (wide, wide), wide) == 1
    assert binary("//", top, 3, (wide, wide), wide) == top // 3
    assert unary("-", 1, wide, wide) == top
    assert binary("/", top, top, (wide, wide), FLOAT) == 1.0


# --- types


@pytest.mark.parametrize(
    "kind, text",
    [(BOOL, "bool"), (FLOAT, "float"), (Uint(3), "uint[3]"), (Int(64), "int[64]"), (Angle(8), "angle[8]")],
)
def test_a_type_reads_as_in_openqasm(kind, text):
    assert str(kind) == text
    assert pickle.loads(pickle.dumps(kind)) == kind
    assert hash(Type(kind.kind, kind.width)) == hash(kind)


def test_only_integers_are_integers():
    assert [kind.is_integer for kind in (BOOL, FLOAT, Angle(8), Int(8), Uint(8))] == [False, False, False, True, True]


@pytest.mark.parametrize("width", [0, -1, MAX_WIDTH + 1, 1.5, "8", None, True])
@pytest.mark.parametrize("make", [Uint, Int, Angle])
def test_a_width_that_is_none_is_refused(make, width):
    with pytest.raises(CircuitError, match=r"The width of \w+ must be 1 to 4096 bits, but is"):
        make(width)


@pytest.mark.parametrize("kind, width", [("uint8", 8), ("bit", 0), ("bool", 1), ("float", 64), ("", 0)])
def test_a_kind_that_does_not_exist_is_refused(kind, width):
    with pytest.raises(CircuitError, match=r"There is no type .* of width .*; use BOOL, FLOAT, Uint"):
        Type(kind, width)


def test_a_width_may_be_an_integer_of_numpy():
    assert Uint(np.int64(8)) == Uint(8)
    assert type(Uint(np.int64(8)).width) is int


@pytest.mark.parametrize(
    "left, right, met",
    [
        (BOOL, BOOL, Uint(1)),
        (BOOL, Uint(3), Uint(3)),
        (Uint(3), Uint(5), Uint(5)),
        (Uint(8), Int(3), Int(8)),
        (Int(3), FLOAT, FLOAT),
        (Angle(4), Angle(8), Angle(8)),
        (Angle(4), Int(64), Angle(4)),
        (Uint(64), Angle(4), Angle(4)),
        (Angle(4), FLOAT, FLOAT),
    ],
)
def test_types_meet_in_the_wider_one(left, right, met):
    assert common(left, right) == common(right, left) == met


@pytest.mark.parametrize(
    "op, left, right, result",
    [
        ("+", Uint(3), Uint(5), Uint(5)),
        ("/", Int(8), Int(8), FLOAT),
        ("/", BOOL, BOOL, FLOAT),
        ("//", Int(8), Uint(8), Int(8)),
        ("/", Angle(8), Angle(8), Uint(8)),
        ("//", Angle(8), Angle(4), Uint(8)),
        ("/", Angle(8), Uint(32), Angle(8)),
        ("*", Uint(32), Angle(8), Angle(8)),
        ("*", Angle(8), FLOAT, FLOAT),
        ("&", BOOL, BOOL, BOOL),
        ("&", BOOL, Uint(4), Uint(4)),
        ("^", Angle(8), Angle(8), Angle(8)),
        ("<<", Uint(4), Uint(64), Uint(4)),
        (">>", Angle(4), BOOL, Angle(4)),
        ("rotl", Uint(4), Int(64), Uint(4)),
        ("bit", Int(4), Int(64), BOOL),
        ("<", Uint(4), FLOAT, BOOL),
        ("==", Angle(4), FLOAT, BOOL),
    ],
)
def test_the_type_of_an_operators_value(op, left, right, result):
    assert binary_type(op, left, right) == result


@pytest.mark.parametrize(
    "op, operand, result",
    [
        ("-", Uint(3), Uint(3)),
        ("-", BOOL, Uint(1)),
        ("-", Angle(8), Angle(8)),
        ("~", BOOL, BOOL),
        ("popcount", Int(5), Uint(5)),
        ("popcount", BOOL, Uint(1)),
        ("sin", Int(5), FLOAT),
        ("floor", FLOAT, FLOAT),
    ],
)
def test_the_type_of_a_functions_value(op, operand, result):
    assert unary_type(op, operand) == result


def test_every_operator_has_a_type_rule_and_a_value():
    for op in BINARY_OPERATORS:
        result = binary_type(op, Uint(4), Uint(4))
        assert binary(op, 3, 2, (Uint(4), Uint(4)), result) is not None
    for op in UNARY_OPERATORS:
        kind = Uint(4) if op in ("~", "popcount") else FLOAT
        assert unary(op, kind.wrap(1), kind, unary_type(op, kind)) is not None


@pytest.mark.parametrize("op", ["//", "%"])
def test_whole_division_of_floats_is_refused(op):
    with pytest.raises(CircuitError, match=rf"'{op}' needs integers, but was given float {op} uint\[3\]"):
        binary_type(op, FLOAT, Uint(3))


@pytest.mark.parametrize("op", ["&", "|", "^"])
def test_bits_of_a_float_are_refused(op):
    with pytest.raises(CircuitError, match="needs bits or integers, but was given float"):
        binary_type(op, FLOAT, Uint(3))
    with pytest.raises(CircuitError, match="needs bits or an integer, but was given a float"):
        unary_type("~", FLOAT)
    with pytest.raises(CircuitError, match="'popcount' needs bits or an integer, but was given a float"):
        unary_type("popcount", FLOAT)


@pytest.mark.parametrize("left, right", [(FLOAT, Uint(3)), (BOOL, Uint(3)), (Uint(3), FLOAT), (Uint(3), Angle(3))])
def test_only_integers_are_shifted_by_integers(left, right):
    with pytest.raises(CircuitError, match="shifts an integer by an integer, but was given"):
        binary_type("<<", left, right)


@pytest.mark.parametrize("op", ["rotl", "rotr", "bit"])
@pytest.mark.parametrize("left, right", [(FLOAT, Uint(3)), (Uint(3), FLOAT), (Uint(3), Angle(3))])
def test_only_bits_are_picked_and_rotated(op, left, right):
    with pytest.raises(CircuitError, match=f"'{op}' takes bits or an integer, and an integer, but was given"):
        binary_type(op, left, right)


# --- angles


@pytest.mark.parametrize(
    "op, left, right",
    [
        ("+", Angle(8), Uint(8)),
        ("-", Int(8), Angle(8)),
        ("*", Angle(8), Angle(8)),
        ("/", Uint(8), Angle(8)),
        ("%", Uint(8), Angle(8)),
        ("**", Angle(8), Uint(8)),
        ("**", Uint(8), Angle(8)),
    ],
)
def test_what_angles_can_not_do(op, left, right):
    with pytest.raises(CircuitError, match=r"is not defined between .* Angles add up with angles"):
        binary_type(op, left, right)


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_an_angle_is_not_compared_with_an_integer(op):
    with pytest.raises(CircuitError, match="An angle is compared with an angle, or with a number of radians"):
        binary_type(op, Angle(8), Uint(8))


def test_angles_of_different_widths_meet_as_angles():
    types = (Angle(2), Angle(4))
    assert binary("+", 1, 1, types, Angle(4)) == 5  # pi/2 and pi/8
    assert binary("==", 1, 4, types, BOOL) is True
    assert binary("/", 3, 4, types, Uint(4)) == 3
    assert binary("<", 1, 5, types, BOOL) is True


def test_an_angle_meets_a_float_in_radians():
    types = (Angle(4), FLOAT)
    assert binary("==", 8, math.pi, types, BOOL) is True
    assert binary("+", 4, math.pi, types, FLOAT) == pytest.approx(1.5 * math.pi)
    assert binary("*", 2.0, 4, (FLOAT, Angle(4)), FLOAT) == pytest.approx(math.pi)


def test_an_angle_times_an_integer_goes_around():
    assert binary("*", 200, 2, (Angle(8), Int(64)), Angle(8)) == 144
    assert binary("*", 300, 200, (Int(64), Angle(8)), Angle(8)) == 300 * 200 % 256
    assert binary("/", 200, 3, (Angle(8), Int(64)), Angle(8)) == 66


@given(st.floats(-100, 100), st.integers(1, 60))
def test_a_float_becomes_the_nearest_angle(radians, width):
    found = convert(radians, FLOAT, Angle(width))
    assert 0 <= found < 1 << width
    distance = (radians - math.tau * found / (1 << width)) / math.tau
    assert abs(distance - round(distance)) <= 0.5 / (1 << width) + 1e-13


@given(st.integers(1, 1100), st.data())
def test_an_angle_becomes_radians_from_zero_to_a_full_turn(width, data):
    value = data.draw(values_of(Uint(width)))
    assert convert(value, Angle(width), FLOAT) == pytest.approx(math.tau * float(Fraction(value, 1 << width)))


def test_an_angle_of_any_width_comes_from_a_float():
    assert convert(math.pi, FLOAT, Angle(MAX_WIDTH)) == 1 << (MAX_WIDTH - 1)
    assert convert(-math.pi / 2, FLOAT, Angle(2)) == 3


def test_an_angle_in_another_width_keeps_its_place_on_the_circle():
    assert convert(0b101, Angle(3), Angle(5)) == 0b10100
    assert convert(0b10110, Angle(5), Angle(3)) == 0b101


def test_an_angle_as_an_integer_is_its_number():
    assert convert(200, Angle(8), Uint(8)) == 200
    assert convert(200, Uint(16), Angle(7)) == 200 % 128
    assert convert(0, Angle(8), BOOL) is False
    assert convert(1, Angle(8), BOOL) is True


@pytest.mark.parametrize(
    "value, target, result",
    [
        (2.9, Uint(8), 2),
        (-2.9, Int(8), -2),
        (-1.0, Uint(8), 255),
        (300.5, Uint(8), 44),
        (0.5, BOOL, True),
        (1e300, Uint(4), 0),
    ],
)
def test_a_float_is_cut_toward_zero(value, target, result):
    assert convert(value, FLOAT, target) == result
    assert type(convert(value, FLOAT, target)) is type(result)


@pytest.mark.parametrize(
    "op, kind, like",
    [
        ("+", Uint(3), Uint(3)),
        ("<", FLOAT, FLOAT),
        ("<<", Uint(3), None),
        ("bit", Uint(3), None),
        ("+", Angle(8), Angle(8)),
        ("==", Angle(8), Angle(8)),
        ("*", Angle(8), None),
    ],
)
def test_what_a_bare_number_is_read_like(op, kind, like):
    assert beside(op, kind) == like


# --- what has no value


@pytest.mark.parametrize("op", ["/", "//", "%"])
def test_division_by_zero_is_an_error(op):
    with pytest.raises(CircuitError, match=f"Division by zero: 3 {op} 0."):
        binary(op, 3, 0, (Uint(4), Uint(4)), binary_type(op, Uint(4), Uint(4)))


@pytest.mark.parametrize(
    "op, value", [("log", 0.0), ("log", -1.0), ("sqrt", -1.0), ("arcsin", 2.0), ("arccos", -2.0), ("exp", 1e6)]
)
def test_a_function_outside_its_domain_is_an_error(op, value):
    with pytest.raises(CircuitError, match=f"'{op}' has no finite real value for {value}"):
        unary(op, value, FLOAT, FLOAT)


@pytest.mark.parametrize(
    "op, left, right", [("*", 1e200, 1e200), ("**", -1.0, 0.5), ("**", 10.0, 1e6), ("-", -1.7e308, 1.7e308)]
)
def test_a_value_that_is_no_finite_float_is_an_error(op, left, right):
    with pytest.raises(CircuitError, match=r"has no finite real value for .* and"):
        binary(op, left, right, (FLOAT, FLOAT), FLOAT)


def test_zero_to_a_negative_power_is_an_error():
    with pytest.raises(CircuitError, match="Division by zero"):
        binary("**", 0.0, -1.0, (FLOAT, FLOAT), FLOAT)
    with pytest.raises(CircuitError, match="can't be raised to the negative power -1"):
        binary("**", 2, -1, (Int(8), Int(8)), Int(8))


@pytest.mark.parametrize("op", ["<<", ">>"])
def test_a_negative_shift_is_an_error(op):
    with pytest.raises(CircuitError, match="can't be shifted by the negative distance -1; shift the other way"):
        binary(op, 1, -1, (Uint(8), Int(8)), Uint(8))


@pytest.mark.parametrize("index", [-1, 4, 100])
def test_a_bit_that_is_not_there_is_an_error(index):
    with pytest.raises(CircuitError, match=f"There is no bit {index} in a value of 4 bits; they are numbered 0 to 3"):
        binary("bit", 1, index, (Uint(4), Int(64)), BOOL)


def test_an_integer_beyond_all_floats_is_an_error():
    with pytest.raises(CircuitError, match="An integer of 2001 bits is too large for a float"):
        convert(1 << 2000, Uint(2048), FLOAT)
    with pytest.raises(CircuitError, match="has no finite real value"):
        binary("*", 1 << 2000, 1.5, (Uint(2048), FLOAT), FLOAT)
