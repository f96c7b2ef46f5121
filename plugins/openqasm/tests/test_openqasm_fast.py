"""Plain statements are read without the parser; the circuit, or the error, is the same as with it."""

import json
import subprocess
import sys

import pytest
from openqasm import lexer

from qdock.errors import LimitExceeded, QdockError
from qdock_openqasm.api import loads
from qdock_openqasm.errors import OpenQasmError
from qdock_openqasm.functions import FUNCTIONS
from qdock_openqasm.grammar import Grammar
from qdock_openqasm.limits import Limits
from qdock_openqasm.reader import Reader
from qdock_openqasm.vocabulary import FUNCTION_NAMES, KEYWORDS

V3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
V2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def read(text, fast, path=None):
    """The circuit of a text, or its error as text."""
    try:
        return Reader(Limits(), fast=fast).read(text, path)
    except QdockError as error:
        return f"{type(error).__name__}: {error}"


PLAIN = [
    V2 + "qreg q[3]; creg c[3]; h q[0]; cx q[0], q[1]; barrier q; measure q -> c; reset q;",
    V2 + "qreg q[3]; qreg r[3]; creg c[2]; cx q, r; cx q[1], r; measure q[2] -> c[1]; barrier q[0], r; U(1,2,3) q;",
    V2 + "qreg q[1]; rx(pi/2) q[0]; rx(-pi/2) q[0]; rx(3*pi/4) q[0]; rx(0.1e-3) q[0]; rx(2^2) q[0]; rx(sin(pi)) q[0];",
    V2 + "qreg q[1]; u3(pi, pi/2, 1/3) q[0]; u1(1/2) q[0]; u2(-1, +1) q[0]; rx((1+2)*3-4/5) q[0];",
    V3 + "qubit[3] q; bit[3] c; h q[0]; cx q[0], q[1]; barrier q; c = measure q; c[1] = measure q[2]; reset q;",
    V3 + "qubit q; rx(π/2) q; rx(1/2) q; rx(3/2*pi) q; rx(-tau) q; rx(euler) q; rx(2**3) q; rx(7/2*2) q; rx(1e3) q;",
    V3 + "qubit[4] q; h q[-1]; x q[0:2]; x q[{0, 3}]; cx q[0:1], q[2:3]; x q[1:]; x $1;",
    V3 + "qubit q; x q; // x q;\nx q; /* x q; */ x q;\n\n\n  y  q  ;z q;",
    V3 + "bit c; qubit q; x q; c = measure q; if (c) x q; x q; if (c) { x q; y q; } z q; end; x q;",
    V3 + "qubit q; gate x2 a { x a; x a; } x2 q; int k = 2; rx(k) q; k = 3; rx(k) q; const float t = 0.5; rx(t) q;",
    V3 + "qubit q; x q; @note x q;\ny q; pragma x q;\nz q; ctrl @ x q, $0; inv @ s q; pow(2) @ t q;",
    V3 + "input float t; qubit q; rx(t) q; rx(2 * t) q; rx(t / 2 + 1) q;",
    V3 + 'qubit q; x q; cal { x q; } defcal x $0 { y $0; } x q; delay[10ns] q; box { x q; } nop q;',
    V2 + "gate cx2 a, b { cx a, b; cx b, a; } qreg q[2]; cx2 q[0], q[1]; gate x9(t) a { rx(t/2) a; } x9(pi) q;",
    V2 + "qreg a[2]; h a; gate h2 a { h a; } h2 a; opaque m a; gate cu1x(t) a,b { cu1(t) a,b; } cu1x(1) a[0],a[1];",
    V2 + "gate sx a { x a; } qreg q[1]; sx q[0]; sx q[0];",
    V2 + "qreg q[1]; sx q[0]; gate sx a { x a; } sx q[0]; sx q[0];",
    # what looks plain and is wrong
    V3 + "qubit[2] q; x q[2];",
    V3 + "qubit[2] q; cx q[0], q[0];",
    V3 + "qubit[2] q; cx q[0];",
    V3 + "qubit[2] q; rx q[0]; x(1) q[0]; foo q[0]; x r; rx(1/0) q[0]; rx(a) q[0]; rx() q[0]; x;",
    V3 + "qubit[2] q; bit[3] c; c = measure q; measure q -> c; c[3] = measure q[0];",
    V3 + "qubit q; x q x q;",
    V3 + "qubit q; x q;;",
    V3 + "qubit q; x q",
    V3 + "qubit q; x q; \x00 x q;",
    V3 + "qubit q; x q; /* x q;",
    V3 + 'qubit q; x q; "x q;',
    V2 + "qreg q[1]; rx(1 // 2\n) q[0]; rx(01) q[0]; rx(1.) q[0]; rx(.5) q[0]; rx(1e) q[0];",
    V2 + "qreg q[2]; CX q[0], q[1]; cx q [ 0 ] , q [1]; cx q[00], q[01]; x q[0x1]; x q[1_0];",
    V2 + "qreg q[1]; rx(99999999999999999999) q[0]; rx(999999999999999999999) q[0];",
    V2 + "qreg q[1]; rx(1e400) q[0]; rx(1e308*10) q[0];",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_both_ways_give_the_same(text):
    assert read(text, fast=True) == read(text, fast=False)


def test_real_files_are_the_same_both_ways(collection):
    for entry in json.loads((collection / "manifest.json").read_text()):
        path = collection / entry["file"]
        text = path.read_text(encoding="utf-8")
        assert read(text, True, path) == read(text, False, path), path


def test_the_files_of_this_folder_are_the_same_both_ways(sections):
    for version, head in ((2, V2), (3, V3)):
        for kind in ("programs", "wrong"):
            for _, program in sections(f"{kind}_{version}.txt"):
                assert read(head + program, True) == read(head + program, False), program


@pytest.mark.parametrize("head, qubits, bits", [(V2, "qreg q[5];", "creg c[5];"), (V3, "qubit[5] q;", "bit[5] c;")])
def test_plain_statements_never_reach_the_parser(monkeypatch, head, qubits, bits):
    parsed = []
    parse = Grammar.parse

    def counted(self, begin, end):
        parsed.append((begin, end))
        return parse(self, begin, end)

    monkeypatch.setattr(Grammar, "parse", counted)
    body = "".join(
        f"h q[{k % 5}];\nrz({k}*pi/7) q[{k % 5}];\nu3(0.{k},-1.5e-3,pi) q[{k % 5}];\ncx q[{k % 5}],q[{(k + 1) % 5}];\n"
        for k in range(1000)
    )
    circuit = Reader(Limits()).read(head + qubits + bits + body + "barrier q[0],q[1];")
    assert len(circuit) == 4001
    assert len(parsed) <= 5


def test_what_was_read_before_counts_again():
    text = V3 + "qubit[100] q;" + "x q;\n" * 101
    with pytest.raises(LimitExceeded, match="limit `gates` reached: 10,000 "):
        Reader(Limits(gates=10_000)).read(text)


def test_a_gate_that_replaces_another_is_seen():
    text = V2 + "qreg q[1];\n" + "sx q[0];\n" * 50 + "gate sx a { x a; }\n" + "sx q[0];\n" * 50
    names = [step.name for step in Reader(Limits()).read(text)]
    assert names == ["sx"] * 50 + ["x"] * 50


@pytest.mark.parametrize(
    "comments",
    [
        "/**/",
        "/* x q; */",
        "// x q;\n",
        "/*/ x q; */",
        "/* // */",
        "// /* x q;\n",
        "/* a */ /* b\n */ // c */\n",
        '/*"*/ // "\n',
    ],
)
def test_comments_between_statements_change_nothing(comments):
    text = f"OPENQASM 3.0;{comments}qubit q;{comments}U(1,2,3) {comments}q;{comments}U(1,2,3) q;{comments}"
    assert Reader(Limits()).read(text) == Reader(Limits(), fast=False).read(text)
    assert len(Reader(Limits()).read(text)) == 2


def test_a_comment_without_an_end_is_looked_for_once():
    with pytest.raises(OpenQasmError, match=r"1:24: unterminated block comment"):
        loads("OPENQASM 3.0; qubit q; /* x q; " + "/ * x; " * 100_000)


DECLARATIONS = [
    V3 + "qubit q; bit c; qubit[2] r ; bit [ 3 ] d; qreg e[1]; creg f[2]; x r; d = measure e; x q;",
    V3 + "qubit x; x x;",
    V3 + "qubit in;",
    V3 + "bit sin;",
    V3 + "qubit q;\nbit q;",
    V3 + "/* a */ bit[2] /* b */ c; // d\nbit[2] c;",
    V3 + "qubit[0] q;",
    V3 + "qubit[2] q; h q[5];",
    V3 + "qubit[1000001] q;",
    V3 + "qubit[999999] q; qreg r[2];",
    V3 + "bit[1000001] c;",
    V3 + "@note\nqubit q;",
    V2 + "qreg in[1]; x in;",
    V2 + "qubit q;",
    V2 + 'qreg q[1]; include "qelib1.inc"; x q;',
    'OPENQASM 2.0; qreg x[1]; include "qelib1.inc"; h x;',
    'OPENQASM 2.0; gate x a { } include "qelib1.inc"; qreg q[1]; x q;',
]


@pytest.mark.parametrize("text", DECLARATIONS)
def test_declarations_are_the_same_both_ways(text):
    assert read(text, True) == read(text, False)


def test_a_plain_file_does_without_the_parser():
    code = f"""
import sys
from qdock_openqasm.api import loads
for text in {[V2 + "qreg q[2]; creg c[2]; h q; measure q -> c;", V3 + "qubit q; bit c; rx(pi/2) q; c = measure q;"]!r}:
    loads(text)
print(sorted({{name for name in sys.modules if name.split(".")[0] == "openqasm"}}
             | {{"qdock_openqasm.evaluate", "qdock_openqasm.statements"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_words_are_those_of_the_parser():
    assert KEYWORDS == lexer.KEYWORDS
    assert {version: set(table) for version, table in FUNCTIONS.items()} == FUNCTION_NAMES
