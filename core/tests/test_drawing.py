"""Drawings, compared with what a person would draw."""

from __future__ import annotations

import html
import math
from textwrap import dedent

import numpy as np
import pytest

from qdock.circuit import Circuit, Range
from qdock.errors import CircuitError
from qdock.expr import FLOAT, Int, Parameter, Uint, cast
from qdock.gates import Gate, gate


def text(drawing):
    """A drawing in a test: without the first line end, and without the indentation."""
    return dedent(drawing).strip("\n").rstrip()


def test_a_bell_circuit():
    assert Circuit(2, 2).h(0).cx(0, 1).measure_all().draw() == text(
        """
        q[0]: ─h──●──M────
                  │  ║
        q[1]: ────⊕──╫──M─
                     ║  ║
         c/2: ═══════╩══╩═
                     0  1
        """
    )


def test_print_draws():
    circuit = Circuit(1).h(0)
    assert str(circuit) == circuit.draw() == "q[0]: ─h─"


def test_gates_stand_as_far_left_as_their_wires_allow():
    assert Circuit(3).h(2).cx(0, 1).x(2).cz(1, 2).y(0).swap(0, 2).draw() == text(
        """
        q[0]: ─●──y─────×─
               │        │
        q[1]: ─⊕─────●──┼─
                     │  │
        q[2]: ─h──x──●──×─
        """
    )


def test_angles_read_as_fractions_of_pi_where_they_are():
    circuit = Circuit(3).rx(math.pi / 2, 0).rz(-3 * math.pi / 4, 1).p(0.3, 2).rzz(math.pi, 0, 2).u(0, 1e-9, 1e6, 1)
    assert circuit.draw() == text(
        """
        q[0]: ──rx(π/2)───rzz(π):0─────────────────────
                             │
        q[1]: ─rz(-3π/4)─────┼──────u(0, 1e-09, 1e+06)─
                             │
        q[2]: ───p(0.3)───rzz(π):1─────────────────────
        """
    )


@pytest.mark.parametrize(
    "angle, written",
    [
        (-math.pi, "-π"),
        (2 * math.pi / 3, "2π/3"),
        (7 * math.pi, "7π"),
        (math.pi / 64, "π/64"),
        (math.pi / 65, "0.04833"),
        (math.pi / 2 + 1e-9, "1.571"),
        (1e20, "1e+20"),
        (1e20 * math.pi, "3.142e+20"),
    ],
)
def test_an_angle_is_written_shortly(angle, written):
    assert Circuit(1).rz(angle, 0).draw() == f"q[0]: ─rz({written})─"


def test_controls_powers_and_matrices():
    circuit = Circuit(4).append(gate("h").control(2, 0b01), [0, 1, 3]).append(gate("iswap").to_power(0.5), [3, 1])
    circuit.mcx([0, 1, 3], 2).unitary(np.eye(4), [0, 3]).append(Gate("ry", (Parameter("a"),), (), 0.5), [1])
    assert circuit.draw() == text(
        """
        q[0]: ─●───────────────●──unitary:0────────────
               │               │      │
        q[1]: ─○──iswap^0.5:1──●──────┼──────ry(a)^0.5─
               │       │       │      │
        q[2]: ─┼───────┼───────⊕──────┼────────────────
               │       │       │      │
        q[3]: ─h──iswap^0.5:0──●──unitary:1────────────
        """
    )


def test_what_is_no_gate():
    circuit = Circuit(3, 3).h(0).barrier().x(1).barrier(0, 2).reset(2).delay(100, 1, "ns").measure(2, 0)
    assert circuit.draw() == text(
        """
        q[0]: ─h──░─────░───────────────────
                  │     │
        q[1]: ────░──x──┼──delay(100 ns)────
                  │     │
        q[2]: ────░─────░───────|0>───────M─
                                          ║
         c/3: ════════════════════════════╩═
                                          0
        """
    )


