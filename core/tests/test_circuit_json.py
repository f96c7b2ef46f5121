"""Circuits as JSON: what is written, and that nothing but what was written can be read."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from qdock.circuit import Circuit
from qdock.common.json_guard import MAX_JSON_DEPTH, check_depth
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import FLOAT, Int, Parameter, Uint, Var
from qdock.gates import gate


def document(**changes):
    """A circuit's JSON with some of its parts replaced."""
    return json.dumps({**json.loads(Circuit(2, 2).to_json()), **changes})


def with_operation(*rows, blocks=()):
    return document(operations=list(rows), blocks=list(blocks))


def with_expression(*nodes, blocks=()):
    return with_operation(["rz", [0], [{"postfix": list(nodes)}]], blocks=blocks)


# --- what is written


def test_the_form_is_flat_and_short():
    theta = Parameter("theta")
    circuit = Circuit(2, 2, name="demo", global_phase=0.5).h(0).cx(0, 1).rz(2 * theta, 1).measure(0, 1).barrier()
    circuit.if_(circuit.bit(1).eq(True), circuit.block().x(0), circuit.block().gphase(1).end())
    circuit.append(gate("h").control(1, 0), [1, 0]).delay(5, 0, "ns")
    circuit.metadata = {"about": None}
    circuit.add_var("i", Uint(3), 5)
    assert json.loads(circuit.to_json()) == {
        "format": "qdock.circuit",
        "version": 1,
        "name": "demo",
        "metadata": {"about": None},
        "qregs": [["q", 2]],
        "cregs": [["c", 2, True]],
        "variables": [["i", "uint[3]", 5]],
        "blocks": [{"global_phase": 0.0, "operations": [["x", [0]]]}, {"global_phase": 1.0, "operations": [["end"]]}],
        "global_phase": 0.5,
        "operations": [
            ["h", [0]],
            ["cx", [0, 1]],
            ["rz", [1], [{"postfix": [["const", 2.0, "float"], ["param", "theta"], ["binary", "*", "float"]]}]],
            ["measure", [0], [], [1]],
            ["barrier", [0, 1]],
            [
                "if", [], [], [],
                {
                    "condition": {"postfix": [["bit", 1], ["const", True, "bool"], ["binary", "==", "bool"]]},
                    "then": 0,
                    "otherwise": 1,
                },
            ],
            ["modified", [1, 0], [], [], {"gate": "h", "controls": [0], "power": 1.0}],
            ["delay", [0], [5.0], [], {"unit": "ns"}],
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind, initial", [(Uint(300), (1 << 300) - 1), (Int(4096), -(1 << 4095)), (Uint(4096), (1 << 4096) - 1)]
)
def test_wide_integers_come_back_to_the_bit(kind, initial):
    circuit = Circuit()
    var = circuit.add_var("wide", kind, initial)
    circuit.assign(var, initial)
    read = Circuit.from_json(circuit.to_json())
    assert read == circuit
    assert read.variables[0].initial == initial


@pytest.mark.parametrize("angle", [5e-324, 1.7976931348623157e308, 0.1, -0.0, math.pi])
def test_angles_come_back_to_the_bit(angle):
    read = Circuit.from_json(Circuit(1).rz(angle, 0).to_json())
    assert math.copysign(1, read[0].params[0]) == math.copysign(1, angle)
    assert read[0].params[0] == angle


def test_matrices_come_back_to_the_bit():
    matrix = np.array([[0.6, 0.8j], [0.8j, 0.6]])
    read = Circuit.from_json(Circuit(1).unitary(matrix, 0).to_json())
    assert np.array_equal(read[0].gate.matrix(), matrix)


def test_a_name_that_is_no_text_is_written_with_question_marks():
    circuit = Circuit(1, name="caf\udce9")
    assert Circuit.from_json(circuit.to_json()).name == "caf?"
    assert Circuit.from_json(Circuit(name='"\\\n[{∀').to_json()).name == '"\\\n[{∀'


def test_a_deep_expression_makes_a_flat_document():
    node = Var("x", FLOAT)
    for _ in range(199):
        node = node + 1
    circuit = Circuit(1)
    circuit.add_var("x", FLOAT)
    circuit.rz(node, 0)
    text = circuit.to_json()
    check_depth(text, "x", 8)
    assert Circuit.from_json(text) == circuit


@pytest.mark.parametrize(
    "metadata, reason",
    [
        ({"x": {1, 2}}, "Object of type set is not JSON serializable"),
        ({"x": math.nan}, "Out of range float values are not JSON compliant"),
        ({(1, 2): 3}, "keys must be str"),
    ],
)
def test_metadata_that_is_no_json_is_refused(metadata, reason):
    circuit = Circuit()
    circuit.metadata = metadata
    with pytest.raises(CircuitError, match=f"The circuit's metadata can't be written as JSON: {reason}"):
        circuit.to_json()


@pytest.mark.parametrize("metadata", [None, [1], "text"])
def test_metadata_is_a_dict(metadata):
    circuit = Circuit()
    circuit.metadata = metadata
    with pytest.raises(CircuitError, match=r"The metadata of a circuit is a dict of JSON values, but .* was given"):
        circuit.to_json()


def test_metadata_too_deep_to_be_read_is_not_written():
    circuit = Circuit()
    deep = []
    for _ in range(MAX_JSON_DEPTH):
        deep = [deep]
    circuit.metadata = {"deep": deep}
    with pytest.raises(LimitExceeded, match="The circuit's metadata is nested 131 deep in JSON; the limit is 128"):
        circuit.to_json()
    for _ in range(100_000):
        deep = [deep]
    circuit.metadata = {"deep": deep}
    with pytest.raises(CircuitError, match="The circuit's metadata can't be written as JSON"):
        circuit.to_json()


# --- what is no document


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "NaN",
        document()[:-1],
        document() + "x",
        document(more=1),
        document(global_phase=None),
        document(operations={}),
        document(operations=["h"]),
        document(qregs=[["q", 1.5]]),
        document(qregs=[["q", True]]),
        document(qregs=[["q"]]),
        document(cregs=[["c", 1, 1]]),
        document(variables=[["i", "bool", None]]),
        document(name=5),
        document(metadata=[]),
        document().replace("0.0", "NaN"),
        document().replace("0.0", "1e999"),
        document().replace("0.0", "1" + "0" * 5000),
        document().replace('"circuit"', '"\\ud800"'),
        document().replace('"circuit"', '"\ud800"'),
    ],
)
def test_what_is_no_document_is_refused(text):
    with pytest.raises(CircuitError, match="This is no circuit in JSON: "):
        Circuit.from_json(text)


