"""Many circuits in a few arrays: what is written, and that nothing but what was written can be read."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qdock.circuit import Circuit
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import Parameter
from qdock.gates import GATES
from qdock.operations import Code
from qdock.stores import packed_circuits
from qdock.stores.packed_circuits import pack_circuits, unpack_circuits

H, RZ, CX, MEASURE = GATES["h"].code, GATES["rz"].code, GATES["cx"].code, int(Code.MEASURE)
BELL = Circuit(2, 2, name="bell").h(0).cx(0, 1).rz(0.5, 1).measure_all()
GHZ = Circuit(3, 3, name="ghz").h(0).cx(0, 1).cx(1, 2).barrier().measure_all()


def packed(**changes):
    """Return the packed forms of two circuits, with some parts replaced."""
    value, arrays = pack_circuits([BELL, GHZ])
    return (
        {**value, **{name: part for name, part in changes.items() if name in value}},
        {**arrays, **{name: part for name, part in changes.items() if name in arrays}},
    )


# --- what is written


def test_plain_operations_stand_in_columns_and_the_others_in_rows():
    value, arrays = packed()
    assert value == {
        "version": 1,
        "heads": [
            {"name": "bell", "metadata": {}, "qregs": [["q", 2]], "cregs": [["c", 2, True]], "variables": []},
            {"name": "ghz", "metadata": {}, "qregs": [["q", 3]], "cregs": [["c", 3, True]], "variables": []},
        ],
        "names": [[H, "h"], [RZ, "rz"], [CX, "cx"], [MEASURE, "measure"]],
        "rest": [[1, {"global_phase": 0.0, "blocks": [], "operations": [[3, ["barrier", [0, 1, 2]]]]}]],
    }
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "head": [0, 1],
        "length": [5, 6],
        "phase": [0.0, 0.0],
        "code": [H, CX, RZ, *[MEASURE] * 2, H, CX, CX, *[MEASURE] * 3],
        "qubits": [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 2, 0, 1, 2],
        "clbits": [0, 1, 0, 1, 2],
        "params": [0.5],
    }


def test_circuits_that_differ_in_their_operations_share_what_stands_before_them():
    circuits = [Circuit(2, 2).rx(angle, 0) for angle in (0.1, 0.2)]
    value, arrays = pack_circuits(circuits)
    assert len(value["heads"]) == 1
    assert unpack_circuits(value, arrays) == circuits


def test_circuits_that_were_read_can_be_changed_one_without_the_other():
    one, other = unpack_circuits(*pack_circuits([BELL, BELL]))
    one.x(0).add_creg("more", 1)
    one.metadata["about"] = "one"
    assert other == BELL
    assert other.metadata == {}


def test_qubits_of_high_numbers_come_back():
    circuit = Circuit(100_000).cx(99_999, 300).ccx(70_000, 5, 1)
    assert unpack_circuits(*pack_circuits([circuit])) == [circuit]


@pytest.mark.parametrize("angle", [5e-324, 1.7976931348623157e308, 0.1, -0.0, math.pi])
def test_angles_come_back_from_arrays_to_the_bit(angle):
    (read,) = unpack_circuits(*pack_circuits([Circuit(1).rz(angle, 0)]))
    assert math.copysign(1, read[0].params[0]) == math.copysign(1, angle)
    assert read[0].params[0] == angle


@pytest.mark.parametrize(
    "metadata, message",
    [
        ({"x": {1}}, "can't be written as JSON"),
        ([1], "is a dict of JSON values"),
        ({"x": math.nan}, "can't be written"),
    ],
)
def test_circuits_whose_metadata_is_no_json_are_not_packed(metadata, message):
    circuit = Circuit(1)
    circuit.metadata = metadata
    with pytest.raises(CircuitError, match=message):
        pack_circuits([circuit])


# --- codes of other versions


def test_operations_are_known_by_their_names_whatever_their_codes_were():
    others = {H: CX, CX: 0, RZ: 200, MEASURE: 255}
    code = np.array([others[code] for code in packed()[1]["code"].tolist()], np.uint8)
    value, arrays = packed(code=code, names=[[CX, "h"], [0, "cx"], [200, "rz"], [255, "measure"]])
    assert unpack_circuits(value, arrays) == [BELL, GHZ]


@pytest.mark.parametrize("name", ["nothing", "modified", "barrier", "delay", "if", "unitary", ""])
def test_an_operation_that_can_not_stand_in_columns_is_refused(name):
    with pytest.raises(CircuitError, match=f"No operation that can stand in packed circuits is named '{name}' in this"):
        unpack_circuits(*packed(names=[[H, name], [CX, "cx"], [RZ, "rz"], [MEASURE, "measure"]]))


@pytest.mark.parametrize("number", [-1, 256, 10**30])
def test_codes_are_those_of_a_byte(number):
    with pytest.raises(CircuitError, match=r"No operation that can stand|These are no packed circuits"):
        unpack_circuits(*packed(names=[[number, "h"]]))


def test_an_operation_without_a_name_is_refused():
    message = "The packed circuits have an operation that has no name in them"
    with pytest.raises(CircuitError, match=message):
        unpack_circuits(*packed(names=[[0, "h"]]))
    with pytest.raises(CircuitError, match=message):
        unpack_circuits(*packed(code=packed()[1]["code"].astype(np.uint16)))


# --- what is no such form


@pytest.mark.parametrize("value", [None, [], {}, {"version": 2}, {"version": "1"}, 5])
def test_another_version_of_packed_circuits_is_refused(value):
    with pytest.raises(CircuitError, match=r"These are packed circuits of version .*; what can be read is 1\."):
        unpack_circuits(value, {})


@pytest.mark.parametrize(
    "changes",
    [{"heads": 5}, {"heads": [{}]}, {"names": [["h", 0]]}, {"rest": [[0]]}, {"rest": [[0, {}]]}, {"rest": [[0.5, {}]]}],
)
def test_what_is_no_such_document_is_refused(changes):
    value, arrays = packed()
    with pytest.raises(CircuitError, match="These are no packed circuits: "):
        unpack_circuits({**value, **changes}, arrays)


def test_a_document_with_more_is_refused():
    value, arrays = packed()
    with pytest.raises(CircuitError, match="These are no packed circuits: Object contains unknown field `more`"):
        unpack_circuits({**value, "more": 1}, arrays)


@pytest.mark.parametrize("name", ["head", "length", "phase", "code", "qubits", "clbits", "params"])
def test_an_array_of_another_kind_is_refused(name):
    value, arrays = packed()
    for wrong in (None, arrays[name][None], arrays[name].astype(complex), arrays[name].astype("i8")):
        changed = {key: array for key, array in {**arrays, name: wrong}.items() if array is not None}
        with pytest.raises(CircuitError, match=f"The packed circuits have no '{name}', or one that is no list of numb"):
            unpack_circuits(value, changed)


def unsigned(*numbers):
    return np.array(numbers, np.uint64)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"head": unsigned(0, 2)}, "The packed circuits have 2 heads, but refer to number 2"),
        ({"head": unsigned(0)}, "There are 2 heads of 1 packed circuits"),
        ({"length": unsigned(5)}, "The packed circuits are 2, 1 and 2 at once"),
        ({"phase": np.zeros(3)}, "The packed circuits are 2, 2 and 3 at once"),
        ({"phase": np.array([np.nan, 0])}, "The global phase of circuit 0 is invalid: .* must be finite, but is nan"),
        ({"length": unsigned(5, 5)}, "There are 11 packed operations, but the circuits have more or fewer"),
        ({"length": unsigned(5, 7)}, "There are 11 packed operations, but the circuits have more or fewer"),
        ({"length": unsigned(12, 2**64 - 1)}, "There are 11 packed operations, but the circuits have more or fewer"),
        ({"qubits": unsigned(1)}, "The packed operations take 14 qubits, but there are more or fewer"),
        ({"clbits": unsigned(*[0] * 6)}, "The packed operations take 5 clbits, but there are more or fewer"),
        ({"params": np.zeros(0)}, "The packed operations take 1 params, but there are more or fewer"),
        ({"params": np.array([np.inf])}, "Plain operation 2 of circuit 0 is invalid: An angle of 'rz' must be finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(CircuitError, match=message):
        unpack_circuits(*packed(**changes))


@pytest.mark.parametrize(
    "name, place, number, message",
    [
        (
            "qubits",
            0,
            2,
            "Plain operation 0 of circuit 0 is invalid: 'h' was given qubit 2, but the circuit has 2 qubits",
        ),
        ("qubits", 13, 3, "Plain operation 5 of circuit 1 is invalid: 'measure' was given qubit 3, but"),
        ("qubits", 13, 2**63, "'measure' was given qubit 9223372036854775808"),
        ("qubits", 2, 0, "Plain operation 1 of circuit 0 is invalid: 'cx' was given qubit 0 twice"),
        ("clbits", 1, 2, "Plain operation 4 of circuit 0 is invalid: 'measure' was given clbit 2, but"),
    ],
)
def test_an_operation_that_the_builder_would_not_take_is_refused_in_its_words(name, place, number, message):
    array = packed()[1][name].astype(np.uint64)
    array[place] = number
    with pytest.raises(CircuitError, match=message):
        unpack_circuits(*packed(**{name: array}))


def rest(*operations, number=1, phase=0.0):
    return [[number, {"global_phase": phase, "blocks": [], "operations": [*operations]}]]


@pytest.mark.parametrize(
    "changes, message",
    [
        (rest(number=2), "The packed circuits say something of circuit 2, which is not there"),
        (rest(number=-1), "The packed circuits say something of circuit -1, which is not there"),
        (rest() * 2, "The packed circuits say something of a circuit twice"),
        (rest([7, ["x", [0]]]), "An operation of circuit 1 stands after 7 of its 6 plain operations"),
        (rest([-1, ["x", [0]]]), "An operation of circuit 1 stands after -1 of its 6 plain operations"),
        (rest([2, ["x", [0]]], [1, ["x", [0]]]), "An operation of circuit 1 stands after 1 of its 6 plain operations"),
        (rest([2, ["x", [5]]]), "Operation 2 of circuit 1 is invalid: 'x' was given qubit 5"),
        (rest([2, ["x", [0, 1]]]), "Operation 2 of circuit 1 is invalid: .*acts on 1 qubit"),
        (rest([2, ["reset", [0, 1]]]), "Operation 2 of circuit 1 is invalid: it stands for several or none"),
        (rest([2, ["if"]]), "Operation 2 of circuit 1 is invalid: it is not of the form that to_json writes"),
        (rest(phase={"postfix": [["bit", 7]]}), "The global phase of circuit 1 is invalid: .* but 'c\\[7\\]' is a bit"),
    ],
)
def test_what_is_no_rest_is_refused(changes, message):
    with pytest.raises(CircuitError, match=message):
        unpack_circuits(*packed(rest=changes))


def test_too_many_packed_circuits_are_refused(monkeypatch):
    two = packed()
    monkeypatch.setattr(packed_circuits, "MAX_CIRCUITS", 1)
    with pytest.raises(LimitExceeded, match="There are 2 packed circuits; the limit is 1"):
        unpack_circuits(*two)
    with pytest.raises(LimitExceeded, match="There are 2 packed circuits; the limit is 1"):
        pack_circuits([BELL, GHZ])


def test_a_circuit_of_rows_only_comes_back():
    circuit = Circuit(1, global_phase=Parameter("a") / 2).rx(Parameter("b"), 0).delay(5, 0, "ns")
    assert unpack_circuits(*pack_circuits([circuit, circuit])) == [circuit, circuit]
    assert unpack_circuits(*pack_circuits([Circuit()])) == [Circuit()]
