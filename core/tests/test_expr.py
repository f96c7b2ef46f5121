"""Expressions: how they are built, bound, compared, limited and written."""

from __future__ import annotations

import copy
import inspect
import math
import operator
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock import expr as ex
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import (
    BOOL,
    FLOAT,
    Angle,
    Binary,
    Bit,
    Bits,
    Cast,
    Const,
    Int,
    Parameter,
    Uint,
    Unary,
    Var,
    cast,
    evaluate,
    lift,
)

THETA, PHI = Parameter("theta"), Parameter("phi")
OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.lshift,
    operator.rshift,
]


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_binding_gives_the_value_that_python_computes(theta, phi):
    node = (2 * THETA - PHI / 2) * ex.sin(THETA) + ex.cos(PHI) ** 2 - 1
    expected = (2 * theta - phi / 2) * math.sin(theta) + math.cos(phi) ** 2 - 1
    bound = node.bind({THETA: theta, PHI: phi})
    assert isinstance(bound, Const)
    assert bound.type == FLOAT
    assert bound.value == pytest.approx(expected, abs=1e-12)
    by_name = node.bind({"theta": theta}).bind({"phi": phi})
    assert by_name == bound


# --- binding


def test_binding_replaces_all_at_once():
    assert (THETA - 2 * PHI).bind({THETA: PHI, PHI: THETA}) == PHI - 2 * THETA


def test_binding_leaves_the_others():
    bound = (THETA + PHI).bind({THETA: 1})
    assert bound == 1.0 + PHI
    assert bound.parameters == {PHI}


def test_a_parameter_bound_to_an_integer_is_still_a_real_number():
    assert THETA.bind({THETA: 3}) == Const(3.0, FLOAT)
    with pytest.raises(CircuitError, match="has no finite real value"):
        (THETA**THETA).bind({THETA: 10**9})


def test_a_parameter_may_be_bound_to_what_is_known_at_run_time():
    bound = (THETA / 2).bind({THETA: Bits((0, 1))})
    assert bound == cast(Bits((0, 1)), FLOAT) / 2
    assert evaluate(bound, 0b11) == 1.5


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_parameter_can_not_be_bound_to_what_is_no_finite_number(value):
    with pytest.raises(CircuitError, match="must be finite, but is"):
        THETA.bind({THETA: value})


def test_binding_that_divides_by_zero_is_an_error():
    with pytest.raises(CircuitError, match=r"Division by zero: 1\.0 / 0\.0"):
        (1 / THETA).bind({THETA: 0})


def test_an_unbound_parameter_has_no_value():
    with pytest.raises(CircuitError, match=r"The parameter 'theta' is not bound. Give it a value with circuit.bind"):
        evaluate(THETA + 1)


def test_a_variable_without_a_value_is_an_error():
    with pytest.raises(CircuitError, match=r"The classical variable 'x' has no value; add it with circuit\.add_var"):
        evaluate(Var("x", BOOL))


# --- numbers become constants


@pytest.mark.parametrize(
    "value, type_",
    [
        (True, BOOL),
        (np.True_, BOOL),
        (np.bool_(False), BOOL),
        (3, Int(64)),
        (-(1 << 63), Int(64)),
        (1 << 63, Int(65)),
        (np.uint8(200), Int(64)),
        (0.5, FLOAT),
        (np.float32(0.5), FLOAT),
        (np.array(0.5), FLOAT),
        (Fraction(1, 4), FLOAT),
    ],
)
def test_a_number_is_lifted_in_its_own_type(value, type_):
    node = lift(value)
    assert isinstance(node, Const)
    assert node.type == type_
    assert node.value == value
    assert type(node.value) in (bool, int, float)


@pytest.mark.parametrize(
    "value, beside, type_",
    [
        (3, Uint(4), Uint(4)),
        (16, Uint(4), Uint(5)),
        (-1, Uint(4), Int(64)),
        (3, Int(4), Int(4)),
        (8, Int(4), Int(5)),
        (-8, Int(4), Int(4)),
        (-9, Int(4), Int(5)),
        (3, FLOAT, FLOAT),
        (3, Angle(4), FLOAT),
        (3, BOOL, Int(64)),
        (1.5, Uint(4), FLOAT),
    ],
)
def test_a_bare_integer_takes_the_type_of_what_it_stands_beside(value, beside, type_):
    assert lift(value, beside) == Const(value, type_)


def test_a_wide_constant_needs_no_more_bits_than_there_are():
    assert lift(-(1 << 4095)).type == Int(4096)
    assert lift((1 << 4096) - 1, Uint(4096)).type == Uint(4096)
    with pytest.raises(CircuitError, match="The width of uint must be 1 to 4096 bits, but is 4097"):
        lift(1 << 4096, Uint(4096))


