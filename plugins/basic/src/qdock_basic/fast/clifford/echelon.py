"""Linear algebra over two elements by compiled code: from stabilizing strings to possible outcomes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.clifford.bits import add_row, count_bits, parity, top_bit, transposed
from qdock_basic.fast.machine.jit import compiled, inner

__all__ = ["Strings", "add_strings", "space_of", "strings_of"]

_ZERO, _ONE = np.uint64(0), np.uint64(1)


class Strings(NamedTuple):
    """Pauli strings that commute, each as a row.

    Attributes
    ----------
    x, z : (n, words) uint64 arrays
        The places that have an X, or a Z.
    power : (n,) int64 array
        Of i before X^x Z^z, modulo 4.
    by_x, by_z : (n,) int64 arrays
        The string of those added so far whose uppermost X is at a place; of those without any, whose uppermost Z
        is; -1 where there is none.
    """

    x: Any
    z: Any
    power: Any
    by_x: Any
    by_z: Any


@inner
def strings_of(x: Any, z: Any, sign: Any) -> Strings:
    """Return strings whose bits are given by place."""
    count = len(x)
    rows = Strings(transposed(x, count), transposed(z, count), np.empty(count, np.int64), _none(count), _none(count))
    for row in range(count):
        power = 2 * np.int64(sign[row // 64] >> np.uint64(row % 64) & _ONE)
        for word in range(rows.x.shape[1]):
            power += count_bits(rows.x[row, word] & rows.z[row, word])
        rows.power[row] = power
    return rows


@inner
def _none(count: int) -> Any:
    found = np.empty(count, np.int64)
    found[:] = -1
    return found


# --- independent strings


@compiled
def add_strings(strings: Strings, start: int, end: int) -> None:
    """Multiply each string with those before it until its uppermost X, or else Z, is at a place of its own."""
    for row in range(start, end):
        if not _is_led(strings, strings.x, strings.by_x, row):
            _is_led(strings, strings.z, strings.by_z, row)


@inner
def _is_led(strings: Strings, bits: Any, leaders: Any, row: int) -> bool:
    """Make a string the leader of a place, or return False if it has none of these bits in the end."""
    for word in range(bits.shape[1] - 1, -1, -1):
        while bits[row, word]:
            place = 64 * word + top_bit(bits[row, word])
            if leaders[place] < 0:
                leaders[place] = row
                return True
            _multiply(strings, row, leaders[place])
    return False


@inner
def _multiply(strings: Strings, row: int, other: int) -> None:
    x, z, both = strings.x, strings.z, _ZERO
    for word in range(x.shape[1]):
        # Z^z X^x' is X^x' Z^z but for a sign for each place that has both.
        both ^= z[row, word] & x[other, word]
        x[row, word] ^= x[other, word]
        z[row, word] ^= z[other, word]
    strings.power[row] += strings.power[other] + 2 * parity(both)


# --- outcomes


@compiled
def space_of(strings: Strings, record: Any, clbits: Any) -> tuple[Any, Any]:
    """Return the reference and the rows of the outcomes of some clbits; see `qdock_basic.drawing.affine.AffineSpace`.

    Parameters
    ----------
    strings : Strings
        All of them added.
    record : int64 array
        Where the value of a clbit is, or -1.
    clbits : (c,) int64 array
    """
    leaders = strings.by_x[strings.by_x >= 0]
    rows = np.zeros((len(leaders) + 1, (len(clbits) + 63) // 64), np.uint64)
    _pick(_solution(strings), record, clbits, rows[len(leaders)])
    for number in range(len(leaders)):
        _pick(strings.x[leaders[number]], record, clbits, rows[number])
    leaders = _leaders(rows[:-1], len(clbits))
    tops = np.zeros(rows.shape[1], np.uint64)
    for clbit in range(len(clbits)):
        if leaders[clbit] >= 0:
            _reduce(rows, leaders[clbit], leaders, tops)
            tops[clbit // 64] |= _ONE << np.uint64(clbit % 64)
    _reduce(rows, len(rows) - 1, leaders, tops)
    return rows[-1].copy(), rows[leaders[leaders >= 0]]


@inner
def _solution(strings: Strings) -> Any:
    """Return a basis state that the strings of Z alone leave as it is, as words."""
    state = np.zeros(strings.z.shape[1], np.uint64)
    for place in range(len(strings.by_z)):
        row = strings.by_z[place]
        if row >= 0:
            both = _ZERO
            for word in range(place // 64 + 1):
                both ^= strings.z[row, word] & state[word]
            odd = (parity(both) + (strings.power[row] >> 1)) & 1
            state[place // 64] |= np.uint64(odd) << np.uint64(place % 64)
    return state


@inner
def _pick(state: Any, record: Any, clbits: Any, out: Any) -> None:
    """Write the bits of a state that clbits have."""
    for number in range(len(clbits)):
        place = record[clbits[number]]
        if place >= 0:
            bit = state[place // 64] >> np.uint64(place % 64) & _ONE
            out[number // 64] |= bit << np.uint64(number % 64)


@inner
def _leaders(rows: Any, num_bits: int) -> Any:
    """Add rows to each other until they are 0 or their uppermost bits differ; return which row has which."""
    leaders = _none(num_bits)
    for row in range(len(rows)):
        word = rows.shape[1] - 1
        while word >= 0:
            if rows[row, word] == 0:
                word -= 1
                continue
            bit = 64 * word + top_bit(rows[row, word])
            if leaders[bit] < 0:
                leaders[bit] = row
                break
            add_row(rows, row, rows, leaders[bit])
    return leaders


@inner
def _reduce(rows: Any, row: int, leaders: Any, tops: Any) -> None:
    """Add rows to one until it has none of some uppermost bits, each of which one other row has."""
    for word in range(rows.shape[1] - 1, -1, -1):
        left = rows[row, word] & tops[word]
        while left:
            bit = top_bit(left)
            add_row(rows, row, rows, leaders[64 * word + bit])
            left ^= _ONE << np.uint64(bit)
