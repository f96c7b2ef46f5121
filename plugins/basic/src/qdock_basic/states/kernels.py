"""Gate kernels: a matrix is taken apart once into what it scales, moves and mixes, then applied to slices in place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Form", "apply_form", "controlled", "form_of"]

Array = npt.NDArray[Any]
Cycle = tuple[tuple[int, complex], ...]

# numpy's inner loop runs along the last axis and costs as much for a short one as for a long one: axes that are
# short together are taken apart, unless the whole state is so small that a call costs more than its work.
_SHORT_AXIS = 4
# Work goes on in pieces that stay in the cache, which also keeps what is allocated for it small.
_PIECE = 1 << 15
# OpenBLAS gives a product of m x k and k x n matrices with m * k * n above 2^15 to a team of threads that spin. On a
# machine that others use too, that made a circuit of 16 qubits 11 times slower; below it stays in this thread.
_PRODUCT = 1 << 15
_SMALL_STATE = 512


@dataclass(frozen=True)
class Form:
    """What a matrix does to the slices of a state, one slice for each basis index of its qubits.

    Attributes
    ----------
    scaled : tuple of (index, factor)
        Slices that are only multiplied.
    cycles : tuple of tuples of (index, factor)
        Slices that become a multiple of the next one in the cycle, and the last one of the first.
    mixed : tuple of (indices, (m, m) array)
        Groups of slices that become linear combinations of each other.
    """

    scaled: tuple[tuple[int, complex], ...]
    cycles: tuple[Cycle, ...]
    mixed: tuple[tuple[tuple[int, ...], Array], ...]


# --- what a matrix does


def form_of(matrix: Array) -> Form:
    """Return the form of a square matrix; entries that are exactly zero cost nothing later."""
    scaled, cycles, mixed = [], [], []
    for group in _groups(matrix):
        if len(group) == 1:
            factor = complex(matrix[group[0], group[0]])
            if factor != 1:
                scaled.append((group[0], factor))
        elif cycle := _cycle(matrix, group):
            cycles.append(cycle)
        else:
            mixed.append((tuple(group), np.ascontiguousarray(matrix[np.ix_(group, group)], dtype=np.complex128)))
    return Form(tuple(scaled), tuple(cycles), tuple(mixed))


def _groups(matrix: Array) -> list[list[int]]:
    """Return the indices in groups that no nonzero entry connects with each other."""
    rows, columns = np.nonzero(matrix)
    label = list(range(len(matrix)))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        old, new = label[row], label[column]
        if old != new:
            label = [new if item == old else item for item in label]
    groups: dict[int, list[int]] = {}
    for index, item in enumerate(label):
        groups.setdefault(item, []).append(index)
    return list(groups.values())


def _cycle(matrix: Array, group: list[int]) -> Cycle:
    """Return the moves of a group with one entry in every row and column, or nothing."""
    source = {row: column for row in group for column in group if matrix[row, column] != 0}
    if np.count_nonzero(matrix[np.ix_(group, group)]) != len(group) or sorted(source.values()) != group:
        return ()
    indices = [group[0]]
    for _ in group[1:]:
        indices.append(source[indices[-1]])
    return tuple((index, complex(matrix[index, source[index]])) for index in indices)


def controlled(form: Form, states: Sequence[int]) -> Form:
    """Return the form with control qubits put before its own, acting where they are in `states`."""
    width = len(states)
    mask = sum(state << position for position, state in enumerate(states))

    def moved(index: int) -> int:
        return index << width | mask

    return Form(
        tuple((moved(index), factor) for index, factor in form.scaled),
        tuple(tuple((moved(index), factor) for index, factor in cycle) for cycle in form.cycles),
        tuple((tuple(map(moved, group)), matrix) for group, matrix in form.mixed),
    )


# --- doing it to a state


def apply_form(state: Array, form: Form, qubits: tuple[int, ...]) -> None:
    """Overwrite `state`, (2^n,) complex, with the form's matrix times it; the first qubit is least significant."""
    if len(qubits) == 1 and form.mixed and _mix_whole(state, form.mixed[0][1], qubits[0]):
        return
    for index, factor in form.scaled:
        for part in _slices(state, qubits, index):
            part *= factor
    for cycle in form.cycles:
        for parts in zip(*(_slices(state, qubits, index) for index, _ in cycle), strict=True):
            _move(parts, cycle)
    for group, matrix in form.mixed:
        for parts in zip(*(_slices(state, qubits, index) for index in group), strict=True):
            for pieces in _pieces(parts, max(1, _PRODUCT // len(group) ** 2)):
                _MIX.get(len(group), _mix_many)(pieces, matrix)


def _slices(state: Array, qubits: tuple[int, ...], index: int) -> list[Array]:
    """Return the amplitudes where the qubits read `index`, as a view, or several where that is quicker."""
    shape, places = _places(state.size, qubits, index)
    view = state.reshape(shape)
    return [view[place] for place in places]


@lru_cache(maxsize=1 << 14)
def _places(size: int, qubits: tuple[int, ...], index: int) -> tuple[tuple[int, ...], list[tuple[Any, ...]]]:
    """Return the shape with one axis of two for each qubit, and where its amplitudes lie in that."""
    shape: list[int] = []
    where: list[Any] = []
    gaps: list[int] = []
    above = size.bit_length() - 1
    for qubit in [*sorted(qubits, reverse=True), -1]:
        if above - qubit > 1:
            gaps.append(len(shape))
            shape.append(1 << (above - qubit - 1))
            where.append(slice(None))
        if qubit >= 0:
            shape.append(2)
            where.append(index >> qubits.index(qubit) & 1)
        above = qubit
    # The dots keep it an array, that can be written to, when no axis is left.
    place: tuple[Any, ...] = (*where, ...)
    short = _short_axes(shape, gaps) if size > _SMALL_STATE else []
    return tuple(shape), [_at(place, short, spot) for spot in np.ndindex(*(shape[axis] for axis in short))]


def _short_axes(shape: list[int], gaps: list[int]) -> list[int]:
    """Return the last axes between a gate's qubits, as long as all of them together are short; never all axes."""
    short: list[int] = []
    for axis in reversed(gaps[1:]):
        if math.prod(shape[item] for item in [axis, *short]) > _SHORT_AXIS:
            break
        short.append(axis)
    return short


def _at(place: tuple[Any, ...], axes: list[int], spot: tuple[int, ...]) -> tuple[Any, ...]:
    fixed = dict(zip(axes, spot, strict=True))
    return tuple(fixed.get(axis, item) for axis, item in enumerate(place))


def _move(parts: tuple[Array, ...], cycle: Cycle) -> None:
    """Give each part the next one's values; the last gets the first one's."""
    first = parts[0].copy()
    for part, values, (_, factor) in zip(parts, (*parts[1:], first), cycle, strict=True):
        if factor == 1:
            part[...] = values
        else:
            np.multiply(values, factor, out=part)


def _mix_whole(state: Array, matrix: Array, qubit: int) -> bool:
    """Apply a dense gate on one qubit as products of matrices where that is quick; say whether it was."""
    if 1 << qubit <= _SHORT_AXIS and state.size > _SMALL_STATE:
        return False
    view, small = state.reshape(-1, 2, 1 << qubit), matrix.astype(state.dtype, copy=False)
    if state.size <= _SMALL_STATE:
        view[...] = small @ view
        return True
    low = min(1 << qubit, _PRODUCT // 4)
    high = max(1, _PIECE // (2 * low))
    for row in range(0, len(view), high):
        for column in range(0, 1 << qubit, low):
            part = view[row : row + high, :, column : column + low]
            np.copyto(part, small @ part)
    return True


def _pieces(parts: tuple[Array, ...], most: int) -> Iterator[tuple[Array, ...]]:
    """Cut arrays of one shape along their longest axis, so that a piece has about `most` amplitudes."""
    shape = parts[0].shape
    if parts[0].size <= most:
        yield parts
        return
    axis = shape.index(max(shape))
    length = max(1, most * shape[axis] // parts[0].size)
    before = (slice(None),) * axis
    for start in range(0, shape[axis], length):
        yield tuple(part[(*before, slice(start, start + length))] for part in parts)


def _mix_two(parts: tuple[Array, ...], matrix: Array) -> None:
    low, high = parts
    (a, b), (c, d) = matrix.tolist()
    from_low = low * c
    low *= a
    low += high * b
    high *= d
    high += from_low


def _mix_many(parts: tuple[Array, ...], matrix: Array) -> None:
    values = np.stack([part.reshape(-1) for part in parts])
    for part, row in zip(parts, matrix.astype(values.dtype) @ values, strict=True):
        part[...] = row.reshape(part.shape)


_MIX = {2: _mix_two}
