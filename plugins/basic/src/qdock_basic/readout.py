"""From the ends of branches to outcomes: how often, or how likely, each value of the clbits is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from qdock_basic.branches import Branch
from qdock_basic.sampling import MEMORY_PATH, STEPS, Ints, draw_counts, draw_order, steps_of
from qdock_basic.state import probabilities
from qdock_basic.sums import Sums, Words, distinct

__all__ = ["Distribution", "Layout", "Tally"]

Floats = npt.NDArray[np.float64]

# What a branch without readings reads.
_CERTAIN = np.array([STEPS])
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
        if last and (source - last.source, target - last.target) == (last.size, last.size) and target % 64:
            runs[-1] = last._replace(size=last.size + 1)
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

    def wire(self, branch: Branch) -> Wiring:
        """Return how the end of a branch is read."""
        # Of several readings into one clbit the last one stays.
        sources = {self.places[clbit]: qubit for qubit, clbit in branch.readings if clbit in self.places}
        ordered = dict(sorted(sources.items()))
        qubits = tuple(dict.fromkeys(ordered.values()))
        moves = _runs((qubits.index(qubit), place) for place, qubit in ordered.items())
        fixed = sum((branch.place.bits >> bits.source & (1 << bits.size) - 1) << bits.target for bits in self._shown)
        for place in ordered:
            fixed &= ~(1 << place)
        return Wiring(qubits, moves, fixed, (self.num_clbits + 63) // 64)


@dataclass(frozen=True)
class Wiring:
    """How the end of a branch is read.

    Attributes
    ----------
    qubits : tuple of int
        What is measured at the end; the first is the least significant bit of a reading.
    moves : tuple of _Bits
        From a reading to an outcome.
    fixed : int
        The outcome's other bits.
    num_words : int
        64-bit words of an outcome.
    """

    qubits: tuple[int, ...]
    moves: tuple[_Bits, ...]
    fixed: int
    num_words: int

    def outcomes(self, readings: Ints) -> Words:
        """Return the (k, words) uint64 outcomes of k readings."""
        fixed = np.frombuffer(self.fixed.to_bytes(8 * self.num_words, "little"), "<u8")
        words = np.tile(fixed.astype(np.uint64), (len(readings), 1))
        for source, target, size in self.moves:
            bits = readings.astype(np.uint64) >> np.uint64(source) & np.uint64((1 << size) - 1)
            words[:, target // 64] |= bits << np.uint64(target % 64)
        return words


class Tally:
    """Counts of shots, put together from the ends of branches.

    Parameters
    ----------
    layout : Layout
    rng : callable
        Block and path to a stream of random numbers.
    memory : bool
        Whether the order of the shots is wanted too. It changes no count.
    """

    def __init__(self, layout: Layout, rng: Callable[[int, int], Generator], memory: bool = False) -> None:
        self._layout = layout
        self._rng = rng
        self._memory = memory
        self._blocks: dict[int, Sums] = {}

    def add(self, branch: Branch) -> None:
        """Draw what the shots of a branch read at its end."""
        wiring = self._layout.wire(branch)
        steps = steps_of(probabilities(branch.state, wiring.qubits)) if wiring.qubits else _CERTAIN
        for block, shots in enumerate(branch.share):
            if shots:
                readings, counts = draw_counts(steps, shots, self._rng(block, branch.path))
                self._sums(block).add(wiring.outcomes(readings), counts)

    def _sums(self, block: int) -> Sums:
        # Where nobody asks for the order of the shots it does not matter which block they are from.
        return self._blocks.setdefault(block if self._memory else 0, Sums(self._layout.num_clbits, np.int64))

    def finish(self) -> tuple[Words, Ints, Ints | None]:
        """Return the outcomes that were seen, ascending, how often, and the index of each shot's outcome."""
        found = {block: sums.finish() for block, sums in sorted(self._blocks.items())}
        words, place = distinct(np.concatenate([words for words, _ in found.values()]))
        places = np.split(place, np.cumsum([len(words) for words, _ in found.values()])[:-1])
        counts = np.zeros(len(words), np.int64)
        orders = []
        for (block, (_, seen)), where in zip(found.items(), places, strict=True):
            counts[where] += seen
            if self._memory:
                # Listed by value, whichever branch it is from.
                orders.append(draw_order(where, seen, self._rng(block, MEMORY_PATH)))
        return words, counts, np.concatenate(orders) if self._memory else None


class Distribution:
    """Exact probabilities, put together from the ends of branches.

    Parameters
    ----------
    layout : Layout, optional
        Over the clbits that it shows. None: over all qubits.
    """

    def __init__(self, layout: Layout | None) -> None:
        self._layout = layout
        self._sums = None if layout is None else Sums(layout.num_clbits, np.float64)
        self._table: Floats | float = 0.0
        self.missing = 0.0

    def add(self, branch: Branch) -> None:
        """Add what the end of a branch may read."""
        if self._layout is None or self._sums is None:
            self._table = self._table + branch.share * _normalised(probabilities(branch.state))
            return
        wiring = self._layout.wire(branch)
        table = branch.share * _normalised(probabilities(branch.state, wiring.qubits))
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
