"""Counts: a dict that knows its registers."""

from __future__ import annotations

import copy
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.errors import ResultError
from qdock.results.counts import Counts

TWO_REGISTERS = [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    "data",
    [
        {"10 1": 7, "00 0": 2},
        {"101": 7, "000": 2},
        {"0x5": 7, "0x0": 2},
        {5: 7, 0: 2},
        {np.int64(5): np.int64(7), "0b000": 2},
        {"0x5": 3, "101": 1, 5: 3, "000": 2},
    ],
)
def test_every_way_to_write_an_outcome_gives_the_same_counts(data):
    counts = Counts(data, registers=TWO_REGISTERS)
    assert counts == {"00 0": 2, "10 1": 7}
    assert list(counts) == ["00 0", "10 1"]


def test_without_registers_bit_strings_are_as_long_as_the_longest_key():
    assert Counts({"0x6": 10}) == {"110": 10}
    assert Counts({0: 1}) == {"0": 1}
    assert Counts({"0x1": 1}, num_clbits=4) == {"0001": 1}


def test_a_spaced_key_says_how_the_registers_are():
    counts = Counts({"10 1": 1, "0x0": 4})
    assert counts == {"00 0": 4, "10 1": 1}
    assert counts.int_outcomes() == {0: 4, 5: 1}


def test_empty_counts_are_empty():
    assert Counts() == Counts({}) == {}
    assert Counts().shots == 0
    assert Counts().probabilities() == {}
    assert Counts({}, registers=TWO_REGISTERS).num_clbits == 3


def test_outcomes_convert_to_integers_and_hex():
    counts = Counts({"1 0": 3, "1 1": 4})
    assert counts.int_outcomes() == {2: 3, 3: 4}
    assert counts.hex_outcomes() == {"0x2": 3, "0x3": 4}
    assert counts.shots == 7
    assert counts.probabilities() == {"1 0": 3 / 7, "1 1": 4 / 7}


def test_the_most_frequent_outcome_is_unique_or_an_error():
    assert Counts({"00": 1, "11": 2}).most_frequent() == "11"
    with pytest.raises(ResultError, match="2 were seen 3 times each \\('00', '11'\\)"):
        Counts({"00": 3, "11": 3}).most_frequent()
    with pytest.raises(ResultError, match="these counts are empty"):
        Counts().most_frequent()


@pytest.mark.parametrize(
    "data, kind, message",
    [
        ({"0": 1.5}, TypeError, "a whole number, but outcome '0' has 1.5"),
        ({"0": True}, TypeError, "has True"),
        ({"0": -1}, ValueError, r"below 2\*\*63, but outcome '0' has -1"),
        ({"0": 2**63}, ValueError, "at least 0 and below"),
        ({"0": 1, "01": 1}, ValueError, "'0' has 1 bits, but there are 2 clbits"),
        ({"x": 1}, ValueError, "'x' is no outcome"),
        ({(0, 1): 1}, TypeError, r"but \(0, 1\) was given"),
    ],
)
def test_what_is_no_count_is_refused(data, kind, message):
    with pytest.raises(kind, match=message):
        Counts(data)


def test_marginal_counts_of_registers_stay_registers():
    counts = Counts({"10 1": 7, "00 1": 2, "11 0": 1}, registers=TWO_REGISTERS)
    assert counts.marginal("a") == {"0": 1, "1": 9}
    assert counts.marginal("b") == {"00": 2, "10": 7, "11": 1}
    assert counts.marginal("b", "a") == {"0 11": 1, "1 00": 2, "1 10": 7}


def test_marginal_counts_of_clbits_put_the_first_listed_rightmost():
    counts = Counts({"110": 3, "011": 4})
    assert counts.marginal(0) == {"0": 3, "1": 4}
    assert counts.marginal(2, 0) == {"01": 3, "10": 4}
    assert counts.marginal() == {}


@given(values=st.lists(st.integers(0, 2**70 - 1), max_size=9), bits=st.permutations(range(70)), size=st.integers(1, 70))
def test_marginal_counts_agree_with_a_sum_over_strings(values, bits, size):
    counts = Counts(Counter(values), num_clbits=70)
    expected: Counter[str] = Counter()
    for key, number in counts.items():
        expected["".join(key[69 - bit] for bit in reversed(bits[:size]))] += number
    assert counts.marginal(*bits[:size]) == expected


def test_counts_survive_pickling_and_copying():
    counts = Counts({"10 1": 7}, registers=TWO_REGISTERS)
    for other in (pickle.loads(pickle.dumps(counts)), copy.deepcopy(counts), copy.copy(counts)):
        assert other == counts
        assert (other.registers, other.num_clbits) == (counts.registers, 3)


def test_counts_that_were_changed_by_hand_still_add_up():
    counts = Counts({"00": 1})
    counts["11"] = 2
    assert counts.shots == 3
    assert pickle.loads(pickle.dumps(counts)) == {"00": 1, "11": 2}
    assert counts.marginal(0) == {"0": 1, "1": 2}


def test_repr_is_that_of_a_dict_and_short():
    assert repr(Counts({"00": 1, "11": 2})) == "{'00': 1, '11': 2}"
    text = repr(Counts(dict.fromkeys(range(5000), 1)))
    assert len(text) < 800
    assert text.endswith("... 4,976 more}")


def test_counts_of_thousands_of_clbits_work():
    counts = Counts({1 << 2999: 3, 1: 4}, num_clbits=3000)
    assert counts.int_outcomes() == {1: 4, 1 << 2999: 3}
    assert counts.marginal(2999, 0) == {"01": 3, "10": 4}


def test_pictures_are_made_when_asked_for():
    counts = Counts({"00": 3, "11": 1})
    assert counts.histogram(width=40, title="bell").splitlines()[0] == "bell"
    assert counts.histogram(width=40).splitlines()[0].startswith("00  3   75.0 %")
    assert counts._repr_svg_().startswith("<svg")
    assert "currentColor" in counts._repr_html_()
