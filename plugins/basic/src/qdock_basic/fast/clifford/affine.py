"""States of Clifford circuits as sums over an affine space with quadratic phases, gate by gate, in compiled code.

The state is ``exp(i pi e / 4) 2^(-k/2) sum_x i^f(x) |R x + b>`` over all x of k bits: R and b are bits, and f is a sum
of quarter turns of single bits of x and half turns of pairs. A gate changes a few numbers, whatever the size of the
state, and the amplitudes are written once. One row of R for every bit of x, its pivot, is that bit alone, so that R
has full rank, and amplitudes are written in the order of their indices where that is possible.

References
----------
de Beaudrap and Herbert, *Fast stabiliser simulation with quadratic form expansions*, Quantum 6, 803 (2022).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.front.clifford_steps import ADD, COUPLE, EIGHTHS, FLIP, IS_PAIR, MIX, STEP_COUNTS, STEPS, TURN
from qdock_basic.fast.front.source import Source, source_at
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import at, bit_count, lowest, pointer, reals

__all__ = ["NUM_BITS", "form_of", "write_amplitudes"]

# --- the form as numbers: about the sum, then for each bit of x in the order of their pivots

#: Places of how many bits x has, the offset b, and the phase e.
NUM_BITS, _OFFSET, _PHASE = 0, 1, 2
_USED = NUM_BITS
_FACTS = 3
# And then, for each bit of x: a column of R as a mask of qubits, a mask of the bits with which it turns by a half, and
# its quarter turns.
_EACH = 3


class _Form(NamedTuple):
    """Pointers to the parts of a form.

    Attributes
    ----------
    facts : see `NUM_BITS`; a mask of the bits of x in use in place of their number
    rows : by qubit, a row of R as a mask of bits of x
    pivots : by qubit, the bit of x whose pivot it is, or -1
    pairs : by bit of x, a mask of the bits with which it turns by a half
    turns : by bit of x, its quarter turns
    num_qubits : int
    """

    facts: Any
    rows: Any
    pivots: Any
    pairs: Any
    turns: Any
    num_qubits: int


@compiled
def form_of(addresses: Any, num_qubits: int, end: int) -> Any:
    """Return the form of a circuit of gates that are known here, from all qubits 0: an int64 array.

    Parameters
    ----------
    addresses : int64 array
        Of the circuit: see `source.locate`.
    num_qubits, end : int
        How many qubits and operations it has.
    """
    out = np.empty(_FACTS + _EACH * num_qubits, np.int64)
    room = np.empty(_FACTS + 5 * num_qubits, np.int64)
    form = _empty(room, num_qubits)
    source = source_at(addresses)
    for operation in range(end):
        code = source.code[operation]
        for step in range(STEP_COUNTS[code]):
            _take_step(form, source, source.qubit_start[operation], STEPS[code, step])
    _write_form(form, out)
    # The room lives until here.
    out[_PHASE] = room[_PHASE] & 7
    return out


@inner
def _empty(room: Any, num_qubits: int) -> _Form:
    facts = pointer(room)
    for place in range(len(room)):
        room[place] = 0
    rows = at(facts, _FACTS)
    pivots = at(rows, num_qubits)
    for qubit in range(num_qubits):
        pivots[qubit] = -1
    return _Form(facts, rows, pivots, at(rows, 2 * num_qubits), at(rows, 3 * num_qubits), num_qubits)


@inner
def _take_step(form: _Form, source: Source, start: int, step: Any) -> None:
    kind = step[0]
    if kind == EIGHTHS:
        form.facts[_PHASE] += step[2]
        return
    a = source.qubits[start + step[1]]
    b = source.qubits[start + step[2]] if IS_PAIR[kind] else 0
    if kind == TURN:
        _turn(form, form.rows[a], _given(form, a), step[2])
    elif kind == FLIP:
        form.facts[_OFFSET] ^= 1 << a
    elif kind == MIX:
        _mix(form, a)
    elif kind == ADD:
        _add(form, a, b)
    elif kind == COUPLE:
        _couple(form, form.rows[a], form.rows[b])
        _turn(form, form.rows[b], 0, 2 * _given(form, a))
        _turn(form, form.rows[a], 0, 2 * _given(form, b))
        form.facts[_PHASE] += 4 * (_given(form, a) & _given(form, b))
    else:
        _exchange(form, a, b)


@inner
def _given(form: _Form, qubit: int) -> int:
    """Return the offset's bit of a qubit."""
    return form.facts[_OFFSET] >> qubit & 1


