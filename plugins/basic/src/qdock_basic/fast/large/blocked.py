"""Passes over a state larger than cache: chunks are gathered to cache, changed there, and scattered back."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.rows import DIAGONAL, KIND, MANY, A
from qdock_basic.fast.large.planner import Plan
from qdock_basic.fast.loops.hadamards import add_or_hold
from qdock_basic.fast.loops.ops import OP_WIDTH, Chunk, Ops, add_ops, inside_of, run_ops
from qdock_basic.fast.loops.phases import MOST_TABLES, Terms, make_terms, settle, turn_of, wait
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.vectors import LANE_BITS, add_to, join, join_turned, split

__all__ = ["CLEARED", "Pass", "clear_dead", "make_pass", "run_chunks"]

_BITS_8, _BITS_4 = LANE_BITS[8], LANE_BITS[4]
# A claim is for at most so many chunks, as long as there are so many claims to share.
_MOST_GROUP_BITS, _LEAST_CLAIM_BITS = 2, 5
#: So many real numbers are cleared at a time.
CLEARED = 1 << 18


class Pass(NamedTuple):
    """One pass, ready to run.

    Attributes
    ----------
    ops : Ops
    terms : Terms
        Those that turn whole chunks.
    runs : (k,) int64 array
        Where in the state each run of a chunk lies.
    was_dead : (k,) bool array
        Whether a run is 0 before the pass, and not to be read.
    outside : (m,) int64 array
        The places outside of a chunk that may be 1.
    run_bits : int
        How long a run is.
    group_bits : int
        How many chunks are claimed together.
    """

    ops: Ops
    terms: Terms
    runs: Any
    was_dead: Any
    outside: Any
    run_bits: int
    group_bits: int


@compiled
def make_pass(plan: Plan, number: int, num_places: int, dead: int, run_bits: int, scale: Any) -> Pass:
    """Return a pass of a plan; places of the mask `dead` are 0 before it. The type of `scale` is that of the state."""
    inside = plan.inside[number]
    spots, above = np.full(num_places, -1, np.int64), np.empty(num_places, np.int64)
    outside = np.empty(num_places, np.int64)
    bits, num_outside = 0, 0
    for place in range(num_places):
        if inside >> place & 1:
            spots[place] = bits
            above[bits] = place
            bits += 1
        elif not dead >> place & 1:
            outside[num_outside] = place
            num_outside += 1
    lane_bits = _BITS_8 if scale.itemsize == 8 else _BITS_4
    terms = make_terms(plan.starts[number + 1] - plan.starts[number])
    ops = _make_ops(plan, number, Chunk(spots, bits, lane_bits), terms, scale)
    runs, was_dead = _make_runs(above, bits, run_bits, dead)
    group_bits = min(max(num_outside - _LEAST_CLAIM_BITS, 0), _MOST_GROUP_BITS)
    return Pass(ops, terms, runs, was_dead, outside[:num_outside], run_bits, group_bits)


@inner
def _make_ops(plan: Plan, number: int, chunk: Chunk, terms: Terms, scale: Any) -> Ops:
    begin, end = plan.starts[number], plan.starts[number + 1]
    rows, steps = plan.rows, plan.steps
    entries, has_terms = 0, 0
    for position in range(begin, end):
        step = plan.order[position]
        has_terms |= steps.terms[step] >= 0
        entries += _most_entries(rows.rows[steps.rows[step]], chunk)
    ops = Ops(
        np.empty((end - begin, OP_WIDTH), np.int64),
        np.empty(entries + has_terms * (2 * MOST_TABLES << chunk.num_bits), scale.dtype),
        np.empty(len(rows.places), np.int64),
        np.zeros(3, np.int64),
        np.ones(1, np.float64),
    )
    held = -1
    for position in range(begin, end):
        step = plan.order[position]
        term, number = steps.terms[step], steps.rows[step]
        if held >= 0 and (steps.targets[step] | steps.others[step]) >> rows.rows[held, A] & 1:
            add_ops(rows, held, chunk, ops)
            held = -1
        if term >= 0:
            wait(rows.masks[term], rows.angles[term], chunk, terms)
        else:
            settle(terms, inside_of(steps.targets[step], chunk), chunk, ops)
            held = add_or_hold(rows, held, number, chunk, ops)
    if held >= 0:
        add_ops(rows, held, chunk, ops)
    settle(terms, -1, chunk, ops)
    return ops


@inner
def _most_entries(row: Any, chunk: Chunk) -> int:
    """Return how much room the coefficients of a row, or of a term of it, need at most."""
    lanes = 1 << chunk.lane_bits
    if row[KIND] == DIAGONAL:
        return 2 * lanes
    return 2 << (2 * row[A]) if row[KIND] == MANY else 32 * lanes


@inner
def _make_runs(above: Any, bits: int, run_bits: int, dead: int) -> tuple[Any, Any]:
    """Return where the runs of a chunk lie, and which of them are 0."""
    count = 1 << (bits - run_bits)
    runs, was_dead = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    for run in range(count):
        place = 0
        for bit in range(run_bits, bits):
            place |= (run >> (bit - run_bits) & 1) << above[bit]
        runs[run], was_dead[run] = place, place & dead != 0
    return runs, was_dead


@compiled
def run_chunks(whole: Any, plan: Pass, claims: Any, end: int, fresh: bool, re: Any, im: Any) -> None:
    """Run a pass, claim after claim, up to the number `end`.

    Parameters
    ----------
    whole : (2^(n + 1),) real array
        The state, real and imaginary parts by turns; overwritten.
    plan : Pass
    claims : (1,) int64 array
        The next number that nobody has claimed; all threads count it up.
    end : int
    fresh : bool
        Whether this is the first pass of a state whose qubits are all 0, which need not be read.
    re, im : real arrays
        Room for a chunk, of this thread.
    """
    lane_bits = _BITS_8 if whole.itemsize == 8 else _BITS_4
    vectors = 1 << (plan.run_bits - lane_bits)
    bits, group = len(plan.outside), plan.group_bits
    while True:
        claim = add_to(claims, 1)
        if claim >= end:
            break
        first = _first_chunk(claim, bits, group)
        for number in range(first, first + (1 << group)):
            outer = 0
            for position in range(bits):
                outer |= (number >> position & 1) << plan.outside[position]
            if fresh:
                _begin(re, im, len(plan.runs) << plan.run_bits)
            else:
                _gather(whole, plan, outer, vectors, re, im)
            run_ops(re, im, plan.ops, outer)
            _scatter(whole, plan, outer, vectors, re, im)


# --- which chunks a claim is for: a processor reads ahead, so that two that work on neighbours take lines of memory
# --- from each other, and a pass takes twice as long. Neighbours belong to one claim, and the next claim is far away.


@inner
def _first_chunk(claim: int, bits: int, group: int) -> int:
    """Return the first chunk of a claim: even claims are in the lower half of the state, odd ones in the upper."""
    if bits == group:
        return 0
    return (claim >> 1 | (claim & 1) << (bits - group - 1)) << group


@inner
def _begin(re: Any, im: Any, size: int) -> None:
    for index in range(size):
        re[index], im[index] = 0, 0
    re[0] = 1


@inner
def _gather(whole: Any, plan: Pass, outer: int, vectors: int, re: Any, im: Any) -> None:
    size = 1 << plan.run_bits
    for run in range(len(plan.runs)):
        place = run << plan.run_bits
        if plan.was_dead[run]:
            for index in range(place, place + size):
                re[index], im[index] = 0, 0
        else:
            split(whole, 2 * (outer | plan.runs[run]), re, im, place, vectors)


@inner
def _scatter(whole: Any, plan: Pass, outer: int, vectors: int, re: Any, im: Any) -> None:
    angle, scale = turn_of(plan.terms, outer), plan.ops.scale[0]
    if angle == 0.0 and scale == 1.0:
        for run in range(len(plan.runs)):
            join(whole, 2 * (outer | plan.runs[run]), re, im, run << plan.run_bits, vectors)
        return
    p, q = scale * math.cos(angle), scale * math.sin(angle)
    for run in range(len(plan.runs)):
        join_turned(whole, 2 * (outer | plan.runs[run]), re, im, run << plan.run_bits, vectors, p, q)


@compiled
def clear_dead(whole: Any, dead: int, claims: Any, end: int) -> None:
    """Write zeros where a place of the mask is 1, as no pass has written there: piece after piece of `CLEARED`."""
    while True:
        piece = add_to(claims, 1)
        if piece >= end:
            break
        start = piece * CLEARED
        for index in range(start >> 1, min(start + CLEARED, len(whole)) >> 1):
            if index & dead:
                whole[2 * index], whole[2 * index + 1] = 0, 0
