"""From the ends of branches to outcomes: how often, or how likely, each value of the clbits is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from time import perf_counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from qdock.streams import child_path
from qdock_basic.branching.branches import Branch
from qdock_basic.drawing.sampling import (
    MEMORY_PATH,
    Ints,
    Lookup,
    counts_of_few,
    draw_counts,
    draw_order,
    steps_of,
    visits_outcomes,
)
from qdock_basic.drawing.sums import Sums, Words, added_up, distinct
from qdock_basic.engines.engine import Engine
from qdock_basic.states.kernels import Array
from qdock_basic.states.state import marginal

__all__ = ["Distribution", "Layout", "Tally", "Wiring", "layout_of"]

Floats = npt.NDArray[np.float64]
#: A number of shots and a stream to the outcomes that were seen and how often.
Drawing = Callable[[int, Generator], tuple[Words, Ints]]

# Up to so many outcomes are drawn as Python's own numbers.
_FEW_OUTCOMES = 8
# What a branch without readings reads.
_CERTAIN = np.array([1.0])
#: What is less likely counts as impossible.
NEGLIGIBLE = 1e-16


class _Bits(NamedTuple):
    """Neighbouring bits that stay neighbours: where they come from, where they go, how many."""

    source: int
    target: int
    size: int


def _runs(pairs: Iterable[tuple[int, int]]) -> tuple[_Bits, ...]:
    """Return pairs of source and target, ordered by target, as runs of neighbours within one 64-bit word."""
    runs: list[_Bits] = []
    for source, target in pairs:
        last = runs[-1] if runs else None
        if last and source - last.source == target - last.target == last.size and target % 64:
            runs[-1] = _Bits(last.source, last.target, last.size + 1)
        else:
            runs.append(_Bits(source, target, 1))
    return tuple(runs)


class Layout:
    """Where the clbits of a circuit stand in its results.

    Parameters
    ----------
    clbits : sequence of int
        Those that results show, in order.
    """

    def __init__(self, clbits: Sequence[int]) -> None:
        self.places = {clbit: place for place, clbit in enumerate(clbits)}
        self.num_clbits = len(self.places)
        self._shown = _runs((clbit, place) for clbit, place in zip(clbits, range(len(clbits)), strict=True))
        self._last: tuple[tuple[tuple[int, int], ...], Wiring, int] | None = None

    def wire(self, readings: tuple[tuple[int, int], ...], bits: int = 0) -> Wiring:
        """Return how the end of a branch is read: qubits into clbits, in order, over what these are before."""
        # Many branches, and many circuits of a batch, are read alike but for these.
        if self._last is None or self._last[0] != readings:
            self._last = readings, *self._wire(readings)
        _, wiring, written = self._last
        if not bits:
            return wiring
        shown = sum((bits >> run.source & (1 << run.size) - 1) << run.target for run in self._shown)
        return replace(wiring, fixed=shown & ~written)

    def _wire(self, readings: tuple[tuple[int, int], ...]) -> tuple[Wiring, int]:
        """Return how qubits are read, other bits being 0, and the bits of an outcome that they are read into."""
        # Of several readings into one clbit the last one stays.
        sources = {self.places[clbit]: qubit for qubit, clbit in readings if clbit in self.places}
        ordered = dict(sorted(sources.items()))
        qubits = {qubit: position for position, qubit in enumerate(dict.fromkeys(ordered.values()))}
        moves = _runs((qubits[qubit], place) for place, qubit in ordered.items())
        every = _runs((qubit, place) for place, qubit in ordered.items())
        wiring = Wiring(tuple(qubits), moves, every, 0, (self.num_clbits + 63) // 64)
        return wiring, sum(1 << place for place in ordered)


@dataclass(frozen=True)
class Wiring:
    """How the end of a branch is read.

    Attributes
    ----------
    qubits : tuple of int
        What is measured at the end; the first is the least significant bit of a reading.
    moves : tuple of _Bits
        From a reading to an outcome.
    every : tuple of _Bits
        From the index of an amplitude, which is a reading of all qubits, to an outcome.
    fixed : int
        The outcome's other bits.
    num_words : int
        64-bit words of an outcome.
    """

    qubits: tuple[int, ...]
    moves: tuple[_Bits, ...]
    every: tuple[_Bits, ...]
    fixed: int
    num_words: int

    def outcomes(self, readings: Ints, moves: tuple[_Bits, ...] | None = None) -> Words:
        """Return the (k, words) uint64 outcomes of k readings, or with `every` for `moves` of k indices."""
        runs = self.moves if moves is None else moves
        words = np.zeros((len(readings), self.num_words), np.uint64)
        if self.fixed:
            words |= np.frombuffer(self.fixed.to_bytes(8 * self.num_words, "little"), "<u8").astype(np.uint64)
        values = readings.astype(np.uint64)
        for source, target, size in runs:
            bits = values >> np.uint64(source) & np.uint64((1 << size) - 1)
            words[:, target // 64] |= bits << np.uint64(target % 64)
        return words

    def outcome(self, reading: int) -> int:
        """Return the outcome of one reading, of one word."""
        found = self.fixed
        for source, target, size in self.moves:
            found |= (reading >> source & (1 << size) - 1) << target
        return found


@lru_cache(maxsize=8)
def layout_of(clbits: tuple[int, ...]) -> Layout:
    """Return the layout of some clbits."""
    return Layout(clbits)


class Tally:
    """Counts of shots, put together from the ends of branches.

    Parameters
    ----------
    layout : Layout
    rng : callable
        Block and path to a stream of random numbers.
    engine : Engine
        Reads the states.
    memory : bool
        Whether the order of the shots is wanted too. It changes no count.
    """

    def __init__(
        self, layout: Layout, rng: Callable[[int, int], Generator], engine: Engine, memory: bool = False
    ) -> None:
        self._layout = layout
        self._rng = rng
        self._engine = engine
        self._memory = memory
        self._blocks: dict[int, Sums] = {}

    def add(self, branch: Branch) -> None:
        """Draw what the shots of a branch read at its end."""
        begin = perf_counter()
        wiring = self._layout.wire(branch.readings, branch.place.bits)
        drawing = self.drawing(branch.state, wiring, max(branch.share))
        for block, shots in enumerate(branch.share):
            if shots:
                self.put(block, *drawing(shots, self._rng(block, branch.path)))
        self._engine.effort.sample += perf_counter() - begin

    def add_together(self, parts: Sequence[Branch]) -> None:
        """Draw what shots read at the end of parts of a circuit that have nothing to do with each other."""
        share = parts[0].share
        wirings = [self._layout.wire(part.readings, part.place.bits) for part in parts]
        if visits_outcomes(sum(len(wiring.qubits) for wiring in wirings), max(share)):
            drawing = self._drawing_product(parts, wirings)
            for block, shots in enumerate(share):
                self.put(block, *drawing(shots, self._rng(block, parts[0].path)))
            return
        drawings = [self.drawing(part.state, wiring, max(share)) for part, wiring in zip(parts, wirings, strict=True)]
        for block, shots in enumerate(share):
            words = np.zeros((shots, (self._layout.num_clbits + 63) // 64), np.uint64)
            for part, drawn in zip(parts, drawings, strict=True):
                outcomes, counts = drawn(shots, self._rng(block, part.path))
                places = np.arange(len(outcomes))
                words |= outcomes[draw_order(places, counts, self._rng(block, child_path(part.path, 2)))]
            self.put(block, *added_up(words, np.ones(shots, np.int64)))

    def _drawing_product(self, parts: Sequence[Branch], wirings: Sequence[Wiring]) -> Drawing:
        """Return what draws from the product of the distributions of parts."""
        table, moves = np.ones(1), []
        for part, wiring in zip(parts, wirings, strict=True):
            first = table.size.bit_length() - 1
            moves += [run._replace(source=run.source + first) for run in wiring.moves]
            own = marginal(self._engine.probabilities(part.state), wiring.qubits)
            table = np.multiply.outer(own / own.sum(), table).reshape(-1)
        steps, whole = steps_of(table), replace(wirings[0], moves=tuple(moves))
        return lambda shots, generator: _wired(whole, draw_counts(steps, shots, generator), whole.moves)

    def put(self, block: int, words: Words, counts: Ints) -> None:
        """Add how often each of some outcomes was seen in a block of shots."""
        # Where nobody asks for the order of the shots it does not matter which block they are from.
        self._sums(block if self._memory else 0).add(words, counts)

    def drawing(self, state: Array, wiring: Wiring, shots: int) -> Drawing:
        """Return what draws shots of a state: the outcomes, and how often each was seen."""
        if not visits_outcomes(len(wiring.qubits), shots):
            lookup = Lookup(state, self._engine.block_sums)
            return lambda shots, generator: added_up(*_wired(wiring, lookup.draw(shots, generator), wiring.every))
        table = marginal(self._engine.probabilities(state), wiring.qubits) if wiring.qubits else _CERTAIN
        if len(table) <= _FEW_OUTCOMES and wiring.num_words == 1:
            return partial(_draw_few, wiring, table.tolist())
        steps = steps_of(table)
        return lambda shots, generator: _wired(wiring, draw_counts(steps, shots, generator), wiring.moves)

    def _sums(self, block: int) -> Sums:
        found = self._blocks.get(block)
        if found is None:
            found = self._blocks[block] = Sums(self._layout.num_clbits, np.int64)
        return found

    def finish(self) -> tuple[Words, Ints, Ints | None]:
        """Return the outcomes that were seen, ascending, how often, and the index of each shot's outcome."""
        found = {block: sums.finish() for block, sums in sorted(self._blocks.items())}
        if not self._memory:
            ((words, counts),) = found.values()
            return words, counts, None
        words, place = distinct(np.concatenate([words for words, _ in found.values()]))
        places = np.split(place, np.cumsum([len(words) for words, _ in found.values()])[:-1])
        counts = np.zeros(len(words), np.int64)
        orders = []
        for (block, (_, seen)), where in zip(found.items(), places, strict=True):
            counts[where] += seen
            # Listed by value, whichever branch it is from.
            orders.append(draw_order(where, seen, self._rng(block, MEMORY_PATH)))
        return words, counts, np.concatenate(orders)


