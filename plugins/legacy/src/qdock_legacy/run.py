"""Programs run with the historical draws: sampled once or followed shot by shot, by the historical rule."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic import apply_matrix, prepare, probabilities
from qdock_legacy.arrays import Array
from qdock_legacy.draws import Drawn, draws, uniform
from qdock_legacy.gates import matrix_for
from qdock_legacy.program import BFUNC, GATE, MEASURE, RESET, Program, Step, holds
from qdock_legacy.stack import AMPLITUDES, evolve
from qdock_legacy.tree import Tree, apply_bfunc, write

__all__ = ["Found", "Settings", "run_programs"]

Floats = npt.NDArray[np.float64]

_MOST_NAMES = 1 << 16


@dataclass(frozen=True)
class Settings:
    """How programs are run.

    Attributes
    ----------
    method : {"counts", "statevector", "unitary"}
    shots : int
    memory : bool
        Whether the outcome of every shot is wanted.
    seed : int, optional
        Of programs without one of their own.
    generator : {"RandomState", "default_rng"}
    chop : float
        Smaller entries of an array become 0.
    initial : array, optional
        Statevector or unitary to begin with.
    """

    method: str = "counts"
    shots: int = 1024
    memory: bool = False
    seed: int | None = None
    generator: str = "RandomState"
    chop: float = 1e-15
    initial: Array | None = None


@dataclass(slots=True)
class Found:
    """What came of a program: data in the wire format, arrays as they are."""

    data: dict[str, Any]
    seed: int | None
    seconds: float


def run_programs(
    programs: Sequence[Program], settings: Settings, check: Callable[[], None] | None = None
) -> Iterator[Found]:
    """Yield what came of each program, in order; `check` is called now and then, and may raise."""
    for batch in _batches(programs, settings):
        if check is not None:
            check()
        if settings.method == "unitary":
            yield _unitary(batch[0], settings)
        elif _is_sampled(batch[0], settings):
            yield from _sampled(batch, settings)
        else:
            yield _followed(batch[0], settings)


def _is_sampled(program: Program, settings: Settings) -> bool:
    """Whether all shots are drawn from one final state."""
    return program.sampling and settings.shots > 1 and settings.method == "counts"


def _batches(programs: Sequence[Program], settings: Settings) -> Iterator[list[Program]]:
    """Yield neighbours that are sampled and have as many qubits together, all others alone."""
    batch: list[Program] = []
    for program in programs:
        alone = not _is_sampled(program, settings) or program.resets
        full = batch and (len(batch) + 1) << program.num_qubits > AMPLITUDES
        if batch and (alone or full or program.num_qubits != batch[0].num_qubits):
            yield batch
            batch = []
        if alone:
            yield [program]
        else:
            batch.append(program)
    if batch:
        yield batch


def _seed_of(program: Program, settings: Settings) -> int:
    """Return the seed of a program; without one the global generator gives it, as it did."""
    seed = settings.seed if program.seed is None else program.seed
    return int(np.random.randint(2147483647, dtype=np.int32)) if seed is None else seed  # which a script may seed


def _start(program: Program, settings: Settings) -> Array:
    state = prepare(program.num_qubits)
    if settings.initial is not None:
        state[:] = settings.initial
    if program.phase:
        state *= np.exp(1j * program.phase)
    return state


# --- one final state


@dataclass
class _Classical:
    """What is known of a sampled program without its state: memory and register at its end, and what is read."""

    memory: int
    register: int
    gates: list[Step]
    readings: list[tuple[int, int]]


def _sampled(batch: Sequence[Program], settings: Settings) -> Iterator[Found]:
    begin = time.perf_counter()
    seeds = [_seed_of(program, settings) for program in batch]
    if batch[0].resets and len(batch) == 1:
        yield _sampled_alone(batch[0], settings, seeds[0])
        return
    plans = [_plan(program) for program in batch]
    states = np.tile(_start(replace(batch[0], phase=0.0), settings), (len(batch), 1))
    states *= np.exp(1j * np.array([program.phase for program in batch]))[:, None]
    evolve(states, [plan.gates for plan in plans])
    # Without qubits they are those of all basis states, of however many states.
    tables = probabilities(states.reshape(-1)).reshape(states.shape)
    seconds = (time.perf_counter() - begin) / len(batch)
    for program, plan, table, seed in zip(batch, plans, tables, seeds, strict=True):
        begin = time.perf_counter()
        data = _read(program, plan, table, _draws(settings.generator, seed, settings.shots), settings)
        yield Found(data, seed, seconds + time.perf_counter() - begin)


def _plan(program: Program) -> _Classical:
    """Follow the classical part, in which nothing has been measured yet."""
    plan = _Classical(0, 0, [], [])
    for step in program.steps:
        if holds(step.condition, plan.memory, plan.register):
            _PLANNED[step.kind](plan, step)
    return plan


_PLANNED: dict[int, Callable[[_Classical, Step], None]] = {
    GATE: lambda plan, step: plan.gates.append(step),
    MEASURE: lambda plan, step: plan.readings.append((step.qubits[0], step.detail[0])),
    BFUNC: apply_bfunc,
}


def _sampled_alone(program: Program, settings: Settings, seed: int) -> Found:
    """Sample what has a reset, because its file says so: the reset takes the first draw."""
    begin = time.perf_counter()
    made = draws(settings.generator, seed)
    steps = [step for step in program.steps if step.kind != MEASURE]
    end = Tree(_with_steps(program, steps), _start(program, settings), keep_ends=True).follow(made)
    plan = _Classical(end.memory, end.register, [], _readings(program))
    assert end.state is not None
    drawn = Drawn(np.array([next(made) for _ in range(settings.shots)]))
    data = _read(program, plan, probabilities(end.state), drawn, settings)
    return Found(data, seed, time.perf_counter() - begin)


def _with_steps(program: Program, steps: list[Step]) -> Program:
    return replace(program, steps=steps)


def _readings(program: Program) -> list[tuple[int, int]]:
    """Return what is read at the end; conditions see the classical values of their place, which no reset changes."""
    plan = _Classical(0, 0, [], [])
    for step in program.steps:
        if step.kind != RESET and holds(step.condition, plan.memory, plan.register):
            _PLANNED[step.kind](plan, step)
    return plan.readings


@lru_cache(maxsize=4)
def _draws(generator: str, seed: int, shots: int) -> Drawn:
    """Return the draws of an experiment; all those with one seed have the same ones."""
    return Drawn(uniform(generator, seed, shots))


def _read(program: Program, plan: _Classical, table: Floats, drawn: Drawn, settings: Settings) -> dict[str, Any]:
    """Return the counts of a final state, of which `table` has the probabilities of all basis states."""
    if program.memory_slots == 0:
        return {"counts": {}, **({"memory": []} if settings.memory else {})}
    if not plan.readings:
        name = hex(plan.memory)
        return {"counts": {name: settings.shots}, **({"memory": [name] * settings.shots} if settings.memory else {})}
    qubits = tuple(sorted({qubit for qubit, _ in plan.readings}))
    names = _Names.of(qubits, tuple(plan.readings), plan.memory)
    table = _marginal(table, qubits)
    counts: dict[str, int] = {}
    for outcome, number in drawn.counts(table):
        name = names[outcome]
        counts[name] = counts.get(name, 0) + number
    data: dict[str, Any] = {"counts": counts}
    if settings.memory:
        data["memory"] = [names[outcome] for outcome in drawn.outcomes(table)]
    return data


def _marginal(table: Floats, qubits: tuple[int, ...]) -> Floats:
    """Sum over the qubits that are not among those given, which ascend."""
    if 1 << len(qubits) == len(table):
        return table
    # The square roots are a state with these probabilities.
    return probabilities(np.sqrt(table).astype(np.complex128), qubits)


class _Names(dict[int, str]):
    """From what is read to the memory in hexadecimal, made when it is first asked for."""

    def __init__(self, qubits: tuple[int, ...], readings: tuple[tuple[int, int], ...], memory: int) -> None:
        super().__init__()
        self._moves = [(qubits.index(qubit), slot) for qubit, slot in readings]
        self._memory = memory

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, qubits: tuple[int, ...], readings: tuple[tuple[int, int], ...], memory: int) -> _Names:
        """Return the names of a way to read; most experiments of a file have the same."""
        return cls(qubits, readings, memory)

    def __missing__(self, outcome: int) -> str:
        memory = self._memory
        for bit, slot in self._moves:
            memory = write(memory, slot, outcome >> bit & 1)
        name = hex(memory)
        if len(self) < _MOST_NAMES:
            self[outcome] = name
        return name


# --- shot by shot


def _followed(program: Program, settings: Settings) -> Found:
    begin = time.perf_counter()
    seed = _seed_of(program, settings)
    shows_state = settings.method == "statevector"
    tree = Tree(program, _start(program, settings), keep_ends=shows_state)
    made = draws(settings.generator, seed)
    ends = [tree.follow(made) for _ in range(settings.shots)]
    data = _tell(program, [end.memory for end in ends], settings)
    if shows_state:
        state = ends[-1].state
        assert state is not None
        state[np.abs(state) < settings.chop] = 0
        data = {name: value for name, value in data.items() if value} | {"statevector": state}
    return Found(data, seed, time.perf_counter() - begin)


def _tell(program: Program, memories: list[int], settings: Settings) -> dict[str, Any]:
    """Return counts in the order in which outcomes were first seen, and the memory if it is wanted."""
    names = [hex(memory) for memory in memories] if program.memory_slots else []
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return {"counts": counts, **({"memory": names} if settings.memory else {})}


# --- matrices


def _unitary(program: Program, settings: Settings) -> Found:
    """Apply the gates to the rows of a matrix: a state of twice the qubits, whose lower half counts the columns."""
    begin = time.perf_counter()
    size = 1 << program.num_qubits
    matrix = np.eye(size, dtype=np.complex128) if settings.initial is None else settings.initial.copy()
    flat = matrix.reshape(-1)
    place = _Classical(0, 0, [], [])
    for step in program.steps:
        if holds(step.condition, place.memory, place.register):
            if step.kind == BFUNC:
                apply_bfunc(place, step)
            else:
                apply_matrix(flat, matrix_for(step.detail), [qubit + program.num_qubits for qubit in step.qubits])
    matrix *= np.exp(1j * program.phase)
    matrix[np.abs(matrix) < settings.chop] = 0
    return Found({"unitary": matrix}, None, time.perf_counter() - begin)
