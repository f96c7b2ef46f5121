from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.expr import Uint, cast
from qdock_basic.branching.branches import Branch, Mass, follow
from qdock_basic.branching.meeting import Meeting
from qdock_basic.branching.readout import Distribution, Layout
from qdock_basic.engines.engine import NumpyEngine
from qdock_basic.limits import Limits
from qdock_basic.programs.analysis import read_last
from qdock_basic.programs.classical import Place
from qdock_basic.programs.liveness import Live, live_values
from qdock_basic.programs.program import compile_circuit
from qdock_basic.states.state import prepare
from qdock_basic.watch import Watch


def everything(circuit: Circuit) -> Live:
    return Live((1 << circuit.num_clbits) - 1, frozenset(item.var.name for item in circuit.variables))


def exact(circuit: Circuit, room: int | None) -> tuple[np.ndarray, int]:
    """The distribution, and from how many branches it was put together; without meeting if there is no room."""
    block = read_last(compile_circuit(circuit))
    lives = live_values(block, circuit.output_clbits, everything(circuit))
    place = Place(block, {item.var.name: item.initial for item in circuit.variables}, Limits())
    root = Branch(prepare(circuit.num_qubits), place, 1.0)
    distribution, branches = Distribution(Layout(circuit.output_clbits), NumpyEngine()), 0
    meeting = None if room is None else Meeting(lives, room)
    for branch in follow(root, Mass(1e-12), Watch(Context()), NumpyEngine(), meeting):
        distribution.add(branch)
        branches += 1
    words, values = distribution.finish()
    assert words is not None
    table = np.zeros(1 << circuit.num_clbits)
    table[words[:, 0].astype(int)] = values
    return table, branches


@settings(max_examples=60)
@given(data=st.data(), room=st.sampled_from([0, 1, 3, 10_000]))
def test_meeting_changes_no_distribution(data: Any, room: int, dynamic: ModuleType) -> None:
    circuit = data.draw(dynamic.dynamic_circuits())
    apart, many = exact(circuit, None)
    together, few = exact(circuit, room)
    np.testing.assert_allclose(together, apart, rtol=0, atol=1e-9)
    assert few <= many


def test_forgotten_outcomes_meet_again() -> None:
    circuit = Circuit(1, 1)
    for _ in range(40):
        circuit.h(0).measure(0, 0)
    table, branches = exact(circuit, 10)
    assert table == pytest.approx([0.5, 0.5])
    assert branches <= 2


def test_resets_of_separate_qubits_meet_again() -> None:
    circuit = Circuit(2, 1).h(1)
    for _ in range(40):
        circuit.ry(1.0, 0).reset(0)
    table, branches = exact(circuit.h(1).measure(1, 0), 10)
    assert table == pytest.approx([1, 0])
    assert branches == 1


def test_resets_that_leave_a_trace_in_another_qubit_do_not_meet() -> None:
    circuit = Circuit(2, 1).h(0).cx(0, 1).reset(0).h(1).measure(1, 0)
    table, branches = exact(circuit, 10)
    assert table == pytest.approx([0.5, 0.5])
    assert branches == 2


def test_outcomes_that_are_read_later_do_not_meet() -> None:
    circuit = Circuit(1, 2).h(0).measure(0, 0).reset(0)
    circuit.if_(circuit.bit(0), circuit.block().x(0)).measure(0, 1)
    table, branches = exact(circuit, 10)
    assert table == pytest.approx([0.5, 0, 0, 0.5])
    assert branches == 2


def repeat_until_success() -> Circuit:
    """Two ancillas that read 00 with probability 5/8; the other outcomes undo themselves."""
    circuit = Circuit(3, 3)
    body = circuit.block().reset([0, 1]).h([0, 1]).ccx(0, 1, 2).s(2).ccx(0, 1, 2).z(2).h([0, 1])
    body.measure([0, 1], [0, 1])
    circuit.assign(circuit.value("c"), 3).h(2)
    flags = cast(circuit.value("c"), Uint(3)) & 3
    circuit.while_(flags.ne(0), body)
    return circuit.rz(math.pi - math.acos(0.6), 2).h(2).measure(2, 2)


def test_repeat_until_success_needs_few_branches_a_round(simulated: Any) -> None:
    found = simulated(repeat_until_success(), output="probabilities", limits=Limits(max_branches=500))
    assert found.get_probabilities() == pytest.approx([1] + [0] * 7, abs=1e-9)
    assert simulated(repeat_until_success(), shots=500).get_counts() == {"000": 500}


def test_branches_that_find_no_room_go_on_alone() -> None:
    circuit = Circuit(3, 3)
    for qubit in range(3):
        circuit.h(qubit).measure(qubit, qubit).h(qubit)
    for room in (0, 1, 2, 100):
        table, branches = exact(circuit, room)
        assert table == pytest.approx(np.full(8, 1 / 8))
        assert branches == 8


