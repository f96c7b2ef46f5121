"""What holds for every circuit: random ones, with control flow, expressions, matrices and modified gates."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import unitary_group

from qdock import expr as ex
from qdock.circuit import Circuit, Operation, Range
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import BOOL, FLOAT, Angle, Bits, Int, Parameter, Uint, cast
from qdock.gates import GATES, Gate
from qdock.stores.packed_circuits import pack_circuits, unpack_circuits

PARAMETERS = [Parameter(name) for name in ("a", "b", "c")]
TYPES = [BOOL, FLOAT, Uint(1), Uint(5), Uint(70), Int(8), Angle(6)]


class Author:
    """Writes random circuits."""

    def __init__(self, seed, unitary=False):
        self.random = random.Random(seed)
        self.unitary = unitary

    def circuit(self, size):
        """A circuit with up to `size` operations, registers and variables of several kinds."""
        pick = self.random
        circuit = Circuit(pick.randint(1, 3), pick.choice([0, 0, 2]), name=f"made {pick.random()}")
        circuit.add_qreg("more", pick.randint(0, 2))
        if not self.unitary:
            circuit.add_creg("bits", pick.randint(0, 3), output=pick.random() < 0.8)
            for number in range(pick.randint(0, 4)):
                circuit.add_var(f"v{number}", pick.choice(TYPES), pick.choice([0, 1, True, 2.5]))
        circuit.metadata = pick.choice([{}, {"about": ["x", 1, None, {"deep": 0.5}]}])
        self.fill(circuit, size, 2)
        if pick.random() < 0.3:
            circuit.add_creg("late", 1)
        return circuit

    def fill(self, circuit, size, levels):
        """Append random operations."""
        kinds = [self.gate, self.gate, self.modified, self.matrix, self.barrier, self.delay, self.phase]
        if not self.unitary:
            kinds += [self.measure, self.reset, self.assign, self.jump]
            kinds += [self.branch, self.loop, self.count, self.choose] if levels else []
        for _ in range(self.random.randint(0, size)):
            self.random.choice(kinds)(circuit, size, levels)
        return circuit

    def angle(self, circuit):
        pick = self.random
        kind = pick.random()
        if kind < 0.6:
            return pick.choice([pick.uniform(-7, 7), 0.0, -0.0, math.pi / 2, 3, 1e-300])
        if kind < 0.8 or self.unitary:
            return pick.choice([0.5, -1, 3]) * pick.choice(PARAMETERS) + pick.choice(PARAMETERS) / 3
        return cast(self.value(circuit, 2), FLOAT)

    def value(self, circuit, levels):
        """A random expression over clbits, variables, parameters and numbers."""
        pick = self.random
        leaves = [lambda: ex.lift(pick.choice([True, 5, -3, 0.25, 2**70]))]
        if circuit.num_clbits:
            leaves.append(lambda: circuit.bit(pick.randrange(circuit.num_clbits)))
            leaves.append(lambda: Bits(tuple(pick.choices(range(circuit.num_clbits), k=pick.randint(1, 3)))))
        if circuit.variables:
            leaves.append(lambda: pick.choice(circuit.variables).var)
        leaves.append(lambda: pick.choice(PARAMETERS))
        if levels == 0 or pick.random() < 0.3:
            return pick.choice(leaves)()
        left, right = self.value(circuit, levels - 1), self.value(circuit, levels - 1)
        try:
            return pick.choice(
                [
                    lambda: left + right,
                    lambda: left * 2,
                    lambda: left // right,
                    lambda: left & right,
                    lambda: left << 1,
                    lambda: left.lt(right),
                    lambda: left.eq(right),
                    lambda: ~left,
                    lambda: -left,
                    lambda: ex.sin(left),
                    lambda: ex.popcount(left),
                    lambda: ex.rotl(left, right),
                    lambda: cast(left, pick.choice(TYPES)),
                ]
            )()
        except CircuitError:
            return left

    def qubits(self, circuit, count):
        return self.random.sample(range(circuit.num_qubits), count)

    def some_gate(self, circuit):
        fitting = [row for row in GATES.values() if row.num_qubits <= min(circuit.num_qubits, 3)]
        row = self.random.choice(fitting)
        return Gate(row.name, tuple(self.angle(circuit) for _ in row.parameters))

    def gate(self, circuit, _size, _levels):
        made = self.some_gate(circuit)
        circuit.append(made.name, self.qubits(circuit, made.num_qubits), made.params)

    def modified(self, circuit, _size, _levels):
        made = self.some_gate(circuit)
        room = circuit.num_qubits - made.num_qubits
        if room:
            count = self.random.randint(1, min(room, 2))
            made = made.control(count, self.random.randrange(1 << count))
        exponent = self.random.choice([1, -1, 2, 0.5, 1 / 3])
        made = made.to_power(exponent) if abs(made.power) == 1 else made
        circuit.append(made, self.qubits(circuit, made.num_qubits))

    def matrix(self, circuit, _size, _levels):
        count = self.random.randint(1, min(2, circuit.num_qubits))
        matrix = unitary_group.rvs(1 << count, random_state=self.random.randrange(1 << 30))
        circuit.unitary(matrix, self.qubits(circuit, count))

    def barrier(self, circuit, _size, _levels):
        circuit.barrier(self.qubits(circuit, self.random.randint(0, circuit.num_qubits)))

    def delay(self, circuit, _size, _levels):
        circuit.delay(self.random.choice([0, 5, 0.5]), self.qubits(circuit, 1), self.random.choice(["dt", "ns", "s"]))

    def phase(self, circuit, _size, _levels):
        circuit.gphase(self.angle(circuit))

    def measure(self, circuit, _size, _levels):
        if circuit.num_clbits:
            circuit.measure(self.qubits(circuit, 1), self.random.randrange(circuit.num_clbits))

    def reset(self, circuit, _size, _levels):
        circuit.reset(self.qubits(circuit, 1))

    def assign(self, circuit, _size, _levels):
        targets = [item.var for item in circuit.variables]
        if circuit.num_clbits:
            targets += [circuit.bit(0), Bits(tuple(range(circuit.num_clbits)))]
        if targets:
            circuit.assign(self.random.choice(targets), self.value(circuit, 2))

    def jump(self, circuit, _size, _levels):
        self.random.choice([circuit.break_, circuit.continue_, circuit.end])()

    def block(self, circuit, size, levels):
        return self.fill(circuit.block(), size // 2, levels - 1)

    def maybe_block(self, circuit, size, levels):
        return self.block(circuit, size, levels) if self.random.random() < 0.5 else None

    def branch(self, circuit, size, levels):
        otherwise = self.maybe_block(circuit, size, levels)
        circuit.if_(self.value(circuit, 2), self.block(circuit, size, levels), otherwise)

    def loop(self, circuit, size, levels):
        circuit.while_(self.value(circuit, 2), self.block(circuit, size, levels))

    def count(self, circuit, size, levels):
        variable = self.random.choice([None, *(item.var for item in circuit.variables)])
        bound = cast(self.value(circuit, 1), Int(64))
        values = self.random.choice([range(5, 0, -2), Range(0, bound, 3), [1, 2, 2], [0.5, True]])
        if variable is not None and variable.type.kind in ("bool", "angle"):
            values = [1, 0.5, 2]
        circuit.for_(variable, values, self.block(circuit, size, levels))

    def choose(self, circuit, size, levels):
        cases = {0: self.block(circuit, size, levels), (1, -2, 3): self.block(circuit, size, levels)}
        target = cast(self.value(circuit, 1), self.random.choice([BOOL, Uint(3), Int(8), Angle(3)]))
        circuit.switch(target, cases if self.random.random() < 0.8 else {}, self.maybe_block(circuit, size, levels))


SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 12)


@st.composite
def random_circuits(draw, unitary=False):
    return Author(draw(SEEDS), unitary).circuit(draw(SIZES))


CIRCUITS = random_circuits()
UNITARY = random_circuits(unitary=True)


def same_in_every_respect(one, other):
    return (
        one == other and one.name == other.name and one.metadata == other.metadata and one.to_json() == other.to_json()
    )


# --- copies


@given(CIRCUITS)
def test_a_circuit_comes_back_from_json(circuit):
    text = circuit.to_json()
    read = Circuit.from_json(text)
    assert same_in_every_respect(read, circuit)
    assert read.draw() == circuit.draw()
    assert repr(read) == repr(circuit)


@given(st.lists(CIRCUITS, min_size=1, max_size=4))
def test_circuits_come_back_from_arrays(circuits):
    value, arrays = pack_circuits(circuits)
    read = unpack_circuits(json.loads(json.dumps(value, allow_nan=False)), arrays)
    assert len(read) == len(circuits)
    assert all(same_in_every_respect(*pair) for pair in zip(read, circuits, strict=True))


@given(CIRCUITS)
def test_copies_are_equal_and_independent(circuit):
    text = circuit.to_json()
    circuit.columns()
    copies = [circuit.copy(), copy.copy(circuit), copy.deepcopy(circuit), pickle.loads(pickle.dumps(circuit))]
    for made in copies:
        assert same_in_every_respect(made, circuit)
        made.h(0).barrier().add_creg("another", 2)
        made.if_(made.bit(0), made.block().x(0)).metadata["new"] = 1
        assert made != circuit
    assert circuit.to_json() == text


@given(CIRCUITS)
def test_operations_appended_one_by_one_make_the_same_circuit(circuit):
    made = circuit.block().gphase(circuit.global_phase)
    for operation in circuit:
        made.append_operation(operation)
    assert made == circuit


# --- views


@given(CIRCUITS)
def test_iteration_indexing_and_columns_tell_the_same(circuit):
    columns = circuit.columns()
    assert list(circuit) == [circuit[index] for index in range(len(circuit))] == circuit[:]
    assert len(columns.code) == len(circuit)
    for starts, flat in (
        (columns.qubit_start, columns.qubits),
        (columns.clbit_start, columns.clbits),
        (columns.param_start, columns.params),
    ):
        assert starts.dtype == np.int64
        assert len(starts) == len(circuit) + 1
        assert (starts[0], starts[-1]) == (0, len(flat))
        assert (np.diff(starts) >= 0).all()
    for index, operation in enumerate(circuit):
        place = slice(columns.qubit_start[index], columns.qubit_start[index + 1])
        assert operation.qubits == tuple(columns.qubits[place])
        place = slice(columns.clbit_start[index], columns.clbit_start[index + 1])
        assert operation.clbits == tuple(columns.clbits[place])
        assert operation.detail is columns.details.get(index)
        assert isinstance(operation, Operation)
        if operation.is_gate:
            assert operation.gate.num_qubits == len(operation.qubits)
            assert operation.gate.params == operation.params
    assert set(columns.expressions) == set(np.flatnonzero(np.isnan(columns.params)).tolist())


@given(CIRCUITS)
def test_counts_add_up(circuit):
    counts = circuit.count_ops()
    assert sum(counts.values()) == len(circuit)
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert set(counts) == {operation.label for operation in circuit}
    assert 0 <= circuit.depth() <= len(circuit)
    assert circuit.features() <= {"mid_circuit_measurement", "reset", "conditionals", "loops", "variables"}


@given(CIRCUITS, st.integers(10, 60))
def test_every_circuit_can_be_drawn(circuit, width):
    wires = [line for line in circuit.draw().splitlines() if not line.startswith(("[", " ")) and "]: ─" in line]
    assert len({len(line) for line in wires}) <= 1
    circuit.draw(width)


# --- changes


@given(CIRCUITS, st.randoms())
def test_composing_forth_and_back_gives_the_circuit(circuit, pick):
    qubits, clbits = list(range(circuit.num_qubits)), list(range(circuit.num_clbits))
    pick.shuffle(qubits)
    pick.shuffle(clbits)
    forth = circuit.block().compose(circuit, qubits, clbits)
    back = circuit.block().compose(forth, np.argsort(qubits), np.argsort(clbits))
    assert back == circuit
    assert forth.count_ops() == circuit.count_ops()
    assert forth.depth() == circuit.depth()
    assert forth.parameters == circuit.parameters


@given(CIRCUITS)
def test_binding_in_steps_is_binding_at_once(circuit):
    values = {parameter: 0.3 * (place + 1) for place, parameter in enumerate(PARAMETERS)}
    values = {parameter: value for parameter, value in values.items() if parameter in circuit.parameters}
    try:
        at_once = circuit.bind(values)
    except CircuitError as error:
        assert "zero" in str(error) or "finite" in str(error) or "shifted" in str(error)  # noqa: PT017  # if it has one
        return
    stepwise = circuit
    for parameter, value in values.items():
        stepwise = stepwise.bind({parameter.name: value})
    assert stepwise == at_once
    assert at_once.parameters == frozenset()
    assert at_once.metadata == circuit.metadata


def unitary_of(circuit):
    total = np.eye(1 << circuit.num_qubits, dtype=complex) * np.exp(1j * circuit.global_phase)
    for operation in circuit:
        if operation.is_gate:
            own, others = list(operation.qubits), [q for q in range(circuit.num_qubits) if q not in operation.qubits]
            axes = [circuit.num_qubits - 1 - qubit for qubit in reversed(own)]
            rest = [circuit.num_qubits - 1 - qubit for qubit in reversed(others)]
            tensor = total.reshape([2] * circuit.num_qubits + [-1]).transpose(*axes, *rest, -1)
            moved = (operation.gate.matrix() @ tensor.reshape(1 << len(own), -1)).reshape(tensor.shape)
            total = moved.transpose(*np.argsort([*axes, *rest]), -1).reshape(total.shape)
    return total


@given(UNITARY)
def test_the_inverse_undoes_the_circuit(circuit):
    bound = circuit.bind(dict.fromkeys(circuit.parameters, 0.7))
    undone = circuit.inverse().bind(dict.fromkeys(circuit.parameters, 0.7))
    size = 1 << circuit.num_qubits
    np.testing.assert_allclose(unitary_of(undone) @ unitary_of(bound), np.eye(size), rtol=0, atol=1e-9)
    assert len(undone) == len(circuit)
    again = circuit.inverse().inverse().bind(dict.fromkeys(circuit.parameters, 0.7))
    np.testing.assert_allclose(unitary_of(again), unitary_of(bound), rtol=0, atol=1e-9)


@given(UNITARY, UNITARY)
def test_composing_multiplies_the_unitaries(one, other):
    one, other = (c.bind(dict.fromkeys(c.parameters, -0.4)) for c in (one, other))
    if one.num_qubits < other.num_qubits:
        one, other = other, one
    wide, both = Circuit(one.num_qubits, 9).compose(other), Circuit(one.num_qubits, 9).compose(one).compose(other)
    np.testing.assert_allclose(unitary_of(both), unitary_of(wide) @ unitary_of(one), rtol=0, atol=1e-9)


# --- errors change nothing

WRONG = [
    lambda c: c.h(99),
    lambda c: c.h([0, 99]),
    lambda c: c.h(True),
    lambda c: c.cx(0, 0),
    lambda c: c.cx([0, 0], [0, 0, 0]),
    lambda c: c.rx(math.nan, [0, 0]),
    lambda c: c.rx("x", 0),
    lambda c: c.rx(Bits((99,)) + 0.5, [0, 0]),
    lambda c: c.u(0.1, 0.2, math.inf, 0),
    lambda c: c.append("nothing", [0]),
    lambda c: c.append("h", [0], [0.5]),
    lambda c: c.append(Gate("h", controls=(1,)), [0, 0]),
    lambda c: c.unitary(np.eye(3), [0]),
    lambda c: c.unitary(np.eye(2), [99]),
    lambda c: c.mcx([0], 0),
    lambda c: c.measure([0, 0], [0, 99]),
    lambda c: c.measure(0, [0, 0]),
    lambda c: c.reset([0, 99]),
    lambda c: c.barrier(0, 99),
    lambda c: c.delay(-1, [0]),
    lambda c: c.delay(1, [0, 99]),
    lambda c: c.delay(1, 0, "h"),
    lambda c: c.assign(Bits((99,)), 1),
    lambda c: c.assign(ex.Var("nobody", BOOL), 1),
    lambda c: c.if_(ex.Bit(99), c.block()),
    lambda c: c.if_(ex.lift(True), c.block(), 5),
    lambda c: c.while_(True, c.block()),
    lambda c: c.for_(None, [0, PARAMETERS[0]], c.block()),
    lambda c: c.for_(ex.Var("nobody", BOOL), [0], c.block()),
    lambda c: c.switch(ex.lift(1), {0: c.block(), 1: Circuit(99)}),
    lambda c: c.switch(ex.lift(0.5), {}),
    lambda c: c.add_qreg("q", 1),
    lambda c: c.add_qreg("new", -1),
    lambda c: c.add_creg("new", 10**9),
    lambda c: c.add_var("q", BOOL),
    lambda c: c.add_var("new", BOOL, ex.Bit(0)),
    lambda c: c.gphase(math.nan),
    lambda c: setattr(c, "global_phase", math.inf),
    lambda c: setattr(c, "global_phase", cast(ex.Bit(99), FLOAT)),
    lambda c: c.compose(Circuit(99).h(3)),
    lambda c: c.compose(Circuit(1).h(0), [99]),
    lambda c: c.compose(5),
    lambda c: c.compose(taken(Circuit(0))),
    lambda c: c.compose(Circuit(0, global_phase=1.7e308)),
    lambda c: c.bind({"nobody": 1}),
    lambda c: c.append_operation(Operation("h", (99,))),
]


def taken(circuit):
    circuit.add_var("fine", BOOL)
    circuit.add_var("q", BOOL)
    return circuit


@pytest.mark.parametrize("place", range(len(WRONG)))
@pytest.mark.parametrize("seed", range(5))
def test_after_an_error_the_circuit_is_as_it_was(place, seed):
    circuit = Author(seed).circuit(8)
    circuit.global_phase = 1.7e308
    text = circuit.to_json()
    for _ in range(2):
        with pytest.raises((CircuitError, LimitExceeded)):
            WRONG[place](circuit)
        assert circuit.to_json() == text
        assert len(list(circuit)) == len(circuit)
        circuit.columns()


# --- JSON that was changed

JUNK = [
    None,
    True,
    -1,
    0,
    1,
    2.5,
    10**30,
    "",
    "x",
    "h",
    "if",
    "float",
    [],
    [[]],
    {},
    {"postfix": []},
    [0, 0],
    1e308,
    "uint[4096]",
]


def places(value, path=()):
    """Every place in a JSON document."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def changed(document, pick):
    """A document with one place replaced, doubled or left out."""
    path = pick.choice(list(places(document))[1:])
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    kind = pick.random()
    if kind < 0.6:
        holder[path[-1]] = copy.deepcopy(pick.choice(JUNK))
    elif kind < 0.8:
        del holder[path[-1]]
    elif isinstance(holder, list):
        holder.insert(path[-1], copy.deepcopy(holder[path[-1]]))
    else:
        holder[f"{path[-1]}_"] = 1
    return document


