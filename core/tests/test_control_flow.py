"""Blocks and what runs them: what is kept of conditions, loop values and cases, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qdock.circuit import Circuit, Range
from qdock.errors import CircuitError
from qdock.expr import BOOL, FLOAT, Angle, Bit, Bits, Const, Int, Parameter, Uint, Var, cast, lift
from qdock.operations import Code, For, If, Switch, While


@pytest.fixture
def circuit():
    made = Circuit(2, 3)
    for name, kind in (("flag", BOOL), ("small", Uint(2)), ("i", Int(8)), ("turn", Angle(4)), ("real", FLOAT)):
        made.add_var(name, kind)
    return made


def var(circuit, name):
    return next(item.var for item in circuit.variables if item.var.name == name)


# --- blocks


def test_a_block_is_an_empty_circuit_on_the_same_bits(circuit):
    block = circuit.h(0).gphase(1).block()
    assert len(block) == 0
    assert block.global_phase == 0
    assert (block.qregs, block.cregs, block.variables) == (circuit.qregs, circuit.cregs, circuit.variables)
    assert (block.num_qubits, block.num_clbits) == (2, 3)


def test_a_block_is_copied_when_it_is_given(circuit):
    block = circuit.block().x(0)
    circuit.if_(circuit.bit(0), block)
    block.y(1)
    assert [operation.name for operation in circuit[0].detail.then] == ["x"]


def test_a_block_may_stand_twice(circuit):
    block = circuit.block().x(0)
    circuit.if_(circuit.bit(0), block, block).while_(circuit.bit(0), block)
    assert circuit[0].blocks[0] == circuit[0].blocks[1] == circuit[1].blocks[0] == block
    assert circuit[0].blocks[0] is not circuit[0].blocks[1]


def test_a_block_may_be_made_by_hand_and_be_smaller(circuit):
    circuit.if_(circuit.bit(0), Circuit(1).x(0))
    assert circuit[0].detail.then.num_qubits == 1


@pytest.mark.parametrize(
    "block, message",
    [
        (None, "The body of a control-flow operation is a Circuit, but NoneType was given"),
        ([1], "The body of a control-flow operation is a Circuit, but list was given"),
        (lambda c: c, "The body of a control-flow operation is a Circuit, but function was given"),
        (
            Circuit(3),
            "A block may use the circuit's 2 qubits and 3 clbits, but has 3 and 0. Make it with circuit.block",
        ),
        (Circuit(1, 4), "A block may use the circuit's 2 qubits and 3 clbits, but has 1 and 4"),
    ],
)
def test_what_is_no_block_is_refused_everywhere(circuit, block, message):
    fine = circuit.block()
    for give in (
        lambda: circuit.if_(circuit.bit(0), block),
        lambda: circuit.while_(circuit.bit(0), block),
        lambda: circuit.for_(None, [1], block),
        lambda: circuit.switch(circuit.bit(0), {0: fine, 1: block}),
    ):
        with pytest.raises(CircuitError, match=message):
            give()
    assert len(circuit) == 0


def test_a_circuit_is_no_block_of_itself(circuit):
    with pytest.raises(
        CircuitError, match=r"A circuit can't be a block of itself; make the body with circuit\.block\(\)"
    ):
        circuit.while_(circuit.bit(0), circuit)


def test_a_block_has_no_variables_of_its_own(circuit):
    block = circuit.block()
    block.add_var("mine", BOOL)
    with pytest.raises(CircuitError, match="The circuit has no variable 'mine' of type bool; add it with add_var"):
        circuit.if_(circuit.bit(0), block)
    other = Circuit(2, 3)
    other.add_var("i", Uint(8))
    with pytest.raises(CircuitError, match=r"The circuit has no variable 'i' of type uint\[8\]"):
        circuit.if_(circuit.bit(0), other)


def test_bits_added_later_change_no_block(circuit):
    block = circuit.block()
    circuit.add_qreg("late", 1)
    circuit.if_(circuit.bit(0), block).if_(circuit.bit(0), circuit.block().x(2))
    assert [item.blocks[0].num_qubits for item in circuit] == [2, 3]


# --- if and while


def test_a_condition_is_a_truth_value(circuit):
    block = circuit.block().x(0)
    circuit.if_(circuit.bit(0), block).if_(circuit.value("c"), block).while_(var(circuit, "i") + 1, block)
    circuit.if_(circuit.value("c").eq(3) & ~circuit.bit(0), block).if_(lift(True), block)
    assert [operation.detail.condition for operation in circuit] == [
        Bit(0),
        cast(Bits((0, 1, 2)), BOOL),
        cast(var(circuit, "i") + 1, BOOL),
        Bits((0, 1, 2)).eq(3) & ~Bit(0),
        Const(True, BOOL),
    ]


def test_the_details_of_if_and_while(circuit):
    then, otherwise = circuit.block().x(0), circuit.block().y(0)
    circuit.if_(circuit.bit(0), then, otherwise).if_(circuit.bit(0), then).while_(circuit.bit(1), then)
    assert circuit[0].detail == If(Bit(0), then, otherwise)
    assert circuit[1].detail == If(Bit(0), then)
    assert circuit[2].detail == While(Bit(1), then)
    assert [operation.blocks for operation in circuit] == [(then, otherwise), (then,), (then,)]
    assert circuit.columns().code.tolist() == [Code.IF, Code.IF, Code.WHILE]
    assert circuit[0].qubits == circuit[0].clbits == ()


@pytest.mark.parametrize("condition", [True, False, 1, None, "c[0] == 1"])
def test_a_condition_that_python_has_decided_is_refused(circuit, condition):
    for method in ("if_", "while_"):
        with pytest.raises(
            CircuitError, match=f"'{method}' takes a condition on classical values, but .* was given."
        ) as caught:
            getattr(circuit, method)(condition, circuit.block())
        assert "circuit.bit(0).eq(1), not circuit.bit(0) == 1" in str(caught.value)


def test_a_condition_reads_only_what_exists(circuit):
    with pytest.raises(CircuitError, match=r"'c\[3\]' reads clbit 3, but the circuit has 3 clbits"):
        circuit.if_(Bit(3), circuit.block())
    with pytest.raises(CircuitError, match="The circuit has no variable 'x' of type bool"):
        circuit.while_(Var("x", BOOL), circuit.block())


# --- for


@pytest.mark.parametrize(
    "name, values, kept",
    [
        (None, [1, 2.5, True], (1, 2.5, True)),
        (None, (), ()),
        (None, np.arange(3), (0, 1, 2)),
        (None, {5: "x", 3: "y"}, (5, 3)),
        ("small", [0, 1, 5, -1], (0, 1, 1, 3)),
        ("small", [2.9, True], (2, 1)),
        ("i", [200, -1], (-56, -1)),
        ("flag", [0, 2, 0.5], (False, True, True)),
        ("real", [1, True, -0.5], (1.0, 1.0, -0.5)),
        ("turn", [math.pi, 1, -math.pi / 2], (8, 3, 12)),
    ],
)
def test_listed_values_are_cast_to_the_type_of_the_variable(circuit, name, values, kept):
    variable = None if name is None else var(circuit, name)
    body = circuit.block().x(0)
    detail = circuit.for_(variable, values, body)[0].detail
    assert detail == For(variable, kept, body)
    assert [type(value) for value in detail.values] == [type(value) for value in kept]


def test_a_python_range_is_kept_as_a_range(circuit):
    i = var(circuit, "i")
    detail = circuit.for_(i, range(10, 0, -3), circuit.block())[0].detail
    assert detail.values == Range(lift(10), lift(0), lift(-3))
    assert circuit.for_(None, range(10**15), circuit.block())[1].detail.values.stop == lift(10**15)


def test_a_range_has_expressions_for_bounds(circuit):
    i, small = var(circuit, "i"), var(circuit, "small")
    circuit.for_(i, Range(small, Bits((0, 1)) + 1, 2), circuit.block()).for_(i, Range(0, small), circuit.block())
    circuit.for_(var(circuit, "real"), Range(circuit.bit(0), 5, cast(Parameter("a"), Int(8))), circuit.block())
    first, second, third = (operation.detail for operation in circuit)
    assert first.values == Range(small, Bits((0, 1)) + 1, lift(2))
    assert second.values == Range(lift(0), small, lift(1))
    assert first.expressions == (small, Bits((0, 1)) + 1, lift(2))
    assert (first.written, circuit.for_(None, [1], circuit.block())[3].detail.written) == (i, None)
    assert third.values.start == Bit(0)
    assert circuit.parameters == {Parameter("a")}
    assert circuit.bind({"a": 2.5})[2].detail.values.step == Const(2, Int(8))


@pytest.mark.parametrize(
    "values, message",
    [
        (5, "'for_' runs over a range, a Range or a list of numbers, but 5 was given"),
        ("012", "'for_' runs over a range, a Range or a list of numbers, but '012' was given"),
        (None, "'for_' runs over a range, a Range or a list of numbers, but None was given"),
        (["0"], "An expression is made of numbers"),
        ([0, Parameter("a")], "'for_' lists numbers, but 'a' is known only at run time; use a Range"),
        ([Bit(0)], r"'for_' lists numbers, but 'c\[0\]' is known only at run time; use a Range"),
        ([math.nan], "A number in an expression must be finite, but is nan"),
        (Range(0, 1.5), r"The bounds of a Range are integers, but '1\.5' is of type float; use a cast"),
        (Range(Parameter("a"), 3), "The bounds of a Range are integers, but 'a' is of type float"),
        (Range(0, 3, 0), "A loop can't go in steps of 0"),
        (Range(0, Bit(7)), "reads clbit 7, but the circuit has 3 clbits"),
        (Range(0, Var("x", Uint(3))), "The circuit has no variable 'x'"),
        (Range("0", 3), "An expression is made of numbers"),
    ],
)
def test_what_a_loop_can_not_run_over_is_refused(circuit, values, message):
    with pytest.raises(CircuitError, match=message):
        circuit.for_(None, values, circuit.block())


@pytest.mark.parametrize("name", ["flag", "turn"])
def test_a_loop_over_a_range_counts_in_numbers(circuit, name):
    with pytest.raises(
        CircuitError, match="A loop over a range counts in an integer or a float, but its variable is of"
    ):
        circuit.for_(var(circuit, name), range(3), circuit.block())


@pytest.mark.parametrize("variable", ["i", 0, Bit(0), Parameter("a"), Bits((0,))])
def test_the_variable_of_a_loop_is_a_variable(circuit, variable):
    with pytest.raises(
        CircuitError, match=r"The variable of 'for_' is one made with add_var, or None, but .* was given"
    ):
        circuit.for_(variable, [1], circuit.block())


def test_the_variable_of_a_loop_is_declared(circuit):
    with pytest.raises(CircuitError, match=r"The circuit has no variable 'i' of type uint\[8\]; add it with add_var"):
        circuit.for_(Var("i", Uint(8)), [1], circuit.block())


# --- switch


def test_cases_are_whole_numbers_or_tuples_of_them(circuit):
    blocks = [circuit.block().rz(float(number), 0) for number in range(4)]
    circuit.switch(circuit.value("c"), {3: blocks[0], (1, np.int64(-2)): blocks[1], (): blocks[2]}, blocks[3])
    circuit.switch(circuit.bit(0), {True: blocks[0], False: blocks[1]}).switch(var(circuit, "turn"), {8: blocks[0]})
    circuit.switch(circuit.bit(0), {})
    first, second, third, last = (operation.detail for operation in circuit)
    assert first == Switch(Bits((0, 1, 2)), (((3,), blocks[0]), ((1, -2), blocks[1]), ((), blocks[2])), blocks[3])
    assert first.blocks == tuple(blocks)
    assert second.cases == (((1,), blocks[0]), ((0,), blocks[1]))
    assert second.default is None
    assert third.target == Var("turn", Angle(4))
    assert last.blocks == ()
    assert {type(value) for values, _ in first.cases for value in values} == {int}


@pytest.mark.parametrize("key", ["3", 1.5, None, (1, "2"), frozenset({1})])
def test_what_is_no_case_is_refused(circuit, key):
    with pytest.raises(
        CircuitError, match=r"A case of 'switch' is a whole number or a tuple of them, but .* was given"
    ):
        circuit.switch(circuit.bit(0), {key: circuit.block()})


def test_a_value_has_one_case(circuit):
    block = circuit.block()
    with pytest.raises(CircuitError, match="'switch' has two cases for the value 2; only the first could ever run"):
        circuit.switch(circuit.value("c"), {(1, 2): block, 2: block})
    with pytest.raises(CircuitError, match="'switch' has two cases for the value 1"):
        circuit.switch(circuit.value("c"), {(1, 1): block})


def test_a_switch_chooses_by_a_whole_number(circuit):
    with pytest.raises(CircuitError, match="'switch' chooses by a whole number, but 'real' is a float"):
        circuit.switch(var(circuit, "real"), {})
    with pytest.raises(
        CircuitError, match=r"The cases of 'switch' are a mapping from values to blocks, but .* was given"
    ):
        circuit.switch(circuit.bit(0), [(0, circuit.block())])
    with pytest.raises(CircuitError, match="reads clbit 3"):
        circuit.switch(Bit(3), {})


# --- jumps


def test_jumps_are_operations_without_bits(circuit):
    body = circuit.block().break_().continue_().end()
    assert [(operation.name, operation.qubits, operation.detail) for operation in body] == [
        ("break", (), None),
        ("continue", (), None),
        ("end", (), None),
    ]
    assert body.columns().code.tolist() == [Code.BREAK, Code.CONTINUE, Code.END]
    assert circuit.while_(circuit.bit(0), body)[0].detail.body == body


def test_control_flow_survives_copies_and_json(circuit):
    body = circuit.block().for_(var(circuit, "i"), Range(0, var(circuit, "small")), circuit.block().x(0).continue_())
    circuit.while_(circuit.bit(0), body).switch(circuit.value("c"), {(0, 1): body}, body).if_(
        circuit.bit(1), body, body
    )
    circuit.for_(var(circuit, "turn"), [math.pi], body)
    assert circuit.copy() == Circuit.from_json(circuit.to_json()) == circuit