@pytest.mark.parametrize("value", ["1.5", b"1", None, 1j, [1], np.array([1.0]), np.array([1, 2]), object(), int])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(CircuitError, match="An expression is made of numbers, parameters and classical values, but"):
        lift(value)
    with pytest.raises(CircuitError, match="An expression is made of numbers"):
        THETA + value  # it is the error that counts


@pytest.mark.parametrize("value", [math.nan, math.inf, Fraction(10**400)])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(CircuitError, match="A number in an expression must be finite, but"):
        lift(value)


@pytest.mark.parametrize(
    "value, type_",
    [(256, Uint(8)), (-1, Uint(8)), (1.5, Uint(8)), (math.nan, FLOAT), (math.inf, FLOAT), ("1", FLOAT), (2, BOOL)],
)
def test_a_constant_is_a_value_of_its_type(value, type_):
    with pytest.raises(CircuitError, match=r"A constant of type .* can't be .*; use cast\(value, type\)"):
        Const(value, type_)


def test_a_constant_is_kept_as_its_type_has_it():
    assert type(Const(True, Uint(1)).value) is int
    assert type(Const(1, BOOL).value) is bool
    assert type(Const(1, FLOAT).value) is float


def test_constants_are_computed_at_once():
    node = lift(2) + lift(3) * 4
    assert node == Const(14, Int(64))
    assert cast(300, Uint(8)) == Const(44, Uint(8))
    assert ex.sin(0) == Const(0.0, FLOAT)
    assert lift(2).lt(3) == Const(True, BOOL)
    assert ex.popcount(7) == Const(3, Uint(64))
    assert ex.rotl(1, 63) == Const(-(1 << 63), Int(64))
    assert ex.rotr(1, 1) == Const(-(1 << 63), Int(64))
    assert ex.bit_at(4, 2) == Const(True, BOOL)


def test_python_numbers_stand_on_both_sides():
    bits = Bits(tuple(range(8)))
    for build in OPERATORS:
        assert evaluate(build(5, bits), 3) == build(5, 3)
        assert evaluate(build(bits, 1), 3) == build(3, 1)


def test_an_array_times_a_parameter_is_an_array_of_expressions():
    assert (np.arange(3.0) * THETA)[2] == 2 * THETA
    assert np.float64(2) * THETA == 2 * THETA


def test_an_angle_beside_an_integer():
    turn = Var("turn", Angle(8))
    assert (turn * 300).type == Angle(8)
    assert evaluate(turn * 300, 0, {"turn": 128}) == 300 * 128 % 256
    assert (turn + 1) == turn + 1.0
    assert turn.eq(0) == turn.eq(0.0)
    assert (turn / 2).type == Angle(8)
    assert (turn / turn).type == Uint(8)
    assert evaluate(turn / Var("other", Angle(8)), 0, {"turn": 200, "other": 50}) == 4


# --- nodes


def test_bits_are_read_first_least_significant():
    assert evaluate(Bits((2, 0)), 0b100) == 1
    assert evaluate(Bits((0, 2)), 0b100) == 2
    assert evaluate(Bit(5), 1 << 5) is True


@pytest.mark.parametrize("index", [-1, 1.5, "0", None, True])
def test_a_clbit_is_a_whole_number(index):
    with pytest.raises(CircuitError, match="A clbit is a whole number from 0 on, but"):
        Bit(index)
    with pytest.raises(CircuitError, match="A clbit is a whole number from 0 on, but"):
        Bits((0, index))


def test_clbits_may_be_integers_of_numpy():
    assert Bit(np.int64(3)) == Bit(3)
    assert Bits(np.arange(2)) == Bits((0, 1))
    assert type(Bits(np.arange(2)).indices[0]) is int


def test_a_value_of_no_clbits_is_refused():
    with pytest.raises(CircuitError, match="A value needs at least one clbit, but an empty register was given"):
        Bits(())


@pytest.mark.parametrize("name", ["", "2x", "a b", "a-b", None, 3])
def test_a_parameters_name_is_an_identifier(name):
    with pytest.raises(CircuitError, match="A parameter's name is an identifier such as 'theta', but"):
        Parameter(name)


def test_two_parameters_of_one_name_are_the_same():
    assert Parameter("theta") == THETA
    assert {THETA: 1}[Parameter("theta")] == 1


def test_equality_is_by_structure_and_makes_no_condition():
    assert (Bit(0) == 1) is False
    assert Bit(0) == Bit(0)
    assert Bit(0).eq(1) == Binary("==", Bit(0), Const(1, Int(64)), BOOL)
    assert Uint(3) != Int(3)
    assert Const(1, Uint(3)) != Const(1, Int(3))


