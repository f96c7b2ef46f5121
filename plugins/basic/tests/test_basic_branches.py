from __future__ import annotations

import math
from collections import Counter
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock.backend import Context
from qdock.circuit import Circuit, Range
from qdock.errors import CircuitError, ConfigError, LimitExceeded
from qdock.expr import FLOAT, Angle, Parameter, Uint, cast, lift
from qdock.streams import stream
from qdock_basic import fast
from qdock_basic.branching.branches import Branch, Shots, follow
from qdock_basic.engines import engine as engine_module
from qdock_basic.engines.engine import NumpyEngine
from qdock_basic.limits import Limits
from qdock_basic.programs.analysis import read_last, splits_of
from qdock_basic.programs.classical import Place
from qdock_basic.programs.program import compile_circuit
from qdock_basic.states.state import prepare
from qdock_basic.watch import Watch

needs_numba = pytest.mark.skipif(fast.why_not() is not None, reason="the fast engine needs numba")


@pytest.fixture(scope="session", params=["numpy", pytest.param("fast", marks=needs_numba)])
def simulated(request: pytest.FixtureRequest, simulated: Any) -> Any:
    """Every test runs on each engine."""
    return partial(simulated, engine=request.param)


def chi_square_bound(freedom: int) -> float:
    """What a chi-square statistic exceeds by chance at most once in a million (Laurent and Massart, 2000, lemma 1)."""
    rare = math.log(1e6)
    return freedom + 2 * math.sqrt(freedom * rare) + 2 * rare


def assert_drawn_from(counts: np.ndarray, probabilities: np.ndarray) -> None:
    """Pearson's chi-square test: false alarms less often than one in a million; seeds are fixed.

    Outcomes expected less than five times are put together.
    """
    shots = counts.sum()
    assert (counts[probabilities < 1e-12] == 0).all()
    expected = shots * probabilities
    often = expected >= 5
    seen = np.append(counts[often], counts[~often].sum())
    wanted = np.append(expected[often], expected[~often].sum())
    seen, wanted = seen[wanted > 0], wanted[wanted > 0]
    statistic = ((seen - wanted) ** 2 / wanted).sum()
    assert statistic <= chi_square_bound(max(len(wanted) - 1, 1))


def table(result: Any, num_clbits: int) -> np.ndarray:
    counts = np.zeros(1 << num_clbits, int)
    counts[result.outcomes[:, 0].astype(int)] = result.counts
    return counts


# --- random circuits with all kinds of classical control


@settings(max_examples=100)
@given(data=st.data())
def test_exact_distributions_of_dynamic_circuits_are_those_of_all_worlds(
    data: Any, dynamic: ModuleType, oracle: ModuleType, simulated: Any
) -> None:
    circuit = data.draw(dynamic.dynamic_circuits())
    exact = oracle.distribution(circuit)
    found = simulated(circuit, output="probabilities")
    np.testing.assert_allclose(found.get_probabilities(), exact, rtol=0, atol=1e-9)


@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 2**64 - 1))
def test_counts_of_dynamic_circuits_follow_the_distribution_of_all_worlds(
    data: Any, seed: int, dynamic: ModuleType, oracle: ModuleType, simulated: Any
) -> None:
    circuit = data.draw(dynamic.dynamic_circuits())
    found = simulated(circuit, seed=seed, shots=3000)
    assert found.counts.sum() == 3000
    assert_drawn_from(table(found, dynamic.NUM_BITS), oracle.distribution(circuit))


@settings(max_examples=30)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_one_shots_state_is_the_end_of_one_of_the_worlds(
    data: Any, seed: int, dynamic: ModuleType, oracle: ModuleType, simulated: Any
) -> None:
    circuit = data.draw(dynamic.dynamic_circuits())
    found = simulated(circuit, seed=seed, output="statevector")
    assert found.shots == 1
    assert any(
        world.bits == int(found.outcomes[0, 0]) and np.allclose(world.state, found.statevector, rtol=0, atol=1e-7)
        for world in oracle.worlds(circuit)
    )


@pytest.mark.parametrize("memory", [False, True])
def test_a_circuit_that_shows_nothing_has_no_counts_however_its_runs_split(memory: bool, simulated: Any) -> None:
    circuit = Circuit(2).h(0).reset(0).h(0)
    circuit.measure(0, circuit.add_creg("s", 1, output=False))
    assert simulated(circuit, method="branching", memory=memory).get_counts() == {}


