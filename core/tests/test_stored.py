"""A record at rest: it comes back as it was, and what can't be stored says so."""

from __future__ import annotations

import json
import re
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock import Call, Circuit, Dock, JobError, LocalBackend, Parameter
from qdock.job import JobStatus
from qdock.store import MemoryStore
from qdock.stores.stored import NotStored, record_from_dict, record_to_dict
from qdock.tracking.record import Failure, JobProgress, Record, StatusChange

S = JobStatus


def record(**fields):
    history = (StatusChange(S.QUEUED, 1.5), StatusChange(S.RUNNING, 2.5, 1, True), StatusChange(S.ERROR, 3.5, 2))
    return Record(id="a1", backend="b", status=S.ERROR, history=history, created=1.5, **fields)


def stored(given):
    """Return the record after a way through JSON, with its arrays beside."""
    data, arrays = record_to_dict(given)
    return record_from_dict(json.loads(json.dumps(data, allow_nan=False)), arrays)


def test_a_record_with_everything_comes_back_as_it_was():
    full = record(
        revision=3,
        owner="host:1:ab",
        executor="thread",
        attempt=2,
        parent="p",
        rerun_of="r",
        native_id="n",
        cancel_requested=True,
        checkpoint={"step": [1, 2]},
        program=(Circuit(2, 2).h(0).cx(0, 1).measure_all(), Call("math:hypot", (3, 4), {})),
        options={"shots": 5, "mode": None},
        seed=2**64 - 1,
        tags=("a", "b"),
        metadata={"who": "me"},
        progress=JobProgress(0.5, "half"),
        metrics={"run": 0.25},
        error=Failure("exception", "no luck", "Traceback ..."),
    )
    assert stored(full) == full


def test_every_field_of_a_record_is_stored():
    data, _ = record_to_dict(record())
    assert set(data) == set(Record.__struct_fields__)


def test_arrays_stand_beside_the_json_values():
    options = {"start": np.arange(4) * 1j, "list": [np.ones((2, 2))]}
    data, arrays = record_to_dict(record(options=options))
    assert len(arrays) == 2
    back = record_from_dict(json.loads(json.dumps(data)), arrays).options
    assert np.array_equal(back["start"], options["start"])
    assert np.array_equal(back["list"][0], options["list"][0])


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.complex_numbers(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.integers() | st.tuples(st.text()), inner)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_values_come_back_as_they_were(value):
    assert stored(record(checkpoint=value)).checkpoint == value


@given(VALUES)
def test_arguments_of_calls_come_back_as_they_were(value):
    program = Call("math:hypot", (value,), {"x": value})
    assert stored(record(program=program)).program == program


def test_numbers_of_numpy_become_numbers_of_python():
    back = stored(record(checkpoint=[np.int64(3), np.float32(0.5), np.bool_(True), float("inf")])).checkpoint
    assert back == [3, 0.5, True, float("inf")]
    assert [type(value) for value in back] == [int, float, bool, float]


def test_a_circuit_with_control_flow_and_parameters_comes_back():
    circuit = Circuit(2, 2).rx(Parameter("a"), 0).measure(0, 0)
    circuit.if_(circuit.bit(0), circuit.block().x(1))
    assert stored(record(program=circuit)).program == circuit


def test_a_function_that_can_be_imported_is_stored_by_its_name():
    assert stored(record(program=Call(json.loads, ("{}",)))).program == Call("json:loads", ("{}",))


@pytest.mark.parametrize(
    "program, reason",
    [
        (Call(lambda: 1), "the function .*<lambda> can't be imported by its name"),
        (
            Call(max, (threading.Event(),)),
            "Event can't be stored: neither JSON nor an array, a Circuit or a Call",
        ),
        (Call(max, (np.array([None]),)), "an array of object can't be stored, only one of numbers"),
    ],
)
def test_a_program_that_can_not_be_stored_says_why(program, reason):
    back = stored(record(program=program))
    assert isinstance(back.program, NotStored)
    assert re.search(reason, back.program.reason)
    assert stored(back) == back


def test_a_job_whose_program_is_not_there_can_not_be_run_again():
    class Any(LocalBackend):
        def execute(self, programs, options, context):
            raise AssertionError

    with Dock(entry_points=[], store=MemoryStore()) as dock:
        job = dock.run(Circuit(1), Any())
        job.wait_for_final_state()
        dock.store._records[job.job_id()] = lost = stored(record(program=Call(lambda: 1)))
        job._record = lost
        with pytest.raises(
            JobError, match=r"Job a1 can't be run again: its program could not be stored, as the functio"
        ):
            job.rerun()


def test_a_record_of_a_newer_version_is_refused():
    data, arrays = record_to_dict(record(format_version=99))
    with pytest.raises(
        JobError, match=r"The record of job a1 is of format 99, but this version of qdock reads up to 1\."
    ):
        record_from_dict(data, arrays)


@pytest.mark.parametrize(
    "damage",
    [
        {"status": "FINISHED"},
        {"history": [["QUEUED"]]},
        {"history": 5},
        {"program": {"$import": "os:system"}},
        {"options": {"$array": "nowhere"}},
        {"program": {"$circuit": "no json"}},
        {"error": [1, 2, 3, 4]},
    ],
)
def test_a_damaged_record_is_refused(damage):
    data, arrays = record_to_dict(record())
    with pytest.raises(JobError, match="The record of job a1 is damaged"):
        record_from_dict({**data, **damage}, arrays)


def test_a_record_without_a_field_is_refused():
    data, arrays = record_to_dict(record())
    del data["seed"]
    with pytest.raises(JobError, match="The record of job a1 is damaged: KeyError: 'seed'"):
        record_from_dict(data, arrays)
