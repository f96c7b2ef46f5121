"""Randomness: the same place gives the same draws, another place gives independent ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.errors import OptionError
from qdock.streams import ROOT_PATH, Streams, check_seed, child_path, draw_seed, round_probabilities, stream

WORDS = st.integers(0, 2**64 - 1)


@given(seed=WORDS, circuit=WORDS, block=WORDS, path=WORDS)
def test_the_same_place_gives_the_same_draws(seed, circuit, block, path):
    first = stream(seed, circuit, block, path).random(8)
    assert np.array_equal(first, stream(seed, circuit, block, path).random(8))


@pytest.mark.parametrize("place", [(8,), (7, 1), (7, 0, 1), (7, 0, 0, 1)])
def test_another_seed_circuit_block_or_path_gives_other_draws(place):
    first = stream(7).integers(0, 2**64, 64, dtype=np.uint64)
    second = stream(*place).integers(0, 2**64, 64, dtype=np.uint64)
    assert not set(first.tolist()) & set(second.tolist())


def test_a_stream_is_the_philox_that_numpy_gives_for_key_and_counter():
    bits = np.random.Philox(key=[7, 3], counter=[0, 0, 5, 2])
    assert np.array_equal(stream(7, circuit=3, block=2, path=5).random(4), np.random.Generator(bits).random(4))


def test_neighbouring_words_of_64_bits_are_told_apart():
    draws = [stream(2**63 + 1, path=2**63 + k).random() for k in range(8)]
    assert len(set(draws)) == 8


def test_a_long_draw_does_not_run_into_the_next_path():
    drawn = stream(7, path=0).integers(0, 2**64, 100_000, dtype=np.uint64)
    following = stream(7, path=1).integers(0, 2**64, 4, dtype=np.uint64)
    assert not np.isin(following, drawn).any()


def test_the_paths_of_a_deep_tree_are_all_different():
    paths, level = {ROOT_PATH}, [ROOT_PATH]
    for _ in range(14):
        level = [child_path(path, outcome) for path in level for outcome in (0, 1)]
        paths.update(level)
    assert len(paths) == 2**15 - 1


@given(path=WORDS, outcome=WORDS)
def test_a_path_is_a_word_of_64_bits(path, outcome):
    assert 0 <= child_path(path, outcome) < 2**64


def test_paths_are_those_of_splitmix64():
    # The first outputs of splitmix64 seeded with 0, as published with its reference implementation.
    assert [child_path(0, 0), child_path(0, 1), child_path(0, 2)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_rounded_probabilities_are_the_nearest_multiples_of_two_to_the_minus_forty(values):
    rounded = round_probabilities(values)
    assert np.array_equal(rounded * 2.0**40, np.rint(rounded * 2.0**40))
    assert np.abs(rounded - np.array(values)).max() <= 2.0**-41


def test_the_last_bit_of_a_probability_changes_nothing():
    values = np.array([0.1, 0.2, 0.3, 0.4])
    assert np.array_equal(round_probabilities(values), round_probabilities(np.nextafter(values, 1)))


def test_rounding_leaves_what_it_was_given():
    values = np.array([0.1, 0.9])
    round_probabilities(values)
    assert values.tolist() == [0.1, 0.9]


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1, np.int64(5), np.uint64(2**64 - 1)])
def test_a_whole_number_of_64_bits_is_a_seed(seed):
    assert check_seed(seed) == int(seed)
    assert type(check_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, 2**64, 10**30])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(OptionError, match=r"`seed` must be from 0 to 2\*\*64 - 1, but is"):
        check_seed(seed)


@pytest.mark.parametrize("seed", [True, 1.0, "7", None, float("nan")])
def test_what_is_no_whole_number_is_no_seed(seed):
    with pytest.raises(OptionError, match="`seed` is a whole number, but"):
        check_seed(seed)


def test_drawn_seeds_differ_and_are_seeds():
    seeds = [draw_seed() for _ in range(100)]
    assert len(set(seeds)) == 100
    assert all(check_seed(seed) < 2**63 for seed in seeds)


def test_one_generator_moved_to_streams_draws_what_theirs_do() -> None:
    streams = Streams(2**63 + 5)
    for place in [(0, 0, 0), (3, 2, 2**64 - 1), (0, 0, 0), (2**40, 7, 9)]:
        found, expected = streams.at(*place), stream(2**63 + 5, *place)
        assert found.binomial(1000, 0.3) == expected.binomial(1000, 0.3)
        assert found.integers(0, 100, 7, np.int32).tolist() == expected.integers(0, 100, 7, np.int32).tolist()


def test_streams_that_were_given_back_are_those_of_the_next_seed() -> None:
    streams = Streams.borrow(2**64 - 1)
    assert streams.at(5, 6, 7).random() == stream(2**64 - 1, 5, 6, 7).random()
    streams.give_back()
    later = Streams.borrow(3)
    assert later is streams
    assert later.at(1).random() == stream(3, 1).random()


def test_streams_that_are_in_use_are_nobody_elses() -> None:
    one, other = Streams.borrow(1), Streams.borrow(2)
    assert (one.at().random(), other.at().random()) == (stream(1).random(), stream(2).random())
