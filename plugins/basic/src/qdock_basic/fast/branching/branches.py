"""Counts of circuits with measurement on the way by compiled code: the program made flat, walked, and handed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock_basic.drawing.sums import added_up
from qdock_basic.fast.branching.flat import Flat, flat_program
from qdock_basic.fast.branching.postfix import Unsupported
from qdock_basic.fast.branching.segments import num_bits_of
from qdock_basic.fast.branching.walk import (
    DONE,
    ENDED,
    FAULT,
    FULL,
    LONG_LOOP,
    LONG_WHILE,
    NUM_COUNTERS,
    NUM_MARKS,
    PASSES,
    ROUNDS,
    WHILE_ROUNDS,
    Tree,
    walk,
)
from qdock_basic.fast.drawing.binomial import like_numpy
from qdock_basic.fast.drawing.reading import Found, Sheet
from qdock_basic.fast.drawing.streams import STREAM_SIZE
from qdock_basic.fast.large.passes import LEAST_BITS
from qdock_basic.fast.machine.memory import PAD_BYTES, aligned
from qdock_basic.fast.stats import Looker, Stats
from qdock_basic.programs.analysis import read_last
from qdock_basic.programs.program import compile_circuit

__all__ = ["Course", "count"]

# Amplitudes between two looks at whether to stop: a few milliseconds.
_BUDGET = 1 << 22
# Outcomes that are kept before they are handed over; one state in cache has half as many.
_MOST_FOUND = 1 << 14
# A table of all outcomes costs less than putting those that come in order, if it is no larger than this.
_TABULATED, _OUTCOMES_A_SHOT = 16, 8


class Bounds(Protocol):
    """What a limit does when it is reached: see `qdock_basic.limits.Limits`."""

    @property
    def max_while_iterations(self) -> int:
        """Rounds of all `while` loops in one shot."""

    @property
    def max_loop_iterations(self) -> int:
        """Rounds of all loops in one shot."""

    def check_while(self, rounds: int) -> None:
        """Raise if there are too many rounds of `while` loops in one shot."""

    def check_loops(self, rounds: int) -> None:
        """Raise if there are too many rounds of loops in one shot."""


class Course(NamedTuple):
    """What is to be walked through.

    Attributes
    ----------
    circuit : Circuit
    initial : (2^n,) array, optional
        The state to begin with; all qubits are 0 if None.
    real : str
        Type of the amplitudes' parts: ``"f8"`` or ``"f4"``.
    key : (2,) uint64 array
        Of the streams of random numbers.
    shares : tuple of int
        Shots in every block.
    rows : int
        How many branches there may be at once.
    limits : Bounds
    ordered : bool
        Whether it matters which block an outcome is from.
    watch : Looker
    put : callable
        Takes a block of shots, outcomes and how often each was seen.
    """

    circuit: Circuit
    initial: Any
    real: str
    key: npt.NDArray[np.uint64]
    shares: Sequence[int]
    rows: int
    limits: Bounds
    ordered: bool
    watch: Looker
    put: Callable[[int, Any, Any], None]


def count(course: Course) -> Stats | None:
    """Walk through all branches of a circuit's shots; None if that needs the interpreter in Python.

    Raises
    ------
    LimitExceeded
        If loops go round too often.
    """
    begin = perf_counter()
    flat = course.circuit.once(_flat_of, course.real, course.initial is None)
    if flat is None:
        return None
    middle = perf_counter()
    tree = _tree(course, flat)
    if not _walk(course, flat, tree):
        return None
    return Stats(int(tree.counters[PASSES]), 1, middle - begin, perf_counter() - middle)


def _flat_of(circuit: Circuit, real: str, fresh: bool) -> Flat | None:
    shown = circuit.output_clbits
    if circuit.num_qubits >= LEAST_BITS or not shown or not like_numpy():
        return None
    block = read_last(compile_circuit(circuit))
    try:
        sizes = circuit.num_qubits, circuit.num_clbits
        return flat_program(block, *sizes, circuit.variables, shown, np.dtype(real), fresh)
    except Unsupported:
        return None


def _walk(course: Course, flat: Flat, tree: Tree) -> bool:
    limits, num_qubits = course.limits, course.circuit.num_qubits
    num_places = int(flat.sizes[1])
    sheet, found = _sheet(num_qubits, num_places), _found(course, num_places)
    while True:
        status = walk(
            flat, tree, sheet, found, num_qubits, _BUDGET, limits.max_while_iterations, limits.max_loop_iterations
        )
        if status == FAULT:
            return False
        if status == LONG_WHILE:
            limits.check_while(int(tree.counters[WHILE_ROUNDS]))
        if status == LONG_LOOP:
            limits.check_loops(int(tree.counters[ROUNDS]))
        if status in (ENDED, FULL):
            _hand_over(course, found)
            if status == ENDED:
                return True
            found = _found(course, num_places)
        if course.watch.is_due():
            course.watch.look(int(tree.counters[DONE]) / sum(course.shares))


def _hand_over(course: Course, found: Found) -> None:
    if len(found.table):
        outcomes = np.flatnonzero(found.table)
        course.put(0, outcomes.astype(np.uint64).reshape(-1, 1), found.table[outcomes])
        return
    used = slice(0, int(found.used[0]))
    words, counts, blocks = found.words[used], found.counts[used], found.blocks[used]
    if not course.ordered:
        course.put(0, *added_up(words, counts))
        return
    for block in np.unique(blocks).tolist():
        chosen = blocks == block
        course.put(block, *added_up(words[chosen], counts[chosen]))


# --- room


def _tree(course: Course, flat: Flat) -> Tree:
    """Return the beginning of a walk."""
    rows, blocks = course.rows + 1, len(course.shares)
    re, im = _states(course)
    tree = Tree(
        re,
        im,
        np.zeros((rows, len(flat.places)), np.uint8),
        np.empty((rows, len(flat.initial)), np.int64),
        np.empty((rows, blocks), np.int64),
        np.zeros((rows, NUM_MARKS), np.int64),
        np.zeros(rows, np.uint64),
        np.zeros(NUM_COUNTERS, np.int64),
        np.zeros(STREAM_SIZE, np.uint64),
        np.empty(int(flat.sizes[0]), np.int64),
        np.empty((int(flat.sizes[1]) + 63) // 64, np.uint64),
    )
    tree.values[0], tree.shares[0], tree.stream[:2] = flat.initial, course.shares, course.key
    return tree


def _states(course: Course) -> tuple[Any, Any]:
    """Return room for the real and imaginary parts of all rows, with the state to begin with in the first one."""
    real, size = np.dtype(course.real), 1 << course.circuit.num_qubits
    room = 1 << num_bits_of(course.circuit.num_qubits, real)
    width = room + PAD_BYTES // real.itemsize
    re, im = aligned(2 * course.rows * width, real).reshape(2, course.rows, width)
    if room > size:
        # Amplitudes of qubits that there are not stay 0.
        re[:, size:room], im[:, size:room] = 0, 0
    re[0, :size], im[0, :size] = 0, 0
    if course.initial is None:
        re[0, 0] = 1
    else:
        re[0, :size], im[0, :size] = course.initial.real, course.initial.imag
    return re, im


def _sheet(num_qubits: int, num_places: int) -> Sheet:
    size = 1 << num_qubits
    return Sheet(
        np.empty(num_places, np.int64),
        np.empty(num_qubits, np.int64),
        np.array((0, -1), np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.float64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
    )


def _found(course: Course, num_places: int) -> Found:
    """Return room for outcomes: for each one there may be, or for those that come."""
    shots = sum(course.shares)
    tabulated = 1 << num_places <= _OUTCOMES_A_SHOT * shots and num_places <= _TABULATED
    room, outcomes = (0, 1 << num_places) if tabulated and not course.ordered else (min(shots, _MOST_FOUND), 0)
    words, counts, blocks = np.empty((room, (num_places + 63) // 64), np.uint64), *np.empty((2, room), np.int64)
    return Found(words, counts, blocks, np.zeros(1, np.int64), np.zeros(outcomes, np.int64))
