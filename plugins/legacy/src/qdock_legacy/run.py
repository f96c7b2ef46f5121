"""Programs run with the historical draws: sampled once or followed shot by shot, by the historical rule."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_basic import apply_matrix, prepare, probabilities
from qdock_legacy.arrays import Array
from qdock_legacy.draws import draws, sample, uniform
from qdock_legacy.gates import matrix_for
from qdock_legacy.program import BFUNC, GATE, MEASURE, RESET, Program, Step, holds
from qdock_legacy.stack import AMPLITUDES, evolve
from qdock_legacy.tree import Tree, apply_bfunc, write

__all__ = ["Found", "Settings", "run_programs"]


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
    return int(np.random.randint(2147483647, dtype=np.int32)) if seed is None else seed  # noqa: NPY002  # a script seeds it


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
    states = np.stack([_start(program, settings) for program in batch])
    evolve(states, [plan.gates for plan in plans])
    seconds = (time.perf_counter() - begin) / len(batch)
    for program, plan, state, seed in zip(batch, plans, states, seeds, strict=True):
        begin = time.perf_counter()
        values = _draws(settings.generator, seed, settings.shots)
        data = _read(program, plan, state, values, settings)
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
    values = np.array([next(made) for _ in range(settings.shots)])
    data = _read(program, plan, end.state, values, settings)
    return Found(data, seed, time.perf_counter() - begin)


def _with_steps(program: Program, steps: list[Step]) -> Program:
    from dataclasses import replace

    return replace(program, steps=steps)


def _readings(program: Program) -> list[tuple[int, int]]:
    """Return what is read at the end; conditions see the classical values of their place, which no reset changes."""
    plan = _Classical(0, 0, [], [])
    for step in program.steps:
        if step.kind != RESET and holds(step.condition, plan.memory, plan.register):
            _PLANNED[step.kind](plan, step)
    return plan.readings


@lru_cache(maxsize=4)
def _draws(generator: str, seed: int, shots: int) -> npt.NDArray[np.float64]:
    """Return the draws of an experiment; all those with one seed have the same ones."""
    values = uniform(generator, seed, shots)
    values.setflags(write=False)
    return values


def _read(
    program: Program, plan: _Classical, state: Array, values: npt.NDArray[np.float64], settings: Settings
) -> dict[str, Any]:
    """Return the counts of a final state."""
    if program.memory_slots == 0:
        return {"counts": {}, **({"memory": []} if settings.memory else {})}
    qubits = sorted({qubit for qubit, _ in plan.readings})
    if qubits:
        table = probabilities(state, qubits)
        outcomes = sample(table, values)
    else:
        outcomes = np.zeros(len(values), dtype=np.int64)
    seen, first, numbers = np.unique(outcomes, return_index=True, return_counts=True)
    moves = [(qubits.index(qubit), slot) for qubit, slot in plan.readings]
    names = {outcome: _name(outcome, moves, plan.memory) for outcome in seen.tolist()}
    counts: dict[str, int] = {}
    order = np.argsort(first)
    for outcome, number in zip(seen[order].tolist(), numbers[order].tolist(), strict=True):
        name = names[outcome]
        counts[name] = counts.get(name, 0) + number
    data: dict[str, Any] = {"counts": counts}
    if settings.memory:
        data["memory"] = [names[outcome] for outcome in outcomes.tolist()]
    return data


def _name(outcome: int, moves: Sequence[tuple[int, int]], memory: int) -> str:
    """Return the memory, in hexadecimal, after what was read has been copied into it in order."""
    for bit, slot in moves:
        memory = write(memory, slot, outcome >> bit & 1)
    return hex(memory)


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
