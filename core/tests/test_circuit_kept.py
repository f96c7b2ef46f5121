"""What is kept beside a circuit is worked out once, and forgotten with the first change."""

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock import Circuit
from qdock.expr import BOOL


def names(circuit):
    return [operation.name for operation in circuit]


def bell():
    return Circuit(2, 2, name="bell").h(0).cx(0, 1).measure([0, 1], [0, 1])


CHANGES = {
    "a gate": lambda circuit: circuit.x(0),
    "a turn": lambda circuit: circuit.rz(0.5, 1),
    "a gate on two": lambda circuit: circuit.cz(0, 1),
    "a gate on a list": lambda circuit: circuit.h([0, 1]),
    "a measurement": lambda circuit: circuit.measure(0, 0),
    "a controlled gate": lambda circuit: circuit.mcp(0.1, [0], 1),
    "a phase": lambda circuit: circuit.gphase(0.25),
    "another phase": lambda circuit: setattr(circuit, "global_phase", 0.5),
    "qubits": lambda circuit: circuit.add_qreg("more", 1),
    "clbits": lambda circuit: circuit.add_creg("hidden", 1, output=False),
    "a variable": lambda circuit: circuit.add_var("flag", BOOL),
    "another circuit": lambda circuit: circuit.compose(Circuit(1).y(0)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_makes_what_was_worked_out_be_worked_out_again(change):
    circuit = bell()
    asked = []
    ask = lambda known: asked.append(known.copy()) or len(asked)  # noqa: E731  # the same function each time
    assert [circuit.once(ask), circuit.once(ask)] == [1, 1]
    change(circuit)
    assert [circuit.once(ask), circuit.once(ask)] == [2, 2]
    assert asked[0] == bell()
    assert asked[1] == circuit != bell()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("changed", ["the circuit", "its copy", "the snapshot's copy"])
def test_a_change_of_one_copy_changes_no_other(change, changed):
    circuit = bell()
    circuit.columns()
    copies = {"the circuit": circuit, "its copy": circuit.copy(), "the snapshot's copy": circuit.snapshot().copy()}
    seen = copies[changed].columns()
    change(copies.pop(changed))
    assert all(
        other == bell() for other in (*copies.values(), circuit.snapshot() if changed != "the circuit" else bell())
    )
    assert len(seen.code) == 4


def test_copies_of_an_empty_circuit_grow_apart():
    circuit = Circuit(1)
    circuit.columns()
    other = circuit.copy()
    circuit.h(0)
    other.x(0).y(0)
    assert (names(circuit), names(other)) == (["h"], ["x", "y"])


def test_an_argument_has_an_answer_of_its_own():
    circuit = bell()
    assert [circuit.once(lambda_of, 1), circuit.once(lambda_of, 2), circuit.once(lambda_of, 1)] == [5, 6, 5]


def lambda_of(circuit, more):
    return len(circuit) + more


def test_what_is_kept_does_not_keep_the_circuit():
    circuit = bell()
    assert circuit.once(lambda known: known) is circuit.snapshot() is not circuit


def test_a_snapshot_is_the_same_until_the_circuit_changes():
    circuit = bell()
    first = circuit.snapshot()
    assert circuit.snapshot() is first
    circuit.x(0)
    assert circuit.snapshot() == circuit != first == bell()


def test_a_snapshot_has_the_name_and_the_metadata_of_its_moment():
    circuit = bell()
    before = circuit.snapshot()
    circuit.name, circuit.metadata = "other", {"run": [1]}
    after = circuit.snapshot()
    circuit.metadata["run"].append(2)
    assert (before.name, before.metadata) == ("bell", {})
    assert (after.name, after.metadata) == ("other", {"run": [1]})
    assert circuit.snapshot().metadata == {"run": [1, 2]}


def test_what_was_worked_out_is_forgotten_when_a_block_at_any_depth_changes():
    circuit = Circuit(1, 1).measure(0, 0)
    middle = circuit.block()
    circuit.if_(circuit.bit(0), middle.if_(circuit.bit(0), circuit.block().x(0)))
    before, counted = circuit.snapshot(), circuit.once(inner_operations)
    asked = []

    def ask(known):
        asked.append(known)

    assert [circuit.once(ask), circuit.once(ask), len(asked)] == [None, None, 1]
    inner_block(circuit).y(0)
    assert inner_operations(before) == counted == 1
    assert circuit.once(inner_operations) == inner_operations(circuit.snapshot()) == 2
    inner_block(circuit).global_phase = 0.3
    circuit.once(ask)
    assert len(asked) == 2


def inner_block(circuit):
    return circuit.columns().details[1].then.columns().details[0].then


def inner_operations(circuit):
    return len(inner_block(circuit))


def test_nothing_is_kept_of_long_circuits():
    circuit = Circuit(1)
    for _ in range(2000):
        circuit.x(0)
    asked = []
    ask = lambda known: asked.append(known) or len(known)  # noqa: E731  # the same function each time
    assert [circuit.once(ask), circuit.once(ask)] == [2000, 2000]
    assert asked == [circuit, circuit]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda circuit: pickle.loads(pickle.dumps(circuit))])
def test_what_is_kept_stays_with_its_circuit(duplicate):
    circuit = bell()
    circuit.once(len)
    other = duplicate(circuit)
    assert other == circuit
    assert names(other.x(0)) == [*names(circuit), "x"]
    assert (other.once(len), circuit.once(len)) == (5, 4)


def test_a_copy_knows_what_was_worked_out_about_the_original():
    circuit, asked = bell(), []
    ask = lambda known: asked.append(known) or len(known)  # noqa: E731  # the same function each time
    assert [circuit.once(ask), circuit.copy().once(ask), circuit.snapshot().once(ask)] == [4, 4, 4]
    assert len(asked) == 1


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([*CHANGES][:7])), max_size=12))
def test_copies_that_share_columns_are_as_copies_that_do_not(steps):
    shared = [bell()]
    apart = [bell()]
    for which, change in steps:
        place = which % len(shared)
        if which == 3 and len(shared) < 6:
            shared[place].columns()
            shared.append(shared[place].copy())
            apart.append(Circuit.from_json(apart[place].to_json()))
        CHANGES[change](shared[place])
        CHANGES[change](apart[place])
        assert shared == apart