def test_the_place_of_a_wrong_value_is_told():
    with pytest.raises(CircuitError, match=r"at `\$\.qregs\[1\]\[1\]`"):
        Circuit.from_json(document(qregs=[["q", 1], ["r", "1"]]))


@pytest.mark.parametrize("text", [b"{}", None, 5, {}])
def test_json_is_a_text(text):
    with pytest.raises(CircuitError, match=r"A circuit in JSON is a text, but \w+ was given"):
        Circuit.from_json(text)


@pytest.mark.parametrize("changes", [{"format": "qdock.result"}, {"version": 2}, {"version": 0}, {"version": -1}])
def test_another_format_or_version_is_refused(changes):
    with pytest.raises(
        CircuitError, match=r"This is 'qdock\.\w+' version -?\d; what can be read is 'qdock.circuit' 1 to 1"
    ):
        Circuit.from_json(document(**changes))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"qregs": [["q", -1]]}, "The number of qubits must be 0 or more, but is -1"),
        ({"qregs": [["q", 10**12]]}, "A circuit may have 1000000 qubits, but 1000000000000 were asked for"),
        ({"qregs": [["q", 600_000], ["r", 600_000]]}, "A circuit may have 1000000 qubits, but 1200000 were asked for"),
        ({"cregs": [["c", 10**7, True]]}, "A circuit may have 1000000 clbits"),
        ({"qregs": [["q", 1], ["q", 1]]}, "The name 'q' is taken"),
        ({"cregs": [["q", 1, True]]}, "The name 'q' is taken"),
        ({"variables": [["q", "bool", False]]}, "The name 'q' is taken"),
        ({"qregs": [["2q", 1]]}, "A register or variable has an identifier for a name"),
        ({"qregs": [["q" * 2000, 1]]}, "A register or variable has an identifier for a name"),
        ({"variables": [["i", "uint[0]", 0]]}, r"'uint\[0\]' is no type of a classical value; there are bool, float"),
        ({"variables": [["i", "uint[9999]", 0]]}, "The width of uint must be 1 to 4096 bits, but is 9999"),
        ({"variables": [["i", "uint[1000000000]", 0]]}, "is no type of a classical value"),
        ({"variables": [["i", "int", 0]]}, "'int' is no type of a classical value"),
        ({"variables": [["i", "uint[3]", 8]]}, r"A constant of type uint\[3\] can't be 8"),
        ({"variables": [["i", "uint[3]", True]]}, r"True is no value of type uint\[3\]"),
        ({"variables": [["i", "uint[3]", 1.0]]}, r"1\.0 is no value of type uint\[3\]"),
        ({"variables": [["i", "float", 1]]}, "1 is no value of type float"),
        ({"variables": [["i", "bool", 1]]}, "1 is no value of type bool"),
    ],
)
def test_wrong_bits_and_variables_are_refused(changes, message):
    with pytest.raises((CircuitError, LimitExceeded), match=message):
        Circuit.from_json(document(**changes))


