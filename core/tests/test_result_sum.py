"""Results of the same circuits add up: exactly, associatively, with a neutral element."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.errors import ResultError
from qdock.result import CircuitResult, Result

WIDE = Circuit(1, 70, name="wide")
STATES = st.sampled_from([None, [1, 0], [0, 1], [0, np.complex64(1)]])
DATA = st.dictionaries(st.sampled_from("xy"), st.sampled_from([1, 2, "a"]))


@st.composite
def results(draw, memory=True):
    """A result of one circuit of 70 clbits, as one of several runs might give it."""
    values = draw(st.lists(st.sampled_from([0, 1, 2**65, 2**70 - 1]), max_size=8))
    entry = CircuitResult.from_counts(WIDE, Counter(values), **draw(FIELDS))
    if memory and draw(st.booleans()):
        distinct = sorted(set(values))
        rows = [[value & (2**64 - 1), value >> 64] for value in distinct]
        rows = np.array(rows, np.uint64).reshape(len(distinct), 2)
        entry = CircuitResult.from_outcomes(WIDE, rows, memory=[distinct.index(v) for v in values], **draw(FIELDS))
    return Result([entry], draw(DATA))


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.sampled_from([1, 2]),
        "statevector": STATES,
        "probabilities": st.sampled_from([[1.0, 0.0], {0: 1.0}, {1: 1.0}]),
        "header": DATA,
        "data": DATA,
    },
)


@given(first=results(), second=results(), third=results())
def test_adding_is_associative(first, second, third):
    assert (first + second) + third == first + (second + third)


@given(result=results())
def test_the_empty_result_changes_nothing(result):
    assert result + Result.empty() == result == Result.empty() + result


@given(parts=st.lists(results(), min_size=1, max_size=4))
def test_counts_and_shots_add_up_and_memory_goes_on(parts):
    total = sum(parts)
    assert total.get_counts() == sum((Counter(part.get_counts()) for part in parts), Counter())
    assert total[0].shots == sum(part[0].shots for part in parts)
    if all(part[0].memory is not None for part in parts):
        assert total.get_memory() == [text for part in parts for text in part.get_memory()]
    else:
        assert total[0].memory is None


def test_what_is_exact_is_kept_if_both_agree():
    first = Result([CircuitResult(statevector=[1, 0], unitary=np.eye(2), probabilities=[0.5, 0.5], seed=1, seconds=1)])
    other = Result([CircuitResult(statevector=[0, 1], unitary=np.eye(2), probabilities=[0.5, 0.5], seed=2, seconds=2)])
    assert (first + first)[0].get_statevector().tolist() == [1, 0]
    entry = (first + other)[0]
    assert (entry.holds, entry.seed, entry.seconds) == (["unitary", "probabilities"], None, 3)


def test_metadata_is_kept_where_both_agree():
    first = Result(metadata={"job_id": "a", "backend": "b"})
    assert (first + Result(metadata={"job_id": "c", "backend": "b"})).metadata == {"backend": "b"}


BELL, GHZ = Circuit(2, 2, name="bell"), Circuit(3, 3, name="ghz")
HERE = CircuitResult.from_counts(BELL, {"00": 1})


@pytest.mark.parametrize(
    "there,message",
    [
        (CircuitResult.from_counts(GHZ, {"000": 1}), "the names differ: 'bell' of 'bell' and 'ghz' of 'ghz'"),
        (CircuitResult.from_counts(GHZ, {"000": 1}, name="bell"), r"the registers differ: \(\('c', 2\),\)"),
        (CircuitResult.from_counts(BELL, {"000": 1}, num_clbits=3), "the numbers of clbits differ: 2 .* and 3"),
        (CircuitResult.from_circuit(BELL), "the contents differ: 'counts' of 'bell' and 'no counts'"),
        (CircuitResult.from_circuit(BELL, error="gone"), "Circuit 'bell' failed, so .*: gone"),
    ],
)
def test_results_of_other_circuits_are_refused(there, message):
    with pytest.raises(ResultError, match=message):
        Result([HERE]) + Result([there])


def test_results_of_more_circuits_are_refused():
    with pytest.raises(ResultError, match="one is of 1 circuit and the other of 2"):
        Result([HERE]) + Result([HERE, HERE])


@pytest.mark.parametrize("other", [1, None, {"00": 1}])
def test_what_is_no_result_is_not_added(other):
    with pytest.raises(TypeError, match="unsupported operand"):
        Result([HERE]) + other
    with pytest.raises(TypeError, match="unsupported operand"):
        other + Result([HERE])
