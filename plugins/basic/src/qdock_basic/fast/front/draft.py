"""Rows in the making: how the front end appends rows and diagonal terms, and knows what came last on each place."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.products import copy, parts_of
from qdock_basic.fast.front.rows import CONTROLS, DIAGONAL, KIND, MANY, ONE, PARTS, START, STATE, SWAP, TWO, WIDTH, A, B
from qdock_basic.fast.front.source import MODIFIED, Source
from qdock_basic.fast.front.table import GATE_TARGETS
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, lowest, pointer

__all__ = [
    "ENTRIES",
    "LIVE",
    "PLACES",
    "ROWS",
    "TERMS",
    "Draft",
    "Room",
    "add_matrix",
    "add_row",
    "add_term",
    "make_room",
    "mark_parts",
    "open_draft",
    "row_at",
    "touch",
]

# --- places in `Draft.counts`: how many rows, entries, places and terms there are; a mask of the places that may be
# 1; and the row of diagonal terms to which others are added, or -1
ROWS, ENTRIES, PLACES, TERMS, LIVE, OPEN = 0, 1, 2, 3, 4, 5

_LARGEST = 16
# A gate adds so many rows and terms at most.
_TERMS_EACH = 4


class Room(NamedTuple):
    """The arrays that a draft lies in.

    Attributes
    ----------
    rows, entries, places, masks, angles : arrays
        As in `Rows`, with room.
    notes : int64 array
        Of the draft itself.
    """

    rows: Any
    entries: Any
    places: Any
    masks: Any
    angles: Any
    notes: Any


class Draft(NamedTuple):
    """Rows in the making, as pointers.

    Attributes
    ----------
    rows, entries, places, masks, angles : pointers
        As in `Rows`, with room; rows one behind the other.
    slots : (n,) int64
        Where each qubit lies in the index at present.
    last, dense : (n,) int64
        The last row, and the last one that is not diagonal, that touches a place; -1 if none does.
    single : (n,) int64
        The last term on a place alone; -1 if there is none.
    counts : (6,) int64
        See `ROWS`.
    phase : (1,) float64
        The global phase so far.
    matrix : (16,) complex128
        Of the gate at hand, if it has at most two targets.
    """

    rows: Any
    entries: Any
    places: Any
    masks: Any
    angles: Any
    slots: Any
    last: Any
    dense: Any
    single: Any
    counts: Any
    phase: Any
    matrix: Any


@inner
def make_room(source: Source, num_places: int, first: int, end: int) -> Room:
    """Return room for all that so many operations may become."""
    many = end - first + num_places + 1
    large = source.num_entries
    for operation in range(first, end):
        code = source.code[operation]
        if code < MODIFIED and GATE_TARGETS[code] > 2:
            large += 1 << (2 * GATE_TARGETS[code])
    return Room(
        np.empty((many, WIDTH), np.int64),
        np.empty(_LARGEST * (many + 1) + large, np.complex128),
        np.empty(source.qubit_start[end] - source.qubit_start[first] + 1, np.int64),
        np.empty(_TERMS_EACH * many, np.int64),
        np.empty(_TERMS_EACH * many + 1, np.float64),
        np.empty(4 * num_places + OPEN + 1, np.int64),
    )


@inner
def open_draft(room: Room, num_places: int, live: int) -> Draft:
    """Return an empty draft; places of the mask `live` may be 1 at first. Whoever calls holds the room."""
    notes, entries, angles = pointer(room.notes), pointer(room.entries), pointer(room.angles)
    counts = at(notes, 4 * num_places)
    for place in range(num_places, 4 * num_places):
        notes[place] = -1
    counts[ROWS], counts[ENTRIES], counts[PLACES], counts[TERMS] = 0, 0, 0, 0
    counts[LIVE], counts[OPEN] = live, -1
    angles[len(room.masks)] = 0.0
    return Draft(
        pointer(room.rows),
        entries,
        pointer(room.places),
        pointer(room.masks),
        angles,
        notes,
        at(notes, num_places),
        at(notes, 2 * num_places),
        at(notes, 3 * num_places),
        counts,
        at(angles, len(room.masks)),
        at(entries, len(room.entries) - _LARGEST),
    )


@inner
def row_at(draft: Draft, number: int) -> Any:
    """Return the pointer to a row."""
    return at(draft.rows, WIDTH * number)


@inner
def add_row(draft: Draft, kind: int, a: int, b: int, mask: int, state: int) -> int:
    """Append a row, and note the places that it touches; those of `MANY` are noted by who calls."""
    number = draft.counts[ROWS]
    draft.counts[ROWS] += 1
    row = row_at(draft, number)
    row[KIND], row[A], row[B], row[CONTROLS], row[STATE] = kind, a, b, mask, state
    row[START], row[PARTS] = draft.counts[ENTRIES], 0
    if kind != DIAGONAL and kind != MANY:
        touch(draft, a, number)
    if kind in (TWO, SWAP):
        touch(draft, b, number)
    while mask:
        place = lowest(mask)
        draft.last[place], draft.dense[place] = number, number
        mask &= mask - 1
    return number


@inner
def touch(draft: Draft, place: int, row: int) -> None:
    """Note that a row mixes a place."""
    draft.last[place], draft.dense[place] = row, row
    draft.counts[LIVE] |= 1 << place


@inner
def add_matrix(draft: Draft, kind: int, a: int, b: int, mask: int, state: int, size: int) -> None:
    """Append a row with the first `size` entries of `draft.matrix`."""
    add_row(draft, kind, a, b, mask, state)
    copy(draft.matrix, size, at(draft.entries, draft.counts[ENTRIES]))
    draft.counts[ENTRIES] += size


@inner
def add_term(draft: Draft, mask: int, angle: float) -> None:
    """Add a phase where all bits of a mask are 1; where one of them never is, that is nothing."""
    if angle == 0.0 or mask & ~draft.counts[LIVE]:
        return
    if mask == 0:
        draft.phase[0] += angle
        return
    row = _diagonal_row(draft, mask)
    if mask & (mask - 1) == 0:
        known = draft.single[lowest(mask)]
        if known >= row_at(draft, row)[A]:
            draft.angles[known] += angle
            return
        draft.single[lowest(mask)] = draft.counts[TERMS]
    _append_term(draft, row, mask, angle)


@inner
def _append_term(draft: Draft, row: int, mask: int, angle: float) -> None:
    term = draft.counts[TERMS]
    draft.counts[TERMS] += 1
    draft.masks[term], draft.angles[term] = mask, angle
    row_at(draft, row)[B] = term + 1
    while mask:
        place = lowest(mask)
        draft.last[place] = max(draft.last[place], row)
        mask &= mask - 1


@inner
def _diagonal_row(draft: Draft, mask: int) -> int:
    """Return the open row of terms, or a new one if something else has come between on a bit of the mask."""
    row = draft.counts[OPEN]
    while mask:
        if draft.dense[lowest(mask)] > row:
            row = -1
        mask &= mask - 1
    if row < 0:
        row = add_row(draft, DIAGONAL, draft.counts[TERMS], draft.counts[TERMS], 0, 0)
        draft.counts[OPEN] = row
    return row


@inner
def mark_parts(draft: Draft) -> None:
    """Note which matrices on one and two qubits have entries that are real, or imaginary where bits differ."""
    for number in range(draft.counts[ROWS]):
        row = row_at(draft, number)
        if row[KIND] == ONE or row[KIND] == TWO:
            row[PARTS] = parts_of(at(draft.entries, row[START]), 2 if row[KIND] == ONE else 4)