def dynamic_example() -> Circuit:
    """Mid-circuit measurement, reset, conditions and a loop, with all eight outcomes."""
    circuit = Circuit(3, 3).ry(0.9, 0).cx(0, 1).ry(2.0, 2).measure(0, 0).reset(0)
    circuit.if_(circuit.bit(0), circuit.block().h(1), circuit.block().ry(0.4, 2))
    circuit.cx(1, 2).measure(1, 1)
    circuit.for_(None, range(2), circuit.block().ry(0.7, 2).if_(circuit.bit(1), circuit.block().x(2).measure(2, 0)))
    return circuit.measure(2, 2)


def test_branching_agrees_with_a_naive_simulation_shot_by_shot(oracle: ModuleType, simulated: Any) -> None:
    circuit = dynamic_example()
    naive = oracle.shots(circuit, 1000, seed=11)
    branched = table(simulated(circuit, shots=30_000), 3)
    # A two-sample chi-square test, each sample weighted by the root of the sizes' ratio.
    seen = naive + branched > 0
    ratio = math.sqrt(branched.sum() / naive.sum())
    difference = (naive * ratio - branched / ratio)[seen] ** 2 / (naive + branched)[seen]
    assert difference.sum() <= chi_square_bound(int(seen.sum()) - 1)


def test_half_a_million_shots_of_a_dynamic_circuit_are_within_the_stated_distance(
    oracle: ModuleType, simulated: Any
) -> None:
    circuit, shots = dynamic_example(), 500_000
    exact = oracle.distribution(circuit)
    distance = np.abs(table(simulated(circuit, shots=shots), 3) / shots - exact).sum() / 2
    assert distance <= 3 * math.sqrt(8 / (2 * math.pi * shots)) + 1e-3


# --- what is run how often


def test_a_branch_is_simulated_once_however_many_shots_it_has(monkeypatch: pytest.MonkeyPatch, simulated: Any) -> None:
    calls: Counter[str] = Counter()
    apply_form = engine_module.apply_form

    def counted(*arguments: Any) -> None:
        calls["gates"] += 1
        apply_form(*arguments)

    monkeypatch.setattr(engine_module, "apply_form", counted)
    circuit = Circuit(2, 2).h(0).measure(0, 0).h(0).measure(0, 1).x(0)
    simulated(circuit, shots=100_000, method="branching", engine="numpy")
    # One gate before the first measurement, one for each of its outcomes, one for each outcome of both.
    assert calls["gates"] == 1 + 2 + 4


def test_measurements_at_the_end_split_nothing() -> None:
    def splits(circuit: Circuit) -> int | None:
        return splits_of(read_last(compile_circuit(circuit)))

    assert splits(Circuit(2, 2).h(0).measure(0, 0).h(1).measure(1, 1)) == 0
    assert splits(Circuit(2, 2).h(0).measure(0, 0).measure(0, 1).barrier().delay(1, 0)) == 0
    assert splits(Circuit(2, 2).h(0).measure(0, 0).h(0).measure(0, 1)) == 1
    assert splits(Circuit(1, 1).h(0).reset(0).measure(0, 0)) == 1
    looped = Circuit(1, 1)
    assert splits(looped.for_(None, range(9), looped.block().h(0).measure(0, 0))) is None
    read = Circuit(2, 1).h(0).measure(0, 0)
    assert splits(read.ry(cast(read.bit(0), FLOAT), 1)) == 1
    written = Circuit(2, 1).h(0).measure(0, 0)
    assert splits(written.assign(written.bit(0), True)) == 1


def test_the_last_reading_into_a_clbit_stays(simulated: Any) -> None:
    circuit = Circuit(2, 2).x(0).assign(Circuit(2, 2).bit(1), True).measure(0, 0).measure(1, 0).measure(0, 1)
    assert simulated(circuit).get_counts() == {"10": 1024}


def test_no_more_branches_wait_than_the_shots_can_be_halved() -> None:
    circuit = Circuit(1, 12)
    for clbit in range(12):
        circuit.h(0).measure(0, clbit)
    root = Branch(prepare(1), Place(compile_circuit(circuit), {}, Limits()), (1000,))
    ends = follow(root, Shots(partial(stream, 5, 0)), Watch(Context()), NumpyEngine())
    waiting = [len(ends.gi_frame.f_locals["waiting"]) for _ in ends if ends.gi_frame]
    assert len(waiting) > 500
    assert max(waiting) <= math.log2(1000)


