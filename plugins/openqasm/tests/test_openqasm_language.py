"""The language, section by section of its specification: programs whose only outcome is known.

The table is in the order of the specification's table of contents. Bits of a register read from right to left, the
register declared last stands leftmost.
"""

import math

import pytest

from qdock_openqasm.api import loads
from qdock_openqasm.errors import OpenQasmError

PROGRAMS = {
    # --- comments, versions, included files
    "line and block comments": ("// x\n/* y\n z */ qubit q; x q; // ;\nbit c = measure q;", "1"),
    # --- types: identifiers, qubits, physical qubits
    "names of other alphabets": ("qubit[2] γ; x γ[1]; bit[2] ψ = measure γ;", "10"),
    "registers the old way": ("qreg q[2]; creg c[2]; x q[0]; measure q -> c;", "01"),
    "physical qubits": ("x $0; x $3; bit[4] c; c[0] = measure $0; c[3] = measure $3;", "1001"),
    "physical and virtual qubits": ("qubit q; cx $1, q; x $1; cx $1, q; bit c = measure q;", "1"),
    # --- types: bits, integers, floats
    "bit strings": ('bit[8] a = "0000_1111"; bit b = a == 15;', "1 00001111"),
    "integer literals": (
        "bit a = 0xff == 255; bit b = 0o73 == 59; bit c = 0B0110_1001 == 105; bit d = 1_000 == 1000;",
        "1 1 1 1",
    ),
    "float literals": ("bit a = .1 == 0.1; bit b = 0. == 0.0; bit c = 2e+1 == 20.0; bit d = 2.0E-1 == 0.2;", "1 1 1 1"),
    "unsigned integers wrap around": ("uint[4] a = 15; a += 1; bit c = (a == 0);", "1"),
    "signed integers wrap around": ("int[8] a = 127; a += 1; bit c = (a == -128);", "1"),
    "a bit string as a signed integer": ('bit[4] b = "1111"; bit c = int[4](b) == -1; bit d = uint[4](b) == 15;', "1 1 1111"),
    "floats of any width": ("float[32] a = 0.1; float b = a; bit c = b == 0.1;", "1"),
    # --- types: angles
    "angles are fixed-point numbers": (
        "angle[4] a = 9 * (pi / 8); bit[4] c; c = bit[4](a); angle[4] b = a << 2; bit[4] d = bit[4](b);",
        "0100 1001",
    ),
    "angles round to nearest, ties to even": (
        "const float[64] two_pi = 6.283185307179586; float[64] f = two_pi * (127. / 512.);"
        " bit[8] c = bit[8](angle[8](f));",
        "01000000",
    ),
    "angle arithmetic": (
        "angle[4] a = 7 * (pi / 8); angle[4] b = pi / 8; angle[4] c = 5 * (pi / 4); uint[4] two = 2;"
        " bit[4] r0 = bit[4](a + b); bit[4] r1 = bit[4](b - a); bit[4] r2 = bit[4](a / two);"
        " bit[4] r3 = bit[4](two * c); bit r4 = (c / b) == 10; bit[4] r5 = bit[4](-b);",
        "1111 1 0100 0011 1010 1000",
    ),
    "angles compare on a ring": ("angle[32] d = pi; bit c = d == pi; angle[8] e = 3 * pi / 2; bit f = 2 * e >= e;", "0 1"),
    # --- types: complex numbers
    "complex numbers": (
        "complex[float[64]] a = 10.0 + 5.0im; complex[float[64]] b = -2.0 - 7.0im; complex[float[64]] c = a * b;"
        " bit r = real(c) == 15.0 && imag(c) == -80.0; bit v = (a + b) == 8.0 - 2.0im; bit w = a / b == c / (b * b);",
        "0 1 1",
    ),
    "complex powers": (
        "complex[float[64]] a = 10.0 + 5.0im; complex[float[64]] b = -2.0 - 7.0im; complex g = a ** b;"
        " bit c = real(g) > 0.10694 && real(g) < 0.10695;",
        "1",
    ),
    # --- types: booleans, constants, functions
    "bits and booleans": (
        "bit a = 1; bit b = 0; bool w = a && !b; bit c = w; bit d = a ^ b; bit e = ~a; bit f = a | b; bit g = !w;",
        "0 1 0 1 1 0 1",
    ),
    "constants": (
        "const uint[8] SIZE = 5; const uint[16] u = 2 * SIZE; const float[64] f = 5.0 * SIZE;"
        " const bit b = u[1]; bit r = u == 10; bit v = f == 25.0; bit w = b;",
        "1 1 1",
    ),
    "constants give sizes": ("const uint N = 4; qubit[N - 1] q; bit[N - 1] c; x q; c = measure q;", "111"),
    "built-in constants": ("bit a = tau == 2 * π; bit b = ℇ > 2.718 && euler < 2.719; bit c = τ == tau;", "1 1 1"),
    "functions": (
        "bit a = arccos(-1) == pi; bit b = arcsin(1) == pi / 2; bit c = arctan(1) == pi / 4; bit d = ceiling(1.2) == 2;"
        " bit e = floor(-1.2) == -2; bit f = exp(0) == 1; bit g = log(euler) == 1; bit i = sqrt(4) == 2;"
        " bit j = mod(7, 3) == 1; bit k = mod(7.5, 2) == 1.5; bit l = sin(0) == 0; bit m = cos(0) == 1; bit n = tan(0) == 0;",
        "1 1 1 1 1 1 1 1 1 1 1 1 1",
    ),
    "functions of bits": (
        'uint[6] b = 37; bit c = popcount(b) == 3; bit d = rotl(b, 3) == 44; bit e = rotr(b, -3) == 44;'
        ' bit[8] a = "10001111"; bit[8] f = rotl(a, 2); bit g = popcount(a) == 5;',
        "1 00111110 10001111 1 1 1",
    ),
    # --- types: literals and division
    "quotients of integers truncate": (
        "int a = 7; int b = 2; bit c = a / b == 3; bit d = -a / b == -3; bit e = a % b == 1; bit f = -a % b == -1;",
        "1 1 1 1",
    ),
    "quotients of literals are what is asked for": (
        "const float g = 3 / 2; bit d = g == 1.5; const int i = 3 / 2; bit e = i == 1; const int n = 3;"
        " const float f = n / 2; bit c = f == 1.0; bit h0 = 7 / 2 * 2 == 7.0; int k = 7 / 2 * 2; bit j = k == 6;",
        "1 1 1 1 1",
    ),
    # --- types: arrays
    "arrays": (
        "array[int[32], 5] a = {0, 1, 2, 3, 4}; array[float[32], 3, 2] m = {{1.1, 1.2}, {2.1, 2.2}, {3.1, 3.2}};"
        " a[4] = 10; m[0, 0] = 0.0; m[-1, 1] = 7; bit c = a[0] == 0 && a[-1] == 10; bit d = m[0, 1] == 1.2;"
        " bit e = m[2][1] == 7 && m[0][0] == 0;",
        "1 1 1",
    ),
    "arrays are copied by shape": (
        "array[int[8], 3] aa = {1, 2, 3}; array[int[8], 4, 3] bb; bb[0] = aa; bb[1, 1] = aa[2]; aa[0] = 9;"
        " bit c = bb[0][0] == 1; bit d = bb[1][1] == 3;",
        "1 1",
    ),
    "slices of arrays": (
        "array[int[8], 3, 2] a = {{1, 2}, {3, 4}, {5, 6}}; array[int[8], 3, 2] b; b[1:2] = a[0:1];"
        " b[0:1, 0] = a[1:2, 1]; bit c = b[2][1] == 4; bit d = b[0][0] == 4 && b[1][0] == 6;",
        "1 1",
    ),
    "arrays inside arrays": ("array[int[8], 2] w = {1, 2}; array[int[8], 2, 2] v = {w, {3, 4}}; bit c = v[0][1] == 2;", "1"),
    "arrays of bits": ('array[bit[4], 2] w; w[0] = "1010"; bit[4] c = w[0]; bit d = w[0][1];', "1 1010"),
    "sizes of arrays": ("array[int[8], 3, 2] a; bit c = sizeof(a) == 3; bit d = sizeof(a, 1) == 2;", "1 1"),
    # --- types: durations
    "durations": (
        "duration a = 500ns; duration one = 1ns; float f = a / one; bit c = f == 500.0; duration w = 1s;"
        " bit d = a / w < 0.0000006; bit e = a < w; duration g = 2 * a + 1us; bit i = g > 1.9us && g < 2.1us;",
        "1 1 1 1",
    ),
    # --- types: aliases, slices, concatenation
    "aliases": (
        "qubit[2] one; qubit[10] two; let both = one ++ two; let first = both[0]; let last = both[-1];"
        " let some = two[{0, 3, 5}]; let end3 = two[-3:-1]; x first; x last; x some; x end3;"
        " bit[12] c; c[0:1] = measure one; c[2:11] = measure two;",
        "011010100101",
    ),
    "ranges run both ways": ("qubit[5] q; let back = q[4:-2:0]; x back[0]; let odd = q[1:2:4]; x odd; bit[5] c = measure q;", "11010"),
    "aliases of bits": ('bit[4] a = "0110"; let b = a[1:2]; b[0] = 0; bit[2] c; c = b;', "10 0100"),
    "bits of integers": (
        'int[32] n = 15; bit[1] last; last = n[0]; bit[16] even; even = n[0:2:31]; n[4:7] = "1010"; bit r = n == 0xAF;'
        " bit[4] back = n[3:-1:0]; n[31] = 1; bit v = n < 0;",
        "1 1111 1 0000000000000011 1",
    ),
    "bits of elements": ("array[int[32], 5] a = {0, 1, 2, 3, 4}; a[0][0] = 1; bit[5] b; b = a[4][0:4]; bit r = a[0] == 1;", "1 00100"),
    # --- types: casts
    "casts": (
        "bit a = int(2.9) == 2; bit b = int(-2.9) == -2; bit c = bool(3); bit d = float(7) / 2 == 3.5;"
        " bit e = uint[4](-1) == 15; bit f = int[4](uint[4](9)) == -7; bit[3] g = bit[3](uint[3](5)); bit i = bool(0.5);",
        "1 101 1 1 1 1 1 1",
    ),
    # --- gates
    "broadcasting": ("qubit[2] q; qubit[2] r; x q; cx q, r; cx q[0], r; bit[2] c = measure r;", "00"),
    "gates of gates": (
        "gate a1(t) a { rx(t) a; } gate a2(t) a, b { a1(t / 2) a; a1(t / 2) a; cx a, b; } qubit[2] q;"
        " a2(pi) q[0], q[1]; bit[2] c = measure q;",
        "11",
    ),
    "a gate may bear any name": (
        "gate unitary a { x a; } gate measure_all a { x a; } gate u a { x a; } qubit q; unitary q; measure_all q; u q;"
        " bit c = measure q;",
        "1",
    ),
    "loops in gates": ("gate g a { for int i in [1:3] { x a; } } qubit q; g q; bit c = measure q;", "1"),
    "an empty gate": ("gate pre a { } qubit q; pre q; x q; bit c = measure q;", "1"),
    "control modifiers": (
        "qubit[3] a; qubit[3] b; x a; ctrl(3) @ x a[1], a[0], a[2], b[2]; negctrl @ ctrl(2) @ x b[0], a[0], a[1], b[1];"
        " bit[3] c = measure b;",
        "110",
    ),
    "inverse and power": (
        "gate g(t) a, b { cx a, b; rz(t) b; } qubit[2] q; x q[0]; inv @ g(.3) q[0], q[1];"
        " pow(2) @ sx q[0]; pow(0.5) @ x q[0]; pow(-0.5) @ x q[0]; bit[2] c = measure q;",
        "10",
    ),
    "power of a definition": (
        "gate my a { h a; t a; h a; } qubit q; pow(2) @ my q; pow(-2) @ my q; pow(.5) @ my q; pow(-.5) @ my q;"
        " bit c = measure q;",
        "0",
    ),
    "the phase of a control": (
        "qubit[2] q; h q[0]; ctrl @ gphase(pi) q[0]; h q[0]; negctrl @ gphase(1) q[1]; gphase(2); bit[2] c = measure q;",
        "01",
    ),
    "the phase of U counts under a control": (
        "gate my a { U(pi, 0, pi) a; gphase(-pi/2); } qubit[2] q; h q[0]; x q[1]; ctrl @ my q[0], q[1];"
        " ctrl @ my q[0], q[1]; h q[0]; bit[2] c = measure q;",
        "10",
    ),
    # --- built-in quantum instructions
    "reset and measure": ("qubit[2] q; x q; reset q[0]; bit[2] c; c = measure q; bit d; measure q[1] -> d; measure q;", "1 10"),
    "nop, barrier, delay and box": (
        "qubit q; box[100ns] { x q; delay[10ns] q; } nop q; delay[10dt] q; barrier q; barrier; delay[1us]; bit c = measure q;",
        "1",
    ),
    # --- classical instructions
    "shifts": ('bit[8] a = "10001111"; bit[8] b; b = a << 1; uint[4] n = 3; bit c = n << 3 == 8; bit d = n >> 1 == 1;', "1 1 00011110 10001111"),
    "powers": ("int a = 7; int b = 2; bit c = a ** b == 49; bit d = 2 ** 3 ** 2 == 512; bit e = 2 ** -1 == 0.5; bit f = -2 ** 2 == -4;", "1 1 1 1"),
    "compound assignments": (
        "uint[8] n = 0b1011; n &= 6; bit c = n == 2; n |= 8; n ^= 1; n <<= 2; bit d = n == 44; n >>= 1; n %= 5;"
        " n **= 2; n -= 1; n *= 3; n /= 2; bit e = n == 4;",
        "1 1 1",
    ),
    "precedence": ("bit a = 1 + 2 * 3 == 7; bit b = (6 & 3 == 3) == 0; bit c = 1 | 2 ^ 2 & 3; bit d = !false && true || false;", "1 1 1 1"),
    # --- looping and branching
    "loops over sets and ranges": (
        "int[32] b = 0; for int[32] i in {1, 5, 10} { b += i; } bit c = b == 16; int w = 0;"
        " for int i in [0:2:20] w += i; bit d = w == 110; w = 0; for int i in [5:-1:1] w += i; bit e = w == 15;",
        "1 1 1",
    ),
    "loops over arrays and bits": (
        "array[float[64], 4] f = {1.2, -3.4, .5, 9.8}; float w = 0; for float[64] v in f { w += v; }"
        ' bit a = w > 8.09 && w < 8.11; bit[5] r = "10110"; int n = 0; for bit b in r { if (b) n += 1; }'
        " let al = r[1:3]; for bit b in al n += int(b); bit v = n == 5;",
        "1 10110 1",
    ),
    "a loop variable is a copy": ("int w = 0; for int i in [1:3] { w += i; i = 10; } bit c = w == 6;", "1"),
    "a loop over nothing": ("qubit q; for int i in [1:0] x q; bit c = measure q;", "0"),
    "while, break and continue": (
        "int[32] i = 0; int k = 0; while (i < 10) { i += 1; if (i == 2) { continue; } k += i; if (i == 4) { break; } }"
        " bit a = k == 8; bit b = i == 4;",
        "1 1",
    ),
    "while on a measured value": (
        "qubit q; bit result; int i = 0; while (i < 2) { x q; result = measure q; if (result) { i += 1; } } bit d = i == 2;",
        "1 1",
    ),
    "a condition that measures": (
        "qubit q; bit b; def g(qubit q) -> bit { bit r; r = measure q; return r; } while (!g(q)) { x q; } b = measure q;",
        "1",
    ),
    "a loop that only a measurement ends": ("qubit q; bit c; while (true) { c = measure q; if (c) break; x q; }", "1"),
    "if and else": ("bit c; int a = 3; if (a == 1) c = 0; else if (a == 3) c = 1; else c = 0;", "1"),
    "switch": (
        "int i = 15; bit[3] r = 0; switch (i) { case 1, 3, 5 { r = 1; } case 2, 4, 6 { r = 2; } case -1 { r = 3; } default { r = 4; } }",
        "100",
    ),
    "switch on a measured value": (
        "qubit q; bit b; x q; b = measure q; switch (b) { case 0 { } case 1 { reset q; } } bit c = measure q;",
        "0 1",
    ),
    "end": ("qubit q; x q; bit c = measure q; end; x q; c = measure q;", "1"),
    "break out of a loop that is written out": (
        "qubit[4] q; bit[4] c; x q[2]; for int i in [0:3] { c[i] = measure q[i]; if (c[i]) break; x q[i]; } bit[4] d = measure q;",
        "0111 0100",
    ),
    "continue in a loop that is written out": (
        "qubit[4] q; bit[4] c; x q[2]; for int i in [0:3] { c[i] = measure q[i]; if (c[i]) continue; x q[i]; }"
        " bit[4] d = measure q;",
        "1111 0100",
    ),
    "break inside a branch inside a branch": (
        "qubit[3] q; bit[3] c; x q[1]; bit z0; for int i in [0:2] { c[i] = measure q[i];"
        " if (c[i]) { z0 = measure q[0]; if (z0 == 0) { break; } } x q[i]; } bit[3] d = measure q;",
        "101 1 010",
    ),
    # --- what a branch changes
    "a variable that a branch may set": (
        "qubit[2] q; int k = 2; bit b; x q[0]; b = measure q[0]; if (b) { k = 3; x q[1]; } else { k = 4; }"
        " if (k == 3) x q[0]; bit[2] e = measure q;",
        "10 1",
    ),
    "a variable that a branch did not set": (
        "qubit[3] q; bit b; b = measure q[0]; int k = 0; if (b) { k = 1; } bit c; for int i in [0:2] { if (k == 0) x q[i]; }"
        " bit[3] d = measure q;",
        "111 0 0",
    ),
    "a variable that a loop counts": (
        "qubit q; bit c; int n = 0; x q; for int i in [0:2] { c = measure q; if (c) { n += i; } } bit d = n == 3;",
        "1 1",
    ),
    "a local variable in a branch": ("qubit q; bit b; x q; b = measure q; bit c; if (b) { int i = 0; while (i < 3) { i += 1; } if (i == 3) c = 1; }", "1 1"),
    # --- indices known at run time
    "a qubit chosen by a measured value": (
        "qubit[2] q; x q[1]; bit[2] c = measure q; qubit[4] w; uint[2] i = uint[2](c); x w[i]; bit[4] d = measure w;",
        "0100 10",
    ),
    "two qubits chosen by a measured value": (
        "qubit q; x q; bit b = measure q; qubit[3] w; x w[1]; cx w[uint[1](bit[1](b))], w[uint[1](bit[1](b)) + 1]; bit[3] d = measure w;",
        "011 1",
    ),
    "an element chosen by a measured value": (
        "qubit[2] q; x q[1]; bit[2] c = measure q; array[uint[8], 4] w = {3, 5, 9, 12}; uint[8] v = w[uint[2](c)];"
        " bit[4] d; d = bit[4](uint[4](v)); w[uint[2](c)] = 1; bit e = w[2] == 1; bit f = w[1] == 5;",
        "1 1 1001 10",
    ),
    "a bit chosen by a measured value": (
        'qubit[2] q; x q[1]; bit[2] c = measure q; bit[4] w = "0100"; bit d = w[uint[2](c)]; w[uint[2](c)] = 0;',
        "1 0000 10",
    ),
    # --- subroutines
    "functions of integers": ("def f(int[8] a) -> int[8] { return a * 2; } int[8] k = f(3) + f(4); bit c = k == 14;", "1"),
    "functions of bits and qubits": (
        "def check(qubit[3] d, qubit a) -> bit { reset a; for int i in [0:2] { cx d[i], a; } return measure a; }"
        " qubit[3] q; x q[0]; qubit an; bit r; r = check(q, an);",
        "1",
    ),
    "arguments are copies": ("def f(int[8] a) -> int[8] { a += 1; return a; } int[8] k = 3; int[8] j = f(k); bit c = k == 3 && j == 4;", "1"),
    "globals are seen but not changed": ("int n = 100; def f() -> int { return n * 2; } n = 200; int j = f(); bit c = j == 400;", "1"),
    "arrays are passed by reference": (
        "def m(mutable array[int[8], #dim = 1] a) { a[2] = 10; } array[int[8], 5] aa = {1, 2, 3, 4, 5}; m(aa);"
        " bit c = aa[2] == 10; m(aa[1:3]); bit d = aa[3] == 10;",
        "1 1",
    ),
    "read-only arrays": (
        "def add(readonly array[int[8], #dim = 1] a) -> int[8] { int[8] w = 0; for int i in [0:sizeof(a) - 1] w += a[i];"
        " return w; } array[int[8], 5] aa = {1, 2, 3, 4, 5}; bit c = add(aa) == 15;",
        "1",
    ),
    "an early return that depends on a measurement": (
        "def f(qubit q) -> int[4] { bit b; b = measure q; if (b) { return 3; } x q; return 5; } qubit q; x q; bit[4] r;"
        " r = f(q); bit[4] w; reset q; w = f(q); bit v = measure q;",
        "1 0101 0011",
    ),
    "the syntax of earlier drafts": ("def f(qubit a, qubit b) { x a; cx a, b; } qubit[2] q; f q[0], q[1]; bit[2] c = measure q;", "11"),
    "many calls share their bits": (
        "def f(qubit q) -> bit { bit b; b = measure q; return b; } qubit q; x q; bit c; for int i in [0:99] { c = f(q); }",
        "1",
    ),
    # --- directives, input, output
    "pragmas and annotations": ("pragma qiskit.simulator noise\n#pragma x y z\n@openqasm.noswap 3; [\nqubit q; x q;\n@a\nbit c = measure q;", "1"),
    "outputs alone are shown": ('output bit[2] r; bit[3] hidden = "111"; r = "01";', "01"),
    # --- scope
    "blocks have names of their own": (
        "int i = 1; { i *= 2; int i = 10; i *= 2; } bit c = i == 2; for int i in [5:6] { float i = 1.5; } bit d = i == 2;",
        "1 1",
    ),
    # --- pulses
    "calibrations have no effect": (
        'defcalgrammar "openpulse"; cal { anything { at } all; } defcal x $0 { play drive($0), gaussian(...); }'
        " x $0; bit c = measure $0;",
        "1",
    ),
}  # fmt: skip


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
    text = "OPENQASM 3.0; extern f(bit[2]) -> bit; bit[2] c; bit r; r = f(c); qubit q; if (r) U(pi, 0, pi) q; bit d; d = measure q;"
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

