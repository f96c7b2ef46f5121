"""Writing circuits as OpenQASM, and reading them back."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit, Range
from qdock.errors import ConversionError
from qdock.expr import BOOL, FLOAT, Angle, Const, Int, Parameter, Uint, bit_at, cast, popcount, rotl, sin
from qdock.gates import GATES, Gate, gate
from qdock_openqasm.api import dumps, loads

ANGLES = st.one_of(
    st.sampled_from([0.0, math.pi, math.pi / 2, -3 * math.pi / 4, -0.0, 1e-300]),
    st.floats(-100, 100, allow_nan=False),
)


def draw_gate(draw, circuit):
    qubits = draw(st.permutations(range(circuit.num_qubits)))
    name = draw(st.sampled_from([name for name, row in GATES.items() if row.num_qubits <= len(qubits)]))
    made = Gate(name, tuple(draw(ANGLES) for _ in GATES[name].parameters))
    modifier = draw(st.integers(0, 9))
    if modifier == 1 and made.num_qubits < len(qubits):
        made = made.control(1, draw(st.integers(0, 1)))
    elif modifier == 2:
        made = made.inverse()
    elif modifier == 3 and made.num_qubits + 2 <= len(qubits):
        made = made.control(2, draw(st.integers(0, 3)))
    elif modifier == 4:
        made = made.to_power(draw(st.sampled_from([2, -1, 0.5, 3])))
    circuit.append(made, qubits[: made.num_qubits])


def draw_number(draw, circuit, depth=2):
    """An expression of type uint[8]."""
    x = circuit.variables[0].var
    leaves = [x, cast(circuit.value("c"), Uint(8)), Const(draw(st.integers(0, 255)), Uint(8))]
    if depth == 0:
        return draw(st.sampled_from(leaves))
    left, right = draw_number(draw, circuit, depth - 1), draw_number(draw, circuit, depth - 1)
    makers = [
        lambda: left + right,
        lambda: left - 3,
        lambda: left * right,
        lambda: left & right,
        lambda: left ^ x,
        lambda: ~left,
        lambda: -left,
        lambda: left << 2,
        lambda: x // (right | 1),
        lambda: x % (right | 1),
        lambda: rotl(x, 3),
        lambda: popcount(x),
        lambda: cast(bit_at(x, 3), Uint(8)),
        lambda: cast(sin(cast(x, FLOAT)) * 2.5, Uint(8)),
        lambda: cast(cast(left, Angle(8)), Uint(8)),
    ]
    return draw(st.sampled_from(makers))()


def draw_condition(draw, circuit):
    left, right = draw_number(draw, circuit, 1), draw_number(draw, circuit, 1)
    bit = circuit.bit(draw(st.integers(0, circuit.num_clbits - 1)))
    makers = [
        lambda: bit,
        lambda: ~bit,
        lambda: circuit.value("c").eq(draw(st.integers(0, 7))),
        lambda: left.lt(right),
        lambda: left.ne(7) & bit,
        lambda: left.ge(right) | ~bit,
        lambda: cast(left, BOOL),
        lambda: Const(True, BOOL),
    ]
    return draw(st.sampled_from(makers))()


def draw_block(draw, circuit, depth, in_loop):
    block = circuit.block()
    if draw(st.booleans()):
        block.gphase(draw(ANGLES))
    draw_operations(draw, block, depth, in_loop, draw(st.integers(1, 3)))
    return block


def draw_control(draw, circuit, depth, in_loop):
    kind = draw(st.sampled_from(["if", "if else", "while", "for", "for set", "for bounds", "switch"]))
    loop = in_loop or kind.startswith(("while", "for"))
    first = draw_block(draw, circuit, depth - 1, loop)
    counter = circuit.variables[1].var
    if kind == "if":
        circuit.if_(draw_condition(draw, circuit), first)
    elif kind == "if else":
        circuit.if_(draw_condition(draw, circuit), first, draw_block(draw, circuit, depth - 1, loop))
    elif kind == "while":
        circuit.while_(draw_condition(draw, circuit), first)
    elif kind == "for":
        circuit.for_(
            counter, range(draw(st.integers(-2, 2)), draw(st.integers(3, 6)), draw(st.sampled_from([1, 2]))), first
        )
    elif kind == "for set":
        circuit.for_(draw(st.sampled_from([None, counter])), draw(st.lists(st.integers(-5, 5), min_size=1)), first)
    elif kind == "for bounds":
        stop = cast(circuit.value("c"), Int(32)) + draw(st.integers(0, 2))
        circuit.for_(counter, Range(Const(0, Int(32)), stop, Const(1, Int(32))), first)
    else:
        default = draw_block(draw, circuit, depth - 1, loop) if draw(st.booleans()) else None
        circuit.switch(
            draw_number(draw, circuit), {0: first, (1, 5): draw_block(draw, circuit, depth - 1, loop)}, default
        )


def draw_operations(draw, circuit, depth, in_loop, count):
    for _ in range(count):
        kind = draw(st.integers(0, 11 if depth else 7))
        if kind < 4:
            draw_gate(draw, circuit)
        elif kind == 4:
            circuit.measure(draw(st.integers(0, circuit.num_qubits - 1)), draw(st.integers(0, circuit.num_clbits - 1)))
        elif kind == 5:
            qubit = draw(st.integers(0, circuit.num_qubits - 1))
            draw(st.sampled_from([circuit.reset, circuit.barrier, lambda q: circuit.delay(2.5, q, "us")]))(qubit)
        elif kind == 6:
            target = draw(st.sampled_from([circuit.variables[0].var, circuit.bit(1), circuit.value("d")]))
            circuit.assign(target, draw_number(draw, circuit))
        elif kind == 7:
            if in_loop:
                draw(st.sampled_from([circuit.break_, circuit.continue_, circuit.end]))()
            else:
                theta = cast(circuit.value("c"), FLOAT) * draw(ANGLES)
                circuit.rx(theta, 0).rz(Parameter("theta") / 2, 1)
        else:
            draw_control(draw, circuit, depth, in_loop)


@st.composite
def circuits(draw):
    circuit = Circuit(3, 3, global_phase=draw(ANGLES))
    circuit.add_qreg("r", 2)
    circuit.add_creg("d", 2, output=draw(st.booleans()))
    circuit.add_var("x", Uint(8), draw(st.integers(0, 255)))
    circuit.add_var("i", Int(32))
    circuit.add_var("a", Angle(8), draw(st.integers(0, 255)) * math.tau / 256)
    circuit.add_var("f", FLOAT, draw(ANGLES))
    circuit.add_var("b", BOOL, draw(st.booleans()))
    draw_operations(draw, circuit, 2, False, draw(st.integers(0, 8)))
    return circuit


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(circuits())
def test_reading_what_was_written_gives_an_equal_circuit(circuit):
    text = dumps(circuit)
    assert loads(text) == circuit, text
    assert dumps(loads(text)) == text


@st.composite
def circuits_2(draw):
    circuit = Circuit(3, 3)
    circuit.add_creg("d", 1)
    for _ in range(draw(st.integers(0, 10))):
        qubits = draw(st.permutations(range(3)))
        name = draw(st.sampled_from([name for name, row in GATES.items() if row.num_qubits <= 3]))
        made = Gate(name, tuple(draw(ANGLES) for _ in GATES[name].parameters))
        block = circuit.block().append(made, qubits[: made.num_qubits])
        kind = draw(st.integers(0, 4))
        if kind == 0:
            circuit.if_(circuit.value(draw(st.sampled_from(["c", "d"]))).eq(draw(st.integers(0, 1))), block)
        elif kind == 1:
            circuit.measure(0, draw(st.integers(0, 3))).reset(1).barrier(0, 2)
        else:
            circuit.append(made, qubits[: made.num_qubits])
    return circuit


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(circuits_2())
def test_reading_what_was_written_in_version_2_gives_an_equal_circuit(circuit):
    text = dumps(circuit, version=2)
    assert text.startswith("OPENQASM 2.0;")
    assert loads(text) == circuit, text


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", list(GATES))
def test_every_gate_of_the_table_is_written_and_read_back(name, version):
    row = GATES[name]
    circuit = Circuit(row.num_qubits).append(name, range(row.num_qubits), [0.3, -0.7, 1.9, 2.4][: row.num_params])
    assert loads(dumps(circuit, version=version)) == circuit


@pytest.mark.parametrize("name", ["h", "x", "p", "cx", "u"])
def test_names_of_the_library_are_free_for_registers(name):
    circuit = Circuit()
    circuit.add_qreg(name, 2)
    circuit.h(0).x(1).cx(0, 1).p(0.1, 0).u(0.1, 0.2, 0.3, 0)
    assert loads(dumps(circuit)) == circuit


def test_a_matrix_is_written_as_a_definition_and_read_back_as_itself():
    matrix = np.linalg.qr(np.random.default_rng(7).normal(size=(4, 4)))[0]
    circuit = Circuit(3).unitary(matrix, [0, 2]).append(Gate("unitary", array=matrix).control(1), [1, 0, 2])
    text = dumps(circuit)
    assert text.count("@qdock.matrix") == 1
    assert loads(text) == circuit


def test_a_matrix_that_is_not_that_of_the_definition_is_ignored():
    text = dumps(Circuit(1).unitary([[0, 1], [1, 0]], 0))
    circuit = loads(text.replace("u(pi", "u(0.3*pi"))
    assert circuit[0].name != "modified"
    assert "differs" in circuit.metadata["openqasm_notes"][0]


def test_bits_of_several_registers_are_read_through_an_alias():
    circuit = Circuit(1, 2)
    circuit.add_creg("d", 2)
    bits = type(circuit.value("c"))((1, 2))
    circuit.if_(bits.eq(2), circuit.block().x(0))
    text = dumps(circuit)
    assert "let bits_0 = c[1:1] ++ d[0:0];" in text
    assert loads(text) == circuit


def test_angles_are_written_as_multiples_of_pi_where_they_are():
    text = dumps(Circuit(1).rz(math.pi, 0).rz(-3 * math.pi / 4, 0).rz(0.1, 0))
    assert "rz(pi) q[0];\nrz(-3*pi/4) q[0];\nrz(0.1) q[0];" in text


@pytest.mark.parametrize(
    "make, what",
    [
        (lambda: Circuit(1).gphase(0.5), "a global phase"),
        (lambda: Circuit(1).delay(1, 0), "a delay"),
        (
            lambda: Circuit(3).append(gate("h").control(2), [0, 1, 2]),
            "controls",
        ),
        (lambda: Circuit(1).rz(Parameter("theta"), 0), "no parameters"),
        (lambda: Circuit(1, 1).rz(cast(Circuit(1, 1).bit(0), FLOAT), 0), "depends on a measurement"),
        (lambda: _with(lambda c: c.add_var("x", Uint(3))), "the classical variable 'x'"),
        (lambda: _with(lambda c: c.add_qreg("Q", 1)), "'Q' for a register"),
        (lambda: _with(lambda c: c.add_creg("d", 1, output=False)), "show a register"),
        (lambda: _with(lambda c: c.while_(c.bit(0), c.block())), "a loop"),
        (lambda: _with(lambda c: c.switch(c.value("c"), {1: c.block()})), "a switch"),
        (lambda: _with(lambda c: c.if_(c.bit(0), c.block().x(0))), "not that one register equals a number"),
        (lambda: _with(lambda c: c.if_(c.value("c").eq(1), c.block().x(0), c.block())), "'else'"),
        (lambda: _with(lambda c: c.if_(c.value("c").eq(1), c.block().x(0).x(0))), "2 operations at once"),
        (lambda: _with(lambda c: c.if_(c.value("c").eq(1), c.block().barrier())), "a condition on 'barrier'"),
        (lambda: _with(lambda c: c.assign(c.bit(0), 1)), "an assignment"),
        (lambda: _with(lambda c: c.end()), "'end'"),
    ],
)
def test_version_2_names_what_it_has_no_words_for(make, what):
    with pytest.raises(ConversionError, match=what):
        dumps(make(), version=2)


def _with(change):
    circuit = Circuit(1, 2)
    change(circuit)
    return circuit


@pytest.mark.parametrize(
    "make, what",
    [
        (lambda: Circuit(1).delay(Parameter("t"), 0), "a delay of 't'"),
        (lambda: _with(lambda c: c.add_qreg("input", 1)), "'input' for a register"),
        (lambda: Circuit(1).rz(Parameter("tau"), 0), "'tau' for a register, variable or parameter"),
        (
            lambda: _with(
                lambda c: c.for_(None, Range(Const(0, Int(8)), Const(3, Int(8)), cast(c.value("c"), Int(8))), c.block())
            ),
            "its last value depends",
        ),
    ],
)
def test_version_3_names_what_it_has_no_words_for(make, what):
    with pytest.raises(ConversionError, match=what):
        dumps(make())


def test_hidden_registers_alone_are_refused():
    circuit = Circuit(1)
    circuit.add_creg("c", 1, output=False)
    with pytest.raises(ConversionError, match="shows none of them"):
        dumps(circuit)


def test_a_version_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="2 or 3, but is 4"):
        dumps(Circuit(1), version=4)
