"""Programs run with the historical draws: sampled once or followed shot by shot, by the historical rule."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from qdock_basic import apply_matrix, prepare, probabilities
from qdock_legacy.arrays import Array
from qdock_legacy.draws import Drawn, draws, uniform
from qdock_legacy.gates import matrix_for
from qdock_legacy.plan import Classical, plan_of
from qdock_legacy.program import BFUNC, MEASURE, RESET, Program, holds
from qdock_legacy.readout import read_many
from qdock_legacy.stack import AMPLITUDES, evolve
from qdock_legacy.tree import Tree, apply_bfunc

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
    return int(np.random.randint(2147483647, dtype=np.int32)) if seed is None else seed  # which a script may seed


def _start(program: Program, settings: Settings) -> Array:
    state = prepare(program.num_qubits)
    if settings.initial is not None:
        state[:] = settings.initial
    if program.phase:
        state *= np.exp(1j * program.phase)
    return state


# --- one final state


def _sampled(batch: Sequence[Program], settings: Settings) -> Iterator[Found]:
    begin = time.perf_counter()
    seeds = [_seed_of(program, settings) for program in batch]
    if batch[0].resets and len(batch) == 1:
        yield _sampled_alone(batch[0], settings, seeds[0])
        return
    plans = [plan_of(program) for program in batch]
    states = np.tile(_start(replace(batch[0], phase=0.0), settings), (len(batch), 1))
    states *= np.exp(1j * np.array([program.phase for program in batch]))[:, None]
    evolve(states, [plan.gates for plan in plans])
    # Without qubits they are those of all basis states, of however many states.
    tables = probabilities(states.reshape(-1)).reshape(states.shape)
    data = read_many(plans, tables, [_draws(settings, seed) for seed in seeds], settings.memory)
    seconds = (time.perf_counter() - begin) / len(batch)
    yield from map(Found, data, seeds, repeat(seconds))


def _sampled_alone(program: Program, settings: Settings, seed: int) -> Found:
    """Sample what has a reset, because its file says so: the reset takes the first draw."""
    begin = time.perf_counter()
    made = draws(settings.generator, seed)
    steps = [step for step in program.steps if step.kind != MEASURE]
    end = Tree(replace(program, content=steps), _start(program, settings), keep_ends=True).follow(made)
    # Conditions see the classical values of their place, which no reset changes.
    plan = plan_of(replace(program, content=[step for step in program.steps if step.kind != RESET]))
    assert end.state is not None
    drawn = Drawn(np.array([next(made) for _ in range(settings.shots)]))
    (data,) = read_many([plan._replace(memory=end.memory)], probabilities(end.state)[None], [drawn], settings.memory)
    return Found(data, seed, time.perf_counter() - begin)


def _draws(settings: Settings, seed: int) -> Drawn:
    """Return the draws of an experiment; all those with one seed have the same ones."""
    return _drawn(settings.generator, seed, settings.shots)


@lru_cache(maxsize=4)
def _drawn(generator: str, seed: int, shots: int) -> Drawn:
    return Drawn(uniform(generator, seed, shots))


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
    place = Classical()
    for step in program.steps:
        if holds(step.condition, place.memory, place.register):
            if step.kind == BFUNC:
                apply_bfunc(place, step)
            else:
                apply_matrix(flat, matrix_for(step.detail), [qubit + program.num_qubits for qubit in step.qubits])
    matrix *= np.exp(1j * program.phase)
    matrix[np.abs(matrix) < settings.chop] = 0
    return Found({"unitary": matrix}, None, time.perf_counter() - begin)
