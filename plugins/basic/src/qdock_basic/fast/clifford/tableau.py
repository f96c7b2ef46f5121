"""Stabilizer states by compiled code: what `qdock_basic.engines.tableau` finds, from strings packed in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from qdock.circuit import Circuit
from qdock_basic.drawing.affine import AffineSpace, Words
from qdock_basic.fast.clifford.bits import add_row
from qdock_basic.fast.clifford.deferral import Steps, defer
from qdock_basic.fast.clifford.echelon import Strings, add_strings, space_of, strings_of
from qdock_basic.fast.machine.jit import compiled, inner
from qdock_basic.fast.machine.pointers import at, pointer
from qdock_basic.fast.stats import Looker
from qdock_basic.programs.clifford import actions_of

__all__ = ["choose", "outcomes_of"]

# So many words are gone through between two looks at the clock: some milliseconds.
_WORDS = 1 << 22
# How many choices there are of eight rows, and so values of a byte.
_BYTE = 256
_ZERO, _ONE, _SIGN = np.uint64(0), np.uint64(1), 16


class Tableau(NamedTuple):
    """The strings that stabilize a state.

    Attributes
    ----------
    x, z : (n + 1, words) uint64 arrays
        Bit i of a row is whether string i has an X, or a Z, at a place. The last row is always 0: it stands for the
        second qubit of a gate on one.
    sign : (words,) uint64 array
        Whether a string has a minus.
    """

    x: Any
    z: Any
    sign: Any


def outcomes_of(circuit: Circuit, watch: Looker) -> AffineSpace:
    """See `qdock_basic.engines.tableau.outcomes_of`."""
    columns = circuit.columns()
    actions = circuit.once(actions_of)
    assert actions is not None
    given = columns.code, actions, columns.qubits, columns.qubit_start, columns.clbits
    steps, tableau = _begin(*given, circuit.num_qubits, circuit.num_clbits)
    words = len(tableau.sign)
    for start, end in _pieces(len(steps.gates), words, watch, 0.0):
        _apply(steps, tableau, start, end)
    strings = _turned(tableau)
    for start, end in _pieces(steps.num_places, steps.num_places * words, watch, 0.5):
        add_strings(strings, start, end)
    return AffineSpace(*space_of(strings, steps.record, np.array(circuit.output_clbits, np.int64)))


def _pieces(count: int, words: int, watch: Looker, begin: float) -> Iterator[tuple[int, int]]:
    """Yield ranges of steps that go through so many words each, with a look between them where one is due."""
    size = max(1, _WORDS // max(words, 1))
    for start in range(0, count, size):
        if start and watch.is_due():
            watch.look(begin + start / count / 2)
        yield start, min(start + size, count)


@compiled
def _begin(
    code: Any, actions: Any, qubits: Any, starts: Any, clbits: Any, num_qubits: int, num_clbits: int
) -> tuple[Steps, Tableau]:
    """Return the steps of a circuit, and the strings of as many qubits as these need, which are 0."""
    steps = defer(code, actions, qubits, starts, clbits, num_qubits, num_clbits)
    words = (steps.num_places + 63) // 64
    shape = (steps.num_places + 1, words)
    tableau = Tableau(np.zeros(shape, np.uint64), np.zeros(shape, np.uint64), np.zeros(words, np.uint64))
    for place in range(steps.num_places):
        tableau.z[place, place // 64] = _ONE << np.uint64(place % 64)
    return steps, tableau


@compiled
def _apply(steps: Steps, tableau: Tableau, start: int, end: int) -> None:
    words = len(tableau.sign)
    gates, x, z, sign = pointer(steps.gates), pointer(tableau.x), pointer(tableau.z), pointer(tableau.sign)
    for step in range(start, end):
        gate = at(gates, 3 * step)
        first, second = words * gate[1], words * (gate[2] if gate[2] >= 0 else steps.num_places)
        _act(np.uint64(gate[0]), at(x, first), at(z, first), at(x, second), at(z, second), sign, words)


@inner
def _act(action: Any, x0: Any, z0: Any, x1: Any, z1: Any, sign: Any, words: int) -> None:
    """Apply a gate to all strings: every bit after it is a sum of bits before it, the sign one of their products."""
    for word in range(words):
        a, b, c, d = x0[word], z0[word], x1[word], z1[word]
        x0[word] = _sum(action, 0, a, b, c, d)
        z0[word] = _sum(action, 4, a, b, c, d)
        x1[word] = _sum(action, 8, a, b, c, d)
        z1[word] = _sum(action, 12, a, b, c, d)
        without = _products(action, 0, a, b) ^ c & _products(action, 4, a, b)
        sign[word] ^= without ^ d & (_products(action, 8, a, b) ^ c & _products(action, 12, a, b))


@inner
def _on(action: Any, bit: int, word: Any) -> Any:
    """Return a word if a bit of the action is 1, or else 0."""
    return _ZERO - (action >> np.uint64(bit) & _ONE) & word


@inner
def _sum(action: Any, bit: int, a: Any, b: Any, c: Any, d: Any) -> Any:
    return _on(action, bit, a) ^ _on(action, bit + 1, b) ^ _on(action, bit + 2, c) ^ _on(action, bit + 3, d)


@inner
def _products(action: Any, bit: int, a: Any, b: Any) -> Any:
    """Return the sum of those of the products 1, a, b and a b that the action's sign has."""
    with_b = _on(action, _SIGN + bit + 2, b) ^ _on(action, _SIGN + bit + 3, a & b)
    return _ZERO - (action >> np.uint64(_SIGN + bit) & _ONE) ^ _on(action, _SIGN + bit + 1, a) ^ with_b


@compiled
def _turned(tableau: Tableau) -> Strings:
    return strings_of(tableau.x[:-1], tableau.z[:-1], tableau.sign)


# --- outcomes


def choose(space: AffineSpace, choices: Words) -> Words:
    """See `qdock_basic.drawing.affine.AffineSpace.outcomes`."""
    return _choose(space.reference, space.rows, choices)


@compiled
def _choose(reference: Any, rows: Any, choices: Any) -> Any:
    """Return outcomes; the sums of every choice of eight rows are made first, and a byte says which is added."""
    found = np.empty((len(choices), len(reference)), np.uint64)
    for number in range(len(choices)):
        for word in range(len(reference)):
            found[number, word] = reference[word]
    sums = np.zeros((_BYTE, len(reference)), np.uint64)
    for first in range(0, len(rows), 8):
        for place in range(min(8, len(rows) - first)):
            for number in range(1 << place):
                for word in range(len(reference)):
                    sums[(1 << place) + number, word] = sums[number, word] ^ rows[first + place, word]
        for number in range(len(choices)):
            byte = choices[number, first // 64] >> np.uint64(first % 64)
            add_row(found, number, sums, byte % np.uint64(_BYTE))
    return found