# --- loops and limits


def coin_loop() -> Circuit:
    """Tosses a coin until it shows 0."""
    circuit = Circuit(1, 1).h(0).measure(0, 0)
    return circuit.while_(circuit.bit(0), circuit.block().h(0).measure(0, 0))


def test_a_loop_until_success_ends_with_every_shot_and_all_probability(simulated: Any) -> None:
    assert simulated(coin_loop(), shots=10**6).get_counts() == {"0": 10**6}
    exact = simulated(coin_loop(), output="probabilities")
    missing = exact.data["missing_probability"]
    assert 0 < missing < 1e-14
    assert exact.get_probabilities()[0] == pytest.approx(1 - missing, abs=1e-15)


def test_a_while_loop_without_end_is_refused_with_the_limit_named(simulated: Any) -> None:
    circuit = Circuit(0, 1)
    circuit.while_(~circuit.bit(0), circuit.block())
    with pytest.raises(LimitExceeded, match=r"max_while_iterations = 5,000 was reached: .* asks for 5,001 rounds"):
        simulated(circuit, limits=Limits(max_while_iterations=5000))


def test_a_long_loop_is_refused_before_its_first_round(simulated: Any) -> None:
    circuit = Circuit(1, 1)
    circuit.for_(None, range(10**9), circuit.block().h(0)).measure(0, 0)
    with pytest.raises(LimitExceeded, match=r"max_loop_iterations = 10,000,000 .* asks for 1,000,000,000 rounds"):
        simulated(circuit)
    longer = Circuit(1, 1)
    longer.for_(None, Range(lift(0), lift(1 << 100), lift(1)), longer.block().h(0)).measure(0, 0)
    with pytest.raises(LimitExceeded, match=r"asks for more than 2\^"):
        simulated(longer)


def test_loops_inside_loops_are_counted_together(simulated: Any) -> None:
    circuit = Circuit(1, 1)
    inner = circuit.block()
    inner.for_(None, range(100), inner.block())
    circuit.for_(None, range(100), inner).measure(0, 0)
    with pytest.raises(LimitExceeded, match="max_loop_iterations = 5,000 was reached: the circuit asks for 5,0"):
        simulated(circuit, limits=Limits(max_loop_iterations=5000))
    assert simulated(circuit, limits=Limits(max_loop_iterations=10_100)).get_counts() == {"0": 1024}


def test_an_exact_distribution_of_too_many_branches_is_refused(simulated: Any) -> None:
    circuit = Circuit(1, 8)
    for clbit in range(8):
        circuit.ry(1, 0).measure(0, clbit)
    simulated(circuit, output="probabilities", limits=Limits(max_branches=128))
    with pytest.raises(LimitExceeded, match=r"max_branches = 100 .* 101 branches of an exact distribution"):
        simulated(circuit, output="probabilities", limits=Limits(max_branches=100))


def test_a_loop_in_steps_of_zero_is_refused(simulated: Any) -> None:
    circuit = Circuit(1, 1)
    circuit.for_(None, Range(lift(1), lift(5), cast(circuit.bit(0), Uint(2))), circuit.block()).measure(0, 0)
    with pytest.raises(CircuitError, match="A loop over the range 1 to 5 can't go in steps of 0"):
        simulated(circuit)


@pytest.mark.parametrize("values, rounds", [(range(0), 0), (range(3), 3), (range(5, 0, -2), 3), (range(3, 0), 0)])
def test_a_for_loop_goes_round_as_often_as_python_would(values: range, rounds: int, simulated: Any) -> None:
    circuit = Circuit(0, 3)
    body = circuit.block()
    body.assign(circuit.value("c"), circuit.value("c") + 1)
    assert simulated(circuit.for_(None, values, body)).get_counts() == {f"{rounds:03b}": 1024}


@pytest.mark.parametrize("jump, word", [("break_", "break"), ("continue_", "continue")])
def test_a_jump_outside_of_any_loop_is_refused(jump: str, word: str, simulated: Any) -> None:
    circuit = Circuit(1, 1).measure(0, 0)
    jumping = circuit.block()
    getattr(jumping, jump)()
    circuit.if_(~circuit.bit(0), jumping)
    with pytest.raises(CircuitError, match=f"'{word}' stands outside of any loop"):
        simulated(circuit)


# --- classical values


