"""The gates of the language and of its libraries against their definitions, and modifiers against matrices."""

import cmath
import math
import re
from importlib.resources import files

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power

from qdock.config import Config
from qdock.dock import Dock
from qdock_openqasm.api import loads
from qdock_openqasm.library import LIBRARIES

ANGLES = (0.3, -1.1, 2.4, 0.7)
HEADS = {
    "stdgates.inc": 'OPENQASM 3.0;\ninclude "stdgates.inc";\n',
    "qelib1.inc": 'OPENQASM 2.0;\ninclude "qelib1.inc";\n',
}


@pytest.fixture(scope="module")
def unitary():
    """Return the matrix of a program, qubit 0 the least significant."""
    pytest.importorskip("qdock_basic")
    dock = Dock(Config.load({}))

    def run(text):
        (entry,) = dock.run(loads(text), "basic_simulator", output="unitary", executor="inline").result()
        return entry.unitary

    return run


def assert_equal_up_to_phase(found, expected):
    place = np.unravel_index(np.argmax(abs(expected)), expected.shape)
    phase = found[place] / expected[place]
    assert abs(abs(phase) - 1) < 1e-12
    np.testing.assert_allclose(found, phase * expected, atol=1e-12)


def definitions(library):
    """The library's own text with all its gates renamed, and how each of them is called."""
    text = (files("openqasm.stdlib") / library).read_text("utf-8")
    text = re.sub(r"//.*", "", text)
    names = re.findall(r"\bgate\s+(\w+)", text)
    calls = {}
    for name, angles, qubits in re.findall(r"\bgate\s+(\w+)\s*(?:\(([^)]*)\))?\s*([\w\s,]+?)\s*\{", text):
        count = len(angles.split(",")) if angles.strip() else 0
        calls[name] = (ANGLES[:count], len(qubits.split(",")))
    # The file's own CX is a controlled iX, as its U has got a phase since; it is meant to be, and is, a controlled x.
    text = text.replace("gate CX a, b { ctrl @ U(π, 0, π) a, b; }", "gate CX a, b { cx a, b; }")
    renamed = re.sub(rf"\b({'|'.join(names)})\b", r"my_\1", text)
    return renamed.replace('include "my_', 'include "'), calls


def program(library, extra, call, num_qubits):
    qubits = f"qubit[{num_qubits}] q;" if library == "stdgates.inc" else f"qreg q[{num_qubits}];"
    return f"{HEADS[library]}{extra}\n{qubits} {call};"


def called(name, angles, places):
    return f"{name}{'(' + ', '.join(map(str, angles)) + ')' if angles else ''} {', '.join(f'q[{k}]' for k in places)}"


@pytest.mark.parametrize("library", ["stdgates.inc", "qelib1.inc"])
def test_the_libraries_have_all_the_names_of_their_files(library):
    _, calls = definitions(library)
    assert set(calls) <= set(LIBRARIES[library])


@pytest.mark.parametrize("library", ["stdgates.inc", "qelib1.inc"])
def test_the_gates_of_a_library_do_what_their_definitions_say(library, unitary):
    text, calls = definitions(library)
    for name, (angles, size) in calls.items():
        own = program(library, text, called(f"my_{name}", angles, range(size)), size)
        ours = program(library, "", called(name, angles, range(size)), size)
        assert_equal_up_to_phase(unitary(ours), unitary(own))


def test_the_phases_of_the_gates_count_under_a_control(unitary):
    text, calls = definitions("stdgates.inc")
    for name, (angles, size) in calls.items():
        places = [size, *range(size)]
        own = program("stdgates.inc", text, "ctrl @ " + called(f"my_{name}", angles, places), size + 1)
        ours = program("stdgates.inc", "", "ctrl @ " + called(name, angles, places), size + 1)
        assert_equal_up_to_phase(unitary(ours), unitary(own))


def test_definitions_that_equal_a_row_of_the_table_become_it():
    own = "OPENQASM 2.0; gate cx c, t { CX c, t; } gate h a { U(pi/2, 0, pi) a; } qreg q[2]; h q[0]; cx q[0], q[1];"
    assert [step.name for step in loads(own)] == ["h", "cx"]


# --- modifiers

U = np.array(
    [
        [math.cos(0.15), -cmath.exp(2.4j) * math.sin(0.15)],
        [cmath.exp(-1.1j) * math.sin(0.15), cmath.exp(1.3j) * math.cos(0.15)],
    ]
)
"""``U(0.3, -1.1, 2.4)`` of the specification, but for its factor exp(0.15 i)."""
V = U * cmath.exp(0.15j)


