"""Small programs made to cost much: each is refused by the limit that it would break, named with its value."""

import pytest

from qdock.errors import LimitExceeded
from qdock_openqasm.api import loads
from qdock_openqasm.errors import OpenQasmError
from qdock_openqasm.limits import Limits

HEAD_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\n'
HEAD_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\n'
DOUBLING = "gate g0 a { x a; x a; }\n" + "".join(f"gate g{i} a {{ g{i - 1} a; g{i - 1} a; }}\n" for i in range(1, 41))

HOSTILE = {
    "a tower of powers": (HEAD_3 + "const int a = 9**9**9**9;", "constant_bits"),
    "a wide shift": (HEAD_3 + "const uint[64] a = 1 << 1000000000000;", "constant_bits"),
    "parentheses": (HEAD_3 + "int x = " + "(" * 100_000 + "1" + ")" * 100_000 + ";", "nesting"),
    "signs": (HEAD_3 + "int x = " + "-" * 100_000 + "1;", "nesting"),
    "blocks": (HEAD_3 + "{" * 5000 + "}" * 5000, "nesting"),
    "branches": (HEAD_3 + "bit c;" + "if(c){" * 500 + "}" * 500, "nesting"),
    "a long loop": (HEAD_3 + "for int i in [0:1000000000] { x q[0]; }", "iterations"),
    "an endless loop": (HEAD_3 + "bool b = true; while (b) { x q[0]; }", "iterations"),
    "a wide register": ("OPENQASM 3.0;\nqubit[1000000000000] q;", "qubits"),
    "a wide register of version 2": ("OPENQASM 2.0;\nqreg q[1000000000000];", "qubits"),
    "a large array": (HEAD_3 + "array[int[32], 100000, 100000] x;", "elements"),
    "gates of gates": (HEAD_3 + DOUBLING + "g40 q[0];", "gates"),
    "gates of gates of version 2": (HEAD_2 + DOUBLING + "g40 q[0];", "gates"),
    "a long name": (HEAD_3 + f"int {'a' * 2000};", "identifier"),
    "a long number": (HEAD_3 + f"int x = {'9' * 100};", "integer_digits"),
}


@pytest.mark.parametrize("text, limit", HOSTILE.values(), ids=HOSTILE)
def test_what_would_cost_too_much_is_refused_by_name(text, limit):
    with pytest.raises(
        LimitExceeded, match=f"limit `{limit}` reached: {getattr(Limits(), limit):,} .* would be needed"
    ):
        loads(text)


def test_a_source_that_is_too_large_is_refused():
    with pytest.raises(LimitExceeded, match="limit `source_bytes` reached: 100 bytes of source are allowed"):
        loads(HEAD_3 + "x q[0];\n" * 20, limits=Limits(source_bytes=100))


def test_a_limit_can_be_set():
    with pytest.raises(LimitExceeded, match="limit `gates` reached: 10 "):
        loads(HEAD_3 + "for int i in [0:10] { x q[0]; }", limits=Limits(gates=10))
    assert len(loads(HEAD_3 + "for int i in [0:9] { x q[0]; }", limits=Limits(gates=10))) == 10


def test_a_gate_that_calls_itself_is_refused():
    with pytest.raises(OpenQasmError, match=r":4:12: undefined gate 'g'|:4:\d+: .*'g'"):
        loads(HEAD_3 + "gate g a { g a; }\ng q[0];")


def test_a_subroutine_that_calls_itself_is_refused():
    with pytest.raises(OpenQasmError, match="'f' calls itself, which a circuit can't hold"):
        loads(HEAD_3 + "def f(qubit a) { f(a); }\nf(q[0]);")
