"""Gates on the same qubits become one matrix: on one qubit, or on two where that costs no more."""

from __future__ import annotations

from typing import Any

from qdock_basic.fast.front.draft import ENTRIES, Draft, add_matrix, add_row, row_at
from qdock_basic.fast.front.products import copy, exchange_roles, kron, mix_rows, multiply, one, product, unit
from qdock_basic.fast.front.rows import CONTROLS, GONE, KIND, ONE, START, TWO, A
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import at

__all__ = ["is_merged_alone", "merge_alone", "merge_controlled", "merge_pair", "shall_merge"]


@inner
def shall_merge(draft: Draft, a: int, b: int, eager: bool) -> bool:
    """Whether a gate that costs little by itself costs nothing as a part of a matrix on two qubits.

    Two matrices on one qubit each cost as much as one on both; complex entries cost twice as much as real ones, so
    that they are merged only if `eager`.
    """
    if _pair_row(draft, a, b) >= 0:
        return True
    return eager and _is_free(draft, a, ONE) and _is_free(draft, b, ONE)


@inner
def _is_free(draft: Draft, a: int, kind: int) -> bool:
    """Whether the last row on a place is a matrix of a kind, without controls."""
    number = draft.last[a]
    if number < 0:
        return False
    row = row_at(draft, number)
    return row[KIND] == kind and row[CONTROLS] == 0


@inner
def _pair_row(draft: Draft, a: int, b: int) -> int:
    """Return the row with a matrix on these two qubits and nothing after it on either, or -1."""
    return draft.last[a] if draft.last[a] == draft.last[b] and _is_free(draft, a, TWO) else -1


@inner
def is_merged_alone(draft: Draft, a: int) -> bool:
    """Whether a gate on this qubit alone becomes a part of a matrix that is there."""
    return _is_free(draft, a, ONE) or _is_free(draft, a, TWO)


@inner
def merge_alone(draft: Draft, a: int) -> None:
    """Multiply the last matrix on a qubit by `draft.matrix` on it alone."""
    row = row_at(draft, draft.last[a])
    entries = at(draft.entries, row[START])
    if row[KIND] == ONE:
        product(draft.matrix, entries)
    else:
        one(draft.matrix, 0 if row[A] == a else 1, entries)


@inner
def merge_controlled(draft: Draft, control: int, a: int, state: int) -> None:
    """Merge `draft.matrix` on `a`, under a control that must be `state`, with what is on both."""
    row = row_at(draft, _pair(draft, control, a))
    entries = at(draft.entries, row[START])
    if row[A] == control:
        mix_rows(draft.matrix, state, state + 2, entries)
    else:
        mix_rows(draft.matrix, 2 * state, 2 * state + 1, entries)


@inner
def merge_pair(draft: Draft, a: int, b: int) -> None:
    """Merge `draft.matrix` on two qubits with what is on them."""
    number = _pair_row(draft, a, b)
    if number < 0 and not (_is_free(draft, a, ONE) or _is_free(draft, b, ONE)):
        add_matrix(draft, TWO, a, b, 0, 0, 16)
        return
    row = row_at(draft, _pair(draft, a, b))
    if row[A] != a:
        exchange_roles(draft.matrix)
    multiply(draft.matrix, at(draft.entries, row[START]))


@inner
def _pair(draft: Draft, a: int, b: int) -> int:
    """Return the row with a matrix on two qubits, or a new one that takes in what was to be done to each alone."""
    number = _pair_row(draft, a, b)
    if number >= 0:
        return number
    start = draft.counts[ENTRIES]
    # The factors lie behind their product until it is there.
    first, second = at(draft.entries, start + 16), at(draft.entries, start + 20)
    _take_alone(draft, a, first)
    _take_alone(draft, b, second)
    kron(first, second, at(draft.entries, start))
    number = add_row(draft, TWO, a, b, 0, 0)
    draft.counts[ENTRIES] += 16
    return number


@inner
def _take_alone(draft: Draft, a: int, out: Any) -> None:
    """Write what was to be done to a qubit alone; it will not be done any more."""
    if _is_free(draft, a, ONE):
        row = row_at(draft, draft.last[a])
        row[KIND] = GONE
        copy(at(draft.entries, row[START]), 4, out)
    else:
        unit(2, out)
