"""Programs made to cost too much are refused before they do, and the limit is named."""

import sys

import pytest

from qdock.errors import ConfigError, LimitExceeded, QdockError
from qdock_openqasm.api import loads
from qdock_openqasm.limits import Limits

V3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
V2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
WIDE = V3 + f"gate g {', '.join(f'a{k}' for k in range(10))} {{ h a0; cx a0, a9; }} qubit[10] q; "
CALL = f" @ g {', '.join(f'q[{k}]' for k in range(10))};"
MEASURED = V3 + "qubit q; bit c; c = measure q; "


def doubled(kind, count):
    """Definitions of which each uses the one before it twice."""
    if kind == "gate":
        return "gate g0 a { x a; x a; }" + "".join(f"gate g{k + 1} a {{ g{k} a; g{k} a; }}" for k in range(count))
    return "def g0(qubit a) { x a; x a; }" + "".join(
        f"def g{k + 1}(qubit a) {{ g{k}(a); g{k}(a); }}" for k in range(count)
    )


REFUSED = {
    "gates that double 40 times": ("gates", V3 + doubled("gate", 40) + "qubit q; g40 q;"),
    "gates that double 40 times in version 2": ("gates", V2 + doubled("gate", 40) + "qreg q[1]; g40 q[0];"),
    "subroutines that double 40 times": ("iterations", V3 + doubled("def", 40) + "qubit q; g40(q);"),
    "a tower of powers": ("constant_bits", V3 + "qubit q; rz(9**9**9**9) q;"),
    "a tower of powers in a constant": ("constant_bits", V3 + "const int n = 9**9**9**9;"),
    "a product of long integers": ("constant_bits", V3 + "const int n = " + "*".join(["9" * 20] * 300) + ";"),
    "a long shift": ("constant_bits", V3 + "const int n = 1 << 9999999999;"),
    "a loop of a thousand million": ("iterations", V3 + "qubit q; for int i in [0:1000000000] { rx(i) q; }"),
    "the same in a gate": ("iterations", V3 + "gate g a { for int i in [0:1000000000] { x a; } } qubit q; g q;"),
    "three loops of a thousand": (
        "iterations",
        V3 + "qubit q;" + "".join(f"for int {k} in [0:999] " for k in "ijk") + "{ rx(i) q; }",
    ),
    "a loop without end": ("iterations", V3 + "qubit q; while (true) { x q; }"),
    "a loop that goes the wrong way": ("work", V3 + "int i = 0; while (i < 10) { i -= 1; }"),
    "a loop whose condition stays as it is": ("iterations", V3 + "int i = 0; int k; while (i < 10) { k += 1; }"),
    "a loop that measures for ever": ("iterations", V3 + "qubit q; bit c; while (true) c = measure q;"),
    "a loop that comes back to where it was": ("work", V3 + "uint[4] i; while (i < 16) { i += 1; }"),
    "a loop that steps over its end": ("work", V3 + "int i; while (i != 5) { i += 2; }"),
    "a loop that shifts its bits out": ("work", V3 + 'bit[4] r = "0101"; while (r != "1111") { r <<= 1; }'),
    "a loop that counts far": ("work", V3 + "int i = 0; while (i < 1000000000) { i += 1; }"),
    "40 loops of two in each other": (
        "iterations",
        V3 + "qubit q;" + "".join(f"for int i{k} in [0:1] " for k in range(40)) + "rx(i0 + i39) q;",
    ),
    "loops in a branch of a loop": (
        "work",
        V3 + "qubit q; for int i in [0:99999] { if (i > -1) { for int j in [0:99999] { } } }",
    ),
    "a loop that counts in one that counts": (
        "work",
        V3 + "int i; int j; while (j < 100000) { i = 0; while (i < 10000) { i += 1; } j += 1; }",
    ),
    "a loop of gates on a register": ("work", V3 + "qubit[1000] q; for int i in [0:99999] { rx(i) q; }"),
    "gates on a million qubits": ("gates", V3 + "qubit[1000000] q; " + "rx(1) q; " * 100),
    "measurements of a million qubits": ("gates", V3 + "qubit[1000000] q; bit[1000000] c; " + "c = measure q; " * 100),
    "resets of a million qubits": ("gates", V3 + "qubit[1000000] q; " + "reset q; " * 100),
    "barriers on a million qubits": ("gates", V3 + "qubit[1000000] q; " + "barrier q; " * 100),
    "a loop of such barriers": ("gates", V3 + "qubit[1000000] q; for int i in [0:99] { barrier q; }"),
    "delays of a million qubits": ("gates", V3 + "qubit[1000000] q; " + "delay[1ns] q; " * 100),
    "100,000 parentheses": ("nesting", V3 + "qubit q; rz(" + "(" * 100_000 + "1" + ")" * 100_000 + ") q;"),
    "100,000 parentheses in version 2": (
        "nesting",
        V2 + "qreg q[1]; rz(" + "(" * 100_000 + "1" + ")" * 100_000 + ") q[0];",
    ),
    "100,000 brackets": ("nesting", V3 + "qubit q; x q" + "[" * 100_000 + ";"),
    "100,000 braces": ("nesting", V3 + "{" * 100_000),
    "100,000 signs": ("nesting", V3 + "qubit q; rz(" + "-" * 100_000 + "1) q;"),
    "a long chain of powers": ("nesting", V3 + "float f = " + "**".join(["1"] * 50_000) + ";"),
    "a long chain of conditions": ("nesting", MEASURED + "if (c) " * 50_000 + "x q;"),
    "durations in durations": ("nesting", V3 + "delay[" + "durationof({delay[" * 50 + "1ns" + "] $0;})" * 50 + "] $0;"),
    "a register of 10^12 qubits": ("qubits", V3 + "qubit[1000000000000] q;"),
    "a register of 10^12 bits": ("clbits", V2 + "creg c[1000000000000];"),
    "many registers": ("qubits", V3 + "".join(f"qubit[100000] q{k};" for k in range(11))),
    "a physical qubit far away": ("qubits", V3 + "x $999999999999;"),
    "large arrays": ("elements", V3 + "".join(f"array[int[8], 1000, 200] a{k};" for k in range(6))),
    "a large array": ("elements", V3 + "array[int[8], 100000, 100000] a;"),
    "a wide integer": ("constant_bits", V3 + "int[100000000] a;"),
    "a long integer": ("integer_digits", V3 + "int a = " + "9" * 100_000 + ";"),
    "a long hexadecimal integer": ("constant_bits", V3 + "int a = 0x" + "f" * 100_000 + ";"),
    "a long float": ("constant_bits", V3 + "float a = 1" + "0" * 100_000 + ".5;"),
    "a long bit string": ("constant_bits", V3 + 'bit[4] b = "' + "1" * 100_000 + '";'),
    "a long name": ("identifier", V3 + "qubit " + "a" * 100_000 + ";"),
    "a thousand million controls": ("", V3 + "qubit q; ctrl(1000000000) @ x q;"),
    "a thousand million repetitions": ("gates", WIDE + "pow(1000000000)" + CALL),
    "the root of a wide gate": ("matrix_qubits", WIDE + "pow(0.5)" + CALL),
    "a choice of 2^20 qubits": (
        "",
        V3 + "bit[12] c; qubit[12] q; c = measure q; qubit[5000] r; cx r[uint[12](c)], r[uint[12](c)];",
    ),
    "loops in loops": ("nesting", MEASURED + "while (c) {" * 150 + "x q;" + "}" * 150),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_and_the_limit_is_named(case):
    limit, text = REFUSED[case]
    with pytest.raises(QdockError) as caught:
        loads(text)
    if limit and limit != "nesting":
        assert isinstance(caught.value, LimitExceeded)
        assert f"limit `{limit}` reached" in str(caught.value)
        assert f"{getattr(Limits(), limit):,}" in str(caught.value)
    assert "<program>:" in str(caught.value)
    assert "fault of qdock-openqasm" not in str(caught.value)


HARMLESS = {
    "many empty lines": "\n" * 1_000_000 + "qubit q;",
    "half as many rounds each time": V3 + "int n; for int i in [0:199] { for int j in [i:199] { n += j; } }",
    "a loop that costs much in its first round": V3
    + "int n; for int i in [0:9999] { if (i == 0) { for int j in [0:9999] { n += j; } } }",
    "a long sum": V3 + "qubit q; rz(" + "+".join(["1"] * 2000) + ") q;",
    "a long chain of else if": MEASURED + "if (c) x q; " + "else if (c) x q; " * 90,
    "an expression that doubles": MEASURED + "int k = int(c); " + "k = k + k; " * 1000 + "if (k == 1) x q;",
    "a loop whose rounds are equal": V3 + "qubit q; for int i in [0:999999] { x q; }",
    "many cases": V3 + "int i = 1; switch (i) {" + "".join(f"case {k} {{ }}" for k in range(5000)) + "}",
    "many declarations": V3 + "".join(f"bit b{k};" for k in range(1000)),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_long_programs_without_such_a_cost_are_read(case):
    assert loads(HARMLESS[case]) is not None


def test_a_text_is_measured_before_anything_else():
    with pytest.raises(LimitExceeded, match="limit `source_bytes` reached: 100 bytes of source are allowed, but 111 "):
        loads("/" * 111, limits=Limits(source_bytes=100))


def test_a_limit_can_be_raised():
    text = V3 + "bit c = (1 << 5000) > 0;"
    with pytest.raises(LimitExceeded, match="limit `constant_bits`"):
        loads(text)
    assert loads(text, limits=Limits(constant_bits=6000)).num_clbits == 1


def test_the_rounds_of_a_loop_are_counted():
    text = V3 + "int k; bool b = true; while (b) { k += 1; if (k == -5) { b = false; } }"
    with pytest.raises(LimitExceeded, match="limit `while_rounds` reached: 1,000 rounds of a `while` loop"):
        loads(text, limits=Limits(while_rounds=1000))


def test_loops_and_calls_share_one_budget_of_work():
    loop = "k = 0; while (k < 300) { k += 1; }"
    text = V3 + f"int k; for int i in [1:10] {{ {loop} }} bit c = k == 300;"
    assert loads(text).num_clbits == 1
    with pytest.raises(LimitExceeded, match="limit `work` reached: 1,000 steps of loops, calls and copies while"):
        loads(text, limits=Limits(work=1000))
    assert loads(V3 + "int k; while (k < 900000) k += 1;", limits=Limits(work=10**9)) is not None


WORK = {
    "a while loop": "int k; while (k < 1000000) k += 1;",
    "a for loop of assignments": "int k; for int i in [0:9999999] { k += i; }",
    "a for loop of gates": "qubit q; for int i in [0:9999999] { rx(i) q; }",
    "a for loop of strings of bits": 'bit[4] r = "0101"; for int i in [0:999999] { r = r << 1; }',
    "a while loop in a for loop": "int k; for int i in [0:99999] { k = 0; while (k < 100) k += 1; }",
    "a loop that is left at its end": "int k; for int i in [0:9999999] { k += 1; if (k == 9999999) break; }",
    "calls in a loop": "def f(int a) -> int { return a + 1; } int n; for int i in [0:999999] { n = f(n); }",
    "a large body called often": "def f(qubit a) { " + "x a; " * 2000 + "} qubit q; " + "f(q); " * 500,
    "copies of an array": "array[int[8], 100000] a; array[int[8], 100000] b; for int i in [0:999] { a = b; }",
    "copies of an array in the text": "array[int[8], 400000] a; array[int[8], 400000] b; " + "a = b; " * 100,
    "an array of arrays": "array[int[8], 1000, 1000] a; " + "".join(f"let b{k} = a[0:999, 0:999];" for k in range(100)),
    "slices of a set of qubits": "qubit[1000000] q; let a = q[0:2:999999] ++ q[1:2:999999]; "
    + "".join(f"let a{k} = a[0:999998];" for k in range(100)),
    "an alias that doubles": "array[int[8], 2] a0; " + "".join(f"let a{k + 1} = a{k} ++ a{k};" for k in range(100)),
    "a wide register of bits": "bit[4096] b; bit[4096] c; for int i in [0:99999] { b = ~c; c = b << 1; }",
    "powers of wide integers": "uint[4096] a = 3; uint[4096] e = ~a; for int i in [0:99999] { a = (a | 1) ** e; }",
}


@pytest.mark.parametrize("case", WORK)
def test_work_is_refused_whatever_it_is(case):
    with pytest.raises(LimitExceeded, match=r"<program>:3:\d+: limit `(work|elements)` reached: \S+ \w+ "):
        loads(V3 + WORK[case])


def test_long_loops_of_gates_are_read():
    text = V3 + "qubit[5] q; for int i in [0:99999] { cx q[i % 5], q[(i + 1) % 5]; rz(pi / (i + 1)) q[0]; }"
    assert len(loads(text)) == 200_000
    assert len(loads(V3 + "qubit[100] q; for int i in [0:9999] { h q; }")) == 1_000_000


def test_gates_that_are_repeated_cost_no_work():
    circuit = loads(V3 + "qubit q; bit c; for int i in [0:1999999] { h q; c = measure q; }")
    assert len(circuit) == 4_000_000
    assert [circuit[3].name, circuit[3_999_998].name] == ["measure", "h"]


def test_settings_replace_defaults():
    assert Limits.from_settings({"gates": 5, "unknown": "x"}) == Limits(gates=5)


@pytest.mark.parametrize("value", [0, -1, 1.5, "10", True])
def test_settings_are_whole_numbers(value):
    with pytest.raises(ConfigError, match=r"\[plugins.openqasm\] gates must be a whole number of at least 1, but is"):
        Limits.from_settings({"gates": value})


def test_the_limit_of_recursion_is_as_before():
    before = sys.getrecursionlimit()
    with pytest.raises(LimitExceeded):
        loads(V3 + "{" * 1000)
    loads(V3 + "qubit q; rz(" + "(" * 190 + "1" + ")" * 190 + ") q;")
    assert sys.getrecursionlimit() == before
