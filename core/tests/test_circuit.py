"""The whole circuit: equality, composition, inverse, binding, and what can be read off it, against answers by hand."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from qdock.circuit import Circuit, Operation
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import BOOL, FLOAT, Bit, Bits, Parameter, Uint, Var, cast
from qdock.gates import Gate, gate
from qdock.operations import Assign, Barrier, Delay, If, Modifier

A, B = Parameter("a"), Parameter("b")


def mixed():
    """A circuit with all that can be bound, mapped and copied."""
    circuit = Circuit(3, 3, name="mixed", global_phase=A)
    i = circuit.add_var("i", Uint(3))
    block = circuit.block().rx(A * i, 1).measure(1, 2).gphase(B)
    circuit.h(0).rz(B, 1).cx(0, 1).measure(0, 0).if_(circuit.value([0, 2]).eq(1), block)
    circuit.rx(cast(circuit.bit(1), FLOAT) * A, 2).assign(i, circuit.value([2, 1]) + 1)
    circuit.append(Gate("ry", (B,), (0,)), [2, 0])
    circuit.metadata = {"about": [1]}
    return circuit


# --- equality, copies, text


def test_circuits_are_equal_that_do_the_same_on_the_same_bits():
    assert mixed() == mixed()
    assert Circuit(1, name="a") == Circuit(1, name="b")
    assert Circuit(1).rz(1, 0) == Circuit(1).rz(1.0, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.h(0),
        lambda c: c.add_qreg("other", 1),
        lambda c: c.add_creg("other", 1),
        lambda c: c.add_creg("other", 0),
        lambda c: c.add_var("other", BOOL),
        lambda c: c.gphase(0.1),
        lambda c: c.rz(0.1, 0),
        lambda c: c.rz(A, 0),
        lambda c: c.barrier(0),
        lambda c: c.measure(0, 0),
        lambda c: c.unitary(np.eye(2), 0),
        lambda c: c.if_(c.bit(0), c.block()),
    ],
)
def test_every_change_makes_a_circuit_another_one(change):
    one, other = mixed(), mixed()
    change(one)
    assert one != other
    assert other != one
    change(other)
    assert one == other


def test_operations_that_differ_in_one_respect_are_not_equal():
    block = Circuit(2, 2).block()
    pairs = [
        (lambda c: c.h(0), lambda c: c.h(1)),
        (lambda c: c.h(0), lambda c: c.x(0)),
        (lambda c: c.rz(0.1, 0), lambda c: c.rz(0.2, 0)),
        (lambda c: c.rz(A, 0), lambda c: c.rz(B, 0)),
        (lambda c: c.measure(0, 0), lambda c: c.measure(0, 1)),
        (lambda c: c.delay(1, 0, "ns"), lambda c: c.delay(1, 0, "us")),
        (lambda c: c.if_(c.bit(0), block), lambda c: c.if_(c.bit(1), block)),
        (lambda c: c.if_(c.bit(0), block), lambda c: c.if_(c.bit(0), block.copy().x(0))),
        (lambda c: c.if_(c.bit(0), block), lambda c: c.if_(c.bit(0), block, block)),
        (lambda c: c.if_(c.bit(0), block), lambda c: c.while_(c.bit(0), block)),
        (lambda c: c.for_(None, [1], block), lambda c: c.for_(None, [2], block)),
        (lambda c: c.for_(None, [0], block), lambda c: c.for_(None, range(1), block)),
        (lambda c: c.switch(c.bit(0), {0: block}), lambda c: c.switch(c.bit(0), {1: block})),
        (lambda c: c.switch(c.bit(0), {0: block}), lambda c: c.switch(c.bit(0), {}, block)),
        (lambda c: c.unitary(np.eye(2), 0), lambda c: c.unitary(np.diag([1, -1]), 0)),
        (lambda c: c.append(gate("h").control(1, 0), [0, 1]), lambda c: c.append(gate("iswap").inverse(), [0, 1])),
        (lambda c: c.break_(), lambda c: c.continue_()),
    ]
    for one, other in pairs:
        assert one(Circuit(2, 2)) != other(Circuit(2, 2))
        assert one(Circuit(2, 2)) == one(Circuit(2, 2))


def test_registers_count_but_not_those_of_blocks():
    early, late = Circuit(1, 1), Circuit(1, 1)
    early.if_(early.bit(0), early.block().x(0)).add_creg("more", 1)
    late.add_creg("more", 1)
    late.if_(late.bit(0), late.block().x(0))
    assert early == late == early.copy() == Circuit.from_json(early.to_json())


def test_a_circuit_is_no_other_thing_and_has_no_hash():
    assert Circuit() != "circuit"
    with pytest.raises(TypeError, match="unhashable"):
        hash(Circuit())


@pytest.mark.parametrize(
    "make", [Circuit.copy, copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c)), lambda c: c.bind({})]
)
def test_copies_keep_name_and_metadata_and_share_nothing(make):
    circuit = mixed()
    circuit.columns()
    made = make(circuit)
    assert made == circuit
    assert (made.name, made.metadata) == (circuit.name, circuit.metadata)
    made.metadata["about"].append(2)
    made.h(0)
    made.add_var("j", BOOL)
    assert circuit == mixed()
    assert circuit.metadata == {"about": [1]}
    circuit.h(1)
    assert len(made) == len(circuit)


def test_repr_says_what_it_is():
    assert repr(Circuit(2, 1, name="bell").h(0)) == "<Circuit 'bell': 2 qubits, 1 clbits, 1 operations>"


# --- reading operations


def test_operations_are_views():
    circuit = mixed()
    assert len(circuit) == 8
    assert circuit[0] == Operation("h", (0,))
    assert circuit[1] == Operation("rz", (1,), (), (B,))
    assert circuit[3] == Operation("measure", (0,), (0,))
    assert circuit[-1] == Operation("modified", (2, 0), (), (B,), Modifier("ry", (0,)))
    assert [operation.name for operation in circuit[:3]] == ["h", "rz", "cx"]
    assert [operation.name for operation in circuit[::-3]] == ["modified", "if", "rz"]
    assert circuit[5:5] == []
    assert isinstance(circuit[4].detail, If)
    assert circuit[4].blocks == (circuit[4].detail.then,)
    assert circuit[0].blocks == ()
    assert isinstance(circuit[6].detail, Assign)


@pytest.mark.parametrize("index", [8, -9])
def test_an_operation_that_is_not_there_is_an_index_error(index):
    with pytest.raises(IndexError):
        mixed()[index]


def test_iterating_while_appending_ends():
    circuit = Circuit(1).h(0).x(0)
    for operation in circuit:
        circuit.append_operation(operation)
    assert [operation.name for operation in circuit] == ["h", "x", "h", "x"]


def test_what_is_no_gate_has_no_matrix():
    circuit = Circuit(1, 1).measure(0, 0)
    assert not circuit[0].is_gate
    with pytest.raises(TypeError, match="'measure' is no gate; it has no matrix and no inverse"):
        circuit[0].gate  # noqa: B018  # it is the error that counts


def test_the_details_of_a_gate():
    circuit = Circuit(3).append(gate("rzz", A).control(1, 0), [0, 1, 2])
    detail = circuit[0].detail
    assert (detail.label, detail.num_targets, detail.num_qubits, detail.num_params) == ("negctrl @ rzz", 2, 3, 1)
    assert hash(detail) == hash(Modifier("rzz", (0,)))
    assert detail != Barrier(3)
    assert Modifier("unitary", array=np.eye(4)).num_params == 0
    assert (detail.expressions, detail.written, detail.blocks, detail.mapped(None, None)) == ((), None, (), detail)
    assert Delay("ns") == Delay("ns")


# --- compose


def test_composing_puts_bits_where_they_are_told():
    inner = Circuit(2, 2).h(0).cx(0, 1).measure(1, 0).rx(cast(Bit(1), FLOAT), 0)
    made = Circuit(4, 3).compose(inner, [3, 1], [2, 0])
    assert made == Circuit(4, 3).h(3).cx(3, 1).measure(1, 2).rx(cast(Bit(0), FLOAT), 3)


def test_composing_reaches_into_blocks_conditions_and_assignments():
    inner = Circuit(2, 2)
    i = inner.add_var("i", Uint(2))
    block = inner.block().x(0).measure(1, 1).assign(inner.bit(0), i)
    inner.while_(inner.value("c").lt(2) & inner.bit(1), inner.block().if_(inner.bit(0), block, inner.block().reset(1)))
    inner.switch(inner.value("c"), {0: inner.block().y(1)}, inner.block().z(0)).for_(i, [1], inner.block().h([0, 1]))
    made = Circuit(3, 3).compose(inner, [2, 0], [1, 2])

    expected = Circuit(3, 3)
    i = expected.add_var("i", Uint(2))
    block = expected.block().x(2).measure(0, 2).assign(expected.bit(1), i)
    body = expected.block().if_(expected.bit(1), block, expected.block().reset(0))
    value = expected.value([1, 2])
    expected.while_(value.lt(2) & expected.bit(2), body)
    expected.switch(value, {0: expected.block().y(0)}, expected.block().z(2)).for_(i, [1], expected.block().h([2, 0]))
    assert made == expected


def test_composing_adds_phases_and_takes_expressions_along():
    made = Circuit(1, global_phase=0.5).compose(Circuit(1, global_phase=A).rz(B, 0))
    assert made.global_phase == 0.5 + A
    assert made[0].params == (B,)
    assert Circuit(1).compose(Circuit(1, global_phase=A)).global_phase == A


def test_composing_a_circuit_with_itself_doubles_it():
    circuit = mixed()
    circuit.compose(circuit)
    assert list(circuit) == [*mixed(), *mixed()]
    assert circuit.global_phase == A + A


def test_composing_leaves_the_other_circuit_alone():
    other = mixed()
    Circuit(5, 5).compose(other, [4, 3, 2], [4, 3, 2]).compose(other)
    assert other == mixed()


def test_composed_variables_are_shared_by_name():
    one, other = Circuit(), Circuit()
    i = one.add_var("i", Uint(3), 2)
    assert other.add_var("i", Uint(3), 5) == i
    other.add_var("j", BOOL)
    one.block()
    one.compose(other.assign(i, 3))
    assert [(item.var.name, item.initial) for item in one.variables] == [("i", 2), ("j", False)]


def conflict(make):
    other = Circuit()
    other.add_var("fine", BOOL)
    make(other)
    return other


@pytest.mark.parametrize(
    "other, maps, message",
    [
        (Circuit(3), (), "The circuit to compose has 3 qubits, but this one has 2"),
        (Circuit(1, 2), (), "The circuit to compose has 2 clbits, but this one has 1"),
        (Circuit(2), ([0],), r"The circuit to compose has 2 qubits; give as many different ones, not \[0\]"),
        (Circuit(2), ([0, 0],), r"give as many different ones, not \[0, 0\]"),
        (Circuit(2), (1,), r"give as many different ones, not \[1\]"),
        (Circuit(1), ([2],), "'compose' was given qubit 2, but the circuit has 2 qubits"),
        (Circuit(1, 1), ([0], [1]), "'compose' was given clbit 1, but the circuit has 1 clbit"),
        (Circuit(1), ("0",), "A qubit of 'compose' is an index or a register, but '0' was given"),
        ([1], (), r"'compose' appends a Circuit, but \[1\] was given"),
        (conflict(lambda c: c.add_var("i", BOOL)), (), "Both circuits have a variable 'i', but of different types"),
        (conflict(lambda c: c.add_var("q", BOOL)), (), "The other circuit has a variable 'q', which is the name of a"),
    ],
)
def test_what_can_not_be_composed_is_refused_whole(other, maps, message):
    circuit = Circuit(2, 1)
    circuit.add_var("i", Uint(3))
    before = circuit.copy()
    with pytest.raises(CircuitError, match=message):
        circuit.compose(other, *maps)
    assert circuit == before


def test_appending_an_operation_of_another_circuit():
    circuit = Circuit(2, 2)
    for operation in Circuit(2, 2).h(0).measure(1, 0).barrier().delay(2, 0).append(gate("h").control(1, 0), [1, 0]):
        assert circuit.append_operation(operation) is circuit
    assert len(circuit) == 5
    with pytest.raises(CircuitError, match="'h' was given qubit 1, but the circuit has 1 qubit, 0 to 0"):
        Circuit(1).append_operation(Operation("h", (1,)))
    with pytest.raises(CircuitError, match="'measure' was given clbit 0, but the circuit has no clbits"):
        Circuit(1).append_operation(Operation("measure", (0,), (0,)))


# --- inverse


def test_the_inverse_turns_everything_around():
    circuit = Circuit(2, 1, name="mine", global_phase=A).h(0).s(1).rz(B, 0).cx(0, 1).barrier(0).delay(3, 1, "ns")
    circuit.append(gate("iswap"), [0, 1]).append(gate("t").control(1, 0), [1, 0])
    undone = circuit.inverse()
    expected = Circuit(2, 1, global_phase=-A).append(gate("tdg").control(1, 0), [1, 0])
    expected.append(gate("iswap").inverse(), [0, 1]).delay(3, 1, "ns").barrier(0).cx(0, 1).rz(-B, 0).sdg(1).h(0)
    assert undone == expected
    assert undone.name == "mine"
    assert len(circuit) == 8


@pytest.mark.parametrize(
    "append, name",
    [
        (lambda c: c.measure(0, 0), "measure"),
        (lambda c: c.reset(0), "reset"),
        (lambda c: c.if_(c.bit(0), c.block().x(0)), "if"),
        (lambda c: c.assign(c.bit(0), 1), "assign"),
        (lambda c: c.end(), "end"),
    ],
)
def test_what_has_no_inverse_is_named(append, name):
    with pytest.raises(CircuitError, match=f"'{name}' has no inverse; only gates, barriers and delays have"):
        append(Circuit(1, 1)).inverse()


# --- bind


def test_binding_reaches_everything():
    circuit = mixed()
    assert circuit.parameters == {A, B}
    bound = circuit.bind({A: 0.5, "b": 2})
    assert bound.parameters == frozenset()
    assert bound.global_phase == 0.5
    assert bound[1].params == (2.0,)
    assert bound[-1].gate == Gate("ry", (2.0,), (0,))
    block = bound[4].detail.then
    assert block.global_phase == 2.0
    assert block[0].params == (0.5 * Var("i", Uint(3)),)
    assert bound[5].params == (cast(Bit(1), FLOAT) * 0.5,)
    assert circuit == mixed()
    assert bound.columns().expressions.keys() == {1}


def test_a_parameter_may_be_bound_to_an_expression():
    circuit = Circuit(1, 1).rz(A, 0).rz(B, 0)
    assert circuit.bind({A: B, B: 2 * A}) == Circuit(1, 1).rz(B, 0).rz(2 * A, 0)
    assert circuit.bind({"a": cast(Bit(0), FLOAT)}).parameters == {B}


@pytest.mark.parametrize(
    "values, message",
    [
        ({"c": 1}, r"The circuit has no parameter 'c'. It has: a, b\."),
        ({Parameter("c"): 1}, r"The circuit has no parameter 'c'. It has: a, b\."),
        ({5: 1}, "The circuit has no parameter '5'"),
        ({"2x": 1}, "A parameter's name is an identifier"),
        (0.5, r"'bind' takes a mapping from parameters to values, but 0\.5 was given"),
        ({"a": float("nan")}, "An angle of 'a' must be finite, but is nan"),
        ({"a": "1"}, "An angle of 'a' is a number in radians or an expression, but '1' was given"),
        ({"a": cast(Bit(9), FLOAT)}, "reads clbit 9, but the circuit has 3 clbits"),
        ({"a": Var("nobody", FLOAT)}, "The circuit has no variable 'nobody' of type float"),
    ],
)
def test_what_can_not_be_bound_is_refused(values, message):
    with pytest.raises(CircuitError, match=message):
        mixed().bind(values)


def test_a_circuit_without_parameters_says_so():
    with pytest.raises(CircuitError, match=r"The circuit has no parameter 'a'. It has: none\."):
        Circuit().bind({"a": 1})


def test_binding_a_value_that_has_none_is_an_error():
    with pytest.raises(CircuitError, match="Division by zero"):
        Circuit(1).rz(1 / A, 0).bind({A: 0})


# --- depth, counts, features


@pytest.mark.parametrize(
    "circuit, depth",
    [
        (Circuit(), 0),
        (Circuit(3), 0),
        (Circuit(3).h([0, 1, 2]), 1),
        (Circuit(3).h(0).cx(0, 1).cx(1, 2), 3),
        (Circuit(3).h(0).cx(0, 1).x(2).ccx(0, 1, 2), 3),
        (Circuit(2).h(0).barrier().x(1), 1),
        (Circuit(2).h(0).delay(1, 0), 2),
        (Circuit(2, 2).measure([0, 1], [0, 1]), 1),
        (Circuit(2, 1).measure([0, 1], [0, 0]), 2),
        (Circuit(2, 1).measure(0, 0).if_(Bit(0), Circuit(2, 1).x(1)).z(1), 3),
        (Circuit(2, 1).measure(0, 0).rx(cast(Bit(0), FLOAT), 1), 2),
        (Circuit(2, 1).measure(0, 0).assign(Bit(0), True), 2),
        (Circuit(2).append(gate("h").control(1, 0), [0, 1]).x(0), 2),
        (Circuit(0).end(), 1),
    ],
)
def test_depth_is_the_longest_path(circuit, depth):
    assert circuit.depth() == depth


def test_depth_follows_variables():
    circuit = Circuit(2)
    i = circuit.add_var("i", Uint(2))
    inner = circuit.block().if_(i.eq(1), circuit.block().assign(i, 0))
    circuit.assign(i, 1).rx(i, 0).if_(i.eq(1), circuit.block().x(1)).while_(i.lt(2), inner)
    assert circuit.depth() == 4


def test_counting_names_gates_with_their_modifiers():
    circuit = mixed().h([0, 1])
    assert circuit.count_ops() == {
        "h": 3,
        "rz": 1,
        "cx": 1,
        "measure": 1,
        "if": 1,
        "rx": 1,
        "assign": 1,
        "negctrl @ ry": 1,
    }
    assert next(iter(circuit.count_ops())) == "h"
    assert Circuit().count_ops() == {}


MID = "mid_circuit_measurement"


@pytest.mark.parametrize(
    "make, features",
    [
        (lambda c: c.h(0).measure_all(), set()),
        (lambda c: c.measure(0, 0).h(1).measure(1, 1), set()),
        (lambda c: c.measure(0, 0).barrier().delay(1, 0), set()),
        (lambda c: c.measure(0, 0).x(0), {MID}),
        (lambda c: c.measure(0, 0).measure(0, 1), {MID}),
        (lambda c: c.measure(0, 0).cx(1, 0), {MID}),
        (lambda c: c.measure(0, 0).append(gate("h").control(1, 0), [1, 0]), {MID}),
        (lambda c: c.measure(0, 0).reset(0), {MID, "reset"}),
        (lambda c: c.reset(0).measure(0, 0), {"reset"}),
        (lambda c: c.measure(0, 0).if_(c.bit(0), c.block().x(1)), {MID, "conditionals"}),
        (lambda c: c.if_(c.bit(0), c.block().x(1)), {"conditionals"}),
        (lambda c: c.switch(c.value("c"), {0: c.block()}), {"conditionals"}),
        (lambda c: c.while_(c.bit(0), c.block().measure(0, 0)), {MID, "loops"}),
        (lambda c: c.for_(None, range(3), c.block().h(0)), {"loops"}),
        (lambda c: c.measure(0, 0).for_(None, range(3), c.block().h(0)), {MID, "loops"}),
        (lambda c: c.measure(0, 0).for_(None, range(3), c.block().h(1)), {"loops"}),
        (
            lambda c: c.for_(None, range(3), c.block().if_(c.bit(0), c.block().reset(0))),
            {"loops", "conditionals", "reset"},
        ),
        (lambda c: c.assign(c.bit(0), True), {"variables"}),
        (lambda c: c.rx(cast(c.bit(0), FLOAT), 0), {"variables"}),
        (lambda c: c.measure(1, 0).rx(cast(c.bit(0), FLOAT), 0), {"variables", MID}),
        (lambda c: c.rx(A, 0), set()),
        (lambda c: (c.add_var("i", Uint(2)), c)[1], {"variables"}),
        (lambda c: c.unitary(np.eye(2), 0).gphase(1).end(), set()),
    ],
)
def test_features_are_what_a_backend_must_be_able_to_do(make, features):
    assert make(Circuit(2, 2)).features() == features


def test_features_are_words_of_the_vocabulary():
    from qdock.spec import FEATURES

    assert mixed().features() == {MID, "conditionals", "variables"}
    assert mixed().features() <= set(FEATURES)


def test_the_example_of_the_docstring():
    circuit = Circuit(2, 2).h(0).cx(0, 1).measure_all()
    assert circuit.count_ops() == {"measure": 2, "h": 1, "cx": 1}


def test_bits_of_a_register_are_read_least_significant_first():
    assert Circuit(0, 3).value("c") == Bits((0, 1, 2))


def test_limits_are_errors_of_their_own():
    assert not issubclass(LimitExceeded, CircuitError)
    assert issubclass(CircuitError, ValueError)


def test_a_selection_has_the_chosen_operations_on_its_own_qubits() -> None:
    circuit = Circuit(4, 2).h(3).cx(3, 1).rz(0.2, 0).barrier(1, 3).measure(1, 0).rz(0.3, 3)
    circuit.if_(circuit.bit(0), circuit.block().x(3))
    chosen = circuit.select([0, 1, 3, 4, 5, 6], [1, 3])
    expected = Circuit(2, 2).h(1).cx(1, 0).barrier(0, 1).measure(0, 0).rz(0.3, 1)
    assert chosen == expected.if_(expected.bit(0), expected.block().x(1))
    assert len(circuit.select([], [])) == 0
    with pytest.raises(CircuitError, match="touches a qubit that was not"):
        circuit.select([0, 2], [3])
