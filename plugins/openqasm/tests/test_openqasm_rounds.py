"""Loops that are compiled give what the general way gives, circuit or error, in programs drawn at random."""

import os
import random

import pytest

from qdock.errors import LimitExceeded, QdockError
from qdock_openqasm import looping
from qdock_openqasm.limits import Limits
from qdock_openqasm.reader import Reader

HEAD = (
    'OPENQASM 3.0; include "stdgates.inc"; const int n = 5; const float w = 0.25; '
    "gate g(t) a, b { rz(t / 2) a; cx a, b; } "
    "qubit[6] q; qubit r; bit[6] c; bit e; int i1 = 3; int[8] i2 = 100; uint[4] u = 9; float f = 0.5; bool b = true; "
    "array[int[16], 4] a = {3, 1, 4, 1}; array[float[64], 2, 3] m = {{1, 2, 3}, {4, 5, 6}}; input float open;\n"
)
#: What of it the results show: all that was known is written into bits at the end.
TAIL = (
    "\nbit[64] o1 = bit[64](i1); bit[8] o2 = bit[8](i2); bit[4] o3 = bit[4](u); rz(f) r; bit o4 = b; "
    "bit[16] o5 = bit[16](a[0] + a[1] * 3 + a[2] * 5 + a[3] * 7); rz(m[0, 0] + m[1, 2]) r;"
)
#: So many programs; `tox run -e faults` makes fifty times as many.
COUNT = 5_000 if os.environ.get("QDOCK_TEST_FAULTS") == "full" else 100
LIMITS = Limits(work=10**9, iterations=20_000, gates=20_000)
INTEGERS = ["i1", "i2", "u", "n", "a[k % 4]", "a[1]", "a[-1]"]
REALS = ["f", "w", "pi", "m[1, k % 3]", "m[0][2]"]