@given(SEEDS, SIZES, st.integers(1, 3))
def test_changed_json_is_read_or_refused_in_our_words(seed, size, changes):
    author = Author(seed)
    document = json.loads(author.circuit(size).to_json())
    for _ in range(changes):
        document = changed(document, author.random)
    text = json.dumps(document)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read = Circuit.from_json(text)
        except (CircuitError, LimitExceeded) as error:
            assert str(error)  # noqa: PT017  # a message, whatever it is
            return
    assert Circuit.from_json(read.to_json()) == read


@given(SEEDS, SIZES, st.integers(0, 3))
def test_changed_arrays_are_read_or_refused_in_our_words(seed, size, changes):
    author = Author(seed)
    value, arrays = pack_circuits([author.circuit(size), author.circuit(size)])
    for _ in range(changes):
        value = changed(value, author.random)
    # At least one of them is not as it was.
    for name in author.random.sample(sorted(arrays), 1 + changes):
        arrays[name] = scrambled(arrays[name], author.random)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read = unpack_circuits(value, arrays)
        except (CircuitError, LimitExceeded) as error:
            assert str(error)  # noqa: PT017  # a message, whatever it is
            return
    assert unpack_circuits(*pack_circuits(read)) == read if read else True


def scrambled(array, pick):
    """An array with a number, its type or its length changed."""
    how = pick.choice(("number", "number", "number", "length", "type"))
    if how == "type" or not array.size:
        return array.astype(pick.choice(["u1", "u4", "u8", "i8", "f8"]), casting="unsafe")
    if how == "length":
        return pick.choice([array[1:], np.repeat(array, 2), array[None]])
    array = array.copy()
    array[pick.randrange(len(array))] = pick.choice([0, 1, 2, 130, 255, *([math.nan] * (array.dtype.kind == "f"))])
    return array


@given(SEEDS, st.randoms())
def test_cut_and_scrambled_json_is_read_or_refused_in_our_words(seed, pick):
    text = Author(seed).circuit(6).to_json()
    place = pick.randrange(len(text))
    for mutated in (text[:place], text[:place] + chr(pick.randrange(0x3000)) + text[place + 1 :], text + text[place:]):
        try:
            Circuit.from_json(mutated)
        except (CircuitError, LimitExceeded) as error:
            assert str(error)  # noqa: PT017  # a message, whatever it is