def test_registers_have_their_names():
    circuit = Circuit()
    circuit.add_qreg("ancilla", 2)
    circuit.add_qreg("none", 0)
    circuit.add_qreg("q", 1)
    circuit.add_creg("result", 2)
    circuit.add_creg("nothing", 0)
    circuit.add_creg("tmp", 1, output=False)
    circuit.h(0).measure(0, 1).measure(2, 2).cx(0, 2)
    assert circuit.draw() == text(
        """
        ancilla[0]: ─h──M─────●─
                        ║     │
        ancilla[1]: ────╫─────┼─
                        ║     │
              q[0]: ────╫──M──⊕─
                        ║  ║
          result/2: ════╩══╬════
                        1  ║
         nothing/0: ═══════╬════
                           ║
             tmp/1: ═══════╩════
                           0
        """
    )


def test_control_flow_is_told_below():
    circuit = Circuit(2, 2)
    n = circuit.add_var("n", Uint(4), 3)
    circuit.h(0).measure(0, 0).if_(circuit.bit(0), circuit.block().x(1), circuit.block().z(1))
    circuit.while_(circuit.value("c").lt(3), circuit.block().h(0).measure([0, 1], [0, 1]))
    circuit.for_(n, range(4), circuit.block().rx(cast(n, FLOAT) * 0.5, 0)).assign(n, n + 1)
    circuit.switch(n, {0: circuit.block().x(0), (1, 2): circuit.block().y(1)}, circuit.block().end())
    circuit.assign(circuit.bit(1), circuit.bit(0)).end()
    assert circuit.draw() == text(
        """
        q[0]: ─h──M───────[2]──[3]──[4]──[5]──[6]──end─
                  ║        ║              │    ║
        q[1]: ────╫──[1]──[2]────────────[5]───╫───────
                  ║   ║    ║                   ║
         c/2: ════╩═══●════●═══════════════════╩═══════
                  0   0   0,1                 0,1
        [1] if c[0]:
                q[1]: ─x─
            else:
                q[1]: ─z─
        [2] while c[0:1] < 3:
                q[0]: ─h──M────
                          ║
                q[1]: ────╫──M─
                          ║  ║
                 c/2: ════╩══╩═
                          0  1
        [3] for n in range(4):
                q[0]: ─rx(float(n)*0.5)─
        [4] n = n + 1
        [5] switch n:
              case 0:
                q[0]: ─x─
              case 1, 2:
                q[1]: ─y─
              default:
                end
        [6] c[1] = c[0]
        """
    )


def test_blocks_in_blocks():
    circuit = Circuit(2, 1)
    body = circuit.block().if_(circuit.bit(0), circuit.block().x(1).break_())
    circuit.while_(circuit.bit(0), body).if_(circuit.bit(0), circuit.block())
    assert circuit.draw() == text(
        """
        q[0]: ──────[2]─
                     ║
        q[1]: ─[1]───╫──
                ║    ║
         c/1: ══●════●══
                0    0
        [1] while c[0]:
                q[1]: ─[1]─
                        ║
                 c/1: ══●══
                        0
                [1] if c[0]:
                        q[1]: ─x──break─
        [2] if c[0]:
                (nothing)
        """
    )


def test_what_a_loop_runs_over():
    circuit = Circuit(1, 2)
    i, n = circuit.add_var("i", Int(8)), circuit.add_var("n", Uint(2))
    circuit.for_(i, Range(1, n), circuit.block()).for_(i, Range(0, cast(n, Uint(8)), 2), circuit.block().continue_())
    circuit.for_(None, [0.5, True], circuit.block().gphase(0.5)).switch(n, {})
    assert (
        circuit.draw().splitlines()[2:]
        == text(
            """
        [1] for i in range(1, n):
                (nothing)
        [2] for i in range(0, uint[8](n), 2):
                continue
        [3] for _ in {0.5, true}:
                global phase: 0.5
        [4] switch n:
        """
        ).splitlines()
    )


