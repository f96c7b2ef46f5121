"""Entries of many circuits that are checked together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.errors import ResultError
from qdock.result import Result
from qdock.results.circuit_result import CircuitResult
from qdock.results.counted import counted_entries

SEEN = st.lists(st.dictionaries(st.integers(0, 15), st.integers(1, 9), max_size=5), max_size=8)


def circuits_of(number: int) -> list[Circuit]:
    circuits = []
    for index in range(number):
        circuit = Circuit(1, name=f"circuit-{index}")
        circuit.add_creg("a", 1)
        circuit.add_creg("b", 3)
        circuit.metadata = {"index": [index]} if index % 2 else {}
        circuits.append(circuit)
    return circuits


def arrays_of(seen: list[dict[int, int]]) -> tuple[Any, Any, Any]:
    outcomes = [outcome for one in seen for outcome in sorted(one)]
    counts = [one[outcome] for one in seen for outcome in sorted(one)]
    starts = np.cumsum([0, *map(len, seen)])
    return np.array(outcomes, np.uint64), np.array(counts, np.int64), starts


@settings(deadline=None, max_examples=50)
@given(SEEN)
def test_entries_are_those_that_each_circuit_has_alone(seen: list[dict[int, int]]) -> None:
    circuits = circuits_of(len(seen))
    headers = [circuit.metadata for circuit in circuits]
    found = counted_entries(circuits, *arrays_of(seen), shots=100, seed=3, seconds=0.5, headers=headers)
    alone = [
        CircuitResult.from_counts(circuit, one, shots=100, seed=3, header=circuit.metadata)
        for circuit, one in zip(circuits, seen, strict=True)
    ]
    assert found == alone
    assert [entry.get_counts() for entry in found] == [entry.get_counts() for entry in alone]


@settings(deadline=None, max_examples=50)
@given(SEEN, st.booleans(), st.booleans())
def test_the_counts_of_a_result_are_those_of_each_entry(
    seen: list[dict[int, int]], has_wide: bool, has_other_registers: bool
) -> None:
    entries = counted_entries(circuits_of(len(seen)), *arrays_of(seen), shots=100)
    entries += [CircuitResult(num_clbits=70, shots=3, outcomes=np.array([[1, 2]]), counts=np.array([3]))] * has_wide
    entries += [CircuitResult(num_clbits=4, shots=3, outcomes=np.array([5]), counts=np.array([3]))] * (
        has_other_registers
    )
    if len(entries) != 1:
        counts = Result(entries).get_counts()
        assert counts == [entry.get_counts() for entry in entries]
        assert [each.registers for each in counts] == [entry.registers for entry in entries]
        assert [each.num_clbits for each in counts] == [entry.num_clbits for entry in entries]


def test_an_entry_without_counts_among_others_is_named() -> None:
    entries = counted_entries(circuits_of(2), *arrays_of([{1: 2}, {1: 2}]), shots=2)
    with pytest.raises(ResultError, match="Circuit 'exact' has no counts"):
        Result([*entries, CircuitResult(name="exact")]).get_counts()


def test_entries_share_no_values_that_can_be_changed() -> None:
    circuits = circuits_of(2)
    one, other = counted_entries(circuits, *arrays_of([{1: 2}, {1: 2}]), shots=2, headers=[{"a": [1]}, {"a": [1]}])
    one.header["a"].append(2)
    one.data["b"] = 1
    assert other.header == {"a": [1]}
    assert other.data == {}
    with pytest.raises(ValueError, match="read-only"):
        one.counts[0] = 5  # type: ignore[index]  # there are counts


def test_an_outcome_may_have_64_clbits_and_shots_may_be_many() -> None:
    circuit = Circuit(0, 64)
    most = (1 << 63) - 1
    (entry,) = counted_entries([circuit], *arrays_of([{(1 << 64) - 1: most}]), shots=most)
    assert entry.get_counts() == {"1" * 64: most}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"outcomes": [1, 2, 3]}, "arrays of uint64 and int64"),
        ({"counts": np.array([1, 1], np.int64)}, "shapes \\(3,\\) and \\(2,\\)"),
        ({"headers": [{}]}, "a mapping for each of 2 circuits, or none, but 1 were given"),
        ({"starts": [0, 1]}, "is a \\(3,\\) array of integers"),
        ({"starts": [0.0, 1.0, 3.0]}, "type float64"),
        ({"starts": [0, 1, 2]}, "go up from 0 to the number of outcomes, 3"),
        ({"starts": [0, 4, 3]}, "go up from 0 to the number of outcomes, 3"),
        ({"outcomes": np.array([1, 2, 16], np.uint64)}, "don't fit in 4 clbits"),
        ({"outcomes": np.array([1, 3, 2], np.uint64)}, "ascending, but some are not"),
        ({"outcomes": np.array([1, 2, 2], np.uint64)}, "ascending, but some are not"),
        ({"counts": np.array([1, 0, 1], np.int64)}, "from 1 to the 10 shots"),
        ({"counts": np.array([1, 11, 1], np.int64)}, "from 1 to the 10 shots"),
        ({"counts": np.array([1, 6, 6], np.int64)}, "add up to at most its 10 shots"),
        ({"shots": 1 << 62, "counts": np.array([1, 1 << 62, 1 << 62], np.int64)}, "add up to at most"),
        ({"circuits": [Circuit(1), Circuit(1)]}, "show 1 to 64 clbits, but here 0"),
        ({"circuits": [Circuit(0, 65), Circuit(0, 65)]}, "show 1 to 64 clbits, but here 65"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    outcomes, counts = np.array([1, 2, 3], np.uint64), np.array([1, 1, 1], np.int64)
    given = {"circuits": circuits_of(2), "outcomes": outcomes, "counts": counts, "starts": [0, 1, 3], "shots": 10}
    with pytest.raises(ValueError, match=message):
        counted_entries(**{**given, **change})


def test_a_name_that_is_no_text_is_refused() -> None:
    circuits = circuits_of(2)
    circuits[1].name = 5  # type: ignore[assignment]  # that is what is refused
    with pytest.raises(TypeError, match="`name` of a result is a text, but 5 was given"):
        counted_entries(circuits, *arrays_of([{}, {}]), shots=1)
