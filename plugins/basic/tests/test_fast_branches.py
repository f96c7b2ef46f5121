"""Branches walked through by compiled code: numpy's draws, Python's values, the numpy engine's counts."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from qdock.circuit import Circuit, Range
from qdock.errors import CircuitError, JobCancelledError, LimitExceeded
from qdock.expr import FLOAT, Angle, Int, Uint, bit_at, cast, evaluate, lift, make_binary, make_unary, popcount
from qdock.expressions.arithmetic import BOOL
from qdock.streams import Streams, stream
from qdock_basic.fast.branching import branches
from qdock_basic.fast.branching.postfix import Postfix, Unsupported
from qdock_basic.fast.branching.postfix import evaluate as evaluate_compiled
from qdock_basic.fast.drawing import binomial
from qdock_basic.fast.drawing.streams import STREAM_SIZE, begin_stream, next_double, next_word
from qdock_basic.fast.machine.jit import compiled
from qdock_basic.limits import Limits

REAL = "f8"


def is_walked(circuit: Circuit) -> bool:
    return branches._flat_of(circuit, REAL, True) is not None


# --- random numbers


@compiled
def words_and_doubles(key: Any, block: int, path: Any, words: Any, doubles: Any) -> None:
    place = np.zeros(STREAM_SIZE, np.uint64)
    place[0], place[1] = key[0], key[1]
    begin_stream(place, block, path)
    for index in range(len(words)):
        words[index] = next_word(place)
    for index in range(len(doubles)):
        doubles[index] = next_double(place)


@settings(max_examples=20, deadline=None)
@given(*(st.integers(0, 2**64 - 1),) * 2, *(st.integers(0, 2**40),) * 2)
def test_a_stream_has_the_words_of_numpys_generator(seed: int, path: int, circuit: int, block: int) -> None:
    expected = stream(seed, circuit, block, path)
    words, doubles = np.empty(11, np.uint64), np.empty(6)
    words_and_doubles(np.array([seed, circuit], np.uint64), block, np.uint64(path), words, doubles)
    np.testing.assert_array_equal(words, expected.bit_generator.random_raw(11))
    np.testing.assert_array_equal(doubles, expected.random(6))


def test_binomial_draws_are_numpys_whatever_the_chance_and_the_tries() -> None:
    # Two versions of numpy differ in one draw of some ten thousand.
    rng, size = np.random.default_rng(3), 100_000
    paths = rng.integers(0, (1 << 64) - 1, size, np.uint64)
    tries = np.exp(rng.uniform(0, np.log(1 << 20), size)).astype(np.int64)
    tries[:2000], tries[2000:2100] = 1 << 20, 0
    chances = np.where(rng.random(size) < 0.3, np.exp(-rng.exponential(6, size)), rng.random(size))
    chances[2100:2200], chances[2200:2300] = 0.0, 1.0
    found, streams = np.empty_like(tries), Streams(5)
    binomial.draw_binomials(np.array([5, 2], np.uint64), paths, tries, chances, found)
    cases = zip(paths.tolist(), tries.tolist(), chances.tolist(), strict=True)
    assert found.tolist() == [streams.at(2, 0, path).binomial(most, chance) for path, most, chance in cases]


def test_a_numpy_that_draws_otherwise_is_not_followed(monkeypatch: pytest.MonkeyPatch, simulated: Any) -> None:
    class Others(Streams):
        def at(self, circuit: int = 0, block: int = 0, path: int = 0) -> Any:
            return super().at(circuit + 1, block, path)

    monkeypatch.setattr(binomial, "Streams", Others)
    binomial.like_numpy.cache_clear()
    try:
        assert not binomial.like_numpy()
        circuit = Circuit(1, 1).ry(1, 0).measure(0, 0).ry(1, 0).measure(0, 0)
        assert not is_walked(circuit)
        assert simulated(circuit, engine="fast").counts.sum() == 1024
    finally:
        binomial.like_numpy.cache_clear()


# --- expressions


@compiled
def value_of(rows: Any, clbits: Any, bits: Any, values: Any, stack: Any) -> Any:
    return evaluate_compiled(rows, 0, len(rows), clbits, bits, values, stack)


WORLD = Circuit(0, 8)
VARIABLES = [WORLD.add_var("small", Uint(5), 0), WORLD.add_var("signed", Int(7), 0), WORLD.add_var("wide", Int(64), 0)]
VALUES = st.integers(0, 31), st.integers(-64, 63), st.integers(-(2**63), 2**63 - 1)
BINARY = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">=", "bit")


@st.composite
def expressions(draw: Any, depth: int = 3) -> Any:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        constants = st.builds(lift, st.one_of(st.booleans(), st.integers(-5, 9), st.integers(-(2**63), 2**63 - 1)))
        leaves = [WORLD.bit(3), WORLD.value("c"), *VARIABLES]
        return draw(st.one_of(st.sampled_from(leaves), constants))
    first, second = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    kind = draw(st.integers(0, 9))
    try:
        if kind == 0:
            return make_unary(draw(st.sampled_from(["-", "~", "popcount"])), first)
        if kind == 1:
            return cast(first, draw(st.sampled_from([BOOL, Uint(3), Uint(63), Int(4), Int(64)])))
        return make_binary(draw(st.sampled_from(BINARY)), first, second)
    except CircuitError:
        return first


@settings(max_examples=300, deadline=None)
@given(expressions(), st.integers(0, 255), *VALUES)
def test_an_expression_has_the_value_that_python_finds(
    expression: Any, bits: int, small: int, signed: int, wide: int
) -> None:
    names, given_values = [variable.name for variable in VARIABLES], (small, signed, wide)
    postfix = Postfix({name: place for place, name in enumerate(names)})
    try:
        postfix.add(expression)
    except Unsupported:
        assume(False)
    rows = np.array(postfix.rows, np.int64).reshape(-1, 3)
    clbits = np.array(postfix.clbits, np.int64)
    each = np.array([bits >> place & 1 for place in range(8)], np.uint8)
    room = np.empty(postfix.depth, np.int64)
    value, is_known = value_of(rows, clbits, each, np.array(given_values, np.int64), room)
    try:
        expected = evaluate(expression, bits, dict(zip(names, given_values, strict=True)))
    except CircuitError:
        assert not is_known
        return
    assert is_known
    assert value == int(expected)


@pytest.mark.parametrize(
    "expression",
    [
        cast(WORLD.value("c"), FLOAT).lt(0.5),
        cast(WORLD.value("c"), Uint(64)).lt(3),
        cast(WORLD.value("c"), Angle(8)).eq(cast(1, Angle(8))),
        make_binary("rotl", WORLD.value("c"), 2),
        WORLD.value("c") ** 2,
    ],
    ids=str,
)
def test_what_is_no_machine_word_is_left_to_python(expression: Any) -> None:
    with pytest.raises(Unsupported):
        Postfix({}).add(expression)


def test_a_variable_that_was_not_declared_is_left_to_python() -> None:
    with pytest.raises(Unsupported, match="small"):
        Postfix({}).add(VARIABLES[0])


# --- counts


SHOTS = [1, 2, 100, 5000, 10**6]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), shots=st.sampled_from(SHOTS), memory=st.booleans(), seed=st.integers(0, 2**64 - 1))
def test_random_circuits_have_the_counts_of_the_numpy_engine(
    data: Any, shots: int, memory: bool, seed: int, dynamic: ModuleType, simulated: Any
) -> None:
    circuit = data.draw(dynamic.dynamic_circuits())
    assume(is_walked(circuit))
    options = {"seed": seed, "shots": shots, "memory": memory and shots < 10**6, "method": "branching"}
    expected = simulated(circuit, engine="numpy", **options)
    for threads in (1, 2):
        found = simulated(circuit, engine="fast", threads=threads, **options)
        assert found.get_counts() == expected.get_counts()
        assert not options["memory"] or (found.memory == expected.memory).all()


def layered(num_qubits: int, splits: int) -> Circuit:
    """Layers between which a qubit is measured or reset, with gates that depend on what was found."""
    circuit = Circuit(num_qubits, num_qubits + splits)
    for number in range(splits):
        for qubit in range(num_qubits):
            circuit.u(0.3 + qubit, 0.1 * number, 0.5, qubit)
        circuit.cx(range(num_qubits - 1), range(1, num_qubits))
        if number % 3 == 2:
            circuit.reset(number % num_qubits)
        else:
            circuit.measure(number % num_qubits, number)
            circuit.if_(circuit.bit(number), circuit.block().ccx(0, 1, 2).rzz(0.3, 0, 2), circuit.block().swap(0, 1))
    return circuit.measure(range(num_qubits), range(splits, num_qubits + splits))


@pytest.mark.parametrize("num_qubits", [3, 5, 8, 13])
@pytest.mark.parametrize("shots", [1, 1000, 200_000, 2_500_000])
def test_counts_of_every_size_are_those_of_the_numpy_engine(num_qubits: int, shots: int, simulated: Any) -> None:
    circuit = layered(num_qubits, 4)
    assert is_walked(circuit)
    memory = shots == 1000
    first, second = (simulated(circuit, shots=shots, memory=memory, engine=name) for name in ("numpy", "fast"))
    assert first.get_counts() == second.get_counts()
    assert not memory or (first.memory == second.memory).all()


def test_counts_in_single_precision_follow_the_same_distribution(simulated: Any) -> None:
    circuit = layered(4, 3)
    exact = simulated(circuit, output="probabilities").get_probabilities()
    found = simulated(circuit, shots=100_000, precision="single", engine="fast").get_counts()
    table = np.zeros(len(exact))
    for outcome, number in found.int_outcomes().items():
        table[outcome] = number
    assert (np.abs(table - 1e5 * exact) <= 5 * np.sqrt(1e5 * exact * (1 - exact)) + 1e-3).all()


def test_a_state_to_begin_with_and_clbits_that_are_not_shown(simulated: Any) -> None:
    circuit = Circuit(2)
    circuit.add_creg("hidden", 70, output=False)
    circuit.add_creg("shown", 70)
    circuit.ry(1.0, 0).measure(0, 69).if_(circuit.bit(69), circuit.block().x(1)).h(0).measure([0, 1], [75, 139])
    circuit.assign(circuit.bit(71), circuit.bit(69))
    state = np.array([0.6, 0, 0.8j, 0])
    assert is_walked(circuit)
    for initial in (None, state):
        first, second = (
            simulated(circuit, engine=name, method="branching", initial_state=initial) for name in ("numpy", "fast")
        )
        assert first.get_counts() == second.get_counts()
        assert len(first.get_counts()) > 2


def feedback(circuit: Circuit) -> Circuit:
    """A measurement on the way, and a gate that depends on it."""
    circuit.ry(0.7, 0).measure(0, 0)
    return circuit.if_(circuit.bit(0), circuit.block().h(0)).measure(0, 0)


def many_gates() -> Circuit:
    circuit = feedback(Circuit(1, 1))
    for _ in range(4100):
        circuit.ry(0.1, 0)
    return feedback(circuit)


def many_matrices() -> Circuit:
    circuit = feedback(Circuit(6, 1))
    for _ in range(520):
        circuit.unitary(np.eye(64)[::-1], range(6))
    return feedback(circuit)


def late_phase() -> Circuit:
    circuit = feedback(Circuit(1, 1))
    return circuit.if_(circuit.bit(0), circuit.block().gphase(cast(circuit.bit(0), FLOAT)).h(0)).measure(0, 0)


def nothing_shown() -> Circuit:
    circuit = Circuit(1)
    circuit.add_creg("hidden", 1, output=False)
    return feedback(circuit)


LEFT_TO_PYTHON = {
    "angles of run time": feedback(Circuit(1, 1)).ry(cast(WORLD.bit(0), FLOAT), 0).measure(0, 0),
    "phases of run time": late_phase(),
    "large matrices": feedback(feedback(Circuit(7, 1)).unitary(np.eye(128)[::-1], range(7))),
    "large states": feedback(feedback(Circuit(14, 1).h(range(14)))),
    "many gates": many_gates(),
    "many large matrices": many_matrices(),
}


def test_a_circuit_that_shows_nothing_is_left_to_python() -> None:
    assert not is_walked(nothing_shown())


@pytest.mark.parametrize("name", LEFT_TO_PYTHON)
def test_what_compiled_code_does_not_do_is_left_to_python(name: str, simulated: Any) -> None:
    circuit = LEFT_TO_PYTHON[name]
    assert not is_walked(circuit)
    first, second = (simulated(circuit, engine=engine, method="branching") for engine in ("numpy", "fast"))
    assert first.get_counts() == second.get_counts()


# --- control


def test_every_kind_of_step_is_walked(simulated: Any) -> None:
    circuit = Circuit(2, 6)
    number = circuit.add_var("n", Uint(6), 1)
    circuit.ry(1.1, 0).measure(0, 0)
    circuit.assign(circuit.value("c"), circuit.value("c") + 2)
    odd = circuit.block().x(1).assign(number, number * 3)
    circuit.switch(cast(circuit.bit(0), Uint(2)), {(1, 3): odd, 2**70: circuit.block().x(1)}, circuit.block().h(1))
    body = circuit.block().ry(0.4, 0).measure(0, 1).assign(number, number + 1)
    body.if_(circuit.bit(1), circuit.block().continue_()).if_(number.gt(9), circuit.block().break_()).reset(1).h(1)
    circuit.for_(None, Range(lift(0), number, lift(1)), body)
    circuit.for_(number, [5, 2, 60], circuit.block().measure(1, 2).h(1).assign(circuit.bit(3), bit_at(number, 2)))
    circuit.for_(number, range(9, 0, -4), circuit.block().ry(0.2, 1))
    circuit.while_(~circuit.bit(4), circuit.block().h(0).measure(0, 4))
    circuit.if_(popcount(circuit.value("c")).eq(2), circuit.block().end()).measure(1, 5)
    assert is_walked(circuit)
    first, second = (simulated(circuit, shots=20_000, engine=name) for name in ("numpy", "fast"))
    assert first.get_counts() == second.get_counts()
    assert len(first.get_counts()) > 8


def endless() -> Circuit:
    circuit = Circuit(1, 1).ry(0.3, 0).measure(0, 0).reset(0)
    return circuit.while_(~circuit.bit(0) | circuit.bit(0), circuit.block().h(0))


def long_range() -> Circuit:
    circuit = Circuit(1, 40).h(range(1)).measure(0, 39)
    circuit.ry(0.4, 0).measure(0, 0)
    return circuit.for_(None, Range(lift(0), circuit.value("c") | 1 << 39, lift(1)), circuit.block().h(0))


@pytest.mark.parametrize(
    "circuit, message",
    [
        (endless(), "max_while_iterations = 5,000 was reached: .* asks for 5,001 rounds of `while`"),
        (long_range(), "max_loop_iterations = 10,000,000 was reached: .* asks for 549,755,813,88. rounds of loops"),
    ],
)
def test_loops_are_limited_as_on_the_numpy_engine(circuit: Circuit, message: str, simulated: Any) -> None:
    assert is_walked(circuit)
    for engine in ("numpy", "fast"):
        with pytest.raises(LimitExceeded, match=message):
            simulated(circuit, engine=engine, limits=Limits(max_while_iterations=5000))


def test_what_has_no_value_is_told_by_python(simulated: Any) -> None:
    circuit = Circuit(1, 3).h(0).measure(0, 0).ry(0.3, 0).measure(0, 1)
    circuit.if_((circuit.value("c") // cast(circuit.bit(2), Uint(3))).eq(1), circuit.block().x(0))
    assert is_walked(circuit)
    for engine in ("numpy", "fast"):
        with pytest.raises(CircuitError, match="Division by zero"):
            simulated(circuit, engine=engine)


class Asked:
    """A context that is asked to stop after some looks."""

    def __init__(self, looks: int) -> None:
        self.left, self.fractions = looks, [0.0]

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise JobCancelledError("stop")

    def progress(self, fraction: float, text: str = "") -> None:
        self.fractions.append(fraction)


def walked(circuit: Circuit, shots: int, looks: int) -> Asked:
    """Walk with a look at every chance."""
    context = Asked(looks)
    watch = AlwaysDue(context)
    key = np.array([1, 0], np.uint64)
    course = branches.Course(circuit, None, REAL, key, (shots,), 20, Limits(), False, watch, lambda *_: None)
    branches.count(course)
    return context


class AlwaysDue:
    """A watch that is always due."""

    def __init__(self, context: Asked) -> None:
        self.context = context

    def is_due(self) -> bool:
        return True

    def look(self, fraction: float) -> None:
        self.context.check()
        self.context.progress(fraction)


def test_a_walk_stops_when_asked_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "_BUDGET", 1000)
    fractions = walked(layered(8, 8), 1000, 10**6).fractions
    assert len(fractions) > 100
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0 or fractions[-1] > 0.9
    with pytest.raises(JobCancelledError):
        walked(layered(8, 8), 1000, 20)
    with pytest.raises(JobCancelledError):
        walked(endless(), 1, 20)


def test_outcomes_are_handed_over_as_often_as_there_is_no_room(monkeypatch: pytest.MonkeyPatch, simulated: Any) -> None:
    circuit = layered(6, 6)
    expected = simulated(circuit, shots=3000, memory=True, engine="numpy")
    monkeypatch.setattr(branches, "_MOST_FOUND", 64)
    found = simulated(circuit, shots=3000, memory=True, engine="fast")
    assert found.get_counts() == expected.get_counts()
    assert (found.memory == expected.memory).all()