def test_an_angle_that_reads_a_clbit_is_linked_to_it():
    circuit = Circuit(1, 2)
    assert circuit.rx(cast(circuit.bit(1), FLOAT) * 3, 0).draw() == text(
        """
        q[0]: ─rx(float(c[1])*3)─
                       ║
         c/2: ═════════●═════════
                       1
        """
    )


def test_the_global_phase_stands_on_top():
    assert Circuit(1, global_phase=math.pi / 4).h(0).draw() == "global phase: π/4\nq[0]: ─h─"
    assert Circuit(0).gphase(Parameter("a")).draw() == "global phase: a"


def test_a_drawing_folds_at_a_width():
    circuit = Circuit(2, 2).h([0, 1]).cx(0, 1).rz(0.1, 0).rz(0.2, 0).rz(0.3, 1).cx(1, 0).h(0).measure_all()
    drawing = circuit.draw(40)
    assert drawing == text(
        """
        q[0]: ─h──●──rz(0.1)──rz(0.2)──⊕──h─
                  │                    │
        q[1]: ─h──⊕──rz(0.3)───────────●────
         c/2: ══════════════════════════════

        q[0]: ─M────
               ║
        q[1]: ─╫──M─
               ║  ║
         c/2: ═╩══╩═
               0  1
        """
    )
    assert max(map(len, drawing.splitlines())) <= 40


def test_a_width_that_is_too_small_gives_a_column_a_bank():
    assert Circuit(1).h(0).x(0).draw(1) == "q[0]: ─h─\n\nq[0]: ─x─"


@pytest.mark.parametrize(
    "circuit, drawing",
    [
        (Circuit(), ""),
        (Circuit(2), "q[0]: ──\nq[1]: ──"),
        (Circuit(0, 3), "c/3: ══"),
        (Circuit(0, 1).end(), "c/1: ══\nend"),
        (Circuit(0).end(), "end"),
    ],
)
def test_a_circuit_with_hardly_anything_in_it(circuit, drawing):
    assert circuit.draw() == drawing


def test_idle_qubits_of_a_large_circuit_are_left_out():
    assert Circuit(100, 100).h(3).cx(3, 77).measure(77, 99).draw() == text(
        """
         q[3]: ─h──●─────
                   │
        q[77]: ────⊕──M──
                      ║
        c/100: ═══════╩══
                      99
        (98 qubits that nothing happens to are left out)
        """
    )
    assert Circuit(10**6).draw() == "(1000000 qubits that nothing happens to are left out)"


def test_long_names_and_angles_are_cut():
    circuit = Circuit()
    circuit.add_qreg("a_register_with_a_very_long_name", 1)
    circuit.add_creg("b" * 300, 2)
    a, b, c, d = (Parameter(name) for name in ("alpha", "beta", "gamma", "delta"))
    assert circuit.rx((a + b) * 2 + c / 3 + d, 0).measure(0, 1).draw() == text(
        """
        a_register_with_a_v…[0]: ─rx((alpha + beta)*2 + gamma/3 + de…)──M─
                                                                        ║
         bbbbbbbbbbbbbbbbbbb…/2: ═══════════════════════════════════════╩═
                                                                        1
        """
    )


def test_a_width_is_a_number_of_characters():
    for width in ("mpl", 0.5, True):
        with pytest.raises(
            CircuitError, match=f"folded at a number of characters, but its width was given as {width!r}"
        ):
            Circuit(1).draw(width)


def test_a_notebook_shows_the_drawing_of_a_circuit_that_is_not_long():
    circuit = Circuit(2, 1)
    circuit.h(0).cx(0, 1).if_(circuit.value("c").lt(1), circuit.block().x(0))
    assert circuit._repr_html_().startswith("<pre")
    assert html.escape(circuit.draw()) in circuit._repr_html_()
    assert "&lt;" in circuit._repr_html_()
    long = Circuit(1, name="<i>").h([0] * 501)
    assert ">&lt;Circuit &#x27;&lt;i&gt;&#x27;: 1 qubits, 0 clbits, 501 operations&gt;</pre>" in long._repr_html_()
