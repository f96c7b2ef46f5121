"""The language, section by section of its specification: programs whose only outcome is known.

They stand in ``programs_3.txt`` and ``programs_2.txt``, in the order of the specification's table of contents, each
below a line ``== name -> outcome``. Bits of a register read from right to left, the register declared last stands
leftmost.
"""

import math
import re
from pathlib import Path

import pytest

from qdock_openqasm.api import loads
from qdock_openqasm.errors import OpenQasmError


def programs(version):
    """The programs of a file, by name, each with its outcome."""
    text = re.sub(
        r"^# .*\n", "", (Path(__file__).parent / f"programs_{version}.txt").read_text("utf-8"), flags=re.MULTILINE
    )
    heads = re.split(r"^== (.+) -> (.+)\n", text, flags=re.MULTILINE)[1:]
    return {
        name: (program, outcome) for name, outcome, program in zip(heads[::3], heads[1::3], heads[2::3], strict=True)
    }


PROGRAMS = programs(3)
PROGRAMS_2 = programs(2)


@pytest.mark.parametrize("section", list(PROGRAMS))
def test_a_program_has_its_outcome(section, outcome):
    program, expected = PROGRAMS[section]
    assert outcome(program) == expected


def test_inputs_are_given_or_left_open(outcome):
    program = "input int n; qubit[4] q; for int i in [0:n] x q[i]; bit[4] c = measure q;"
    assert outcome(program, n=1) == "0011"
    circuit = loads("OPENQASM 3.0; input angle[32] θ; input float f; qubit q; U(θ, f / 2, 0) q;")
    assert sorted(parameter.name for parameter in circuit.parameters) == ["f", "θ"]


def test_an_input_may_decide_a_branch(probabilities):
    text = "OPENQASM 3.0; input int basis; qubit q; bit c; if (basis == 1) U(pi, 0, pi) q; c = measure q;"
    circuit = loads(text)
    assert probabilities(circuit.bind({"basis": 1})) == {"1": pytest.approx(1)}
    assert probabilities(circuit.bind({"basis": 0})) == {"0": pytest.approx(1)}
    assert len(loads(text, inputs={"basis": 0})) == 1


def test_an_input_that_is_not_there_is_refused():
    with pytest.raises(OpenQasmError, match="no input 'm'"):
        loads("OPENQASM 3.0; input int n;", inputs={"m": 1})


def test_the_value_of_an_extern_function_is_a_parameter(probabilities):
    text = (
        "OPENQASM 3.0; extern f(bit[2]) -> bit; bit[2] c; bit r; r = f(c);"
        " qubit q; if (r) U(pi, 0, pi) q; bit d; d = measure q;"
    )
    circuit = loads(text)
    assert [parameter.name for parameter in circuit.parameters] == ["f"]
    assert probabilities(circuit.bind({"f": 1})) == {"1 1 00": pytest.approx(1)}
    assert "extern" in circuit.metadata["openqasm_notes"][0]


def test_what_has_no_place_in_a_circuit_is_noted():
    text = (
        'OPENQASM 3.0; defcalgrammar "openpulse"; @a.b\nqubit q; pragma keep this\n'
        "stretch s; delay[s] q; box { } output int n; extern g(int); g(3);"
    )
    circuit = loads(text)
    notes = " ".join(circuit.metadata["openqasm_notes"])
    for word in ("calibrations", "@a.b", "stretch", "box", "output 'n'", "'g' is extern"):
        assert word in notes
    assert circuit.metadata["openqasm_pragmas"] == ["keep this"]


# --- OpenQASM 2


@pytest.mark.parametrize("section", list(PROGRAMS_2))
def test_a_program_of_version_2_has_its_outcome(section, probabilities):
    program, expected = PROGRAMS_2[section]
    circuit = loads('OPENQASM 2.0;\ninclude "qelib1.inc";\n' + program)
    assert probabilities(circuit) == {expected: pytest.approx(1)}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffOPENQASM 3;\r\nqubit q;\r\nU(pi, 0, pi) q;\r\nbit c = measure q;\r\n",
        "qubit q; U(pi, 0, pi) q; bit c = measure q;",
        "qreg q[2]; creg c[1];\nU(pi, 0, pi) q[0];\nCX q[0], q[1];\nmeasure q[1] -> c[0];",
        'include "qelib1.inc"; qreg q[1]; creg c[1]; x q; measure q[0] -> c;',
        'OPENQASM 3.1; include "qelib1.inc"; include "stdgates.inc"; qubit q; sxdg q; inv @ sx q; bit c = measure q;',
    ],
)
def test_programs_are_read_however_they_begin(text, probabilities):
    assert probabilities(loads(text)) == {"1": pytest.approx(1)}


def test_angles_may_depend_on_measured_values(probabilities):
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] c; x q[1]; c[0] = measure q[0]; c[1] = measure q[1];'
        " rx(float(uint[2](c)) * pi / 4) q[2]; bit d; d = measure q[2];"
    )
    assert probabilities(loads(text)) == {
        "0 10": pytest.approx(math.cos(math.pi / 4) ** 2),
        "1 10": pytest.approx(math.sin(math.pi / 4) ** 2),
    }


@pytest.mark.parametrize(
    "statement",
    [
        "bit[2] d;",
        "c = measure q;",
        "int i = 3;",
        "def f(qubit a) { }",
        "for int i in [0:1] { x q[i]; }",
        "inv @ x q[0];",
    ],
)
def test_a_statement_of_version_3_in_version_2_is_read_and_noted(statement):
    head = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; '
    (note,) = loads(head + statement).metadata["openqasm_notes"]
    assert note == "statements of version 3 in a program of version 2 are read as in version 3"
    plain = "opaque o a; gate g a { x a; } if (c == 1) x q[0]; barrier q; reset q; measure q -> c;"
    assert "openqasm_notes" not in loads(head + plain).metadata