# --- operations


FORM = "it is not of the form that to_json writes"
BIT = {"postfix": [["bit", 0]]}


def detailed(name, qubits=(), **detail):
    return [name, list(qubits), [], [], detail]


def modified(*qubits, gate="h", controls=(1,), power=1, **more):
    return detailed("modified", qubits, gate=gate, controls=controls, power=power, **more)


def matrix(*rows):
    return modified(0, gate="unitary", controls=[], matrix=list(rows))


@pytest.mark.parametrize(
    "row, message",
    [
        ([], "No gate is named 'None'"),
        (["nothing", [0]], "No gate is named 'nothing'"),
        ([5, [0]], "No gate is named '5'"),
        ([None], "No gate is named 'None'"),
        ([["h"], [0]], FORM),
        (["unitary", [0]], "A gate named 'unitary' needs its matrix"),
        (["h"], "Gate 'h' acts on 1 qubit, but 0 were given"),
        (["h", [2]], "'h' was given qubit 2, but the circuit has 2 qubits"),
        (["h", [-1]], "'h' was given qubit -1"),
        (["h", [10**30]], "'h' was given qubit 1000000000000000000000000000000"),
        (["h", [True]], "A qubit of 'h' is an index or a register, but True was given"),
        (["h", [0.0]], "A qubit of 'h' is an index or a register, but 0.0 was given"),
        (["h", ["0"]], "A qubit of 'h' is an index or a register, but '0' was given"),
        (["h", "0"], "A qubit of 'h' is an index or a register, but '0' was given"),
        (["h", None], "A qubit of 'h' is an index or a register, but None was given"),
        (["h", [[0, 1]]], "it stands for several or none"),
        (["h", [[]]], "it stands for several or none"),
        (["cx", [0, 0]], "'cx' was given qubit 0 twice"),
        (["h", [0], [0.5]], "Gate 'h' takes no angle, but 1 were given"),
        (["h", [0], [], [0]], "'h' has clbits or details, but is a gate"),
        (["h", [0], [], [], {"unit": "ns"}], "'h' has clbits or details, but is a gate"),
        (["h", [0], [], [], {}, 1], FORM),
        (["rz", [0]], r"Gate 'rz' takes 1 angle \(theta\), but 0 were given"),
        (["rz", [0], ["0.5"]], "An angle of 'rz' is a number in radians or an expression, but '0.5' was given"),
        (["rz", [0], [True]], "An angle of 'rz' is a number in radians or an expression, but True was given"),
        (["rz", [0], [None]], "An angle of 'rz' is a number"),
        (["rz", [0], [[0.5]]], "An angle of 'rz' is a number"),
        (["rz", [0], 0.5], FORM),
        (["rz", [0], [{}]], FORM),
        (["rz", [0], [10**400]], "An angle of 'rz' must be finite, but is beyond all floats"),
        (["measure", [0]], "'measure' was given 1 qubits and 0 clbits"),
        (["measure", [0], [], [2]], "'measure' was given clbit 2"),
        (["measure", [0, 1], [], [0, 1]], "it stands for several or none"),
        (["measure", [0], [], [True]], "A clbit of 'measure' is an index or a register, but True was given"),
        (["reset", [5]], "'reset' was given qubit 5"),
        (["reset", [0, 1]], "it stands for several or none"),
        (["barrier", [5]], "'barrier' was given qubit 5"),
        (["delay", [0], [1]], FORM),
        (["delay", [0], [], [], {"unit": "ns"}], FORM),
        (["delay", [0], [-1], [], {"unit": "ns"}], "A delay must not be negative"),
        (["delay", [0], [1], [], {"unit": "h"}], "The unit of a delay is one of"),
        (["delay", [0], [1], [], {"unit": ["ns"]}], "The unit of a delay is one of"),
        (["modified", [0, 1]], FORM),
        (modified(0, 1, controls=[2]), "A control acts in the state 0 or 1"),
        (modified(0, 1, controls=[True]), "A control acts in the state 0 or 1"),
        (modified(0, 1, controls=1), FORM),
        (modified(0, 1, power="1"), "The power of a gate is a finite number"),
        (modified(0, 1, power=None), "The power of a gate is a finite number"),
        (modified(0, 1, power=True), "The power of a gate is a finite number"),
        (modified(0, 1, gate="g"), "No gate is named 'g'"),
        (modified(0), "acts on 2 qubits, but 1 were given"),
        (modified(0, gate="unitary", controls=[]), "needs its matrix"),
        (matrix([1, 0], [0, 1]), FORM),
        (matrix([["1", 0]]), FORM),
        (matrix(), "has the shape|form"),
        (matrix([[1, 0], [0, 0]], [[1, 0], [0, 0]]), "The matrix is not unitary"),
        (detailed("assign", target={"postfix": [["bit", 2]]}, value=BIT), "reads clbit 2"),
        (detailed("assign", target={"postfix": [["param", "a"]]}, value=BIT), "'assign' sets a variable, a clbit or"),
        (detailed("assign", target=None, value=BIT), FORM),
        (["assign"], FORM),
        (["if"], FORM),
        (detailed("for", variable=None, values=5, body=0), "'for_' runs over a range"),
        (detailed("for", variable=BIT, values=[], body=0), "The variable of 'for_' is one made with add_var"),
        (detailed("for", variable=None, values={"range": []}, body=0), FORM),
        (detailed("switch", target=BIT, cases=5, default=None), FORM),
        (detailed("switch", target=BIT, cases=[[["x"], 0]], default=None), "A case of 'switch' is a whole number"),
        (detailed("switch", target=BIT, cases=[[[0], 9]], default=None), "there is no block 9"),
        (["__class__"], "No gate is named '__class__'"),
    ],
)  # fmt: skip
def test_a_wrong_operation_is_refused_with_its_place(row, message):
    text = with_operation(["x", [0]], row, blocks=[{"global_phase": 0, "operations": []}])
    with pytest.raises(CircuitError, match=f"Operation 1 of the circuit in JSON is invalid: .*({message})"):
        Circuit.from_json(text)


