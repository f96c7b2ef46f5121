"""Outcomes as rows of words: compared with Python's own integers and strings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.results.outcomes import (
    as_words,
    bit_strings,
    check_registers,
    group_sizes,
    ints_from_words,
    merge_outcomes,
    parse_outcome,
    resolve_bits,
    select_bits,
    words_from_ints,
)

SIZES = st.lists(st.integers(0, 70), max_size=5)


@st.composite
def outcomes(draw, max_rows=12):
    """Sizes of registers, some loose clbits, and integers that fit in all of them."""
    sizes = draw(SIZES)
    num_bits = sum(sizes) + draw(st.integers(0, 9))
    values = draw(st.lists(st.integers(0, 2**num_bits - 1), max_size=max_rows))
    return tuple((f"r{index}", size) for index, size in enumerate(sizes)), num_bits, values


def text_of(value, num_bits, registers):
    """The field's rule, written with Python's strings: split from the right, print from the last."""
    bits, parts = format(value, f"0{num_bits}b") if num_bits else "", []
    for _, size in registers:
        parts.append(bits[len(bits) - size :])
        bits = bits[: len(bits) - size]
    return " ".join(part for part in [bits, *reversed(parts)] if part)


@given(case=outcomes())
def test_bit_strings_are_what_python_writes_of_the_integers(case):
    registers, num_bits, values = case
    words = words_from_ints(values, num_bits)
    assert bit_strings(words, num_bits, registers) == [text_of(value, num_bits, registers) for value in values]


@given(case=outcomes())
def test_integers_survive_the_trip_through_words(case):
    _, num_bits, values = case
    words = words_from_ints(values, num_bits)
    assert ints_from_words(words) == values
    assert [parse_outcome(text, num_bits) for text in bit_strings(words, num_bits)] == values


@given(case=outcomes(), seed=st.integers(0, 9))
def test_merging_sorts_adds_up_and_keeps_what_every_shot_saw(case, seed):
    _, num_bits, values = case
    rng = np.random.default_rng(seed)
    memory = rng.integers(0, max(len(values), 1), 20 if values else 0)
    counts = np.bincount(memory, minlength=len(values))
    words, merged, kept = merge_outcomes(words_from_ints(values, num_bits), counts, memory)
    seen = [values[index] for index in memory]
    assert ints_from_words(words) == sorted(set(seen))
    assert merged.tolist() == [seen.count(value) for value in sorted(set(seen))]
    assert [ints_from_words(words)[index] for index in kept] == seen


@given(case=outcomes(), data=st.data())
def test_selected_bits_are_those_of_the_integers(case, data):
    _, num_bits, values = case
    bits = data.draw(st.permutations(range(num_bits)))[: data.draw(st.integers(0, num_bits))]
    selected = ints_from_words(select_bits(words_from_ints(values, num_bits), bits))
    assert selected == [sum((value >> old & 1) << new for new, old in enumerate(bits)) for value in values]


def test_text_of_many_long_outcomes_is_made_in_pieces_that_fit_together():
    values = [(1 << 2999) + index for index in range(3000)]
    texts = bit_strings(words_from_ints(values, 3000), 3000, (("a", 1000), ("b", 2000)))
    assert [int(text.replace(" ", ""), 2) for text in texts] == values
    assert {text.index(" ") for text in texts} == {2000}


def test_outcomes_of_up_to_64_clbits_may_be_a_flat_array():
    assert as_words(np.array([3, 2**64 - 1], np.uint64), 64).tolist() == [[3], [2**64 - 1]]
    assert as_words(np.array([1, 0], np.int8), 2).tolist() == [[1], [0]]
    assert as_words([], 3000).shape == (0, 47)


def test_without_clbits_rows_have_no_words():
    assert as_words([0, 0], 0).shape == (2, 0)
    assert as_words(np.zeros((2, 1), np.uint64), 0).shape == (2, 0)
    assert bit_strings(np.zeros((2, 0), np.uint64), 0) == ["", ""]


@pytest.mark.parametrize(
    "given_, num_bits, message",
    [
        ([[1, 2]], 3, r"the shape \(k, 1\), 64 clbits a word, but the array given has the shape \(1, 2\)"),
        ([1, 2], 65, r"the shape \(k, 2\)"),
        (5, 3, r"the shape \(\)"),
        ([0.5], 3, "`outcomes` are integers, but an array of type float64"),
        ([-1], 3, "`outcomes` are not negative, but -1"),
        ([8], 3, "don't fit in 3 clbits"),
        ([[0, 2]], 65, "don't fit in 65 clbits"),
    ],
)
def test_arrays_that_are_no_outcomes_are_refused(given_, num_bits, message):
    with pytest.raises(ValueError, match=message):
        as_words(given_, num_bits)


@pytest.mark.parametrize(
    "key, value",
    [
        ("011", 3),
        ("0 11", 3),
        ("0_1_1", 3),
        ("0x3", 3),
        ("0XaB", 0xAB),
        ("0b011", 3),
        (3, 3),
        (np.int64(3), 3),
        ("0", 0),
    ],
)
def test_an_outcome_can_be_written_in_several_ways(key, value):
    assert parse_outcome(key) == value


@pytest.mark.parametrize(
    "key, kind, message",
    [
        ("012", ValueError, "'012' is no outcome. Write it as '011'"),
        (" 01", ValueError, "' 01' is no outcome"),
        ("0x", ValueError, "'0x' is no outcome"),
        ("2" * 99, ValueError, r"'2{39}\.\.\.2{14}' is no outcome"),
        (-1, ValueError, "not negative, but -1"),
        (True, TypeError, "but True was given"),
        (1.0, TypeError, r"a bit string, a hex string or an integer, but 1\.0 was given"),
        ("01", ValueError, "'01' has 2 bits, but there are 3 clbits"),
        ("0001", ValueError, "has 4 bits, but there are 3 clbits"),
        ("", ValueError, "has 0 bits, but there are 3 clbits"),
        ("0x8", ValueError, "'0x8' needs 4 bits, but there are 3 clbits"),
        (8, ValueError, "0x8 needs 4 bits"),
    ],
)
def test_a_key_that_is_no_outcome_of_three_clbits_is_refused(key, kind, message):
    with pytest.raises(kind, match=message):
        parse_outcome(key, 3)


def test_empty_registers_write_nothing_and_loose_clbits_are_a_group():
    assert group_sizes(6, (("a", 2), ("b", 0), ("c", 3))) == [2, 3, 1]
    assert bit_strings(words_from_ints([0b100110], 6), 6, (("a", 2), ("b", 0), ("c", 3))) == ["1 001 10"]


@pytest.mark.parametrize(
    "registers, num_bits, message",
    [
        ([("a", -1)], None, r"a name and a size of at least 0, but \('a', -1\)"),
        ([("a", True)], None, "a name and a size"),
        ([(1, 1)], None, "a name and a size"),
        ([("a", 2)], 1, "`num_clbits` is at least the 2 clbits of the registers, but is 1"),
        ([], 1.5, r"but is 1\.5"),
    ],
)
def test_registers_that_are_none_are_refused(registers, num_bits, message):
    with pytest.raises(ValueError, match=message):
        check_registers(registers, num_bits)


@pytest.mark.parametrize(
    "which, message",
    [
        (["z"], "no register 'z'. The registers of this result: a, b"),
        (["a", "a"], "Each register may be listed once"),
        ([0, "a"], "not both; 'a' was given"),
        ([True], "not both; True was given"),
        ([3], "The clbits of this result are 0 to 2, but 3 was given"),
        ([-1], "0 to 2, but -1"),
        ([1, 1], r"Each clbit may be listed once, but \[1, 1\]"),
    ],
)
def test_bits_that_are_not_there_are_refused(which, message):
    with pytest.raises(ValueError, match=message):
        resolve_bits(which, 3, (("a", 1), ("b", 2)))
