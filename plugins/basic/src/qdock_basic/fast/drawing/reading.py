"""What the shots of a branch read at its end, drawn in compiled code as `qdock_basic.drawing.sampling` draws it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.drawing.binomial import multinomial
from qdock_basic.fast.drawing.streams import next_word
from qdock_basic.fast.loops.norms import norm_of, square_at
from qdock_basic.fast.machine.jit import inner

__all__ = ["STEPS", "Found", "Sheet", "draw", "to_steps", "wire"]

STEPS = float(1 << 40)
# A word of 64 bits without so many is a whole number of steps.
_SHIFT = np.uint64(24)
# As in `qdock_basic.drawing.sampling`: up to so many outcomes a shot all are visited; else a row is drawn, then one.
_OUTCOMES_PER_SHOT = 4
_ROW = 1024

#: Places in `Sheet.sizes`: how many qubits are read, and how many readings that was made for.
_QUBITS, _READINGS = 0, 1


class Found(NamedTuple):
    """Outcomes as they are found; the same ones may be there again.

    Attributes
    ----------
    words : (m, w) uint64 array
        64 places of an outcome a word, word 0 the least significant.
    counts, blocks : (m,) int64 arrays
        How often, and in which block of shots.
    used : (1,) int64 array
        How many there are.
    table : (2^p,) int64 array
        In place of all these, where it is not empty: how often each outcome was seen.
    """

    words: Any
    counts: Any
    blocks: Any
    used: Any
    table: Any


class Sheet(NamedTuple):
    """How a state is read, and room for it.

    Attributes
    ----------
    sources : (p,) int64 array
        For each place of an outcome the qubit that is read into it, or -1.
    ranks : (n,) int64 array
        For each qubit its place in a reading, or -1.
    sizes : (2,) int64 array
    readings : (2^n,) int64 array
        For every index of an amplitude what is read there.
    table : (2^n,) float64 array
        Probabilities.
    steps, seen : (2^n,) int64 arrays
    """

    sources: Any
    ranks: Any
    sizes: Any
    readings: Any
    table: Any
    steps: Any
    seen: Any


@inner
def wire(readings: Any, count: int, sheet: Sheet) -> None:
    """Note how a state is read if the first `count` of some readings are made; the last one into a place counts."""
    if sheet.sizes[_READINGS] == count:
        return
    sheet.sources[:] = -1
    sheet.ranks[:] = -1
    for number in range(count):
        if readings[number, 1] >= 0:
            sheet.sources[readings[number, 1]] = readings[number, 0]
    rank = 0
    for place in range(len(sheet.sources)):
        qubit = sheet.sources[place]
        if qubit >= 0 and sheet.ranks[qubit] < 0:
            sheet.ranks[qubit] = rank
            rank += 1
    sheet.sizes[_QUBITS], sheet.sizes[_READINGS] = rank, count
    sheet.readings[0] = 0
    for qubit in range(len(sheet.ranks)):
        bit = 1 << sheet.ranks[qubit] if sheet.ranks[qubit] >= 0 else 0
        for index in range(1 << qubit):
            sheet.readings[(1 << qubit) + index] = sheet.readings[index] | bit


@inner
def draw(
    re: Any, im: Any, shots: int, most: int, block: int, fixed: Any, stream: Any, sheet: Sheet, found: Found
) -> None:
    """Draw what some shots read, and append the outcomes.

    Parameters
    ----------
    re, im : pointers to real numbers
        The state.
    shots, most : int
        How many, and how many there are in the branch's largest block.
    block : int
        Number of the block of shots.
    fixed : (w,) uint64 array
        The bits of outcomes that are not read.
    stream : uint64 array
        Of the branch and the block, at its beginning.
    sheet, found
        The sheet has been wired.
    """
    size = 1 << sheet.sizes[_QUBITS]
    if size > _OUTCOMES_PER_SHOT * most:
        _look_up(re, im, shots, stream, sheet)
        for index in range(len(sheet.seen)):
            if sheet.seen[index]:
                _append(sheet.readings[index], sheet.seen[index], block, fixed, sheet, found)
        return
    table = sheet.table[:size]
    table[:] = 0
    for index in range(len(sheet.readings)):
        table[sheet.readings[index]] += square_at(re, im, index)
    to_steps(table, sheet.steps)
    multinomial(stream, shots, sheet.steps[:size], sheet.seen)
    for reading in range(size):
        if sheet.seen[reading]:
            _append(reading, sheet.seen[reading], block, fixed, sheet, found)


@inner
def to_steps(table: Any, steps: Any) -> None:
    """See `qdock_basic.drawing.sampling.steps_of`."""
    total = 0.0
    for place in range(len(table)):
        total += table[place]
    for place in range(len(table)):
        steps[place] = np.int64(np.rint(table[place] / total * STEPS))
    left, largest = np.int64(STEPS), 0
    for place in range(len(table)):
        left -= steps[place]
        if steps[place] > steps[largest]:
            largest = place
    steps[largest] += left


@inner
def _look_up(re: Any, im: Any, shots: int, stream: Any, sheet: Sheet) -> None:
    """See `qdock_basic.drawing.sampling.Lookup`: count in `sheet.seen` how often each index of the state is drawn."""
    size = len(sheet.seen)
    width = min(_ROW, size)
    rows = size // width
    for row in range(rows):
        sheet.table[row] = norm_of(re, im, row * width, (row + 1) * width)
    _to_ends(sheet, rows)
    hits = np.zeros(rows, np.int64)
    for _ in range(shots):
        hits[_place_of(np.int64(next_word(stream) >> _SHIFT), sheet.steps[:rows])] += 1
    sheet.seen[:] = 0
    for row in range(rows):
        if hits[row]:
            begin = row * width
            for index in range(width):
                sheet.table[index] = square_at(re, im, begin + index)
            _to_ends(sheet, width)
            for _ in range(hits[row]):
                sheet.seen[begin + _place_of(np.int64(next_word(stream) >> _SHIFT), sheet.steps[:width])] += 1


@inner
def _to_ends(sheet: Sheet, count: int) -> None:
    """Make steps of the first entries of the table, and add them up."""
    to_steps(sheet.table[:count], sheet.steps[:count])
    for place in range(1, count):
        sheet.steps[place] += sheet.steps[place - 1]


@inner
def _place_of(draw: int, ends: Any) -> int:
    """Return the first place whose end lies above a draw; the number of ends is a power of two."""
    place, step = 0, len(ends) // 2
    while step:
        if ends[place + step - 1] <= draw:
            place += step
        step //= 2
    return place


@inner
def _append(reading: int, count: int, block: int, fixed: Any, sheet: Sheet, found: Found) -> None:
    if len(found.table):
        word = fixed[0]
        for place in range(len(sheet.sources)):
            qubit = sheet.sources[place]
            if qubit >= 0 and reading >> sheet.ranks[qubit] & 1:
                word |= np.uint64(1) << np.uint64(place)
        found.table[np.int64(word)] += count
        return
    row = found.used[0]
    found.used[0] += 1
    found.counts[row], found.blocks[row] = count, block
    for word in range(len(fixed)):
        found.words[row, word] = fixed[word]
    for place in range(len(sheet.sources)):
        qubit = sheet.sources[place]
        if qubit >= 0 and reading >> sheet.ranks[qubit] & 1:
            found.words[row, place // 64] |= np.uint64(1) << np.uint64(place % 64)
