"""What is done to a state in cache, as loops over vectors: phases, matrices, flips and exchanges under controls."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.loops.coefficients import pattern_of, write_coefficients, write_phase, write_phases
from qdock_basic.fast.loops.dense import mix_many
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.pointers import bit_count, lane_bits, reals
from qdock_basic.fast.machine.vectors import EXCHANGE, REAL, mix
from qdock_basic.fast.small.state import State

__all__ = ["Where", "apply_matrix", "apply_to_many", "exchange", "flip", "run_loop", "scale", "turn"]

_FLIP_MATRIX = np.array([0, 1, 1, 0], dtype=complex)
_SWAP_MATRIX = np.array([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], dtype=complex)


class Where(NamedTuple):
    """Which amplitudes something is done to.

    Attributes
    ----------
    controls, given : int
        Masks of the bits of an index that must be something, and of those among them that must be 1.
    bits : int
        How many bits an index has.
    """

    controls: int
    given: int
    bits: int


@inner
def turn(phase: complex, where: Where, state: State) -> None:
    """Multiply amplitudes by a number."""
    lanes = (1 << lane_bits(state.re)) - 1
    write_phase(phase, where.controls & lanes, where.given & lanes, lane_bits(state.re), state.table)
    run_loop(0, where, 0, 0, 0, state)


@inner
def scale(zero: complex, one: complex, a: int, where: Where, state: State) -> None:
    """Multiply amplitudes by one number where a bit of the index is 0, and by another where it is 1."""
    lanes = lane_bits(state.re)
    if a < lanes:
        inside, given = where.controls & ((1 << lanes) - 1), where.given & ((1 << lanes) - 1)
        write_phases(zero, one, a, inside, given, lanes, state.table)
        run_loop(0, where, 0, 0, 0, state)
        return
    controls = where.controls | 1 << a
    turn(one, Where(controls, where.given | 1 << a, where.bits), state)
    if zero != 1.0:
        turn(zero, Where(controls, where.given, where.bits), state)


@inner
def apply_matrix(entries: Any, parts: int, a: int, b: int, where: Where, state: State) -> None:
    """Apply a matrix on one bit of the index, if `b` is negative, or on two; `entries` are real numbers."""
    lanes = lane_bits(state.re)
    inside, given = where.controls & ((1 << lanes) - 1), where.given & ((1 << lanes) - 1)
    write_coefficients(entries, a, b, parts, inside, given, lanes, state.table)
    first, second = 1 << a if a >= lanes else 0, 1 << b if b >= lanes else 0
    run_loop(pattern_of(a, b, parts, lanes), where, first | second, first or second, second, state)


@inner
def apply_to_many(entries: Any, places: Any, targets: int, where: Where, state: State) -> None:
    """Apply a matrix on more than two bits of the index."""
    fixed = where.controls
    for position in range(targets):
        fixed |= 1 << places[position]
    loop = (fixed, where.given, 1 << (where.bits - bit_count(fixed)))
    mix_many(state.re, state.im, loop, entries, places, targets)


@inner
def flip(a: int, where: Where, state: State) -> None:
    """Turn a bit of the index over."""
    if _are_above(1 << a, where, state):
        run_loop(EXCHANGE, where, 1 << a, 1 << a, 0, state)
    else:
        apply_matrix(reals(_FLIP_MATRIX), REAL, a, -1, where, state)


@inner
def exchange(a: int, b: int, where: Where, state: State) -> None:
    """Exchange two bits of the index."""
    if _are_above(1 << a | 1 << b, where, state):
        run_loop(EXCHANGE, where, 1 << a | 1 << b, 1 << a, 1 << b, state)
    else:
        apply_matrix(reals(_SWAP_MATRIX), REAL, a, b, where, state)


@inner
def _are_above(targets: int, where: Where, state: State) -> bool:
    """Whether targets and controls lie above the lanes, so that whole vectors are moved."""
    return (targets | where.controls) & ((1 << lane_bits(state.re)) - 1) == 0


@inner
def run_loop(pattern: int, where: Where, targets: int, low: int, high: int, state: State) -> None:
    """Run a loop where the controls are met; the lanes' part of them is in the coefficients."""
    lanes = (1 << lane_bits(state.re)) - 1
    fixed = (where.controls | targets) & ~lanes
    count = 1 << (where.bits - lane_bits(state.re) - bit_count(fixed))
    mix(state.re, state.im, state.table, 0, pattern, fixed | lanes, where.given & ~lanes, count, low, high)
