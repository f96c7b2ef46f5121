from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.streams import SHOTS_PER_BLOCK, stream
from qdock_basic.drawing import sampling
from qdock_basic.drawing.sums import Sums, distinct
from qdock_basic.engines.engine import NumpyEngine


def chi_square_bound(freedom: int) -> float:
    """What a chi-square statistic exceeds by chance at most once in a million (Laurent and Massart, 2000, lemma 1)."""
    rare = math.log(1e6)
    return freedom + 2 * math.sqrt(freedom * rare) + 2 * rare


def chi_square(counts: np.ndarray, probabilities: np.ndarray) -> float:
    possible = probabilities > 0
    assert (counts[~possible] == 0).all()
    expected = counts.sum() * probabilities[possible]
    return float(((counts[possible] - expected) ** 2 / expected).sum())


def dense(outcomes: np.ndarray, counts: np.ndarray, size: int) -> np.ndarray:
    table = np.zeros(size, np.int64)
    table[outcomes] = counts
    return table


# --- distributions in steps


@given(st.lists(st.floats(0, 1), min_size=1, max_size=64).filter(lambda values: sum(values) > 1e-3))
def test_steps_add_up_exactly_and_are_next_to_the_probabilities(values: list[float]) -> None:
    table = np.array(values)
    steps = sampling.steps_of(table.copy())
    assert steps.sum() == sampling.STEPS
    assert (steps >= 0).all()
    error = np.abs(steps / sampling.STEPS - table / table.sum())
    assert error.max() <= len(values) * 2.0**-40


def test_the_last_bits_of_amplitudes_change_no_steps() -> None:
    rng = np.random.default_rng(1)
    table = rng.random(1000)
    # Probabilities that lie within 1e-12 of a rounding edge would be a matter of luck.
    table = np.rint(table / table.sum() * sampling.STEPS) / sampling.STEPS
    noisy = table * (1 + 1e-15 * rng.uniform(-1, 1, 1000))
    assert (sampling.steps_of(table) == sampling.steps_of(noisy)).all()


@pytest.mark.parametrize("zero, one, share", [(1.0, 0.0, 0), (0.0, 0.3, 1), (0.2, 0.2, 0.5), (1.0, 1e-14, 0)])
def test_the_share_of_an_outcome_is_rounded(zero: float, one: float, share: float) -> None:
    assert sampling.share_of_one(zero, one) == share * sampling.STEPS


@pytest.mark.parametrize("shots, blocks", [(1, (1,)), (1 << 20, (1 << 20,)), ((1 << 21) + 5, (1 << 20, 1 << 20, 5))])
def test_blocks_are_full_but_the_last(shots: int, blocks: tuple[int, ...]) -> None:
    assert sampling.blocks_of(shots) == blocks


# --- draws


def looked_up(probabilities: np.ndarray) -> Any:
    """What looks shots up in a state with these probabilities, and some phases."""
    state = np.sqrt(probabilities / probabilities.sum()) * np.exp(1j * np.arange(len(probabilities)))
    return sampling.Lookup(state, NumpyEngine().block_sums)


@pytest.mark.parametrize("size", [1, 2, 8, 4096])
def test_both_ways_to_draw_follow_the_distribution(size: int) -> None:
    table = np.random.default_rng(size).random(size) ** 3
    table[1::2] *= table[1::2] > 0.2
    steps = sampling.steps_of(table)
    for outcomes, counts in (
        sampling.draw_counts(steps, 400_000, stream(3)),
        looked_up(table).draw(400_000, stream(3)),
    ):
        assert counts.sum() == 400_000
        assert (np.diff(outcomes) > 0).all()
        statistic = chi_square(dense(outcomes, counts, size), steps / sampling.STEPS)
        assert statistic <= chi_square_bound(np.count_nonzero(steps) - 1)


def test_few_shots_of_many_outcomes_are_looked_up() -> None:
    table = np.random.default_rng(0).random(1 << 16)
    lookup, total = looked_up(table), np.zeros(1 << 16, np.int64)
    for block in range(60):
        outcomes, counts = lookup.draw(1000, stream(1, 0, block))
        total[outcomes] += counts
    # Coarse bins, for 60,000 shots of 65,536 outcomes.
    statistic = chi_square(total.reshape(256, -1).sum(axis=1), table.reshape(256, -1).sum(axis=1) / table.sum())
    assert statistic <= chi_square_bound(255)


def test_what_is_certain_is_drawn_always() -> None:
    for size in (2, 1 << 14):
        table = np.eye(1, size, size - 1)[0]
        for shots in (1, 100, 10**5):
            for outcomes, counts in (
                sampling.draw_counts(sampling.steps_of(table), shots, stream(2)),
                looked_up(table).draw(shots, stream(2)),
            ):
                assert (outcomes.tolist(), counts.tolist()) == ([size - 1], [shots])


