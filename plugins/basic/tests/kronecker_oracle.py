"""Independent answers to compare the simulator with: Kronecker products, and worlds followed one operation at a time.

Nothing here shares code with the simulator. Operators are sums of Kronecker products of 2x2 matrices on all
qubits; runs are followed by recursion over `Operation` views, where the simulator walks columns in a loop.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from itertools import count
from typing import Any

import numpy as np
from hypothesis import reject

from qdock.circuit import Circuit, Operation, Range
from qdock.expr import FLOAT, Bit, Expr, Var, cast, evaluate

_IDENTITY = np.eye(2)
# Following so many measurements takes about a second.
_MOST_SPLITS = 2_000


def embedded(matrix: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A matrix on some qubits as one on all of them."""
    array = np.ascontiguousarray(matrix, complex)
    return _embedded(array.tobytes(), tuple(qubits), num_qubits)


@lru_cache(maxsize=1000)
def _embedded(data: bytes, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    matrix = np.frombuffer(data, complex).reshape(1 << len(qubits), -1)
    total = np.zeros((1 << num_qubits, 1 << num_qubits), complex)
    for row, column in zip(*np.nonzero(matrix), strict=True):
        factors = [_IDENTITY] * num_qubits
        for position, qubit in enumerate(qubits):
            unit = np.zeros((2, 2))
            unit[row >> position & 1, column >> position & 1] = 1
            factors[qubit] = unit
        # The left factor of a Kronecker product is the most significant one.
        total += matrix[row, column] * reduce(np.kron, reversed(factors), np.eye(1))
    return total


def unitary(circuit: Circuit) -> np.ndarray:
    """The product of all gates, the first one rightmost."""
    total = np.eye(1 << circuit.num_qubits, dtype=complex)
    for operation in circuit:
        if operation.name not in ("barrier", "delay"):
            total = embedded(operation.gate.matrix(), operation.qubits, circuit.num_qubits) @ total
    return cmath.exp(1j * circuit.global_phase) * total


@dataclass(frozen=True)
class World:
    """One of the ways that a run may have gone so far."""

    probability: float
    state: np.ndarray
    bits: int = 0
    variables: dict[str, Any] = field(default_factory=dict)


Signal = str | None
Choice = Callable[[list[float]], Iterable[int]]


def both(probabilities: list[float]) -> list[int]:
    """Follow every outcome that can happen, but for what is far below what answers are compared to."""
    return [outcome for outcome, probability in enumerate(probabilities) if probability > 1e-13]


def one(rng: np.random.Generator) -> Choice:
    """Follow one outcome, drawn."""
    return lambda probabilities: [int(rng.random() * sum(probabilities) >= probabilities[0])]


def _bounded(choose: Choice) -> Choice:
    """Give up an example of hypothesis that splits without end, as loops in loops do: others take its place."""
    numbers = count()

    def chosen(probabilities: list[float]) -> Iterable[int]:
        if next(numbers) == _MOST_SPLITS:
            reject()
        return choose(probabilities)

    return chosen


def worlds(circuit: Circuit, choose: Choice = both, state: np.ndarray | None = None) -> list[World]:
    """All ends of a circuit's runs that `choose` allows."""
    if state is None:
        state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0]
    start = World(1.0, state, 0, {item.var.name: item.initial for item in circuit.variables})
    return [world for world, _ in _run(circuit, start, _bounded(choose))]


def distribution(circuit: Circuit) -> np.ndarray:
    """Exact probabilities over all clbits."""
    table = np.zeros(1 << circuit.num_clbits)
    for world in worlds(circuit):
        table[world.bits] += world.probability
    return table


def shots(circuit: Circuit, number: int, seed: int) -> np.ndarray:
    """Counts over all clbits, shot by shot."""
    rng = np.random.default_rng(seed)
    counts = np.zeros(1 << circuit.num_clbits, int)
    for _ in range(number):
        (world,) = worlds(circuit, one(rng))
        counts[world.bits] += 1
    return counts


