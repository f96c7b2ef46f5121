"""Counts of many circuits in columns: the entries, counts and bytes that each circuit has alone."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded, ResultError, ResultFormatError
from qdock.result import Result
from qdock.results.circuit_result import CircuitResult
from qdock.results.count_columns import CountColumns
from qdock.results.parts import in_order
from qdock.results.result_io import ArrayWriter, archive_pieces
from qdock.results.result_records import write_entries

MANY = 16
SEEN = st.lists(st.dictionaries(st.integers(0, 15), st.integers(1, 9), max_size=3), min_size=1, max_size=18)


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


def columns_of(seen: list[dict[int, int]], **changes: Any) -> CountColumns:
    return CountColumns.from_arrays(circuits_of(len(seen)), *arrays_of(seen), **{"shots": 100, **changes})


def entries_of(seen: list[dict[int, int]], **fields: Any) -> list[CircuitResult]:
    """The same, made one by one."""
    pairs = zip(circuits_of(len(seen)), seen, strict=True)
    return [CircuitResult.from_counts(circuit, one, **{"shots": 100, **fields}) for circuit, one in pairs]


@settings(deadline=None, max_examples=15)
@given(SEEN)
def test_entries_are_those_that_each_circuit_has_alone(seen: list[dict[int, int]]) -> None:
    circuits = circuits_of(len(seen))
    headers = [circuit.metadata for circuit in circuits]
    found = CountColumns.from_arrays(circuits, *arrays_of(seen), shots=100, seed=3, seconds=0.5, headers=headers)
    alone = [
        CircuitResult.from_counts(circuit, one, shots=100, seed=3, header=circuit.metadata)
        for circuit, one in zip(circuits, seen, strict=True)
    ]
    assert list(found) == alone
    assert found.get_counts() == [entry.get_counts() for entry in alone]
    assert [entry.seconds for entry in found] == [0.5] * len(seen)


@settings(deadline=None, max_examples=15)
@given(SEEN)
def test_a_result_of_columns_is_the_result_of_their_entries(seen: list[dict[int, int]]) -> None:
    found, alone = Result(columns_of(seen), {"seed": 3}), Result(entries_of(seen), {"seed": 3})
    assert len(found) == len(alone)
    assert found.to_bytes() == alone.to_bytes()
    assert repr(found) == repr(alone)
    assert found.to_dict() == alone.to_dict()
    assert found._repr_html_() == alone._repr_html_()
    assert found == alone
    assert found.get_counts("circuit-0") == found[0].get_counts() == alone.get_counts(0)
    assert found[-1] is found.entries[-1]
    assert found + alone == alone + alone
    assert found.marginal("b") == alone.marginal("b")
    assert found.success
    assert found.is_exact


@settings(deadline=None, max_examples=15)
@given(SEEN, st.booleans(), st.booleans())
def test_the_counts_of_a_result_are_those_of_each_entry(
    seen: list[dict[int, int]], has_wide: bool, has_other_registers: bool
) -> None:
    entries = entries_of(seen)
    entries += [CircuitResult(num_clbits=70, shots=3, outcomes=np.array([[1, 2]]), counts=np.array([3]))] * has_wide
    entries += [CircuitResult(num_clbits=4, shots=3, outcomes=np.array([5]), counts=np.array([3]))] * (
        has_other_registers
    )
    counts = [Result(entries).get_counts()] if len(entries) == 1 else Result(entries).get_counts()
    assert counts == [entry.get_counts() for entry in entries]
    assert [each.registers for each in counts] == [entry.registers for entry in entries]
    assert [each.num_clbits for each in counts] == [entry.num_clbits for entry in entries]


@pytest.mark.parametrize("size", [9, 33, 64])
def test_bit_strings_of_many_clbits_are_those_of_each_entry(size: int) -> None:
    circuits = [Circuit(0, size, name=name) for name in "ab"]
    columns = CountColumns.from_arrays(circuits, *arrays_of([{0: 1, (1 << size) - 1: 2}, {5: 3}]), shots=3)
    assert columns.get_counts() == [{"0" * size: 1, "1" * size: 2}, {f"{5:0{size}b}": 3}]


def test_an_entry_without_counts_among_others_is_named() -> None:
    with pytest.raises(ResultError, match="Circuit 'exact' has no counts"):
        Result([*columns_of([{1: 2}, {1: 2}]), CircuitResult(name="exact")]).get_counts()


def test_entries_share_no_values_that_can_be_changed() -> None:
    headers = [{"a": [1]}, {"a": [1]}]
    columns = columns_of([{1: 2}, {1: 2}], headers=headers)
    headers[0]["a"].append(3)
    one, other = columns
    one.header["a"].append(2)
    one.data["b"] = 1
    assert (one.header, other.header) == ({"a": [1, 2]}, {"a": [1]})
    assert other.data == {}
    assert [entry.header for entry in columns] == [{"a": [1]}] * 2
    with pytest.raises(ValueError, match="read-only"):
        one.counts[0] = 5  # type: ignore[index]  # there are counts


def test_what_was_changed_in_an_entry_is_written() -> None:
    result = Result(columns_of([{1: 2}] * MANY))
    result[3].header["note"] = "odd"
    assert Result.from_bytes(result.to_bytes())[3].header == {"note": "odd"}
    assert Result.from_bytes(result.to_bytes()) == result


def test_an_outcome_may_have_64_clbits_and_shots_may_be_many() -> None:
    circuit = Circuit(0, 64)
    most = (1 << 63) - 1
    columns = CountColumns.from_arrays([circuit], *arrays_of([{(1 << 64) - 1: most}]), shots=most)
    assert columns.get_counts() == [{"1" * 64: most}]


def test_columns_are_equal_after_pickling_and_still_read_only() -> None:
    result = Result(columns_of([{1: 2}, {}, {3: 4, 5: 6}], seed=7))
    again = pickle.loads(pickle.dumps(result))
    assert again == result
    assert not again[2].counts.flags.writeable


# --- at rest


def test_few_circuits_are_records_and_many_are_columns() -> None:
    few, many = Result(columns_of([{1: 2}] * (MANY - 1))), Result(columns_of([{1: 2}] * MANY))
    assert [entry["name"] for entry in document_of(few)["entries"]] == few._content.names  # type: ignore[union-attr]
    document = document_of(many)
    assert document["version"] == 2
    assert document["columns"]["own"] == {"name": [f"circuit-{number}" for number in range(MANY)]}
    assert {"shots": 100, "num_clbits": 4, "registers": [["a", 1], ["b", 3]]}.items() <= (
        document["columns"]["common"].items()
    )
    assert sorted(document["arrays"]) == ["u1"]


OTHERS: dict[str, dict[str, Any]] = {
    "memory": {"memory": [0]},
    "a statevector": {"statevector": [1, 0]},
    "probabilities": {"probabilities": [0, 1.0]},
    "data": {"data": {"energy": 1.0}},
    "other registers": {"registers": [("z", 4)]},
    "no counts": {"outcomes": None, "counts": None},
    "too many clbits": {"num_clbits": 65, "outcomes": np.array([[1, 1]])},
}


@pytest.mark.parametrize("case", OTHERS)
def test_circuits_of_which_one_has_more_than_counts_are_records(case: str) -> None:
    entries = entries_of([{1: 1}] * MANY, shots=1)
    entries[5] = replace(entries[5], **OTHERS[case])
    result = Result(entries)
    assert document_of(result)["version"] == 1
    assert Result.from_bytes(result.to_bytes()) == result


@settings(deadline=None, max_examples=10)
@given(st.data())
def test_what_circuits_do_not_have_in_common_comes_back(data: st.DataObject) -> None:
    seen = [{number % 15: 1 + number, 15: number + 2} for number in range(MANY)]
    own = {
        "name": st.text(max_size=3),
        "shots": st.integers(200, (1 << 63) - 1),
        "seed": st.none() | st.integers(0, (1 << 64) - 1),
        "seconds": st.none() | st.floats(0, 1e9),
        "header": st.sampled_from([{}, {"a": 1}, {"a": True}, {"a": 1.0}]),
        "error": st.sampled_from(["", "lost"]),
    }
    varied = data.draw(st.sets(st.sampled_from(sorted(own))))
    entries = [
        replace(entry, **{"shots": 500, **data.draw(st.fixed_dictionaries({name: own[name] for name in varied}))})
        for entry in entries_of(seen)
    ]
    result = Result(entries)
    again = Result.from_bytes(result.to_bytes())
    assert document_of(result)["version"] == 2
    assert again == result
    assert again.success == result.success
    assert [entry.seconds for entry in again] == [entry.seconds for entry in entries]
    assert [repr(entry.header) for entry in again] == [repr(entry.header) for entry in entries]
    assert again.to_bytes() == result.to_bytes()


def document_of(result: Result) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(result.to_bytes())) as archive:
        document: dict[str, Any] = json.loads(archive.read("document.json"))
    return document


DAMAGED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no columns": ({"columns": 3}, {}, "has no columns of entries"),
    "more in them": ({"more": 1}, {}, "has no columns of entries"),
    "a field more": ({"common": {"more": 1}}, {}, "its columns are not those of entries"),
    "a field twice": ({"own": {"seed": [1] * 16}}, {}, "its columns are not those of entries"),
    "an array of another name": ({"arrays": {"memory": "u1"}}, {}, "its columns are not those of entries"),
    "fields that are none": ({"common": 3}, {}, "is no JSON object"),
    "a column that is none": ({"own": {"name": "abc"}}, {}, "a column in it is no list"),
    "a column too short": ({"own": {"name": ["a"]}}, {}, "Of 16 circuits each may have its own"),
    "a name that is none": ({"own": {"name": [1] * 16}}, {}, "`name` of a result is a text"),
    "a negative number": ({"common": {"shots": -1}}, {}, "`shots` of a result is at least 0"),
    "too few shots": ({"common": {"shots": 1}}, {}, "from 1 to the 1 shots"),
    "no circuits": ({}, {"sizes": np.zeros(0, np.uint8)}, "its columns are of no circuits"),
    "fewer circuits": ({}, {"sizes": np.ones(3, np.uint8)}, "Of 3 circuits each may have its own"),
    "other sizes": ({}, {"sizes": np.full(16, 2, np.uint8)}, "`starts` go up from 0 to the number of outcomes, 16"),
    "sizes that go around": ({}, {"sizes": np.full(16, 1 << 60, np.uint64)}, "`starts` go up from 0"),
    "signed": ({}, {"counts": np.full(16, 2, np.int64)}, "no list of numbers of its kind"),
    "of two axes": ({}, {"counts": np.full((16, 1), 2, np.uint8)}, "no list of numbers of its kind"),
    "a large count": ({}, {"counts": np.full(16, 1 << 63, np.uint64)}, "a count in it is over 2\\*\\*63"),
    "a count of none": ({}, {"counts": np.zeros(16, np.uint8)}, "from 1 to the 100 shots"),
    "a large outcome": ({}, {"outcomes": np.full(16, 16, np.uint8)}, "don't fit in 4 clbits"),
    "more counts": ({}, {"counts": np.full(17, 2, np.uint8)}, "arrays of shapes"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_columns_are_refused_with_a_reason(case: str) -> None:
    changes, arrays, message = DAMAGED[case]
    with pytest.raises(ResultFormatError, match=message):
        Result.from_bytes(written(changes, arrays))


def test_columns_of_more_circuits_than_a_job_has_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="There are 100,001 circuits in columns; the limit is 100,000"):
        Result.from_bytes(written({}, {"sizes": np.zeros(100_001, np.uint8)}))


def written(changes: dict[str, Any], arrays: dict[str, Any]) -> bytes:
    """Return the bytes of columns with some parts replaced."""
    writer = ArrayWriter()
    found = {"outcomes": np.ones(16, np.uint8), "counts": np.full(16, 2, np.uint8), "sizes": np.ones(16, np.uint8)}
    parts = write_entries(columns_of([{1: 2}] * MANY), ArrayWriter())["columns"]
    parts["arrays"] = {name: writer.add(array) for name, array in {**found, **arrays}.items()}
    columns: Any = changes.get("columns", parts)
    for name, more in changes.items():
        if name != "columns":
            columns = {**columns, name: {**parts[name], **more} if isinstance(more, dict) and name in parts else more}
    document = {"format": "qdock-result", "version": 2, "metadata": {}, "columns": columns}
    return b"".join(archive_pieces(document, writer))


# --- parts of a job


@settings(deadline=None, max_examples=15)
@given(SEEN, st.randoms(use_true_random=False), st.booleans())
def test_parts_come_in_the_order_of_their_circuits(seen: list[dict[int, int]], random: Any, is_mixed: bool) -> None:
    everything = entries_of(seen, seed=5)
    numbers = list(range(len(seen)))
    random.shuffle(numbers)
    cut = random.randint(0, len(numbers))
    pieces = [piece for piece in (sorted(numbers[:cut]), numbers[cut:]) if piece]
    parts: list[Any] = [(piece, CountColumns.of([everything[number] for number in piece])) for piece in pieces]
    if is_mixed:
        parts[0] = (pieces[0], list(parts[0][1]))
    found = in_order(parts)
    assert list(found) == everything
    assert is_mixed or isinstance(found, CountColumns)


def test_parts_of_other_registers_are_entries() -> None:
    other = CircuitResult(num_clbits=4, shots=3, outcomes=np.array([5]), counts=np.array([3]))
    columns, more = columns_of([{1: 2}, {3: 4}]), CountColumns.of([other])
    assert more is not None
    first, last = columns
    assert in_order([([0, 2], columns), ([1], more)]) == [first, other, last]
    assert in_order([]) == []


# --- what does not fit


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
        ({"counts": np.array([1, 6, 6], np.int64)}, "add up to at most its shots, 10"),
        ({"shots": 1 << 62, "counts": np.array([1, 1 << 62, 1 << 62], np.int64)}, "add up to at most"),
        ({"circuits": []}, "at least one circuit, but none was given"),
        ({"circuits": [Circuit(1), Circuit(1)]}, "show 1 to 64 clbits, but here 0"),
        ({"circuits": [Circuit(0, 65), Circuit(0, 65)]}, "show 1 to 64 clbits, but here 65"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    outcomes, counts = np.array([1, 2, 3], np.uint64), np.array([1, 1, 1], np.int64)
    given = {"circuits": circuits_of(2), "outcomes": outcomes, "counts": counts, "starts": [0, 1, 3], "shots": 10}
    with pytest.raises(ValueError, match=message):
        CountColumns.from_arrays(**{**given, **change})


def test_a_name_that_is_no_text_is_refused() -> None:
    circuits = circuits_of(2)
    circuits[1].name = 5  # type: ignore[assignment]  # that is what is refused
    with pytest.raises(TypeError, match="`name` of a result is a text, but 5 was given"):
        CountColumns.from_arrays(circuits, *arrays_of([{}, {}]), shots=1)