@pytest.mark.parametrize("node", [Bit(0), Bit(0).eq(1), THETA])
def test_an_expression_is_neither_true_nor_false(node):
    with pytest.raises(TypeError, match=r"is known only when the circuit runs, .* Give it to circuit.if_"):
        bool(node)


def test_an_expression_can_not_be_changed():
    for node in (THETA, Bit(0), -THETA, THETA + 1, cast(Bit(0), FLOAT)):
        with pytest.raises(AttributeError):
            node.type = BOOL


def test_a_cast_to_its_own_type_is_the_node_itself():
    assert cast(THETA, FLOAT) is THETA
    assert isinstance(cast(THETA, Uint(3)), Cast)
    assert isinstance(-THETA, Unary)


def test_functions_know_their_names():
    for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "exp", "log", "sqrt", "floor", "ceiling"):
        assert getattr(ex, name).__name__ == name
        assert name in inspect.getdoc(getattr(ex, name))


def test_all_names_are_there():
    assert [name for name in ex.__all__ if not hasattr(ex, name)] == []


# --- limits


def deep(levels):
    node = Var("x", FLOAT)
    for _ in range(levels - 1):
        node = node + 1
    return node


def test_the_deepest_expression_can_be_used_in_every_way():
    node = deep(200)
    assert node.depth == 200
    assert evaluate(node, 0, {"x": 0.0}) == 199
    assert pickle.loads(pickle.dumps(node)) == copy.deepcopy(node) == deep(200)
    assert hash(node) == hash(deep(200))
    assert node.replace(lambda leaf: lift(1.0) if isinstance(leaf, Var) else leaf) == Const(200.0, FLOAT)
    assert str(node) == "x" + " + 1" * 199


def test_a_deeper_expression_is_refused():
    with pytest.raises(LimitExceeded, match="The expression is nested 201 deep; the limit is 200"):
        deep(201)


def test_doubling_an_expression_ends_at_the_limit():
    node = THETA
    for _ in range(12):
        node = node * node
    assert node.size == 8191
    with pytest.raises(LimitExceeded, match="The expression has 16383 nodes; the limit is 10000"):
        node * node  # it is the error that counts


# --- text


@pytest.mark.parametrize(
    "node, text",
    [
        (2 * THETA + 1, "2*theta + 1"),
        (2 * (THETA + 1), "2*(theta + 1)"),
        (THETA - (PHI - 1), "theta - (phi - 1)"),
        (THETA - PHI - 1, "theta - phi - 1"),
        (THETA / (2 * PHI), "theta/(2*phi)"),
        (THETA / 2 * PHI, "theta/2*phi"),
        (-THETA / 2, "-theta/2"),
        (-(THETA / 2), "-(theta/2)"),
        (-(0 - THETA), "-(0 - theta)"),
        (~~Bit(0), "~(~c[0])"),
        (THETA - (-PHI), "theta - -phi"),
        ((-THETA) ** 2, "(-theta)**2"),
        (-(THETA**2), "-theta**2"),
        (THETA ** (PHI**2), "theta**(phi**2)"),
        ((THETA**2) ** PHI, "(theta**2)**phi"),
        (lift(-2.0) ** THETA, "(-2)**theta"),
        (THETA ** (-PHI), "theta**-phi"),
        (0.1 + THETA, "0.1 + theta"),
        (ex.sin(THETA + 1) * 2, "sin(theta + 1)*2"),
        (Bits((0, 1, 2)).eq(5), "c[0:2] == 5"),
        (Bits((2, 0)).lt(Bits((1,))), "c[2, 0] < c[1:1]"),
        (Bit(0) & (Bit(1) | ~Bit(2)), "c[0] & (c[1] | ~c[2])"),
        (Bit(0).eq(Const(True, BOOL)), "c[0] == true"),
        ((Bits((0, 1)) + 1) << 2, "(c[0:1] + 1) << 2"),
        (Bits((0, 1)) % 2 + 1, "c[0:1] % 2 + 1"),
        (ex.rotl(Bits((0, 1)), 1), "rotl(c[0:1], 1)"),
        (ex.bit_at(Var("i", Uint(4)), 3), "bit(i, 3)"),
        (cast(Bit(0), FLOAT) * THETA, "float(c[0])*theta"),
        (cast(Var("i", Int(4)), Uint(8)), "uint[8](i)"),
    ],
)
def test_an_expression_reads_as_it_would_be_written(node, text):
    assert str(node) == text
    assert repr(node) == f"{type(node).__name__}({text!r})"
