"""Terms of a sum of product states that differ on one qubit at most: they become one, so that a sum stays short.

So a phase that a gate gives to its control is no new term, and the rounds of Grover's search have two terms in all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from qdock_basic.fast.machine.jit import inner

__all__ = ["NOTHING", "Terms", "add_copy", "join", "square"]

#: The square of an amplitude that is nothing but rounding.
NOTHING = 1e-30
# That of how much two states of a qubit may differ and be taken as alike.
_ALIKE = 1e-28
# Where two terms differ: on no qubit, or on several.
_NOWHERE, _SEVERAL = -1, -2


class Terms(NamedTuple):
    """A sum of product states.

    Attributes
    ----------
    factors : (k, n, 2) complex128 array
        The state of each qubit in each term, of norm one; with room for more terms.
    weights : (k,) complex128 array
        What each term is multiplied by.
    count : (1,) int64 array
        How many terms there are.
    """

    factors: Any
    weights: Any
    count: Any


@inner
def square(value: complex) -> float:
    """Return the squared magnitude of a number."""
    return value.real * value.real + value.imag * value.imag


@inner
def add_copy(terms: Terms, term: int) -> int:
    """Append a copy of a term, and return its number."""
    new = terms.count[0]
    terms.count[0] += 1
    _copy(terms, term, new)
    return new


@inner
def _copy(terms: Terms, term: int, new: int) -> None:
    terms.weights[new] = terms.weights[term]
    for qubit in range(terms.factors.shape[1]):
        terms.factors[new, qubit, 0] = terms.factors[term, qubit, 0]
        terms.factors[new, qubit, 1] = terms.factors[term, qubit, 1]


@inner
def join(terms: Terms) -> None:
    """Let terms become one where they differ on one qubit at most, and leave out those that are nothing."""
    before = terms.count[0] + 1
    # What two have become may differ from a third one on one qubit at most.
    while terms.count[0] < before:
        before, kept = terms.count[0], 0
        for term in range(before):
            if square(terms.weights[term]) >= NOTHING and not _joined(terms, term, kept):
                if term != kept:
                    _copy(terms, term, kept)
                kept += 1
        terms.count[0] = kept


@inner
def _joined(terms: Terms, term: int, kept: int) -> bool:
    """Add a term to one of the first `kept` ones, if it fits one; return whether it does."""
    for other in range(kept):
        place = _difference(terms, other, term)
        if place != _SEVERAL:
            _add(terms, other, term, place)
            return True
    return False


@inner
def _difference(terms: Terms, first: int, second: int) -> int:
    """Return on which qubit two terms differ."""
    found = _NOWHERE
    for qubit in range(terms.factors.shape[1]):
        a, b = terms.factors[first, qubit], terms.factors[second, qubit]
        if square(a[0] * b[1] - a[1] * b[0]) > _ALIKE:
            if found != _NOWHERE:
                return _SEVERAL
            found = qubit
    return found


@inner
def _add(terms: Terms, first: int, second: int, place: int) -> None:
    """Add the second term to the first one; they differ at a place only."""
    ratio = terms.weights[second]
    for qubit in range(terms.factors.shape[1]):
        if qubit != place:
            ratio *= _ratio(terms.factors[first, qubit], terms.factors[second, qubit])
    if place == _NOWHERE:
        terms.weights[first] += ratio
        return
    a, b = terms.factors[first, place], terms.factors[second, place]
    zero, one = terms.weights[first] * a[0] + ratio * b[0], terms.weights[first] * a[1] + ratio * b[1]
    size = np.sqrt(square(zero) + square(one))
    terms.weights[first] = size
    if size > 0.0:
        a[0], a[1] = zero / size, one / size


@inner
def _ratio(first: Any, second: Any) -> complex:
    """Return the number by which the first of two alike states is to be multiplied to give the second."""
    product = first[0].conjugate() * second[0] + first[1].conjugate() * second[1]
    return product / (square(first[0]) + square(first[1]))