def _run(circuit: Circuit, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    phase = evaluate(cast(circuit.global_phase, FLOAT), world.bits, world.variables)
    open_worlds = [replace(world, state=world.state * cmath.exp(1j * phase))]
    ended: list[tuple[World, Signal]] = []
    for operation in circuit:
        results = [result for item in open_worlds for result in _step(operation, item, choose)]
        open_worlds = [item for item, signal in results if signal is None]
        ended += [(item, signal) for item, signal in results if signal is not None]
    return ended + [(item, None) for item in open_worlds]


def _step(operation: Operation, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    return _STEPS.get(operation.name, _gate)(operation, world, choose)


def _gate(operation: Operation, world: World, _: Choice) -> list[tuple[World, Signal]]:
    angles = [_value(cast(angle, FLOAT), world) if isinstance(angle, Expr) else angle for angle in operation.params]
    gate = replace(operation.gate, params=tuple(map(float, angles)))
    return [(replace(world, state=embedded(gate.matrix(), operation.qubits, _size(world)) @ world.state), None)]


def _nothing(_: Operation, world: World, __: Choice) -> list[tuple[World, Signal]]:
    return [(world, None)]


def _jump(operation: Operation, world: World, _: Choice) -> list[tuple[World, Signal]]:
    return [(world, operation.name)]


def _assign(operation: Operation, world: World, _: Choice) -> list[tuple[World, Signal]]:
    return [(_assigned(world, operation.detail.target, _value(operation.detail.value, world)), None)]


def _if(operation: Operation, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    detail = operation.detail
    block = detail.then if _value(detail.condition, world) else detail.otherwise
    return _run(block, world, choose) if block is not None else [(world, None)]


def _switch(operation: Operation, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    detail = operation.detail
    target = int(_value(detail.target, world))
    block = next((item for values, item in detail.cases if target in values), detail.default)
    return _run(block, world, choose) if block is not None else [(world, None)]


def _size(world: World) -> int:
    return len(world.state).bit_length() - 1


def _value(expression: Expr, world: World) -> Any:
    return evaluate(expression, world.bits, world.variables)


def _project(operation: Operation, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    (qubit,) = operation.qubits
    units = [np.diag([1.0, 0.0]), np.diag([0.0, 1.0])]
    parts = [embedded(unit, (qubit,), _size(world)) @ world.state for unit in units]
    weights = [float(np.linalg.norm(part) ** 2) for part in parts]
    found: list[tuple[World, Signal]] = []
    for outcome in choose([world.probability * weight for weight in weights]):
        state = parts[outcome] / np.sqrt(weights[outcome])
        bits = world.bits
        if operation.name == "measure":
            (clbit,) = operation.clbits
            bits = bits & ~(1 << clbit) | outcome << clbit
        elif outcome:
            state = embedded(np.array([[0, 1], [1, 0]]), (qubit,), _size(world)) @ state
        found.append((World(world.probability * weights[outcome], state, bits, world.variables), None))
    return found


def _assigned(world: World, target: Any, value: Any) -> World:
    if isinstance(target, Var):
        return replace(world, variables={**world.variables, target.name: value})
    indices = (target.index,) if isinstance(target, Bit) else target.indices
    bits = world.bits
    for position, index in enumerate(indices):
        bits = bits & ~(1 << index) | (int(value) >> position & 1) << index
    return replace(world, bits=bits)


def _values(values: Any, world: World) -> list[Any]:
    if isinstance(values, Range):
        return list(range(*(int(_value(item, world)) for item in (values.start, values.stop, values.step))))
    return list(values)


def _while(operation: Operation, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    detail = operation.detail
    ended: list[tuple[World, Signal]] = []
    waiting = [world]
    while waiting:
        item = waiting.pop()
        if not _value(detail.condition, item):
            ended.append((item, None))
            continue
        for after, signal in _run(detail.body, item, choose):
            if signal in (None, "continue"):
                waiting.append(after)
            else:
                ended.append((after, None if signal == "break" else signal))
    return ended


def _for(operation: Operation, world: World, choose: Choice) -> list[tuple[World, Signal]]:
    detail = operation.detail
    return _rounds(detail.variable, _values(detail.values, world), detail.body, world, choose)


def _rounds(
    variable: Any, values: list[Any], body: Circuit, world: World, choose: Choice
) -> list[tuple[World, Signal]]:
    if not values:
        return [(world, None)]
    if variable is not None:
        world = _assigned(world, variable, evaluate(cast(values[0], variable.type)))
    ended: list[tuple[World, Signal]] = []
    for after, signal in _run(body, world, choose):
        if signal in (None, "continue"):
            ended += _rounds(variable, values[1:], body, after, choose)
        else:
            ended.append((after, None if signal == "break" else signal))
    return ended


_STEPS: dict[str, Callable[..., list[tuple[World, Signal]]]] = {
    **dict.fromkeys(("barrier", "delay"), _nothing),
    **dict.fromkeys(("break", "continue", "end"), _jump),
    **dict.fromkeys(("measure", "reset"), _project),
    "assign": _assign,
    "for": _for,
    "if": _if,
    "switch": _switch,
    "while": _while,
}


# --- states of more qubits than matrices can be made for


def state_of(circuit: Circuit, state: np.ndarray | None = None) -> np.ndarray:
    """The state after gates: each one's tensor is multiplied into that of the state."""
    size = circuit.num_qubits
    tensor = (np.eye(1, 1 << size, dtype=complex)[0] if state is None else state).reshape((2,) * size)
    for operation in circuit:
        # The last axis is the least significant bit, and the first qubit is that of the matrix.
        axes = [size - 1 - qubit for qubit in reversed(operation.qubits)]
        width = len(axes)
        gate = operation.gate.matrix().reshape((2,) * 2 * width)
        tensor = np.moveaxis(np.tensordot(gate, tensor, (range(width, 2 * width), axes)), range(width), axes)
    return cmath.exp(1j * circuit.global_phase) * tensor.reshape(-1)


def read_distribution(circuit: Circuit) -> np.ndarray:
    """Exact probabilities over all clbits where all measurements are at the end."""
    gates = [operation for operation in circuit if operation.name != "measure"]
    readings = [operation for operation in circuit if operation.name == "measure"]
    alone = Circuit(circuit.num_qubits)
    for operation in gates:
        alone.append(operation.gate, operation.qubits)
    indices, outcomes = np.arange(1 << circuit.num_qubits), np.zeros(1 << circuit.num_qubits, int)
    for operation in readings:
        (qubit,), (clbit,) = operation.qubits, operation.clbits
        outcomes = outcomes & ~(1 << clbit) | (indices >> qubit & 1) << clbit
    return np.bincount(outcomes, np.abs(state_of(alone)) ** 2, 1 << circuit.num_clbits)