# --- phases


@inner
def _turn(form: _Form, mask: int, given: int, quarters: int) -> None:
    """Turn by quarters where the sum of some bits of x, and one more if `given`, is 1.

    As a number, that sum s of bits modulo 2 is the sum of the bits minus twice that of their products, modulo 4.
    """
    if given:
        form.facts[_PHASE] += 2 * quarters
        quarters = -quarters
    left = mask if quarters & 3 else 0
    while left:
        bit = lowest(left)
        left &= left - 1
        form.turns[bit] = (form.turns[bit] + quarters) & 3
        if quarters & 1:
            form.pairs[bit] ^= mask & ~(1 << bit)


@inner
def _couple(form: _Form, first: int, second: int) -> None:
    """Turn by a half where two sums of bits of x are both 1."""
    left = first | second
    while left:
        bit = lowest(left)
        left &= left - 1
        mask = (second if first >> bit & 1 else 0) ^ (first if second >> bit & 1 else 0)
        form.pairs[bit] ^= mask & ~(1 << bit)
        if first & second & 1 << bit:
            form.turns[bit] ^= 2


# --- gates that change R


@inner
def _exchange(form: _Form, a: int, b: int) -> None:
    form.rows[a], form.rows[b] = form.rows[b], form.rows[a]
    form.pivots[a], form.pivots[b] = form.pivots[b], form.pivots[a]
    if _given(form, a) != _given(form, b):
        form.facts[_OFFSET] ^= 1 << a | 1 << b


@inner
def _add(form: _Form, a: int, b: int) -> None:
    """Add the row of a qubit to that of another: a CX gate."""
    form.rows[b] ^= form.rows[a]
    form.facts[_OFFSET] ^= _given(form, a) << b
    bit = form.pivots[b]
    if bit >= 0:
        form.pivots[b] = -1
        _find_pivot(form, bit, -1)


@inner
def _find_pivot(form: _Form, bit: int, but: int) -> bool:
    """Make a row, other than `but`, that has a bit of x its pivot; return whether there is one."""
    for qubit in range(form.num_qubits):
        if qubit != but and form.rows[qubit] >> bit & 1:
            _make_pivot(form, bit, qubit)
            return True
    return False


@inner
def _make_pivot(form: _Form, bit: int, qubit: int) -> None:
    """Let a bit of x stand for the whole row of a qubit that has it."""
    form.pivots[qubit] = bit
    rest = form.rows[qubit] ^ 1 << bit
    if rest == 0:
        return
    pairs, turns = _taken(form, bit), form.turns[bit]
    form.turns[bit] = 0
    for row in range(form.num_qubits):
        if form.rows[row] >> bit & 1:
            form.rows[row] ^= rest
    _turn(form, rest | 1 << bit, 0, turns)
    _couple(form, rest | 1 << bit, pairs)


@inner
def _taken(form: _Form, bit: int) -> int:
    """Return with which bits a bit turns by a half, and let it do so no more."""
    pairs = left = form.pairs[bit]
    form.pairs[bit] = 0
    while left:
        form.pairs[lowest(left)] ^= 1 << bit
        left &= left - 1
    return pairs


