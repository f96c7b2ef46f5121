"""Result: finding a circuit's entry, and what it is to its owner as a whole."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from qdock.circuit import Circuit
from qdock.errors import ResultError
from qdock.result import CircuitResult, Counts, Result

BELL, GHZ = Circuit(2, 2, name="bell"), Circuit(3, 3, name="ghz")


@pytest.fixture
def result():
    entries = [
        CircuitResult.from_outcomes(BELL, [0, 3], memory=[0, 1, 1], seed=7),
        CircuitResult.from_counts(GHZ, {"000": 1, "111": 2}, seed=7),
    ]
    return Result(entries, metadata={"job_id": "j1", "backend": "basic/basic_simulator", "seed": 7})


@pytest.mark.parametrize("circuit", [1, -1, np.int64(1), "ghz", GHZ])
def test_a_circuit_is_named_by_index_name_or_itself(result, circuit):
    assert result.get_counts(circuit) == {"000": 1, "111": 2}
    assert result[circuit] is result.entries[1]


def test_without_a_name_all_counts_come_as_a_list(result):
    assert result.get_counts() == [{"00": 1, "11": 2}, {"000": 1, "111": 2}]
    assert all(isinstance(counts, Counts) for counts in result.get_counts())
    assert Result.empty().get_counts() == []


def test_without_a_name_a_single_circuit_is_meant():
    entry = CircuitResult(
        num_clbits=1, shots=1, outcomes=[1], counts=[1], memory=[0], statevector=[1, 0], unitary=np.eye(2)
    )
    single = Result([entry])
    assert single.get_counts() == {"1": 1}
    assert single.get_memory() == ["1"]
    assert single.get_statevector().tolist() == [1, 0]
    assert single.get_unitary(decimals=3).tolist() == [[1, 0], [0, 1]]
    assert single.data()["counts"] == {"0x1": 1}
    exact = Result([CircuitResult(num_clbits=1, probabilities=[0, 1.0])])
    assert exact.get_probabilities().tolist() == [0, 1]
    assert exact.get_probabilities_dict() == {"1": 1.0}


@pytest.mark.parametrize("method", ["get_memory", "get_statevector", "get_unitary", "get_probabilities", "data"])
def test_without_a_name_several_circuits_are_an_error(result, method):
    with pytest.raises(ResultError, match=r"of 2 circuits \('bell', 'ghz'\)\. Say which one is meant"):
        getattr(result, method)()


def test_a_result_of_no_circuits_says_so():
    with pytest.raises(ResultError, match="of no circuits, so it holds nothing"):
        Result.empty().get_memory()
    with pytest.raises(ResultError, match=r"no circuit named 'x'\. It is of no circuits"):
        Result.empty().get_memory("x")


def test_one_circuit_is_counted_as_one():
    with pytest.raises(ResultError, match="of 1 circuit, so there is none with index 1"):
        Result([CircuitResult(error="x")]).get_counts(1)


@pytest.mark.parametrize("index", [2, -3, 10**30])
def test_an_index_out_of_range_is_an_error(result, index):
    with pytest.raises(ResultError, match=f"of 2 circuits, so there is none with index {index}"):
        result.get_counts(index)


def test_an_unknown_name_is_an_error_with_the_closest(result):
    with pytest.raises(ResultError, match=r"no circuit named 'bel'\. It is of 'bell', 'ghz'\. Did you mean 'bell'\?"):
        result.get_counts("bel")
    with pytest.raises(ResultError, match=r"'ghz'\.$"):
        result.get_counts("something else")


def test_names_of_many_circuits_are_not_all_listed():
    many = Result([CircuitResult(name=f"c{index}") for index in range(1000)])
    with pytest.raises(ResultError, match="'c7' and 992 more"):
        many.get_counts("x")
    assert len(repr(many)) < 200


@pytest.mark.parametrize("circuit", [True, 1.0, (0,)])
def test_what_names_no_circuit_is_an_error(result, circuit):
    with pytest.raises(TypeError, match="named by index, name or Circuit, but"):
        result.get_counts(circuit)


def test_of_two_circuits_of_one_name_the_first_is_taken_with_a_warning():
    result = Result([CircuitResult.from_counts(BELL, {"00": 1}), CircuitResult.from_counts(BELL, {"11": 1})])
    with pytest.warns(UserWarning, match="of 2 circuits named 'bell'; the first of them is taken") as caught:
        assert result.get_counts(BELL) == {"00": 1}
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert result.get_counts(1) == {"11": 1}


def test_a_result_is_a_sequence_of_entries(result):
    assert len(result) == 2
    assert list(result) == list(result.entries)
    assert [entry.name for entry in result] == ["bell", "ghz"]


def test_success_is_of_all_circuits_and_the_others_stay_readable(result):
    assert result.success
    partial = Result([result[0], CircuitResult(name="ghz", error="lost")])
    assert not partial.success
    assert partial.get_counts(0) == {"00": 1, "11": 2}
    with pytest.raises(ResultError, match="it failed: lost"):
        partial.get_counts(1)


def test_entries_and_metadata_are_checked():
    with pytest.raises(TypeError, match=r"entries of a Result are CircuitResults, but \{'00': 1\} was given"):
        Result([{"00": 1}])
    with pytest.raises(TypeError, match=r"metadata\['x'\] is of type object"):
        Result(metadata={"x": object()})


def test_metadata_can_be_added_to(result):
    more = result.with_metadata(engine="numpy", seed=8)
    assert more.metadata == {"job_id": "j1", "backend": "basic/basic_simulator", "seed": 8, "engine": "numpy"}
    assert more.entries is result.entries
    assert result.metadata["seed"] == 7


def test_marginals_are_of_every_circuit(result):
    assert result.marginal("c").get_counts() == result.get_counts()
    assert result.marginal(1, 0).get_counts() == [{"00": 1, "11": 2}, {"00": 1, "11": 2}]


def test_to_dict_is_json(result):
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["success"] is True
    assert document["metadata"] == result.metadata
    assert document["results"] == [entry.to_dict() for entry in result]


def test_a_result_survives_pickling(result):
    assert pickle.loads(pickle.dumps(result)) == result


def test_results_are_equal_by_content(result):
    assert result == Result(list(result), dict(result.metadata))
    assert result != Result(list(result))
    assert result != Result(result.entries[:1], result.metadata)


def test_repr_is_short(result):
    assert repr(result) == "<Result of 2 circuits: 'bell', 'ghz'; job_id j1; backend basic/basic_simulator; seed 7>"
    assert repr(Result([CircuitResult(error="x")])) == "<Result of 1 circuit: 'circuit'; not all succeeded>"


def test_notebooks_get_histograms_of_the_first_circuits(result):
    assert result._repr_html_().count("<svg") == 2
    assert "and 4 more circuits" in Result([result[0]] * 12)._repr_html_()
    assert "&lt;Result of 0 circuits" in Result.empty()._repr_html_()


def test_importing_results_loads_what_draws_only_when_it_draws():
    code = (
        "import sys, qdock.result; from qdock.result import *;"
        "Result([CircuitResult(num_clbits=1, shots=1, outcomes=[1], counts=[1])])._repr_html_();"
        "sys.exit(', '.join({'rich', 'matplotlib', 'msgspec', 'pickle5', 'asyncio'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip() == ""