def _draw_few(wiring: Wiring, weights: Sequence[float], shots: int, generator: Generator) -> tuple[Words, Ints]:
    counts = counts_of_few(weights, shots, generator)
    seen = [reading for reading, count in enumerate(counts) if count]
    words = np.array([wiring.outcome(reading) for reading in seen], np.uint64)
    return words.reshape(-1, 1), np.array([counts[reading] for reading in seen], np.int64)


def _wired(wiring: Wiring, drawn: tuple[Ints, Ints], moves: tuple[_Bits, ...]) -> tuple[Words, Ints]:
    return wiring.outcomes(drawn[0], moves), drawn[1]


class Distribution:
    """Exact probabilities, put together from the ends of branches.

    Parameters
    ----------
    layout : Layout, optional
        Over the clbits that it shows. None: over all qubits.
    engine : Engine
        Reads the states.
    """

    def __init__(self, layout: Layout | None, engine: Engine) -> None:
        self._layout = layout
        self._engine = engine
        self._sums = None if layout is None else Sums(layout.num_clbits, np.float64)
        self._table: Floats | float = 0.0
        self.missing = 0.0

    def add(self, branch: Branch) -> None:
        """Add what the end of a branch may read."""
        if self._layout is None or self._sums is None:
            self._table = self._table + branch.share * _normalised(self._engine.probabilities(branch.state))
            return
        wiring = self._layout.wire(branch.readings, branch.place.bits)
        table = branch.share * _normalised(marginal(self._engine.probabilities(branch.state), wiring.qubits))
        likely = np.flatnonzero(table > NEGLIGIBLE)
        self.missing += float(table.sum() - table[likely].sum())
        self._sums.add(wiring.outcomes(likely), table[likely])

    def finish(self) -> tuple[Words | None, Floats]:
        """Return the possible outcomes, ascending, and their probabilities; None for a probability of every one."""
        return (None, np.asarray(self._table)) if self._sums is None else self._sums.finish()


def _normalised(table: Floats) -> Floats:
    """Take out what rounding has added to the norm, most of all in single precision."""
    table /= table.sum()
    return table
