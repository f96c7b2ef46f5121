"""The builder: every method as a newcomer would call it, and every error that it has for them."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

from qdock.circuit import Circuit, Operation, Register, Variable
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import BOOL, FLOAT, Angle, Bit, Bits, Const, Int, Parameter, Type, Uint, Var, cast
from qdock.gates import GATES, Gate, gate
from qdock.operations import Assign, Barrier, Delay, Modifier

ANGLES = (0.5, -1.25, 2.0, 3.5)

# --- gates


@pytest.mark.parametrize("name", list(GATES))
def test_every_gate_has_a_method_with_angles_first(name):
    row = GATES[name]
    angles, qubits = ANGLES[: row.num_params], tuple(range(row.num_qubits))
    circuit = Circuit(row.num_qubits)
    assert getattr(circuit, name)(*angles, *qubits) is circuit
    assert list(circuit) == [Operation(name, qubits, (), angles)]
    assert circuit[0].gate == gate(name, *angles)
    assert circuit == Circuit(row.num_qubits).append(name, qubits, angles)


@pytest.mark.parametrize("name", list(GATES))
def test_the_parameters_of_a_method_are_those_of_the_gate(name):
    names = list(inspect.signature(getattr(Circuit, name)).parameters)[1:]
    assert tuple(names[: GATES[name].num_params]) == GATES[name].parameters
    assert len(names) == GATES[name].num_params + GATES[name].num_qubits
    assert inspect.getdoc(getattr(Circuit, name))


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.num_params])
def test_every_angle_may_be_an_expression(name):
    row = GATES[name]
    parameters = [Parameter(f"a{place}") for place in range(row.num_params)]
    circuit = getattr(Circuit(row.num_qubits), name)(*parameters, *range(row.num_qubits))
    assert circuit[0].params == tuple(parameters)
    bound = circuit.bind(dict(zip(parameters, ANGLES, strict=False)))
    assert bound == getattr(Circuit(row.num_qubits), name)(*ANGLES[: row.num_params], *range(row.num_qubits))


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.num_qubits > 1])
def test_a_gate_on_one_qubit_twice_is_refused(name):
    row = GATES[name]
    with pytest.raises(CircuitError, match=f"'{name}' was given qubit 0 twice; its qubits must differ"):
        getattr(Circuit(5), name)(*ANGLES[: row.num_params], *[0] * row.num_qubits)


def test_append_takes_a_name_an_alias_or_a_gate():
    made = Circuit(3).append("cnot", [0, 1]).append("phase", 2, [0.5]).append(gate("rz", 0.5), [0])
    assert made == Circuit(3).cx(0, 1).p(0.5, 2).rz(0.5, 0)
    assert Circuit(2).append("cx", (0, 1)) == Circuit(2).append("cx", range(2)) == Circuit(2).append("cx", np.arange(2))
    assert Circuit(2).append("u", [0], (0.1, 2, Parameter("a"))) == Circuit(2).u(0.1, 2, Parameter("a"), 0)
    assert Circuit(2).append("rz", [0], np.array([0.5])) == Circuit(2).rz(0.5, 0)


def test_append_takes_lists_of_qubits_in_place_of_single_ones():
    assert Circuit(3).append("cx", [0, [1, 2]]) == Circuit(3).cx(0, 1).cx(0, 2)
    assert Circuit(3).append(gate("h").control(2, 0), [0, 1, [2]]) == Circuit(3).append(
        gate("h").control(2, 0), [0, 1, 2]
    )


def test_a_modified_gate_is_recorded_with_its_modifiers():
    circuit = Circuit(3).append(gate("rx", 0.5).control(1, 0).to_power(0.5), [2, 0])
    operation = circuit[0]
    assert operation == Operation("modified", (2, 0), (), (0.25,), Modifier("rx", (0,), 1.0))
    assert operation.gate == gate("rx", 0.25).control(1, 0)
    assert operation.label == "negctrl @ rx"
    assert operation.is_gate
    assert circuit.count_ops() == {"negctrl @ rx": 1}


def test_a_control_that_makes_a_row_of_the_table_is_that_row():
    assert Circuit(3).append(gate("x").control(2), [0, 1, 2]) == Circuit(3).ccx(0, 1, 2)


def test_any_number_of_controls():
    assert Circuit(2).mcx([], 1) == Circuit(2).x(1)
    assert Circuit(2).mcx(0, 1) == Circuit(2).cx(0, 1)
    assert Circuit(3).mcx(range(2), 2) == Circuit(3).append("mcx", [0, 1, 2]) == Circuit(3).ccx(0, 1, 2)
    assert Circuit(6).mcx([5, 4, 3, 2, 1], 0)[0].gate == gate("x").control(5)
    assert Circuit(2).mcp(0.5, [], 1) == Circuit(2).append("mcp", [1], [0.5]) == Circuit(2).p(0.5, 1)
    assert Circuit(2).mcp(0.5, [0], 1) == Circuit(2).cp(0.5, 0, 1)
    assert Circuit(3).mcp(0.5, [0, 2], 1)[0].gate == gate("p", 0.5).control(2)
    assert Circuit(3).mcx([0], [1, 2]) == Circuit(3).cx(0, 1).cx(0, 2)


def test_a_matrix_is_a_gate():
    matrix = np.array([[0, 1j], [1j, 0]])
    circuit = Circuit(2).unitary(matrix, 1).unitary(np.eye(4), [1, 0])
    assert [operation.qubits for operation in circuit] == [(1,), (1, 0)]
    assert np.array_equal(circuit[0].gate.matrix(), matrix)
    assert circuit.count_ops() == {"unitary": 2}
    matrix[0, 0] = 7
    assert np.array_equal(circuit[0].gate.matrix(), [[0, 1j], [1j, 0]])


def test_the_global_phase_adds_up():
    assert Circuit(global_phase=0.5).gphase(0.25).global_phase == 0.75
    theta = Parameter("theta")
    assert Circuit().gphase(theta).global_phase == theta
    assert Circuit(global_phase=0.5).gphase(theta).gphase(0).global_phase == 0.5 + theta
    circuit = Circuit()
    circuit.global_phase = 1
    assert circuit.global_phase == 1.0
    assert len(circuit) == 0


@pytest.mark.parametrize(
    "append, message",
    [
        (lambda c: c.append("cxx", [0, 1]), "No gate is named 'cxx'. Did you mean 'cx'?"),
        (lambda c: c.append(7, [0]), "No gate is named '7'."),
        (lambda c: c.append(["h"], [0]), "No gate is named '['h']'."),
        (lambda c: c.append("cx", [0]), "Gate 'cx' acts on 2 qubits, but 1 were given."),
        (lambda c: c.append("h", [0, 1]), "Gate 'h' acts on 1 qubit, but 2 were given."),
        (lambda c: c.append("h", []), "Gate 'h' acts on 1 qubit, but 0 were given."),
        (
            lambda c: c.append("h", None),
            "A qubit of 'h' is an index or a register, but None was given.",
        ),
        (lambda c: c.append(gate("h"), "01"), "A qubit of 'h' is an index or a register, but '01' was given."),
        (lambda c: c.append("h", [0], [0.5]), "Gate 'h' takes no angle, but 1 were given."),
        (lambda c: c.append("rz", [0]), "Gate 'rz' takes 1 angle (theta), but 0 were given."),
        (
            lambda c: c.append("rz", [0], 0.5),
            "The angles of 'rz' are given as a sequence, such as [0.3], but 0.5 was given.",
        ),
        (lambda c: c.append("rz", [0], "a"), "The angles of 'rz' are given as a sequence"),
        (lambda c: c.append("rz", [0], ["a"]), "An angle of 'rz' is a number in radians or an expression, but 'a'"),
        (
            lambda c: c.append(gate("rz", 0.5), [0], [0.7]),
            "'rz' was given with the angles [0.7], but a Gate has its angles",
        ),
        (lambda c: c.append(gate("h").control(3), [0, 1, 2]), "Gate 'ctrl(3) @ h' acts on 4 qubits, but 3 were given."),
        (lambda c: c.unitary(np.eye(4), [0]), "Gate 'unitary' acts on 2 qubits, but 1 were given."),
        (lambda c: c.unitary(np.ones((2, 2)), [0]), "The matrix is not unitary"),
        (lambda c: c.mcx("01", 2), "A qubit of 'mcx' is an index or a register, but '01' was given."),
        (lambda c: c.mcp("a", [0], 2), "An angle of 'p' is a number in radians or an expression, but 'a' was given."),
        (lambda c: c.gphase(None), "An angle of 'gphase' is a number in radians or an expression, but None was given."),
        (lambda c: c.gphase(math.nan), "An angle of 'gphase' must be finite, but is nan."),
        (lambda c: c.gphase(1e308).gphase(1e308), "An angle of 'global phase' must be finite, but is inf."),
    ],
)
def test_what_is_no_gate_is_refused_at_the_call(append, message):
    with pytest.raises(CircuitError) as caught:
        append(Circuit(3))
    assert message in str(caught.value)


# --- what is no gate


def test_measurements_go_into_clbits():
    circuit = Circuit(3, 3)
    assert circuit.measure(0, 2).measure([1, 2], [1, 0]).measure(circuit.qregs[0], circuit.cregs[0]) is circuit
    assert [(operation.name, operation.qubits, operation.clbits) for operation in circuit] == [
        ("measure", (0,), (2,)),
        ("measure", (1,), (1,)),
        ("measure", (2,), (0,)),
        ("measure", (0,), (0,)),
        ("measure", (1,), (1,)),
        ("measure", (2,), (2,)),
    ]


@pytest.mark.parametrize(
    "qubits, clbits, counts", [([0, 1], [0], "2 qubits and 1 clbits"), (0, [0, 1], "1 qubits and 2 clbits")]
)
def test_measuring_takes_as_many_qubits_as_clbits(qubits, clbits, counts):
    with pytest.raises(CircuitError, match=f"'measure' was given {counts}; give as many of each"):
        Circuit(2, 2).measure(qubits, clbits)


def registers_of(circuit):
    return [(register.name, register.size) for register in circuit.cregs]


def test_measure_all_uses_clbits_that_nothing_has_touched():
    assert Circuit(2, 2).measure_all() == Circuit(2, 2).measure([0, 1], [0, 1])


@pytest.mark.parametrize(
    "prepare",
    [
        lambda c: c.measure(0, 0),
        lambda c: c.if_(c.bit(0), c.block().x(0)),
        lambda c: c.for_(None, range(2), c.block().measure(0, 0)),
        lambda c: c.assign(c.bit(1), True),
        lambda c: c.rx(cast(c.bit(1), FLOAT), 0),
    ],
)
def test_measure_all_makes_a_register_if_a_clbit_was_touched(prepare):
    circuit = prepare(Circuit(2, 2)).measure_all()
    assert registers_of(circuit) == [("c", 2), ("meas", 2)]
    assert [operation.clbits for operation in circuit][-2:] == [(2,), (3,)]


@pytest.mark.parametrize("num_clbits", [0, 1, 3])
def test_measure_all_makes_a_register_if_there_are_not_as_many_clbits_as_qubits(num_clbits):
    circuit = Circuit(2, num_clbits).measure_all()
    assert registers_of(circuit)[-1] == ("meas", 2)
    assert [operation.clbits for operation in circuit] == [(num_clbits,), (num_clbits + 1,)]


def test_measure_all_makes_a_register_if_results_would_not_show_the_clbits():
    circuit = Circuit(2)
    circuit.add_creg("scratch", 2, output=False)
    circuit.measure_all()
    assert registers_of(circuit) == [("scratch", 2), ("meas", 2)]
    assert circuit.output_clbits == (2, 3)


def test_measure_all_finds_a_name_that_is_free():
    circuit = Circuit(1).measure_all().measure_all().measure_all()
    assert [name for name, _ in registers_of(circuit)] == ["meas", "meas0", "meas1"]


def test_measure_all_of_no_qubits_does_nothing():
    assert Circuit(0, 2).measure_all() == Circuit(0, 2)


def test_reset_and_barrier():
    circuit = Circuit(3).reset(0).reset([1, 2]).barrier().barrier(0).barrier(2, [0, 1], 0).barrier([])
    assert [(operation.name, operation.qubits) for operation in circuit] == [
        ("reset", (0,)),
        ("reset", (1,)),
        ("reset", (2,)),
        ("barrier", (0, 1, 2)),
        ("barrier", (0,)),
        ("barrier", (2, 0, 1)),
        ("barrier", ()),
    ]
    assert circuit[3].detail == Barrier(3)
    assert not circuit[0].is_gate


def test_a_delay_has_a_duration_and_a_unit():
    circuit = Circuit(2).delay(100, 0).delay(0.5, [0, 1], "us").delay(2 * Parameter("t"), 1, unit="s")
    assert [(operation.qubits, operation.params, operation.detail) for operation in circuit] == [
        ((0,), (100.0,), Delay("dt")),
        ((0,), (0.5,), Delay("us")),
        ((1,), (0.5,), Delay("us")),
        ((1,), (2 * Parameter("t"),), Delay("s")),
    ]


@pytest.mark.parametrize("unit", ["h", "", None, "DT", ["ns"]])
def test_a_delay_has_a_unit_that_is_known(unit):
    with pytest.raises(CircuitError, match=r"The unit of a delay is one of dt, ns, us, ms, s, but .* was given"):
        Circuit(1).delay(1, 0, unit)


def test_a_delay_is_not_negative():
    with pytest.raises(CircuitError, match=r"A delay must not be negative, but -1\.0 was given"):
        Circuit(1).delay(-1, 0)
    circuit = Circuit(1, 1).delay(Parameter("t"), 0).if_(Bit(0), Circuit(1, 1).delay(Parameter("u"), 0))
    assert circuit.bind({"t": 1, "u": 2}).bind({}).parameters == frozenset()
    for values in ({"t": -1}, {"u": -1}):
        with pytest.raises(CircuitError, match=r"A delay must not be negative, but is bound to -1\.0"):
            circuit.bind(values)


def test_a_value_is_assigned_in_the_type_of_its_target():
    circuit = Circuit(1, 3)
    i, x = circuit.add_var("i", Uint(4)), circuit.add_var("x", FLOAT)
    circuit.assign(i, 17).assign(x, i).assign(circuit.bit(0), i).assign(circuit.cregs[0], 9).assign(Bits((2, 0)), 1.5)
    assert [operation.detail for operation in circuit] == [
        Assign(i, Const(1, Uint(4))),
        Assign(x, cast(i, FLOAT)),
        Assign(Bit(0), cast(i, BOOL)),
        Assign(Bits((0, 1, 2)), Const(1, Uint(3))),
        Assign(Bits((2, 0)), Const(1, Uint(2))),
    ]


@pytest.mark.parametrize(
    "target, message",
    [
        ("i", "'assign' sets a variable, a clbit or a register, but 'i' was given"),
        (0, "'assign' sets a variable, a clbit or a register, but 0 was given"),
        (Parameter("a"), "'assign' sets a variable, a clbit or a register, but"),
        (Bit(0) & Bit(0), "'assign' sets a variable, a clbit or a register, but"),
        (Bit(3), r"'c\[3\]' reads clbit 3, but the circuit has 3 clbits"),
        (Bits((0, 0)), r"'assign' sets each clbit once, but 'c\[0, 0\]' has one twice"),
        (Var("x", BOOL), "The circuit has no variable 'x' of type bool; add it with add_var"),
        (Var("i", Uint(5)), r"The circuit has no variable 'i' of type uint\[5\]"),
        (Register("q", 0, 1), "'value' takes clbits here, but 'q' is a register of qubits"),
    ],
)
def test_what_can_not_be_assigned_to_is_refused(target, message):
    circuit = Circuit(1, 3)
    circuit.add_var("i", Uint(4))
    with pytest.raises(CircuitError, match=message):
        circuit.assign(target, 1)


def test_what_is_no_value_can_not_be_assigned():
    circuit = Circuit(1, 1)
    with pytest.raises(
        CircuitError, match="An expression is made of numbers, parameters and classical values, but '1'"
    ):
        circuit.assign(circuit.bit(0), "1")
    with pytest.raises(CircuitError, match="reads clbit 5"):
        circuit.assign(circuit.bit(0), Bit(5))


# --- bits and variables


def test_a_circuit_begins_with_registers_q_and_c():
    circuit = Circuit(2, 3, name="mine", global_phase=0.5)
    assert (circuit.num_qubits, circuit.num_clbits, circuit.name, circuit.global_phase) == (2, 3, "mine", 0.5)
    assert circuit.qregs == (Register("q", 0, 2),)
    assert circuit.cregs == (Register("c", 0, 3),)
    assert (Circuit().qregs, Circuit().cregs, Circuit().variables) == ((), (), ())


def test_registers_follow_one_another():
    circuit = Circuit(1)
    a, b = circuit.add_qreg("a", 2), circuit.add_qreg("b", np.int64(3))
    c, d = circuit.add_creg("x", 2), circuit.add_creg("y", 1, output=False)
    assert (list(a), list(b), list(c), list(d)) == ([1, 2], [3, 4, 5], [0, 1], [2])
    assert (circuit.num_qubits, circuit.num_clbits) == (6, 3)
    assert type(circuit.num_qubits) is int
    assert circuit.output_clbits == (0, 1)
    assert (len(b), b[0], b[-1], list(b[1:]), 4 in b, 6 in b, b.index(4), list(reversed(b))) == (
        3, 3, 5, [4, 5], True, False, 1, [5, 4, 3],
    )  # fmt: skip
    with pytest.raises(IndexError):
        b[3]


def test_clbits_are_read_as_bits_and_integers():
    circuit = Circuit(0, 2)
    other = circuit.add_creg("other", 2)
    assert circuit.bit(1) == circuit.bit([1]) == Bit(1)
    assert circuit.value("c") == circuit.value(circuit.cregs[0]) == circuit.value([0, 1]) == Bits((0, 1))
    assert circuit.value("other") == circuit.value(other) == Bits((2, 3))
    assert circuit.value(other[::-1]) == Bits((3, 2))


def test_a_register_that_is_not_there_is_named():
    with pytest.raises(CircuitError, match=r"There is no classical register named 'd'. The circuit has: c\."):
        Circuit(1, 1).value("d")
    with pytest.raises(CircuitError, match=r"There is no classical register named 'q'. The circuit has: none\."):
        Circuit(1).value("q")
    with pytest.raises(CircuitError, match="A value needs at least one clbit, but an empty register was given"):
        Circuit(1).value([])
    with pytest.raises(
        CircuitError, match=r"'bit' is the value of one clbit, but .* was given; use 'value' for several"
    ):
        Circuit(0, 2).bit([0, 1])


@pytest.mark.parametrize(
    "kind, initial, kept",
    [
        (BOOL, 1, True),
        (BOOL, 0, False),
        (Uint(4), 17, 1),
        (Uint(4), 2.9, 2),
        (Int(4), 9, -7),
        (Int(4), np.int64(-3), -3),
        (Uint(70), 1 << 69, 1 << 69),
        (FLOAT, 3, 3.0),
        (FLOAT, -0.5, -0.5),
        (Angle(4), math.pi, 8),
        (Angle(4), 1, 3),
        (Angle(4), Const(1, Angle(4)), 1),
    ],
)
def test_a_variable_begins_with_a_value_of_its_type(kind, initial, kept):
    circuit = Circuit()
    var = circuit.add_var("v", kind, initial)
    assert var == Var("v", kind)
    assert circuit.variables == (Variable(var, kept),)
    assert type(circuit.variables[0].initial) is type(kept)


def test_a_variable_begins_with_zero():
    circuit = Circuit()
    for number, kind in enumerate((BOOL, FLOAT, Uint(3), Int(3), Angle(3))):
        circuit.add_var(f"v{number}", kind)
    assert [item.initial for item in circuit.variables] == [False, 0.0, 0, 0, 0]


@pytest.mark.parametrize("initial", [Bit(0), Parameter("a")])
def test_a_variable_begins_with_a_number(initial):
    with pytest.raises(CircuitError, match=r"The initial value of 'v' must be a number, but is .* Use assign for it"):
        Circuit(0, 1).add_var("v", FLOAT, initial)


@pytest.mark.parametrize("kind", [int, "uint[3]", None, 8])
def test_the_type_of_a_variable_is_a_type(kind):
    with pytest.raises(
        CircuitError, match=r"The type of a variable is BOOL, FLOAT, Uint\(n\), Int\(n\) or Angle\(n\), not"
    ):
        Circuit().add_var("v", kind)


@pytest.mark.parametrize("name", ["", "2x", "a b", "a-b", "a.b", "a" * 1025, None, 3, b"a", "x\n"])
def test_a_name_is_an_identifier(name):
    for add in (Circuit().add_qreg, Circuit().add_creg):
        with pytest.raises(CircuitError, match="A register or variable has an identifier for a name, such as 'q', but"):
            add(name, 1)
    with pytest.raises(CircuitError, match="A register or variable has an identifier"):
        Circuit().add_var(name, BOOL)


@pytest.mark.parametrize("name", ["q", "c", "v"])
def test_a_name_is_taken_once(name):
    circuit = Circuit(1, 1)
    circuit.add_var("v", BOOL)
    for add in (
        lambda: circuit.add_qreg(name, 1),
        lambda: circuit.add_creg(name, 1),
        lambda: circuit.add_var(name, BOOL),
    ):
        with pytest.raises(
            CircuitError, match=f"The name '{name}' is taken; registers and variables need names of their"
        ):
            add()


def test_names_may_be_of_any_language_and_long():
    circuit = Circuit()
    assert circuit.add_qreg("größe_θ", 1).name == "größe_θ"
    assert len(circuit.add_creg("a" * 1024, 1).name) == 1024


@pytest.mark.parametrize("size", [-1, 1.5, "2", None, True])
def test_a_size_is_a_whole_number(size):
    with pytest.raises(CircuitError, match="The number of qubits must be 0 or more, but is"):
        Circuit(size)
    with pytest.raises(CircuitError, match="The number of clbits must be 0 or more, but is"):
        Circuit(1, size)
    with pytest.raises(CircuitError, match="The number of qubits must be 0 or more, but is"):
        Circuit().add_qreg("a", size)


def test_a_million_qubits_are_the_limit():
    with pytest.raises(LimitExceeded, match="A circuit may have 1000000 qubits, but 1000001 were asked for"):
        Circuit(1_000_001)
    with pytest.raises(LimitExceeded, match="A circuit may have 1000000 clbits, but 1000000000000 were asked for"):
        Circuit(1, 10**12)


def test_the_name_of_a_circuit_is_a_text():
    with pytest.raises(CircuitError, match="The name of a circuit is a text, but 5 was given"):
        Circuit(1, name=5)


def test_many_registers_and_blocks_share_their_names():
    circuit = Circuit(1, 1)
    for number in range(3000):
        circuit.add_creg(f"r{number}", 1)
    blocks = [circuit.block() for _ in range(3000)]
    assert all(block._cregs is circuit._cregs for block in blocks)
    circuit.add_creg("own", 1)
    blocks[0].add_creg("mine", 1)
    assert [item._has_name("own") for item in (circuit, *blocks[:2])] == [True, False, False]
    assert [item._has_name("mine") for item in (circuit, *blocks[:2])] == [False, True, False]


def test_methods_chain():
    circuit = Circuit(2, 2)
    block = circuit.block()
    assert circuit.h(0).append("x", [0]).mcx([0], 1).unitary(np.eye(2), 0).gphase(0.1).measure(0, 0).reset(0) is circuit
    assert circuit.barrier().delay(1, 0).assign(circuit.bit(0), 1).if_(circuit.bit(0), block).break_() is circuit
    assert (
        circuit.while_(circuit.bit(0), block).for_(None, [1], block).switch(circuit.bit(0), {}).continue_() is circuit
    )
    assert circuit.end().measure_all().compose(Circuit(1)) is circuit


def test_a_type_reads_in_errors_as_it_is_written():
    assert str(Type("uint", 4)) == "uint[4]"
    assert repr(Gate("rz", (0.5,))) == "Gate(name='rz', params=(0.5,), controls=(), power=1.0)"


def test_circuits_of_one_size_have_registers_of_their_own():
    first, second = Circuit(2, 2), Circuit(2, 2)
    first.add_qreg("more", 1)
    first.add_creg("out", 1)
    assert [register.name for register in (*first.qregs, *first.cregs)] == ["q", "more", "c", "out"]
    assert second == Circuit(2, 2) != first