def test_variables_begin_anew_with_every_branch(simulated: Any) -> None:
    circuit = Circuit(1, 3)
    var = circuit.add_var("n", Uint(2), 1)
    circuit.h(0).measure(0, 0)
    then = circuit.block()
    then.assign(var, var + 1)
    circuit.if_(circuit.bit(0), then)
    target = circuit.value("c")
    circuit.assign(target, cast(target, Uint(3)) | (cast(var, Uint(3)) << 1))
    counts = simulated(circuit)
    assert set(counts.get_counts()) == {"010", "101"}


def test_angles_come_from_bits_and_variables(simulated: Any) -> None:
    circuit = Circuit(2, 2)
    turn = circuit.add_var("turn", Angle(8), math.pi)
    circuit.x(0).measure(0, 0).rx(turn * cast(circuit.bit(0), Uint(8)), 1).measure(1, 1)
    assert simulated(circuit).get_counts() == {"11": 1024}


def test_a_parameter_without_a_value_is_refused(simulated: Any) -> None:
    with pytest.raises(CircuitError, match="The parameter 'theta' is not bound"):
        simulated(Circuit(1, 1).rx(Parameter("theta"), 0).measure(0, 0))


def test_a_case_may_list_several_values(simulated: Any) -> None:
    circuit = Circuit(1, 2)
    first, second = circuit.block(), circuit.block()
    first.assign(circuit.value("c"), 1)
    second.assign(circuit.value("c"), 2)
    assert simulated(circuit.switch(lift(3), {(7, 3): first, 4: second})).get_counts() == {"01": 1024}


def test_what_no_case_lists_goes_to_the_default(simulated: Any) -> None:
    circuit = Circuit(1, 2)
    circuit.switch(lift(7), {1: circuit.block()}, circuit.block().x(0)).measure(0, 1)
    assert simulated(circuit).get_counts() == {"10": 1024}


@pytest.mark.parametrize("jump, sums", [("break_", 0 + 1), ("continue_", 0 + 1 + 3 + 4)])
def test_a_jump_ends_its_loop_or_its_round(jump: str, sums: int, simulated: Any) -> None:
    circuit = Circuit(1, 4)
    var = circuit.add_var("i", Uint(4))
    jumping, body = circuit.block(), circuit.block()
    jumping.if_(~circuit.bit(3), getattr(circuit.block(), jump)())
    # The jump stands two blocks inside of the round for 2, and skips the addition.
    body.if_(var.eq(2), jumping).assign(circuit.value("c"), circuit.value("c") + cast(var, Uint(4)))
    assert simulated(circuit.for_(var, range(5), body)).get_counts() == {f"{sums:04b}": 1024}


def test_the_end_ends_the_shot_inside_of_loops_and_blocks(simulated: Any) -> None:
    circuit = Circuit(1, 2).x(0)
    body = circuit.block().measure(0, 0)
    circuit.while_(~circuit.bit(1), body.if_(circuit.bit(0), circuit.block().end())).measure(0, 1)
    assert simulated(circuit).get_counts() == {"01": 1024}


def test_no_case_and_no_default_does_nothing(simulated: Any) -> None:
    circuit = Circuit(1, 2)
    circuit.switch(lift(7), {1: circuit.block().x(0)}).measure(0, 0)
    assert simulated(circuit).get_counts() == {"00": 1024}


def test_the_global_phase_of_a_block_counts_each_time_it_runs(simulated: Any) -> None:
    circuit = Circuit(1, global_phase=0.25)
    circuit.for_(None, range(3), circuit.block().gphase(0.5))
    state = simulated(circuit, output="statevector").statevector
    np.testing.assert_allclose(state, [np.exp(1.75j), 0], rtol=0, atol=1e-15)


def test_a_reset_without_measurement_leaves_a_mixture(simulated: Any) -> None:
    circuit = Circuit(2).h(0).cx(0, 1).reset(0)
    assert simulated(circuit, output="probabilities").get_probabilities() == pytest.approx([0.5, 0, 0.5, 0])


# --- limits in the configuration


def test_limits_come_from_the_settings_of_the_plugin() -> None:
    assert Limits.of({"max_branches": 3, "shots": 5}) == Limits(max_branches=3)


def test_an_unknown_limit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sets the unknown limit 'max_brunches'\. The limits: max_while_iterations"):
        Limits.of({"max_brunches": 3})


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True])
def test_a_limit_that_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="max_branches must be a whole number of at least 1, but is"):
        Limits.of({"max_branches": value})
