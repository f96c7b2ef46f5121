"""The model of Qobj: it can't be changed, and reading and writing are each other's inverse."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from qdock.errors import ProgramError
from qdock_legacy import Condition, Fields, Instruction, Qobj, QobjError

NAMES = ["001_bell", "041_odd_headers", "047_bfunc_all_relations_to_memory", "049_conditional_object_on_memory"]


@pytest.fixture
def bell(read):
    return read("001_bell")


@pytest.mark.parametrize("name", NAMES)
def test_to_dict_is_the_inverse_of_from_dict_and_of_loads(read, name):
    data = read(name)
    qobj = Qobj.from_dict(data)
    assert qobj.to_dict() == data
    assert Qobj.loads(json.dumps(data)) == qobj == Qobj.loads(qobj.dumps()) == Qobj.loads(qobj.dumps().encode())


def test_reading_a_dict_twice_gives_the_same_and_leaves_it_as_it_is(bell):
    before = copy.deepcopy(bell)
    assert Qobj.from_dict(bell) == Qobj.from_dict(bell)
    assert bell == before
    qobj = Qobj.from_dict(bell)
    bell["experiments"][0]["instructions"].clear()
    bell["experiments"][0]["header"]["qreg_sizes"][0][0] = "other"
    assert qobj.to_dict() == before


def test_what_is_taken_out_is_nobody_elses(bell):
    qobj = Qobj.from_dict(bell)
    qobj.to_dict()["experiments"][0]["header"]["qreg_sizes"].clear()
    qobj.header.to_dict().clear()
    assert qobj.to_dict() == bell


def test_a_qobj_is_written_to_a_file_and_read_from_it(bell, tmp_path):
    qobj = Qobj.from_dict(bell)
    qobj.save(tmp_path / "bell.json")
    assert Qobj.load(tmp_path / "bell.json") == qobj == Qobj.load(str(tmp_path / "bell.json"))


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ProgramError, match=r"none\.json does not exist"):
        Qobj.load(tmp_path / "none.json")


def test_parts_are_typed(read):
    qobj = Qobj.from_dict(read("049_conditional_object_on_memory"))
    _, measure, flip, _ = qobj.experiments[0].instructions
    assert (measure.name, measure.qubits, measure.memory) == ("measure", (0,), (0,))
    assert flip.conditional == Condition(mask="0x1", val="0x1", type="equals")
    assert Instruction("x", qubits=(0,)).to_dict() == {"name": "x", "qubits": [0]}


def test_nothing_of_it_can_be_changed(bell):
    qobj = Qobj.from_dict(bell)
    for part, name in (
        (qobj, "qobj_id"),
        (qobj.experiments[0], "header"),
        (qobj.experiments[0].instructions[0], "name"),
    ):
        with pytest.raises(AttributeError, match="immutable type"):
            setattr(part, name, "other")
    with pytest.raises(AttributeError, match="A Qobj can't be changed"):
        qobj.config.shots = 3
    with pytest.raises(TypeError, match="does not support item assignment"):
        qobj.config["shots"] = 3
    assert qobj.experiments[0].header.qreg_sizes == (("q", 2),)


def test_fields_are_read_by_name_and_by_attribute():
    fields = Fields({"a": 1, "b": {"c": [1, {"d": 2}]}})
    assert (fields.a, fields["a"], fields.b.c[1].d, fields.get("z", 5), list(fields), len(fields)) == (
        1, 1, 2, 5, ["a", "b"], 2,
    )  # fmt: skip
    assert fields == {"a": 1, "b": {"c": [1, {"d": 2}]}}
    assert hash(fields) == hash(Fields(fields))
    assert repr(Fields({"a": 1})) == "Fields({'a': 1})"
    with pytest.raises(AttributeError, match="There is no 'z' among these fields: a, b"):
        _ = fields.z


def test_a_qobj_survives_the_way_to_another_process(bell):
    qobj = Qobj.from_dict(bell)
    assert pickle.loads(pickle.dumps(qobj)) == qobj == copy.deepcopy(qobj)


def test_an_error_survives_the_way_to_another_process():
    error = pickle.loads(pickle.dumps(QobjError("config.shots: 0 was given", "config.shots")))
    assert (str(error), error.path) == ("config.shots: 0 was given", "config.shots")


def test_complex_numbers_and_arrays_in_memory_are_written_as_pairs(bell):
    matrix = np.array([[0, -1j], [1j, 0]])
    bell["experiments"][0]["instructions"][0] = {"name": "unitary", "qubits": [np.int64(0)], "params": [matrix]}
    bell["config"]["initial_statevector"] = [1, 0, 0, 0j]
    data = Qobj.from_dict(bell).to_dict()
    assert data["experiments"][0]["instructions"][0] == {
        "name": "unitary",
        "qubits": [0],
        "params": [[[[0, 0], [0, -1]], [[0, 1], [0, 0]]]],
    }
    assert data["config"]["initial_statevector"] == [1, 0, 0, [0, 0]]
    assert json.loads(json.dumps(data)) == data
