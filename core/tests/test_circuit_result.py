"""CircuitResult: what backends make, and what users ask of it."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.errors import ResultError
from qdock.results.circuit_result import CircuitResult


@pytest.fixture
def circuit():
    """Registers a[1], a hidden scratch[2], empty[0] and b[2]."""
    made = Circuit(3, name="three")
    made.add_creg("a", 1)
    made.add_creg("scratch", 2, output=False)
    made.add_creg("empty", 0)
    made.add_creg("b", 2)
    return made


@pytest.fixture
def entry(circuit):
    return CircuitResult.from_outcomes(
        circuit,
        np.array([[5], [0], [5]], np.uint64),
        memory=[0, 1, 2, 1, 1],
        seed=7,
        seconds=0.25,
        probabilities=[0.5, 0, 0, 0, 0, 0.5, 0, 0],
        header={"id": 3},
    )


# --- made by backends


def test_outcomes_are_sorted_merged_and_keep_the_order_of_the_shots(entry):
    assert entry.outcomes.tolist() == [[0], [5]]
    assert entry.counts.tolist() == [3, 2]
    assert entry.memory.tolist() == [1, 0, 1, 0, 0]
    assert entry.memory.dtype == np.uint8
    assert entry.shots == 5


def test_registers_are_shown_last_declared_first_and_hidden_ones_are_not(entry):
    assert entry.registers == (("a", 1), ("empty", 0), ("b", 2))
    assert entry.num_clbits == 3
    assert entry.get_counts() == {"00 0": 3, "10 1": 2}
    assert entry.get_memory() == ["10 1", "00 0", "10 1", "00 0", "00 0"]


def test_counts_may_come_as_a_mapping(circuit):
    entry = CircuitResult.from_counts(circuit, {"10 1": 2, "0x0": 3})
    assert entry.get_counts() == {"00 0": 3, "10 1": 2}
    assert entry.shots == 5


def test_one_row_a_shot_is_counted(circuit):
    entry = CircuitResult.from_outcomes(circuit, np.array([5, 0, 5]))
    assert entry.get_counts() == {"00 0": 1, "10 1": 2}


def test_outcomes_never_seen_are_left_out(circuit):
    entry = CircuitResult.from_outcomes(circuit, [0, 1, 5], [2, 0, 1], memory=[0, 2, 0])
    assert entry.get_counts() == {"00 0": 2, "10 1": 1}
    assert entry.get_memory() == ["00 0", "10 1", "00 0"]


def test_some_shots_may_have_been_lost(circuit):
    assert CircuitResult.from_counts(circuit, {"000": 3}, shots=10).get_counts().shots == 3


@pytest.mark.parametrize("counts", [{}, {"": 9}, {"0": 9}, {"0x0": 9}, {0: 9}])
def test_without_clbits_counts_are_empty(counts):
    entry = CircuitResult.from_counts(Circuit(2), counts)
    assert entry.get_counts() == {}
    assert entry.shots == sum(counts.values())


@pytest.mark.parametrize("outcomes", [np.zeros((4, 0), np.uint64), np.zeros((4, 1), np.uint64), [0, 0, 0, 0]])
def test_without_clbits_memory_is_empty(outcomes):
    entry = CircuitResult.from_outcomes(Circuit(2), outcomes, memory=[0, 1, 2, 3])
    assert entry.get_counts() == {}
    assert entry.get_memory() == []
    assert entry.shots == 4


def test_thousands_of_clbits_work():
    circuit = Circuit(1, 3000)
    entry = CircuitResult.from_counts(circuit, {1 << 2999: 2, 1: 3})
    assert list(entry.get_counts()) == ["0" * 2999 + "1", "1" + "0" * 2999]
    assert entry.get_data()["counts"] == {"0x1": 3, hex(1 << 2999): 2}


def test_loose_clbits_are_a_group_of_their_own(circuit):
    entry = CircuitResult.from_counts(circuit, {"1 10 1": 1}, num_clbits=4)
    assert entry.get_counts() == {"1 10 1": 1}


def test_arrays_are_taken_over_and_read_only(circuit):
    state = np.array([[1, 0], [0, 0]], np.complex128)
    entry = CircuitResult.from_circuit(circuit, statevector=state.reshape(-1), data={"x": np.arange(3.0)})
    assert np.shares_memory(entry.statevector, state)
    for array in (state, entry.statevector, entry.data["x"], entry.get_statevector()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(FrozenInstanceError):
        entry.shots = 3


def test_a_callers_mapping_can_change_without_changing_the_result(circuit):
    header = {"list": [1, (2, 3)], "number": np.float64(0.5), "flag": np.bool_(True), "size": np.int8(3)}
    entry = CircuitResult.from_circuit(circuit, header=header)
    header["list"].append(9)
    assert entry.header == {"list": [1, [2, 3]], "number": 0.5, "flag": True, "size": 3}
    assert [type(value) for value in entry.header.values()] == [list, float, bool, int]


NAN = float("nan")


@pytest.mark.parametrize(
    "fields,kind,message",
    [
        ({"name": 3}, TypeError, "`name` of a result is a text, but 3"),
        ({"error": None}, TypeError, "`error` of a result is a text, but None"),
        ({"shots": 1.0}, TypeError, r"`shots` of a result is a whole number, but 1\.0"),
        ({"shots": True}, TypeError, "`shots` of a result is a whole number, but True"),
        ({"shots": -1}, ValueError, r"`shots` of a result is at least 0 and below 2\*\*63, but is -1"),
        ({"seed": 2**64}, ValueError, r"`seed` of a result is at least 0 and below 2\*\*64"),
        ({"seconds": "1"}, TypeError, "`seconds` of a result is a number, but '1'"),
        ({"seconds": -1}, ValueError, r"`seconds` of a result is finite and at least 0, but is -1\.0"),
        ({"seconds": NAN}, ValueError, "but is nan"),
        ({"seconds": 10**400}, ValueError, "but is inf"),
        ({"registers": [("a", 9)], "num_clbits": 3}, ValueError, "`num_clbits` is at least the 9 clbits"),
        ({"outcomes": [0]}, ValueError, "`outcomes` and `counts` of a result go together"),
        ({"memory": [0]}, ValueError, "and `memory` only with them"),
        ({"outcomes": [0], "counts": [1, 2]}, ValueError, r"`counts` of 1 outcomes is a \(1,\) array of integers"),
        ({"outcomes": [0], "counts": [0.5]}, ValueError, "and type float64 was given"),
        ({"outcomes": [0], "counts": [-1]}, ValueError, r"`counts` of a result are at least 0 and below 2\*\*63"),
        ({"outcomes": [0], "counts": [4]}, ValueError, "add up to at most its shots, but to 4 of 3 shots"),
        ({"outcomes": [0, 1, 2, 3], "counts": [2**62] * 4}, ValueError, f"but to {2**64} of 3 shots"),
        ({"outcomes": [0], "counts": [2], "memory": [[0, 0]]}, ValueError, r"`memory` of a result is a \(shots,\)"),
        ({"outcomes": [0], "counts": [2], "memory": [0.0, 0.0]}, ValueError, "and type float64 was given"),
        ({"outcomes": [0], "counts": [2], "memory": [0, 1]}, ValueError, "indices of its 1 outcomes, but one is out"),
        ({"outcomes": [0], "counts": [2], "memory": [0, -1]}, ValueError, "but one is out of range"),
        ({"outcomes": [0], "counts": [2], "memory": [0]}, ValueError, "`memory` and `counts` of a result disagree"),
        ({"statevector": [1, 0, 0]}, ValueError, r"shape \(2\*\*n,\), but an array of shape \(3,\)"),
        ({"statevector": [[1, 0]]}, ValueError, r"an array of shape \(1, 2\)"),
        ({"statevector": 1}, ValueError, r"an array of shape \(\)"),
        ({"statevector": ["a", "b"]}, TypeError, "`statevector` is an array of complex numbers, but one of type <U1"),
        ({"unitary": np.eye(3)}, ValueError, r"shape \(2\*\*n, 2\*\*n\), but an array of shape \(3, 3\)"),
        ({"unitary": np.ones((2, 4))}, ValueError, r"of shape \(2, 4\)"),
        ({"probabilities": [1, 0, 0]}, ValueError, r"`probabilities` of n bits has the shape \(2\*\*n,\)"),
        ({"probabilities": []}, ValueError, r"but one of shape \(0,\)"),
        ({"probabilities": np.eye(2)}, ValueError, r"is an array of shape \(2\*\*n,\), but one of shape \(2, 2\)"),
        ({"probabilities": {"00": 1.0}}, ValueError, "'00' has 2 bits, but there are 3 clbits"),
        ({"probabilities": [1.0], "probability_outcomes": [0, 1]}, ValueError, "1 `probabilities`, but 2 `probabil"),
        ({"probability_outcomes": [0]}, ValueError, "go with `probabilities`, which are missing"),
        ({"header": 3}, TypeError, "`header` of a result is a mapping, but 3"),
        ({"header": {1: 2}}, TypeError, "header has the key 1, but the keys of JSON objects are strings"),
        (
            {"header": {"a": [{"b": {3}}]}},
            TypeError,
            r"header\['a'\]\[0\]\['b'\] is of type set, which JSON can't hold",
        ),
        ({"header": {"a": np.eye(2)}}, TypeError, "Arrays can be values of a result's `data`"),
        ({"header": {"a": NAN}}, ValueError, r"header\['a'\] is nan, which JSON can't hold; an array can"),
        ({"header": {"a": 1 << 5000}}, ValueError, "an integer of 5001 bits; up to 4096 can be stored"),
        ({"data": [1]}, TypeError, "`data` of a result is a mapping"),
        ({"data": {"x": np.array(["a"])}}, TypeError, r"data\['x'\] is an array of type <U1, which can't be stored"),
        ({"data": {"x": np.array([{}])}}, TypeError, r"data\['x'\] is an array of type object"),
        ({"data": {3: np.ones(1)}}, TypeError, "`data` of a result is a text, but 3"),
        ({"data": {"x": object()}}, TypeError, r"data\['x'\] is of type object, which JSON can't hold"),
    ],
)
def test_values_that_fit_nowhere_are_refused(fields, kind, message):
    with pytest.raises(kind, match=message):
        CircuitResult(**{"shots": 3, "num_clbits": 3, **fields})


def test_a_header_without_an_end_is_refused():
    header: dict = {}
    header["a"] = header
    with pytest.raises(ValueError, match="nested over 120 levels deep"):
        CircuitResult(header=header)


@pytest.mark.parametrize("memory", [[-1], [[0]], [0.5]])
def test_memory_that_is_none_is_refused_when_it_is_to_be_counted(circuit, memory):
    with pytest.raises(ValueError, match=r"`memory` is a \(shots,\) array of indices of the 1 outcomes"):
        CircuitResult.from_outcomes(circuit, [0], memory=memory)


# --- asked by users


def test_statevector_and_unitary_are_arrays_and_round_on_request():
    entry = CircuitResult(statevector=[0.123456, 1j], unitary=np.eye(2, dtype=np.complex64))
    assert entry.get_statevector().dtype == np.complex128
    assert entry.get_unitary().dtype == np.complex64
    assert entry.get_statevector(decimals=2).tolist() == [0.12, 1j]
    assert entry.get_statevector(decimals=0).tolist() == [0, 1j]


@pytest.mark.parametrize(
    "method,advice",
    [
        ("get_counts", "has no counts; its result holds unitary, energy. Run it with output='counts' to get it"),
        ("get_memory", "has no memory; .* Run it with memory=True to get it"),
        ("get_statevector", "has no statevector; .* Run it with output='statevector' to get it"),
        ("get_probabilities", "has no probabilities; .* Run it with output='probabilities' to get it"),
        ("get_probabilities_dict", "has no probabilities; .* Run it with output='probabilities' to get it"),
    ],
)
def test_what_is_missing_is_named_with_what_there_is_and_how_to_get_it(method, advice):
    entry = CircuitResult(name="x", unitary=np.eye(2), data={"energy": 1})
    with pytest.raises(ResultError, match=f"Circuit 'x' {advice}"):
        getattr(entry, method)()


def test_an_empty_entry_says_that_it_holds_nothing():
    with pytest.raises(ResultError, match=r"has no unitary; its result holds nothing\. Run it with output='unitary'"):
        CircuitResult().get_unitary()


def test_a_failed_circuit_says_why():
    entry = CircuitResult(name="x", error="out of memory")
    with pytest.raises(ResultError, match="Circuit 'x' has no counts, because it failed: out of memory"):
        entry.get_counts()
    assert "failed" in repr(entry)


def test_bit_strings_are_made_once_and_counts_each_time(entry):
    assert entry.bit_strings is entry.bit_strings
    counts = entry.get_counts()
    counts.clear()
    assert entry.get_counts() == {"00 0": 3, "10 1": 2}


def test_probabilities_are_an_array_or_a_dict(entry):
    assert entry.get_probabilities().tolist() == [0.5, 0, 0, 0, 0, 0.5, 0, 0]
    assert entry.get_probabilities_dict() == {"00 0": 0.5, "10 1": 0.5}


def test_probabilities_of_likely_outcomes_only_are_the_same_ones(entry, circuit):
    sparse = CircuitResult.from_circuit(circuit, probabilities={"10 1": 0.5, 0: 0.5, "0x1": 0.0})
    assert sparse.get_probabilities().tolist() == entry.get_probabilities().tolist()
    assert sparse.get_probabilities_dict() == entry.get_probabilities_dict()
    assert sparse == CircuitResult.from_circuit(circuit, probabilities=[0.5, 0.5], probability_outcomes=[5, 0])


def test_probabilities_of_many_clbits_are_a_dict_only():
    entry = CircuitResult(num_clbits=60, probabilities={0: 0.25, 1 << 59: 0.75})
    assert entry.get_probabilities_dict() == {"0" * 60: 0.25, "1" + "0" * 59: 0.75}
    with pytest.raises(ResultError, match=r"2 outcomes of 60 clbits.*Ask for get_probabilities_dict\(\)"):
        entry.get_probabilities()


def test_probabilities_of_qubits_have_no_registers(circuit):
    entry = CircuitResult.from_circuit(circuit, probabilities=[0.5, 1e-17, 0, 0.5])
    assert entry.get_probabilities_dict() == {"00": 0.5, "11": 0.5}
    assert entry.get_probabilities_dict(threshold=0) == {"00": 0.5, "01": 1e-17, "11": 0.5}


def test_probabilities_without_any_bit_work():
    assert CircuitResult(probabilities=[1.0]).get_probabilities_dict() == {"": 1.0}
    assert CircuitResult(probabilities={"": 1.0}).get_probabilities().tolist() == [1.0]


def test_data_has_everything_under_the_names_of_the_field(entry):
    data = entry.get_data()
    assert data["counts"] == {"0x0": 3, "0x5": 2}
    assert data["memory"] == ["0x5", "0x0", "0x5", "0x0", "0x0"]
    assert data["probabilities"] is entry.probabilities
    assert CircuitResult(probabilities={"": 1.0}).get_data() == {"probabilities": {"": 1.0}}
    assert CircuitResult(data={"energy": 1.5}).get_data() == {"energy": 1.5}


def test_to_dict_is_json(entry):
    assert json.loads(json.dumps(entry.to_dict(), allow_nan=False)) == {
        "name": "three",
        "shots": 5,
        "seed": 7,
        "counts": {"00 0": 3, "10 1": 2},
        "memory": ["10 1", "00 0", "10 1", "00 0", "00 0"],
        "probabilities": {"00 0": 0.5, "10 1": 0.5},
        "seconds": 0.25,
        "header": {"id": 3},
    }


def test_complex_numbers_are_pairs_in_json():
    entry = CircuitResult(statevector=[1, 1j], unitary=np.eye(2), data={"x": np.array([2j]), "y": [1]}, error="late")
    assert entry.to_dict() == {
        "name": "circuit",
        "shots": 0,
        "seed": None,
        "statevector": [[1, 0], [0, 1]],
        "unitary": [[[1, 0], [0, 0]], [[0, 0], [1, 0]]],
        "data": {"x": [[0, 2]], "y": [1]},
        "error": "late",
    }


# --- marginals


def test_marginals_of_counts_memory_and_probabilities_agree(entry):
    part = entry.marginal("b")
    assert part.registers == (("b", 2),)
    assert part.get_counts() == {"00": 3, "10": 2}
    assert part.get_memory() == ["10", "00", "10", "00", "00"]
    assert part.get_probabilities().tolist() == [0.5, 0, 0.5, 0]
    assert (part.shots, part.seed, part.header) == (5, 7, {"id": 3})


def test_marginals_of_clbits_have_the_first_listed_rightmost(entry):
    part = entry.marginal(2, 1)
    assert part.get_counts() == {"00": 3, "01": 2}
    assert part.get_probabilities().tolist() == [0.5, 0.5, 0, 0]


def test_a_marginal_of_nothing_is_certain(entry):
    part = entry.marginal()
    assert part.get_counts() == {}
    assert part.get_probabilities().tolist() == [1.0]


def test_marginals_leave_out_what_describes_the_whole(circuit):
    entry = CircuitResult.from_circuit(circuit, statevector=[1, 0], unitary=np.eye(2), data={"x": 1})
    assert entry.marginal("a").holds == []
    assert CircuitResult.from_circuit(circuit, probabilities=[1, 0]).marginal("a").holds == []


@given(values=st.lists(st.integers(0, 2**66 - 1), min_size=1, max_size=9), bits=st.permutations(range(66)))
def test_marginals_of_sparse_probabilities_agree_with_those_of_counts(values, bits):
    total = len(values)
    counted = CircuitResult.from_counts(Circuit(1, 66), Counter(values))
    exact = CircuitResult(num_clbits=66, probabilities={key: n / total for key, n in Counter(values).items()})
    expected = {key: n / total for key, n in counted.marginal(*bits[:5]).get_counts().items()}
    assert exact.marginal(*bits[:5]).get_probabilities_dict() == pytest.approx(expected)


def test_marginals_of_unknown_registers_are_refused(entry):
    with pytest.raises(ValueError, match=r"no register 'scratch'\. The registers of this result: a, empty, b"):
        entry.marginal("scratch")


# --- equality, pickling, pictures


def test_entries_are_equal_by_content_whatever_the_order_and_the_time(entry, circuit):
    other = CircuitResult.from_outcomes(
        circuit,
        [0, 5],
        [3, 2],
        [1, 0, 1, 0, 0],
        seed=7,
        seconds=9,
        probabilities=entry.probabilities,
        header={"id": 3},
    )
    assert entry == other
    assert entry != CircuitResult.from_counts(circuit, {"00 0": 3, "10 1": 2})
    assert entry != "entry"


def test_arrays_in_data_compare_by_type_and_number():
    assert CircuitResult(data={"x": np.array([1.0, NAN])}) == CircuitResult(data={"x": np.array([1.0, NAN])})
    assert CircuitResult(data={"x": np.array([1.0])}) != CircuitResult(data={"x": np.array([1])})
    assert CircuitResult(data={"x": np.array([1.0])}) != CircuitResult(data={"x": [1.0]})
    assert CircuitResult(data={"x": 1}) != CircuitResult(data={"y": 1})


def test_an_entry_survives_pickling(entry):
    assert entry.bit_strings
    other = pickle.loads(pickle.dumps(entry))
    assert other == entry
    assert other.seconds == entry.seconds
    assert "bit_strings" not in vars(other)
    assert not other.counts.flags.writeable


def test_an_entry_cannot_be_hashed(entry):
    with pytest.raises(TypeError, match="unhashable"):
        hash(entry)


def test_repr_is_short(entry):
    assert repr(entry) == "<CircuitResult three: 5 shots, seed 7; 2 outcomes; holds counts, memory, probabilities>"
    assert len(repr(CircuitResult(statevector=np.ones(1 << 16)))) < 100


def test_pictures_show_counts_or_else_probabilities(circuit):
    counted = CircuitResult.from_counts(circuit, {"101": 2}, seed=3)
    exact = CircuitResult(name="<exact>", probabilities=[0.5, 0.5])
    state = CircuitResult(name="<state>", statevector=[1, 0])
    assert counted.histogram().splitlines()[0] == "three: 2 shots, seed 3"
    assert exact.histogram(width=40).splitlines()[1].startswith("0  0.5000   50.0 %")
    assert state.histogram() == ""
    assert "&lt;exact&gt;" in exact._repr_svg_()
    assert "currentColor" in counted._repr_html_()
    assert state._repr_svg_() is None
    assert "&lt;CircuitResult &lt;state&gt;" in state._repr_html_()


#: What does not fit, as lists of outcomes and counts of 2 clbits in 10 shots.
UNFIT = [([0, 4], [1, 1]), ([0, 1], [6, 5]), ([0, 1], [-1, 1]), ([0, 1], [2**62, 2**62]), ([0, 1], [2**63 - 1, 1])]


@pytest.mark.parametrize("outcomes, counts", UNFIT)
@pytest.mark.parametrize("repeated", [1, 20])
def test_few_and_many_outcomes_are_checked_alike(outcomes, counts, repeated):
    words = np.repeat(np.array(outcomes, np.uint64), repeated).reshape(-1, 1)
    numbers = np.repeat(np.array(counts, np.int64), repeated)
    with pytest.raises(ValueError, match=r"`(counts|outcomes)`"):
        CircuitResult(num_clbits=2, shots=10, outcomes=words, counts=numbers)


@given(seen=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), max_size=20))
def test_however_few_outcomes_come_they_are_kept_distinct_and_ascending(seen):
    outcomes = np.array([outcome for outcome, _ in seen], np.uint64).reshape(-1, 1)
    counts = np.array([count for _, count in seen], np.int64)
    entry = CircuitResult(num_clbits=3, shots=100, outcomes=outcomes, counts=counts)
    totals = {value: sum(count for outcome, count in seen if outcome == value) for value in range(8)}
    assert entry.outcomes.reshape(-1).tolist() == [value for value, total in totals.items() if total]
    assert entry.counts.tolist() == [total for total in totals.values() if total]
    assert not entry.counts.flags.writeable
