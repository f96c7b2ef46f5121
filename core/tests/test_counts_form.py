"""Entries that one form makes of arrays of counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.results.circuit_result import CircuitResult
from qdock.results.counts_form import CountsForm

OUTCOMES = np.array([0, 1, 4, 5], np.uint64)


@pytest.fixture
def circuit() -> Circuit:
    """Registers a[1], a hidden one and b[2]."""
    made = Circuit(3, name="three")
    made.add_creg("a", 1)
    made.add_creg("hidden", 2, output=False)
    made.add_creg("b", 2)
    made.metadata = {"tag": [1]}
    return made


@given(counts=st.lists(st.integers(0, 25), min_size=4, max_size=4))
def test_an_entry_is_the_one_that_is_made_alone(counts: list[int]) -> None:
    circuit = Circuit(2, 3, name="one")
    found = CountsForm(circuit.cregs, OUTCOMES).entry(circuit, np.array(counts), shots=100, seed=3, seconds=0.5)
    alone = CircuitResult.from_outcomes(circuit, OUTCOMES, counts, shots=100, seed=3, seconds=0.5)
    assert found == alone
    assert found.get_counts() == alone.get_counts()


def test_an_entry_shows_the_registers_and_has_the_metadata_of_its_circuit(circuit: Circuit) -> None:
    entry = CountsForm(circuit.cregs, OUTCOMES).entry(circuit, np.array([1, 0, 2, 3]), shots=9, seed=0, seconds=0.0)
    assert entry.get_counts() == {"00 0": 1, "10 0": 2, "10 1": 3}
    assert entry.header == {"tag": [1]}
    circuit.metadata["tag"].append(2)
    assert entry.header == {"tag": [1]}


def test_the_arrays_of_entries_are_read_only(circuit: Circuit) -> None:
    form = CountsForm(circuit.cregs, OUTCOMES)
    for counts in ([1, 2, 3, 4], [1, 0, 3, 4]):
        entry = form.entry(circuit, np.array(counts), shots=10, seed=0, seconds=0.0)
        assert entry.outcomes is not None
        assert entry.counts is not None
        assert not entry.outcomes.flags.writeable
        assert not entry.counts.flags.writeable


def test_the_outcomes_of_a_form_are_ascending(circuit: Circuit) -> None:
    with pytest.raises(ValueError, match="`outcomes` of a form are ascending"):
        CountsForm(circuit.cregs, np.array([1, 0], np.uint64))


@pytest.mark.parametrize(
    "counts",
    [[1, 2, 3], [-1, 2, 3, 4], [5, 5, 5, 5], [1 << 62, 1 << 62, 1 << 62, 1 << 62], [0.5, 1, 1, 1]],
)
def test_counts_of_another_form_are_refused(circuit: Circuit, counts: list[Any]) -> None:
    form = CountsForm(circuit.cregs, OUTCOMES)
    with pytest.raises(ValueError, match="`counts` are 4 numbers of type int64 of at least 0 that add up to at most"):
        form.entry(circuit, np.array(counts), shots=12, seed=0, seconds=0.0)
