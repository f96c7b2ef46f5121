"""Circuits whose state lies in cache, by rows of merged gates, on a state that grows with the places touched."""

from __future__ import annotations

import cmath
from typing import Any

from qdock_basic.fast.front.columns import fill
from qdock_basic.fast.front.draft import ROWS, Draft, make_room, open_draft, row_at
from qdock_basic.fast.front.rows import CONTROLS, DIAGONAL, FLIP, GONE, KIND, MANY, PARTS, START, STATE, SWAP, TWO, A, B
from qdock_basic.fast.front.source import Source
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at, hold, reals, width
from qdock_basic.fast.small.state import State, clear
from qdock_basic.fast.small.steps import Where, apply_matrix, apply_to_many, exchange, flip, turn

__all__ = ["run_merged"]


@inner
def run_merged(
    source: Source, num_qubits: int, offset: int, first: int, end: int, fresh: bool, bits: int, state: State
) -> int:
    """Run operations of a circuit on a state of so many bits; return how many it has then."""
    num_places = num_qubits + offset
    room = make_room(source, num_places, first, end)
    draft = open_draft(room, num_places, 0 if fresh else (1 << num_places) - 1)
    fill(draft, source, num_qubits, offset, first, end, fresh)
    if draft.phase[0] != 0.0:
        turn(cmath.rect(1.0, draft.phase[0]), Where(0, 0, bits), state)
    bits = _run_rows(draft, bits, state)
    hold(room.rows)
    hold(room.entries)
    hold(room.places)
    hold(room.masks)
    hold(room.angles)
    hold(room.notes)
    return bits


@inner
def _run_rows(draft: Draft, bits: int, state: State) -> int:
    """Run rows one after the other; the state grows with the places that they touch. Return how large it is."""
    for number in range(draft.counts[ROWS]):
        row = row_at(draft, number)
        if row[KIND] == GONE:
            continue
        needed = _reach(draft, row)
        while bits < needed:
            clear(state, 1 << bits, 2 << bits)
            bits += 1
        if row[KIND] == DIAGONAL:
            _run_terms(draft, row, bits, state)
        else:
            _run_row(draft, row, Where(row[CONTROLS], row[STATE], bits), state)
    return bits


@inner
def _reach(draft: Draft, row: Any) -> int:
    """Return how many places a state must have at least for a row; terms only ask for what has been touched."""
    kind, mask = row[KIND], row[CONTROLS]
    if kind == MANY:
        for position in range(row[A]):
            mask |= 1 << draft.places[row[B] + position]
    elif kind != DIAGONAL:
        mask |= 1 << row[A]
        if kind in (TWO, SWAP):
            mask |= 1 << row[B]
    return width(mask)


@inner
def _run_terms(draft: Draft, row: Any, bits: int, state: State) -> None:
    """Run diagonal terms one by one; those on places that are 0 throughout do nothing."""
    for term in range(row[A], row[B]):
        mask = draft.masks[term]
        if mask >> bits == 0:
            turn(cmath.rect(1.0, draft.angles[term]), Where(mask, mask, bits), state)


@inner
def _run_row(draft: Draft, row: Any, where: Where, state: State) -> None:
    entries, kind = reals(at(draft.entries, row[START])), row[KIND]
    if kind == MANY:
        apply_to_many(entries, at(draft.places, row[B]), row[A], where, state)
    elif kind == FLIP:
        flip(row[A], where, state)
    elif kind == SWAP:
        exchange(row[A], row[B], where, state)
    else:
        apply_matrix(entries, row[PARTS], row[A], row[B] if kind == TWO else -1, where, state)