@pytest.mark.parametrize("num_bits", [0, 1, 5, 70])
def test_fair_bits_are_fair(num_bits: int) -> None:
    words, counts = sampling.draw_choices(num_bits, 4000, stream(6))
    assert counts.sum() == 4000
    for bit in range(num_bits):
        ones = int(counts[words[:, bit // 64] >> np.uint64(bit % 64) & np.uint64(1) == 1].sum())
        assert abs(ones - 2000) < 5 * np.sqrt(1000)


def test_an_order_is_a_permutation_and_every_place_is_alike() -> None:
    firsts = np.zeros(3, np.int64)
    for seed in range(3000):
        order = sampling.draw_order(np.arange(3), np.array([5, 3, 2]), stream(seed))
        assert np.bincount(order).tolist() == [5, 3, 2]
        firsts[order[seed % 10]] += 1
    assert chi_square(firsts, np.array([0.5, 0.3, 0.2])) <= chi_square_bound(2)


def test_rows_of_words_are_sorted_as_numbers() -> None:
    words = np.array([[5, 1], [9, 0], [5, 1], [0, 2]], np.uint64)
    rows, place = distinct(words)
    assert rows.tolist() == [[9, 0], [5, 1], [0, 2]]
    assert place.tolist() == [1, 0, 1, 2]


def test_rows_that_differ_in_the_last_word_are_sorted_by_it() -> None:
    rows, place = distinct(np.array([[5, 7], [9, 0], [0, 2]], np.uint64))
    assert rows.tolist() == [[9, 0], [0, 2], [5, 7]]
    assert place.tolist() == [2, 0, 1]


@pytest.mark.parametrize("num_clbits", [4, 17, 40, 100])
def test_numbers_of_many_branches_are_added_up_by_outcome(num_clbits: int) -> None:
    rng = np.random.default_rng(num_clbits)
    sums, expected = Sums(num_clbits, np.int64), {}
    for _ in range(40):
        width = min(num_clbits, 14)
        outcomes = rng.permutation(1 << width)[: min(1 << width, 5000)]
        words = np.zeros((len(outcomes), (num_clbits + 63) // 64), np.uint64)
        words[:, -1] = outcomes
        values = rng.integers(1, 9, len(outcomes))
        sums.add(words, values)
        for outcome, value in zip(outcomes.tolist(), values.tolist(), strict=True):
            expected[outcome] = expected.get(outcome, 0) + value
    words, values = sums.finish()
    assert dict(zip(words[:, -1].tolist(), values.tolist(), strict=True)) == expected
    assert (np.diff(words[:, -1].astype(int)) > 0).all()


# --- counts of circuits


def some_circuits(number: int) -> list[Circuit]:
    """Static and dynamic ones in turn."""
    circuits = []
    for index in range(number):
        circuit = Circuit(3, 3, name=f"c{index}").ry(0.1 * index, 0).cx(0, 1).h(2)
        if index % 2:
            circuit.measure(0, 0).if_(circuit.bit(0), circuit.block().h(0)).reset(1)
        circuits.append(circuit.measure(range(3), range(3)))
    return circuits


def test_static_counts_follow_the_exact_distribution(simulated: Any) -> None:
    circuit = Circuit(4, 4)
    for qubit in range(4):
        circuit.ry(0.5 + qubit, qubit)
    circuit.cx(0, 1).cx(2, 3).measure(range(4), [2, 0, 3, 1])
    exact = simulated(circuit, output="probabilities").get_probabilities()
    found = simulated(circuit, shots=10**6)
    counts = dense(found.outcomes[:, 0].astype(int), found.counts, 16)
    assert chi_square(counts, exact) <= chi_square_bound(15)


def test_the_same_seed_gives_the_same_counts_and_another_one_others(simulated: Any) -> None:
    for circuit in some_circuits(2):
        first, again, other = (simulated(circuit, seed=seed, shots=10_000) for seed in (5, 5, 6))
        assert first.get_counts() == again.get_counts()
        assert first.get_counts() != other.get_counts()


def test_circuits_of_one_job_draw_independently(simulated: Any) -> None:
    circuit = some_circuits(1)[0]
    assert simulated(circuit, index=0).get_counts() != simulated(circuit, index=1).get_counts()


@pytest.mark.parametrize("circuit", some_circuits(2), ids=["static", "dynamic"])
def test_memory_changes_no_count_and_lists_every_shot(circuit: Circuit, simulated: Any) -> None:
    plain = simulated(circuit, shots=5000)
    listed = simulated(circuit, shots=5000, memory=True)
    assert listed.get_counts() == plain.get_counts()
    memory = listed.get_memory()
    assert len(memory) == 5000
    assert {key: memory.count(key) for key in set(memory)} == plain.get_counts()
    assert memory != sorted(memory)
    assert memory == simulated(circuit, shots=5000, memory=True).get_memory()
    with pytest.raises(LookupError, match="has no memory"):
        plain.get_memory()


def test_the_order_of_the_shots_is_independent_of_the_outcomes(simulated: Any) -> None:
    memory = simulated(some_circuits(2)[1], shots=40_000, memory=True).get_memory()
    pairs = list(zip(memory[::2], memory[1::2], strict=True))
    keys = sorted(set(memory))
    share = {key: memory.count(key) / len(memory) for key in keys}
    seen = np.array([pairs.count((a, b)) for a in keys for b in keys])
    expected = np.array([share[a] * share[b] for a in keys for b in keys])
    assert chi_square(seen, expected) <= chi_square_bound(len(seen) - 1)


def test_each_block_of_shots_draws_from_its_own_stream(simulated: Any) -> None:
    for circuit in some_circuits(4)[2:]:
        one = simulated(circuit, shots=SHOTS_PER_BLOCK, memory=True)
        more = simulated(circuit, shots=SHOTS_PER_BLOCK + 1000, memory=True)
        assert more.counts.sum() == SHOTS_PER_BLOCK + 1000
        assert (more.outcomes[more.memory][:SHOTS_PER_BLOCK] == one.outcomes[one.memory]).all()


def test_a_thousand_million_shots_are_drawn_at_once(simulated: Any) -> None:
    circuit = Circuit(10, 10).h(range(10)).measure(range(10), range(10))
    found = simulated(circuit, shots=10**9)
    assert found.counts.sum() == 10**9
    assert chi_square(found.counts, np.full(1024, 2.0**-10)) <= chi_square_bound(1023)


def test_blocks_of_a_dynamic_circuit_are_split_apart(simulated: Any) -> None:
    circuit = some_circuits(2)[1]
    exact = simulated(circuit, output="probabilities").get_probabilities()
    found = simulated(circuit, shots=3 * SHOTS_PER_BLOCK)
    counts = dense(found.outcomes[:, 0].astype(int), found.counts, 8)
    assert chi_square(counts, exact) <= chi_square_bound(7)


# --- where bits stand


def test_clbit_zero_is_rightmost_and_the_last_register_leftmost(simulated: Any) -> None:
    circuit = Circuit(3)
    first, second = circuit.add_creg("a", 2), circuit.add_creg("b", 1)
    circuit.x(0).x(2).measure([0, 1], first).measure([2], second)
    assert simulated(circuit).get_counts() == {"1 01": 1024}
    assert simulated(circuit, output="probabilities").get_probabilities_dict() == {"1 01": 1.0}


def test_scratch_registers_are_left_out(simulated: Any) -> None:
    circuit = Circuit(2)
    scratch, shown = circuit.add_creg("scratch", 1, output=False), circuit.add_creg("shown", 1)
    circuit.x(0).x(1).measure(0, scratch).measure(1, shown)
    assert simulated(circuit).get_counts() == {"1": 1024}
    assert simulated(circuit, memory=True, shots=3).get_memory() == ["1", "1", "1"]
    assert simulated(circuit, output="probabilities").get_probabilities_dict() == {"1": 1.0}


def test_measuring_into_scratch_alone_leaves_the_probabilities_of_the_qubits(simulated: Any) -> None:
    circuit = Circuit(2)
    scratch = circuit.add_creg("scratch", 1, output=False)
    circuit.h(0).cx(0, 1).measure(0, scratch)
    assert simulated(circuit, output="probabilities").get_probabilities() == pytest.approx([0.5, 0, 0, 0.5])


def test_one_qubit_may_be_read_into_several_clbits(simulated: Any) -> None:
    circuit = Circuit(2, 4).h(0).x(1).measure([0, 0, 1], [3, 0, 2])
    assert set(simulated(circuit).get_counts()) == {"0100", "1101"}


def test_more_clbits_than_a_word_has(simulated: Any) -> None:
    circuit = Circuit(2, 150).x(0).h(1).measure([0, 1, 1], [63, 64, 149])
    counts = simulated(circuit, memory=True)
    zero, one = 1 << 63, 1 << 63 | 1 << 64 | 1 << 149
    assert set(counts.get_counts()) == {f"{zero:0150b}", f"{one:0150b}"}
    exact = simulated(circuit, output="probabilities").get_probabilities_dict()
    assert exact == pytest.approx({f"{zero:0150b}": 0.5, f"{one:0150b}": 0.5})


def test_a_circuit_without_qubits_counts_what_it_computes(simulated: Any) -> None:
    circuit = Circuit(0, 3)
    circuit.assign(circuit.value("c"), 5)
    assert simulated(circuit, shots=3).get_counts() == {"101": 3}


def test_a_reading_replaces_what_was_assigned_before(simulated: Any) -> None:
    circuit = Circuit(1, 2)
    circuit.assign(circuit.value("c"), 3).measure(0, 1)
    assert simulated(circuit).get_counts() == {"01": 1024}


# --- other outputs


def test_probabilities_without_measurement_are_over_the_qubits(simulated: Any) -> None:
    found = simulated(Circuit(2, 5).ry(1.0, 1), output="probabilities")
    expected = [math.cos(0.5) ** 2, 0, math.sin(0.5) ** 2, 0]
    np.testing.assert_allclose(found.get_probabilities(), expected, rtol=0, atol=1e-15)
    assert found.shots == 0


def test_impossible_outcomes_are_not_listed(simulated: Any) -> None:
    found = simulated(Circuit(3, 3).h(0).h(0).measure(range(3), range(3)), output="probabilities")
    assert found.probability_outcomes.tolist() == [[0]]


def test_the_statevector_of_a_measured_circuit_is_that_of_one_shot(simulated: Any) -> None:
    circuit = Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1])
    seen = set()
    for seed in range(20):
        found = simulated(circuit, seed=seed, output="statevector")
        ((key, shots),) = found.get_counts().items()
        assert (found.shots, shots) == (1, 1)
        np.testing.assert_allclose(np.abs(found.statevector), np.eye(4)[int(key, 2)], atol=1e-15)
        seen.add(key)
    assert seen == {"00", "11"}


def test_a_statevector_without_measurement_has_no_counts(simulated: Any) -> None:
    found = simulated(Circuit(1, 1).h(0), output="statevector")
    assert found.counts is None
    assert found.shots == 0


@pytest.mark.parametrize("output", ["statevector", "unitary"])
def test_single_precision_gives_single_arrays(output: str, simulated: Any) -> None:
    circuit = Circuit(3, global_phase=0.3).h(0).cx(0, 1).t(1).ry(0.3, 2)
    single, double = (
        getattr(simulated(circuit, output=output, precision=name), output) for name in ("single", "double")
    )
    assert (single.dtype, double.dtype) == (np.complex64, np.complex128)
    np.testing.assert_allclose(single, double, rtol=0, atol=1e-6)


def test_single_precision_samples_and_branches_too(simulated: Any) -> None:
    for circuit in some_circuits(4):
        single, double = (
            simulated(circuit, output="probabilities", precision=name).get_probabilities()
            for name in ("single", "double")
        )
        np.testing.assert_allclose(single, double, rtol=0, atol=1e-6)
        assert simulated(circuit, precision="single").counts.sum() == 1024


def test_an_initial_state_is_where_the_run_begins(simulated: Any) -> None:
    state = np.array([0, 0.6, 0.8j, 0])
    circuit = Circuit(2, 2).x(0)
    vector = simulated(circuit, initial_state=state, output="statevector").statevector
    np.testing.assert_allclose(vector, [0.6, 0, 0, 0.8j])
    assert state.tolist() == [0, 0.6, 0.8j, 0]
    assert set(simulated(circuit.measure([0, 1], [0, 1]), initial_state=state).get_counts()) == {"00", "11"}


def test_classical_control_without_measurement_has_a_unitary(simulated: Any) -> None:
    circuit = Circuit(1, 1)
    circuit.for_(None, range(3), circuit.block().s(0)).if_(circuit.bit(0), circuit.block().x(0))
    np.testing.assert_allclose(simulated(circuit, output="unitary").unitary, np.diag([1, -1j]), atol=1e-15)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda weights: sum(weights) > 0.01), st.integers(1, 5000)
)
def test_a_few_outcomes_are_drawn_as_many_are(weights: list[float], shots: int) -> None:
    seen, counts = sampling.draw_counts(sampling.steps_of(np.array(weights)), shots, stream(5))
    expected = dict(zip(seen.tolist(), counts.tolist(), strict=True))
    found = sampling.counts_of_few(weights, shots, stream(5))
    assert {outcome: count for outcome, count in enumerate(found) if count} == expected


@pytest.mark.parametrize("clbits", [(0, 1, 2), (2, 0, 1), (63, 5, 4)])
def test_a_few_qubits_are_read_into_any_clbits(clbits: tuple[int, ...], simulated: Any) -> None:
    circuit = Circuit(3, 64).x(0).x(2)
    for qubit, clbit in enumerate(clbits):
        circuit.measure(qubit, clbit)
    (outcome,) = simulated(circuit, shots=7).get_counts().int_outcomes()
    assert outcome == 1 << clbits[0] | 1 << clbits[2]