def test_one_that_differs_from_those_waiting_needs_room_too() -> None:
    circuit = Circuit(2, 1).h(0).cx(0, 1).reset(0)
    for _ in range(3):
        circuit.ry(1.0, 1).cx(1, 0).reset(0)
    circuit.measure(1, 0)
    distributions = [exact(circuit, room)[0] for room in (1, 2, 3, 50)]
    apart, _ = exact(circuit, None)
    for table in distributions:
        np.testing.assert_allclose(table, apart, rtol=0, atol=1e-12)


def test_states_that_only_look_alike_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qdock_basic.branching.meeting._digest", lambda _: 0)
    circuit = Circuit(2, 1).h(0).cx(0, 1).reset(0).h(1).measure(1, 0)
    table, branches = exact(circuit, 10)
    assert table == pytest.approx([0.5, 0.5])
    assert branches == 2


# --- what still matters


def lives_of(circuit: Circuit) -> list[Live]:
    """What is live before each step of the outermost block."""
    block = compile_circuit(circuit)
    return live_values(block, circuit.output_clbits, everything(circuit))[id(block)]


def test_bits_matter_until_they_are_written_again() -> None:
    circuit = Circuit(1, 2).measure(0, 0).measure(0, 1).measure(0, 0)
    assert [live.bits for live in lives_of(circuit)] == [0, 0, 2, 3]


def test_bits_that_are_not_shown_matter_only_while_something_reads_them() -> None:
    circuit = Circuit(1)
    scratch, shown = circuit.add_creg("scratch", 1, output=False), circuit.add_creg("shown", 1)
    circuit.measure(0, scratch)
    circuit.if_(circuit.bit(0), circuit.block().x(0)).measure(0, shown)
    assert [live.bits for live in lives_of(circuit)] == [0, 1, 0, 2]


def test_variables_matter_from_their_assignment_to_their_last_use() -> None:
    circuit = Circuit(1, 1)
    var = circuit.add_var("v", Uint(4))
    circuit.assign(var, var + 1).rx(cast(var, Uint(4)), 0).assign(var, 0).measure(0, 0)
    assert [sorted(live.names) for live in lives_of(circuit)] == [["v"], ["v"], [], [], []]


def test_what_one_of_several_blocks_leaves_alone_still_matters() -> None:
    circuit = Circuit(1, 3)
    circuit.if_(circuit.bit(2), circuit.block().measure(0, 0))
    circuit.if_(circuit.bit(2), circuit.block().measure(0, 1), circuit.block().measure(0, 1))
    assert [live.bits for live in lives_of(circuit)] == [0b101, 0b101, 0b111]


def test_what_a_round_reads_matters_after_the_round_before() -> None:
    circuit = Circuit(1, 3)
    body = circuit.block().measure(0, 2)
    body.if_(circuit.bit(1), circuit.block().x(0)).measure(0, 1)
    circuit.for_(None, range(3), body).measure(0, 1)
    block = compile_circuit(circuit)
    lives = live_values(block, circuit.output_clbits, everything(circuit))
    assert [live.bits for live in lives[id(block)]] == [0b111, 0b101, 0b111]
    inner = block.steps[0].detail.blocks[0]
    # Clbit 1 is read in each round, clbit 0 at the end, and clbit 2 is written first.
    assert lives[id(inner)][0].bits == 0b011
    assert lives[id(inner)][1].bits == 0b111


def test_jumps_keep_alive_what_is_read_where_they_go() -> None:
    circuit = Circuit(1, 3)
    leaving, again, ending = (circuit.block() for _ in range(3))
    body = circuit.block()
    body.if_(circuit.bit(0), leaving.break_()).if_(circuit.bit(0), again.continue_()).if_(circuit.bit(0), ending.end())
    body.assign(circuit.value("c"), 0)
    circuit.while_(circuit.bit(1), body).assign(circuit.bit(2), False)
    block = compile_circuit(circuit)
    lives = live_values(block, circuit.output_clbits, everything(circuit))
    inner = block.steps[0].detail.blocks[0]
    jumps = [lives[id(step.detail.blocks[0])][0].bits for step in inner.steps[:3]]
    # Behind the loop clbit 2 is written; another round, or the end at once, may show it.
    assert jumps == [0b011, 0b111, 0b111]


def test_loops_many_levels_deep_are_looked_at_in_no_time() -> None:
    circuit = Circuit(1, 2).measure(0, 0)
    for _ in range(60):
        outer = Circuit(1, 2)
        circuit = outer.for_(None, range(2), circuit)
    assert lives_of(circuit)[0].bits == 0b11