# --- blocks

EMPTY = {"global_phase": 0, "operations": []}


def branch(then, otherwise=None):
    return detailed("if", condition=BIT, then=then, otherwise=otherwise)


@pytest.mark.parametrize("place", [1, -1, 10**30])
def test_a_block_that_is_not_there_is_refused(place):
    with pytest.raises(CircuitError, match=f"there is no block {place}, or another operation has it"):
        Circuit.from_json(with_operation(branch(place), blocks=[EMPTY]))


@pytest.mark.parametrize("place", ["0", 0.5, None, [0], {}])
def test_the_place_of_a_block_is_a_whole_number(place):
    with pytest.raises(CircuitError, match="Operation 0 of the circuit in JSON is invalid: it is not of the form"):
        Circuit.from_json(with_operation(branch(place), blocks=[EMPTY]))


def test_a_block_is_used_once():
    with pytest.raises(CircuitError, match=r"Operation 1 .* there is no block 0, or another operation has it"):
        Circuit.from_json(with_operation(branch(0), branch(0), blocks=[EMPTY]))
    with pytest.raises(CircuitError, match="there is no block 0, or another operation has it"):
        Circuit.from_json(with_operation(branch(0, 0), blocks=[EMPTY]))


def test_blocks_that_double_forty_times_are_refused_at_once():
    blocks = [{"global_phase": 0, "operations": [["x", [0]]]}]
    blocks += [{"global_phase": 0, "operations": [branch(place, place)]} for place in range(40)]
    with pytest.raises(CircuitError, match="there is no block 0, or another operation has it"):
        Circuit.from_json(with_operation(branch(40), blocks=blocks))