def controlled(matrix, states):
    """The matrix with one control above the others for each state, the first one outermost."""
    for state in reversed(states):
        size = len(matrix)
        blocks = np.eye(2 * size, dtype=complex)
        start = size if state else 0
        blocks[start : start + size, start : start + size] = matrix
        matrix = blocks
    return matrix


CASES = {
    "ctrl": ("ctrl @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(V, [1])),
    "negctrl": ("negctrl @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(V, [0])),
    "controls before others": ("ctrl @ negctrl @ U(0.3, -1.1, 2.4) q[2], q[1], q[0];", controlled(V, [1, 0])),
    "several controls": ("ctrl(2) @ U(0.3, -1.1, 2.4) q[2], q[1], q[0];", controlled(V, [1, 1])),
    "several negative controls": ("negctrl(2) @ U(0.3, -1.1, 2.4) q[2], q[1], q[0];", controlled(V, [0, 0])),
    "inverse": ("inv @ U(0.3, -1.1, 2.4) q[0];", V.conj().T),
    "inverse under a control": ("ctrl @ inv @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(V.conj().T, [1])),
    "control under an inverse": ("inv @ ctrl @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(V.conj().T, [1])),
    "whole powers": ("ctrl @ pow(3) @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(V @ V @ V, [1])),
    "negative powers": ("ctrl @ pow(-2) @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(np.linalg.inv(V @ V), [1])),
    "power zero": ("pow(0) @ U(0.3, -1.1, 2.4) q[0];", np.eye(2)),
    "roots": ("ctrl @ pow(1 / 2) @ U(0.3, -1.1, 2.4) q[1], q[0];", controlled(fractional_matrix_power(V, 0.5), [1])),
    "roots of controls": (
        "pow(0.5) @ ctrl @ U(0.3, -1.1, 2.4) q[1], q[0];",
        controlled(fractional_matrix_power(V, 0.5), [1]),
    ),
    "roots of own gates": (
        "gate g(t) a { U(t, -1.1, 2.4) a; } ctrl @ pow(0.5) @ g(0.3) q[1], q[0];",
        controlled(fractional_matrix_power(V, 0.5), [1]),
    ),
    "phases": ("ctrl @ gphase(0.7) q[0];", np.diag([1, cmath.exp(0.7j)])),
    "phases of negative controls": ("negctrl @ gphase(0.7) q[0];", np.diag([cmath.exp(0.7j), 1])),
    "phases of powers": ("ctrl @ pow(2) @ gphase(0.7) q[0];", np.diag([1, cmath.exp(1.4j)])),
    "phases in gates": (
        "gate g a { gphase(0.7); } ctrl @ g q[1], q[0];",
        controlled(np.eye(2) * cmath.exp(0.7j), [1]),
    ),
    "inverse of a sequence": (
        "gate g a { h a; t a; } inv @ g q[0];",
        (np.diag([1, cmath.exp(0.25j * math.pi)]) @ np.array([[1, 1], [1, -1]]) / math.sqrt(2)).conj().T,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_modifiers_do_what_the_matrices_say(case, unitary):
    call, expected = CASES[case]
    definition, _, call = call.rpartition("} ") if "gate" in call else ("", "", call)
    definition += "}" if definition else ""
    found = unitary(program("stdgates.inc", definition, call.rstrip(";"), int(math.log2(len(expected)))))
    assert_equal_up_to_phase(found, expected)


def test_modified_gates_are_taken_element_by_element():
    circuit = loads('include "stdgates.inc"; qubit[2] q; qubit[2] r; qubit a; ctrl @ x q, r; ctrl @ x a, r;')
    assert [(step.name, tuple(step.qubits)) for step in circuit] == [
        ("cx", (0, 2)), ("cx", (1, 3)), ("cx", (4, 2)), ("cx", (4, 3)),
    ]  # fmt: skip


def test_a_gate_is_never_known_by_its_name_alone(unitary):
    text = (
        "OPENQASM 2.0; gate cu(t) a, b { U(t, 0, 0) a; } gate unitary a { U(pi, 0, pi) a; }"
        " gate u3(a, b, c) q { U(c, b, a) q; } qreg q[2]; cu(0.3) q[0], q[1]; unitary q[1]; u3(1, 2, 3) q[0];"
    )
    same = "OPENQASM 2.0; qreg q[2]; U(0.3, 0, 0) q[0]; U(pi, 0, pi) q[1]; U(3, 2, 1) q[0];"
    assert_equal_up_to_phase(unitary(text), unitary(same))