class Writer:
    """Writes programs at random; `names` are the loop variables that can be seen."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.names = []

    def one_of(self, *choices):
        return self.draw.choice(choices)

    def whole(self, depth=2):
        if depth == 0 or self.draw.random() < 0.3:
            loose = [name for name in INTEGERS if "k" not in name or "k" in self.names]
            return self.one_of(str(self.draw.randint(0, 9)), *loose, *self.names * 2)
        left, right = self.whole(depth - 1), self.whole(depth - 1)
        op = self.one_of("+", "-", "*", "+", "-", "/", "%", "&", "|", "^", "**", "<<", ">>")
        return self.one_of(f"({left} {op} {right})", f"-{left}", f"~{left}", f"int({self.real(depth - 1)})", left)

    def real(self, depth=2):
        if depth == 0 or self.draw.random() < 0.3:
            loose = [name for name in REALS if "k" not in name or "k" in self.names]
            return self.one_of(f"{self.draw.randint(0, 9) / 4}", *loose)
        left, right = self.real(depth - 1), self.one_of(self.real, self.whole)(depth - 1)
        op = self.one_of("+", "-", "*", "/", "**", "%")
        return self.one_of(f"({left} {op} {right})", f"sin({right})", f"sqrt({left})", f"-{left}", f"float({right})")

    def truth(self):
        op = self.one_of("<", "<=", ">", ">=", "==", "!=")
        plain = f"{self.one_of(self.whole, self.real)(1)} {op} {self.whole(1)}"
        return self.one_of(
            plain, plain, f"!({plain})", "b", f"b && {plain}", f"b || {plain}", f"c[{self.whole(1)}]", "u"
        )

    def qubit(self):
        index = self.one_of(self.whole(1), f"({self.whole(1)}) % 6", str(self.draw.randint(0, 5)))
        return self.one_of(f"q[{index}]", f"q[{index}]", "r", "q", "q[0:2]")

    def gate(self):
        one, two = self.qubit(), self.qubit()
        angle = self.one_of(self.real(1), self.whole(1), "open")
        return self.one_of(
            f"rx({angle}) {one};", f"h {one};", f"cx {one}, {two};", f"g({angle}) {one}, {two};", f"reset {one};",
            f"barrier {one}, r;", f"ctrl @ x {one}, {two};", f"U({angle}, 0, {self.real(1)}) {one};",
        )  # fmt: skip

    def assignment(self):
        target = self.one_of("i1", "i2", "u", "f", "b", f"a[{self.whole(1)}]", f"m[{self.whole(0)}, 1]", "e")
        value = self.truth() if target in ("b", "e") else self.one_of(self.whole, self.real)(2)
        return f"{target} {self.one_of('=', '=', '+=', '-=', '*=', '%=') if target not in 'be' else '='} {value};"

    def statement(self, depth):
        draw = self.draw.random()
        if draw < 0.35:
            return self.gate()
        if draw < 0.7 or depth == 0:
            return self.assignment()
        if draw < 0.8:
            return f"if ({self.truth()}) {{ {self.block(depth - 1)} }} else {{ {self.block(depth - 1)} }}"
        if draw < 0.84:
            return self.one_of("break;", "continue;", f"c[{self.whole(1)}] = measure q[1];", "end;", "c = measure q;")
        if draw < 0.88:
            return f"{self.one_of('int', 'float', 'uint[3]')} z{depth} = {self.whole(1)}; i1 += z{depth};"
        return self.loop(depth)

    def block(self, depth):
        return " ".join(self.statement(depth) for _ in range(self.draw.randint(1, 3)))

    def loop(self, depth, least=1):
        if self.draw.random() < 0.15:
            return f"i1 = 0; while (i1 < {self.draw.randint(9, 30)}) {{ i1 += 1; {self.block(depth - 1)} }}"
        name = self.one_of("k", "l", "j")
        values = self.one_of(
            f"[{self.draw.randint(-3, 3)}:{self.draw.randint(least, 14)}]",
            f"[{least + 8}:-1:0]",
            f"[0:{self.whole(0)}]",
            "{" + ", ".join(self.whole(1) for _ in range(least + 1)) + "}",
        )
        kind = self.one_of("int", "int", "uint", "int[8]", "uint[3]", "float")
        self.names.append(name)
        text = f"for {kind} {name} in {values} {{ {self.block(depth - 1)} }}"
        self.names.pop()
        return text

    def program(self):
        return HEAD + self.loop(3, least=9) + TAIL


def outcome(text, fast):
    try:
        return Reader(LIMITS, fast=fast).read(text)
    except LimitExceeded as error:
        # Which statement reaches it is not the same for all limits.
        return str(error).partition("limit `")[2].partition("`")[0]
    except QdockError as error:
        return str(error)


def test_a_compiled_loop_does_what_the_general_way_does(monkeypatch):
    compiled = []
    plain = looping.run_compiled
    monkeypatch.setattr(looping, "run_compiled", lambda *args: compiled.append(plain(*args)) or compiled[-1])
    read = 0
    for seed in range(COUNT):
        text = Writer(seed).program()
        found = outcome(text, fast=True)
        read += not isinstance(found, str)
        assert found == outcome(text, fast=False), text
    print(f"{COUNT} programs: {read} read, {sum(compiled)} loops compiled")
    assert read > COUNT // 4
    assert sum(compiled) > COUNT // 8


@pytest.mark.parametrize(
    "body, message",
    [
        ("q[i];", "index 6 is out of range"),
        ("q[5 - i];", "index -7 is out of range"),
        ("q[3 % (7 - i)];", "division by zero|Division by zero"),
        ("q[undefined];", "undefined identifier 'undefined'"),
    ],
)
def test_what_is_wrong_in_a_late_round_is_said_as_always(body, message):
    with pytest.raises(QdockError, match=rf"<program>:1:\d+: .*{message}"):
        Reader(Limits()).read(f'OPENQASM 3.0; include "stdgates.inc"; qubit[6] q; for int i in [0:99] {{ x {body} }}')


def test_cx_on_one_qubit_twice_is_found_in_a_late_round():
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[99] q; for int i in [0:98] { cx q[i], q[98 - i]; }'
    with pytest.raises(QdockError, match="the same qubit is given more than once"):
        Reader(Limits()).read(text)