@inner
def _mix(form: _Form, qubit: int) -> None:
    """Apply a Hadamard gate: a new bit of x, and if its row alone had an old one, the sum over that."""
    bit, given = form.pivots[qubit], _given(form, qubit)
    form.facts[_OFFSET] &= ~(1 << qubit)
    form.pivots[qubit] = -1
    if bit >= 0 and not _find_pivot(form, bit, qubit):
        _sum_over(form, qubit, bit, given)
        return
    new, row = lowest(~form.facts[_USED]), form.rows[qubit]
    form.facts[_USED] |= 1 << new
    form.pairs[new], form.turns[new] = 0, 2 * given
    form.rows[qubit], form.pivots[qubit] = 1 << new, new
    _couple(form, row, 1 << new)


@inner
def _sum_over(form: _Form, qubit: int, bit: int, given: int) -> None:
    """Sum over a bit that no row has: ``sum_x i^(t x) (-1)^(x (L + y))`` with the new bit y, a sum L of others.

    If t is odd that is a phase, by which L + y turns; y takes the place of x. If t is even y must be L + t / 2.
    """
    pairs, turns = _taken(form, bit), form.turns[bit]
    if turns & 1:
        form.pivots[qubit], form.turns[bit] = bit, 2 * given
        form.facts[_PHASE] += 2 - turns
        _turn(form, pairs | 1 << bit, 0, -turns)
        return
    form.turns[bit] = 0
    form.facts[_USED] &= ~(1 << bit)
    form.rows[qubit] = pairs
    form.facts[_OFFSET] |= turns >> 1 << qubit
    _turn(form, pairs, turns >> 1, 2 * given)


# --- amplitudes


@inner
def _write_form(form: _Form, out: Any) -> None:
    """Write a form with its bits in the order of their pivots."""
    count, place = 0, at(form.rows, 4 * form.num_qubits)
    for qubit in range(form.num_qubits):
        if form.pivots[qubit] >= 0:
            place[count] = form.pivots[qubit]
            count += 1
    out[NUM_BITS], out[_OFFSET] = count, form.facts[_OFFSET]
    for number in range(count):
        column, pairs = 0, 0
        for qubit in range(form.num_qubits):
            column |= (form.rows[qubit] >> place[number] & 1) << qubit
        for other in range(count):
            pairs |= (form.pairs[place[number]] >> place[other] & 1) << other
        each = out[_FACTS + _EACH * number :]
        each[0], each[1], each[2] = column, pairs, form.turns[place[number]]


@compiled
def write_amplitudes(given: Any, part: int, low_bits: int, phase: float, whole: Any) -> None:
    """Write the amplitudes for all x whose bits from `low_bits` on are those of a number.

    Parameters
    ----------
    given : int64 array
        See `form_of`.
    part, low_bits : int
    phase : float
        A global phase besides that of the form.
    whole : complex array
        The state, 0 where nothing is written.
    """
    amplitudes, bits = reals(whole), at(pointer(given), _FACTS)
    high = part << low_bits
    index, turns = given[_OFFSET], 0
    for bit in range(low_bits, given[NUM_BITS]):
        if high >> bit & 1:
            index ^= bits[_EACH * bit]
            turns += bits[_EACH * bit + 2] + 2 * bit_count(bits[_EACH * bit + 1] & high & ((1 << bit) - 1))
    size, angle = 2.0 ** (-0.5 * given[NUM_BITS]), phase + given[_PHASE] * math.pi / 4
    real, imaginary = size * math.cos(angle), size * math.sin(angle)
    _write(amplitudes, index, turns, real, imaginary)
    x = high
    for step in range(1, 1 << low_bits):
        # From one x to the next a single bit changes: a Gray code.
        bit = lowest(step)
        change = bits[_EACH * bit + 2] + 2 * bit_count(bits[_EACH * bit + 1] & x)
        turns += -change if x >> bit & 1 else change
        x ^= 1 << bit
        index ^= bits[_EACH * bit]
        _write(amplitudes, index, turns, real, imaginary)


@inner
def _write(amplitudes: Any, index: int, turns: int, real: float, imaginary: float) -> None:
    """Write an amplitude turned by quarters."""
    sign = 1.0 - (turns & 2)
    if turns & 1:
        real, imaginary = -imaginary, real
    amplitudes[2 * index], amplitudes[2 * index + 1] = sign * real, sign * imaginary
