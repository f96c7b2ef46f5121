"""The columns of a circuit: views that nobody can write and that later appends leave alone; qubits that are checked."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from qdock.circuit import Circuit
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import FLOAT, Parameter, Uint, cast
from qdock.gates import GATES, Gate, gate
from qdock.operations import (
    NUM_CLBITS,
    NUM_PARAMS,
    NUM_QUBITS,
    OPERATION_NAMES,
    Barrier,
    Code,
    Delay,
    If,
    Modifier,
    Operation,
    Register,
)

FLAT = ("code", "qubits", "clbits", "params")
STARTS = ("qubit_start", "clbit_start", "param_start")


def small():
    """A circuit with something in every column."""
    return Circuit(3, 2).h(0).rz(0.5, 1).cx(0, 2).measure(2, 1).delay(7, 0, "ns").barrier().mcx([0, 1], 2)


# --- columns

TYPES = {"code": np.uint8, "qubits": np.int32, "clbits": np.int32, "params": np.float64}
TYPES |= dict.fromkeys(("qubit_start", "clbit_start", "param_start"), np.int64)


def test_columns_hold_the_numbers_as_they_came():
    circuit = small().append(gate("rx", 0.25).control(2, 1), [2, 1, 0])
    columns = circuit.columns()
    codes = [
        GATES["h"].code,
        GATES["rz"].code,
        GATES["cx"].code,
        Code.MEASURE,
        Code.DELAY,
        Code.BARRIER,
        GATES["ccx"].code,
    ]
    assert columns.code.tolist() == [*codes, Code.MODIFIED]
    assert columns.qubits.tolist() == [0, 1, 0, 2, 2, 0, 0, 1, 2, 0, 1, 2, 2, 1, 0]
    assert columns.qubit_start.tolist() == [0, 1, 2, 4, 5, 6, 9, 12, 15]
    assert columns.clbits.tolist() == [1]
    assert columns.clbit_start.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert columns.params.tolist() == [0.5, 7.0, 0.25]
    assert columns.param_start.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert columns.details == {4: Delay("ns"), 5: Barrier(3), 7: Modifier("rx", (1, 0))}
    assert columns.expressions == {}


def test_columns_have_the_types_that_simulators_read():
    columns = small().columns()
    for name, kind in TYPES.items():
        column = getattr(columns, name)
        assert column.dtype == kind
        assert column.flags.c_contiguous
        assert not column.flags.writeable


def test_a_parameter_is_nan_with_an_expression_beside():
    theta = Parameter("theta")
    columns = Circuit(1).u(0.5, theta, 2 * theta, 0).columns()
    assert np.array_equal(columns.params, [0.5, np.nan, np.nan], equal_nan=True)
    assert columns.expressions == {1: theta, 2: 2 * theta}


@pytest.mark.parametrize("name", [*FLAT, *STARTS])
def test_columns_can_not_be_written(name):
    column = getattr(small().columns(), name)
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


@pytest.mark.parametrize("name", FLAT)
def test_columns_can_not_be_made_writable(name):
    column = getattr(small().columns(), name)
    with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
        column.flags.writeable = True


def test_columns_are_made_once():
    circuit = small()
    assert circuit.columns() is circuit.columns()


def test_threads_that_ask_for_columns_at_the_same_time_get_the_same():
    circuits = [small() for _ in range(200)]
    ready = threading.Barrier(4)

    def ask():
        ready.wait()
        return [len(circuit.columns().code) for circuit in circuits]

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(4)]
        assert [future.result() for future in asked] == [[len(small())] * 200] * 4
    assert all(circuit == small() for circuit in circuits)


APPENDS = [
    lambda circuit: circuit.h(0),
    lambda circuit: circuit.rz(0.5, 0),
    lambda circuit: circuit.cx(0, 1),
    lambda circuit: circuit.u(0.1, 0.2, 0.3, 0),
    lambda circuit: circuit.ccx(0, 1, 2),
    lambda circuit: circuit.append("cp", [0, 1], [0.5]),
    lambda circuit: circuit.rz(Parameter("a"), 0),
    lambda circuit: circuit.measure(0, 0),
    lambda circuit: circuit.measure([0, 1], [0, 1]),
    lambda circuit: circuit.measure_all(),
    lambda circuit: circuit.reset(0),
    lambda circuit: circuit.barrier(),
    lambda circuit: circuit.delay(1, 0),
    lambda circuit: circuit.mcx([0, 1], 2),
    lambda circuit: circuit.unitary(np.eye(2), 0),
    lambda circuit: circuit.if_(circuit.bit(0), circuit.block().x(0)),
    lambda circuit: circuit.end(),
    lambda circuit: circuit.compose(small()),
    lambda circuit: circuit.x(0).compose(circuit),
    lambda circuit: circuit.append_operation(circuit.copy().x(0)[-1]),
]


@pytest.mark.parametrize("append", APPENDS)
@pytest.mark.parametrize("start", [lambda: Circuit(3, 2), small])
def test_a_snapshot_is_left_alone_by_every_append(append, start):
    circuit = start()
    before, expected = circuit.columns(), start().columns()
    append(circuit)
    after = circuit.columns()
    # Where operations begin is worked out only now.
    for name in (*TYPES, "details", "expressions"):
        np.testing.assert_equal(getattr(before, name), getattr(expected, name))
    assert len(after.code) > len(before.code)
    assert circuit == append(start())


@pytest.mark.parametrize("circuit", [Circuit(), Circuit(2), Circuit(0, 3), Circuit(1).h(0), Circuit(1, 1).end()])
def test_empty_columns_are_columns(circuit):
    columns = circuit.columns()
    assert len(columns.qubit_start) == len(columns.clbit_start) == len(columns.param_start) == len(circuit) + 1
    assert columns.params.dtype == np.float64
    assert columns.params.shape == (0,)
    grown = circuit.copy()
    grown.add_qreg("another", 1)
    grown.rz(0.5, grown.num_qubits - 1)
    assert columns.params.shape == (0,)
    assert grown.columns().params.tolist() == [0.5]


def test_appending_goes_on_after_every_look():
    circuit, other = Circuit(2), Circuit(2)
    for number in range(50):
        circuit.rz(float(number), number % 2)
        other.rz(float(number), number % 2)
        assert len(circuit.columns().code) == number + 1
    assert circuit == other


def test_a_copy_shares_what_nobody_can_write():
    circuit = small()
    assert circuit.copy().columns() is circuit.columns()
    assert circuit.copy().x(0).columns() is not circuit.columns()


def test_columns_can_not_be_written_after_a_journey():
    columns = pickle.loads(pickle.dumps(small())).columns()
    for name in FLAT:
        with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
            getattr(columns, name).flags.writeable = True


def test_a_million_qubits_cost_nothing():
    circuit = Circuit(10**6, 10**6)
    assert len(circuit.columns().qubits) == 0
    assert circuit.h(999_999).measure(999_999, 5).depth() == 2
    assert len(circuit.to_json()) < 300
    assert Circuit.from_json(circuit.to_json()) == circuit
    assert circuit.count_ops() == {"h": 1, "measure": 1}
    assert circuit.features() == frozenset()
    assert len(circuit.copy().barrier()[-1].qubits) == 10**6
    with pytest.raises(LimitExceeded, match="A circuit may have 1000000 qubits, but 1000001 were asked for"):
        circuit.add_qreg("more", 1)
    with pytest.raises(LimitExceeded, match="A circuit may have 1000000 clbits, but 1000001 were asked for"):
        circuit.add_creg("more", 1)


# --- tables of codes


def test_codes_of_gates_and_others_do_not_meet():
    assert {row.code for row in GATES.values()} | set(Code) == set(OPERATION_NAMES)
    assert all(code >= 128 for code in Code)
    assert OPERATION_NAMES[Code.IF] == "if"
    for row in GATES.values():
        assert (NUM_QUBITS[row.code], NUM_PARAMS[row.code], NUM_CLBITS[row.code]) == (row.num_qubits, row.num_params, 0)


# --- qubits


@pytest.mark.parametrize("qubit", [np.int64(1), np.uint8(1), np.array(1)])
def test_a_qubit_may_be_an_integer_of_numpy(qubit):
    expected = Circuit(3).h(1).rz(0.5, 1).cx(1, 2).u(0.1, 0.2, 0.3, 1).reset(1).append(gate("h").to_power(0.5), [1])
    made = Circuit(3).h(qubit).rz(0.5, qubit).cx(qubit, 2).u(0.1, 0.2, 0.3, qubit).reset(qubit)
    assert made.append(gate("h").to_power(0.5), [qubit]) == expected
    assert {type(index) for operation in made for index in operation.qubits} == {int}


@pytest.mark.parametrize("angle", [1, np.float32(1), np.int64(1), np.array(1.0)])
def test_an_angle_may_be_any_real_number(angle):
    assert Circuit(2).rz(angle, 0).cp(angle, 0, 1).gphase(angle) == Circuit(2).rz(1.0, 0).cp(1.0, 0, 1).gphase(1.0)


@pytest.mark.parametrize("qubits", [[0, 2], (0, 2), range(0, 3, 2), np.array([0, 2]), {0: "a", 2: "b"}, iter([0, 2])])
def test_a_gate_is_applied_to_each_of_several_qubits(qubits):
    assert Circuit(3).h(qubits) == Circuit(3).h(0).h(2)


def test_registers_are_broadcast():
    circuit = Circuit(2)
    other = circuit.add_qreg("other", 2)
    circuit.h(other).cx(circuit.qregs[0], other).cx(0, other).ccx([0, 1], 2, 3).rz(0.5, other[:1])
    expected = Circuit(2)
    expected.add_qreg("other", 2)
    expected.h(2).h(3).cx(0, 2).cx(1, 3).cx(0, 2).cx(0, 3).ccx(0, 2, 3).ccx(1, 2, 3).rz(0.5, 2)
    assert circuit == expected


def test_nothing_is_applied_to_no_qubits():
    assert len(Circuit(2).h([]).cx([], 0).cx([], []).measure([], [])) == 0


def test_a_list_of_one_is_like_a_single_qubit():
    assert Circuit(3).cx([0], [1, 2]) == Circuit(3).cx(0, 1).cx(0, 2)


@pytest.mark.parametrize(
    "append, message",
    [
        (lambda c: c.h(2), "'h' was given qubit 2, but the circuit has 2 qubits, 0 to 1."),
        (lambda c: c.h(-1), "'h' was given qubit -1, but the circuit has 2 qubits, 0 to 1."),
        (lambda c: c.rz(0.5, 2), "'rz' was given qubit 2"),
        (lambda c: c.cx(0, 2), "'cx' was given qubit 2"),
        (lambda c: c.u(0.1, 0.2, 0.3, 2), "'u' was given qubit 2"),
        (lambda c: c.ccx(0, 1, 7), "'ccx' was given qubit 7"),
        (lambda c: c.reset(2), "'reset' was given qubit 2"),
        (lambda c: c.measure(2, 0), "'measure' was given qubit 2"),
        (lambda c: c.measure(0, 1), "'measure' was given clbit 1, but the circuit has 1 clbit, 0 to 0."),
        (lambda c: c.delay(1, 2), "'delay' was given qubit 2"),
        (lambda c: c.barrier(0, 2), "'barrier' was given qubit 2"),
        (lambda c: c.unitary(np.eye(2), 2), "'unitary' was given qubit 2"),
        (lambda c: c.mcx([0, 2], 1), "'mcx' was given qubit 2"),
        (lambda c: c.mcp(0.5, [2], 1), "'mcp' was given qubit 2"),
        (lambda c: c.append("h", [2]), "'h' was given qubit 2"),
        (lambda c: c.bit(1), "'bit' was given clbit 1"),
        (lambda c: c.value([0, 1]), "'value' was given clbit 1"),
        (lambda _: Circuit().h(0), "'h' was given qubit 0, but the circuit has no qubits."),
        (lambda _: Circuit(1).measure(0, 0), "'measure' was given clbit 0, but the circuit has no clbits."),
        (
            lambda c: c.h(10**5000),
            "'h' was given qubit one of type int that is too long to write, but the circuit has 2 qubits",
        ),
        (lambda c: c.h([list(range(1000))]), "A qubit of 'h' is an index or a register, but [0, 1, 2, 3, 4, 5,"),
        (lambda c: c.h(np.array(0.5)), "A qubit of 'h' is an index or a register, but array(0.5) was given."),
        (
            lambda c: c.rz(int, 0),
            "An angle of 'rz' is a number in radians or an expression, but <class 'int'> was given.",
        ),
        (lambda c: c.h("0"), "A qubit of 'h' is an index or a register, but '0' was given."),
        (lambda c: c.h(None), "A qubit of 'h' is an index or a register, but None was given."),
        (lambda c: c.h(0.0), "A qubit of 'h' is an index or a register, but 0.0 was given."),
        (lambda c: c.h(True), "A qubit of 'h' is an index or a register, but True was given."),
        (lambda c: c.h([0, True]), "A qubit of 'h' is an index or a register, but True was given."),
        (lambda c: c.h([[0, 1]]), "A qubit of 'h' is an index or a register, but [0, 1] was given."),
        (lambda c: c.h(np.array([[0, 1]])), "A qubit of 'h' is an index or a register, but array([0, 1]) was given."),
        (lambda c: c.h(np.array([0.5])), "A qubit of 'h' is an index or a register, but"),
        (
            lambda c: c.measure(0, c.bit(0)),
            "A clbit of 'measure' is an index or a register, but Bit('c[0]') was given.",
        ),
        (lambda c: c.cx(1, 1), "'cx' was given qubit 1 twice; its qubits must differ."),
        (lambda c: c.cp(0.5, 1, 1), "'cp' was given qubit 1 twice; its qubits must differ."),
        (lambda c: c.cx([0, 1], [1, 1]), "'cx' was given qubit 1 twice; its qubits must differ."),
        (lambda c: c.unitary(np.eye(4), [0, 0]), "'unitary' was given qubit 0 twice; its qubits must differ."),
        (lambda c: c.mcx([0, 0], 1), "'ccx' was given qubit 0 twice; its qubits must differ."),
        (lambda c: c.cx([0, 1], [0, 1, 0]), "'cx' was given lists of 2 and 3 qubits; give lists of one length"),
        (lambda c: c.cx([0, 1], []), "'cx' was given lists of 0 and 2 qubits; give lists of one length"),
        (lambda c: c.h(c.cregs[0]), "'h' takes qubits here, but 'c' is a register of clbits."),
        (lambda c: c.measure(0, Register("q", 0, 2)), "'measure' takes clbits here, but 'q' is a register of qubits."),
        (lambda c: c.rz(float("nan"), 0), "An angle of 'rz' must be finite, but is nan."),
        (lambda c: c.rz(10**400, 0), "An angle of 'rz' must be finite, but is beyond all floats."),
        (lambda c: c.u(0.1, 0.2, float("inf"), 0), "An angle of 'u' must be finite, but is inf."),
        (lambda c: c.rz(c.bit(0), 0), "An angle of 'rz' is a number in radians, but 'c[0]' is a bit."),
        (lambda c: c.rz(0, 0.5), "A qubit of 'rz' is an index or a register, but 0.5 was given."),
    ],
)
def test_what_is_no_qubit_is_refused_at_the_call(append, message):
    circuit = Circuit(2, 1)
    with pytest.raises(CircuitError) as caught:
        append(circuit)
    assert message in str(caught.value)
    assert len(circuit) == 0


def test_an_angle_reads_only_what_exists():
    circuit = Circuit(1, 1)
    small_, large = Circuit(1, 1).value("c"), Circuit(1, 3).value("c")
    circuit.rx(cast(small_, FLOAT), 0)
    with pytest.raises(CircuitError, match=r"reads clbit [12], but the circuit has 1 clbit"):
        circuit.rx(cast(large, FLOAT), 0)
    other = Circuit(1)
    i = other.add_var("i", Uint(3))
    other.rx(i, 0)
    with pytest.raises(CircuitError, match=r"The circuit has no variable 'i' of type uint\[3\]; add it with add_var"):
        circuit.rx(i, 0)
    with pytest.raises(CircuitError, match="The circuit has no variable 'i'"):
        circuit.append(Gate("ry", (i,), (1,)), [0, 0])


def test_blocks_are_nested_to_a_limit():
    circuit = Circuit(1, 1)
    block = circuit.block()
    for _ in range(100):
        block = circuit.block().if_(circuit.bit(0), block)
    with pytest.raises(LimitExceeded, match="Control flow is nested 101 blocks deep; the limit is 100"):
        circuit.if_(circuit.bit(0), block)
    assert len(circuit) == 0
    with pytest.raises(LimitExceeded, match="Control flow is nested 101 blocks deep"):
        circuit.append_operation(Operation("if", (), detail=If(circuit.bit(0), block)))


def test_the_deepest_circuit_can_be_used_in_every_way():
    block = Circuit(1, 1).x(0)
    for _ in range(100):
        block = Circuit(1, 1).if_(block.bit(0), block)
    assert Circuit.from_json(block.to_json()) == block
    assert pickle.loads(pickle.dumps(block)) == block.copy() == block
    assert (block.depth(), block.features(), block.count_ops()) == (1, {"conditionals"}, {"if": 1})
    assert block.draw().count("if c[0]:") == 100
    assert block.parameters == frozenset()
    assert Circuit(1, 1).compose(block, [0], [0]) == block