def test_a_block_runs_only_blocks_before_it():
    blocks = [{"global_phase": 0, "operations": [branch(0)]}]
    with pytest.raises(CircuitError, match="there is no block 0"):
        Circuit.from_json(with_operation(branch(0), blocks=blocks))


def test_blocks_nested_too_deep_are_refused():
    blocks = [EMPTY, *({"global_phase": 0, "operations": [branch(place)]} for place in range(5000))]
    with pytest.raises(LimitExceeded, match="Control flow is nested 101 blocks deep; the limit is 100"):
        Circuit.from_json(with_operation(branch(5000), blocks=blocks))


def test_a_block_that_nothing_runs_is_left_out():
    assert Circuit.from_json(document(blocks=[EMPTY])) == Circuit(2, 2)


def test_a_wrong_block_is_refused():
    with pytest.raises(CircuitError, match="Object missing required field `operations`"):
        Circuit.from_json(document(blocks=[{"global_phase": 0}]))
    with pytest.raises(CircuitError, match="Operation 0 of the circuit in JSON is invalid: 'h' was given qubit 7"):
        Circuit.from_json(document(blocks=[{"global_phase": 0, "operations": [["h", [7]]]}]))
    with pytest.raises(CircuitError, match="The global phase of the circuit in JSON is invalid"):
        Circuit.from_json(document(blocks=[{"global_phase": {"postfix": []}, "operations": []}]))


# --- expressions


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([], "an expression has operands left over, or none"),
        ([["param", "a"], ["param", "b"]], "an expression has operands left over, or none"),
        ([["binary", "+", "float"]], FORM),
        ([["param", "a"], ["binary", "+", "float"]], FORM),
        ([["unary", "-", "float"]], FORM),
        ([["cast", "float"]], FORM),
        ([["nothing", 1]], FORM),
        ([[]], FORM),
        ([[["param"], "a"]], FORM),
        ([["param"]], FORM),
        ([["param", "a", "b"]], FORM),
        ([["param", 5]], "A parameter's name is an identifier"),
        ([["param", "a b"]], "A parameter's name is an identifier"),
        ([["param", "a"], ["unary", "nothing", "float"]], "'nothing' is no operator of one value"),
        ([["param", "a"], ["unary", ["-"], "float"]], FORM),
        ([["param", "a"], ["param", "a"], ["binary", "eval", "float"]], "'eval' is no operator of two values"),
        ([["param", "a"], ["unary", "-", "uint[3]"]], r"'-a' is of type float, not uint\[3\]"),
        ([["bit", 0], ["bit", 1], ["binary", "+", "float"]], r"'c\[0\] \+ c\[1\]' is of type uint\[1\], not float"),
        ([["param", "a"], ["param", "a"], ["binary", "//", "int[8]"]], "'//' needs integers"),
        ([["const", 1, "uint[3]"], ["const", 0, "uint[3]"], ["binary", "/", "float"]], "Division by zero"),
        ([["const", 1.5, "uint[3]"]], r"1\.5 is no value of type uint\[3\]"),
        ([["const", 8, "uint[3]"]], r"A constant of type uint\[3\] can't be 8"),
        ([["const", None, "float"]], "None is no value of type float"),
        ([["const", "1", "float"]], "'1' is no value of type float"),
        ([["const", 1, "uint[3"]], "is no type of a classical value"),
        ([["const", 1, 5]], FORM),
        ([["bit", -1]], "A clbit is a whole number from 0 on, but -1 was given"),
        ([["bit", True]], "A clbit is a whole number from 0 on, but True was given"),
        ([["bit", "0"]], "A clbit is a whole number from 0 on, but '0' was given"),
        ([["bits", [0, 1.0]]], r"A clbit is a whole number from 0 on, but 1\.0 was given"),
        ([["bits", []]], "A value needs at least one clbit"),
        ([["bits", 5]], FORM),
        ([["bits", [0, 2]]], "reads clbit 2, but the circuit has 2 clbits"),
        ([["var", "x", "bool"], ["cast", "float"]], "The circuit has no variable 'x' of type bool"),
        ([["var", 5, "float"]], "The circuit has no variable '5'"),
        ([["bit", 0]], r"An angle of 'rz' is a number in radians, but 'c\[0\]' is a bit"),
    ],
)
def test_a_wrong_expression_is_refused_with_its_place(nodes, message):
    with pytest.raises(CircuitError, match=f"Operation 0 of the circuit in JSON is invalid: .*({message})"):
        Circuit.from_json(with_expression(*nodes))
    with pytest.raises(CircuitError, match="The global phase of the circuit in JSON is invalid: "):
        Circuit.from_json(document(global_phase={"postfix": nodes}))