PROGRAMS_2 = {
    "the paper's example": ("qreg q[2]; creg c[2]; x q[0]; cx q[0], q[1]; measure q -> c;", "11"),
    "conditions on registers": ("qreg q[2]; creg c[2]; x q[1]; measure q -> c; if (c == 2) x q[0]; measure q -> c;", "11"),
    "real arithmetic": ("qreg q[1]; creg c[1]; rx(1 / 2 * 2 * pi) q[0]; measure q -> c;", "1"),
    "powers": ("qreg q[1]; creg c[1]; rx(2 ^ 2 / 4 * pi) q[0]; measure q -> c;", "1"),
    "functions": ("qreg q[1]; creg c[1]; rx(acos(-1) + ln(1) + asin(0) + atan(0)) q[0]; measure q -> c;", "1"),
    "gates with parameters": ("gate g(a, b) q { rx(a / b) q; } qreg q[1]; creg c[1]; g(2 * pi, 2) q[0]; measure q -> c;", "1"),
    "names that the parser keeps": (
        "gate box in { x in; } qreg input[2]; creg output[2]; box input[1]; measure input -> output;",
        "10",
    ),
    "definitions that replace those of qelib1": ("gate sx a { x a; } gate cu(t) a { rx(t) a; } qreg q[2]; creg c[2]; sx q[0]; cu(pi) q[1]; measure q -> c;", "11"),
    "an opaque gate that nobody calls": ("opaque magic(a, b) p, q; qreg q[1]; creg c[1]; measure q -> c;", "0"),
    "built-in gates": ("qreg q[2]; creg c[2]; U(pi, 0, pi) q[0]; CX q[0], q[1]; measure q -> c;", "11"),
    "broadcast": ("qreg q[2]; qreg r[2]; creg c[2]; x q; cx q, r; barrier q, r; reset q; measure r -> c;", "11"),
}  # fmt: skip


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
