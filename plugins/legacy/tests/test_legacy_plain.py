"""Plain circuits: the short way through the rules and through a run comes to the same as the long one."""

import json
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock_legacy import Qobj, QobjError
from qdock_legacy.plain import SHAPES, read_plain
from qdock_legacy.qobj_rules import problems_of
from qdock_legacy.simulators import run_qobj

QUBITS = 3

ANGLE = st.one_of(st.floats(-7, 7), st.integers(-3, 3))
QUBIT = st.integers(0, QUBITS - 1)


@st.composite
def gates(draw):
    """Return a gate that is as it should be."""
    name = draw(st.sampled_from(sorted(SHAPES)))
    width, angles = SHAPES[name]
    gate = {"name": name, "qubits": draw(st.permutations(range(QUBITS)))[:width]}
    return gate | ({"params": draw(st.lists(ANGLE, min_size=angles, max_size=angles))} if angles else {})


BARRIER = st.builds(lambda qubits: {"name": "barrier", "qubits": sorted(qubits)}, st.sets(QUBIT))
MEASUREMENT = st.builds(lambda q, slot: {"name": "measure", "qubits": [q], "memory": [slot]}, QUBIT, st.integers(0, 4))
PLAIN = st.builds(lambda first, last: first + last, st.lists(st.one_of(gates(), BARRIER)), st.lists(MEASUREMENT))

#: What may be odd about an instruction.
ODDITIES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["u3", "cx", "h", "measure", "barrier", "reset", "id", "cz", "unitary", "foo"]),
        "qubits": st.lists(st.integers(-1, QUBITS), max_size=3),
        "params": st.lists(st.one_of(ANGLE, st.booleans(), st.just("x"), st.just(10**400)), max_size=3),
        "memory": st.one_of(st.integers(-1, 2), st.lists(st.integers(-1, 10**6), max_size=2)),
        "register": st.one_of(st.integers(-1, 2), st.lists(st.integers(-1, 2), max_size=2)),
        "conditional": st.integers(-1, 2),
        "texparams": st.just(["x"]),
        "label": st.just("l"),
    },
)


def qobj_of(instructions, shots=200):
    sizes = {"n_qubits": QUBITS, "memory_slots": 5}
    experiment = {"config": sizes, "header": {"name": "c"}, "instructions": instructions}
    return {
        "qobj_id": "q",
        "schema_version": "1.3.0",
        "type": "QASM",
        "header": {},
        "config": {"shots": shots, "memory": True, "seed_simulator": 11, **sizes},
        "experiments": [experiment, {**experiment, "header": {"name": "d"}}],
    }


@contextmanager
def the_long_way():
    with mock.patch("qdock_legacy.plain.read_plain", return_value=None):
        yield


def data_of(result):
    return [(entry["name"], entry["data"]) for entry in result["results"]]


@given(PLAIN)
def test_a_plain_circuit_gives_the_same_on_both_ways(instructions):
    text = json.dumps(qobj_of(instructions))
    short = Qobj.loads(text)
    assert all(experiment.plain is not None for experiment in short.experiments)
    found = data_of(run_qobj(short))
    with the_long_way():
        long = Qobj.loads(text)
        assert all(experiment.plain is None for experiment in long.experiments)
        assert found == data_of(run_qobj(long))


@given(PLAIN, st.integers(1, 3), ODDITIES)
def test_whatever_is_plain_breaks_no_rule(instructions, number, oddity):
    odd = {"name": "h", "qubits": [0]} | (instructions[0] if instructions else {}) | oddity
    data = qobj_of([*instructions[:number], odd, *instructions[number:]])
    try:
        qobj = Qobj.from_dict(data)
    except QobjError:
        return
    if qobj.experiments[0].plain is None:
        return
    with the_long_way():
        again = Qobj.from_dict(data)
        assert problems_of(again) == problems_of(again, strict=True) == []
        assert data_of(run_qobj(again)) == data_of(run_qobj(qobj))


@pytest.mark.parametrize("extra", [', "name": "h"', ', "label": "a", "label": "b"', ', "qubits": [1]'])
def test_a_name_that_a_plain_instruction_has_twice_is_found(extra):
    text = json.dumps(qobj_of([{"name": "h", "qubits": [0]}])).replace('"qubits": [0]', f'"qubits": [0]{extra}', 1)
    with pytest.raises(QobjError, match=r"instructions\[0\]\.\w+: it was given twice; allowed is once"):
        Qobj.loads(text)


@pytest.mark.parametrize("angle, is_plain", [(1e308, False), (-1e308, False), (10**307, True), (8 * 10**307, False)])
def test_angles_whose_sum_is_no_number_are_left_to_the_general_rules(angle, is_plain):
    steps = [{"name": "rz", "qubits": [0], "params": [angle]}] * 5
    qobj = Qobj.from_dict(qobj_of(steps))
    assert (read_plain(qobj.experiments[0]) is not None) == is_plain
    assert list(run_qobj(qobj)["results"][0]["data"]["counts"]) == ["0x0"]


def test_a_circuit_without_a_number_of_qubits_is_not_plain():
    experiment = Qobj.from_dict(qobj_of([])).experiments[0]
    bare = type(experiment)(instructions=experiment.instructions)
    assert bare.plain is None
    assert experiment.plain is not None