def test_powers_in_json_cost_nothing():
    """Integers to a power must wrap around: without a width, 9**9**9 would fill the memory."""
    nine = ["const", 9, "uint[64]"]
    power = ["binary", "**", "float"]
    with pytest.raises(CircuitError, match=r"is of type uint\[64\], not float"):
        Circuit.from_json(with_expression(nine, nine, power, nine, power, nine, power))
    wrapped = ["binary", "**", "uint[64]"]
    read = Circuit.from_json(with_expression(nine, nine, wrapped, nine, wrapped, ["cast", "float"]))
    assert read[0].params == (float(pow(pow(9, 9, 1 << 64), 9, 1 << 64)),)


@pytest.mark.parametrize("count, match", [(200, "nested 201 deep; the limit is 200"), (100_000, "nested 201 deep")])
def test_an_expression_too_deep_is_refused(count, match):
    with pytest.raises(LimitExceeded, match=match):
        Circuit.from_json(with_expression(["param", "a"], *[["unary", "-", "float"]] * count))


def test_an_expression_too_large_is_refused():
    leaves = [["param", "a"]] * 8192
    rows = list(leaves)
    stack = []
    rows = []
    for leaf in leaves:
        rows.append(leaf)
        stack.append(1)
        while len(stack) > 1 and stack[-1] == stack[-2]:
            stack[-2:] = [stack[-1] * 2]
            rows.append(["binary", "+", "float"])
    with pytest.raises(LimitExceeded, match="The expression has 16383 nodes; the limit is 10000"):
        Circuit.from_json(with_expression(*rows))


# --- depth and size


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
@pytest.mark.parametrize("count", [MAX_JSON_DEPTH + 1, 100_000])
def test_deep_json_is_refused_before_it_is_decoded(bracket, count):
    with pytest.raises(LimitExceeded, match=f"The circuit is nested {count} deep in JSON; the limit is 128"):
        Circuit.from_json(bracket * count)


def test_many_registers_and_blocks_are_read():
    registers = [[f"r{number}", 1, True] for number in range(20_000)]
    blocks = [EMPTY] * 20_000
    read = Circuit.from_json(document(cregs=registers, blocks=blocks, operations=[branch(k) for k in range(20_000)]))
    assert len(read) == len(read.cregs) == 20_000


def test_a_hundred_thousand_gates_come_back():
    circuit = Circuit(20, 20)
    for number in range(25_000):
        circuit.h(number % 20).rz(number / 7, number % 20).cx(number % 20, (number + 1) % 20).measure(number % 20, 3)
    assert Circuit.from_json(circuit.to_json()) == circuit
