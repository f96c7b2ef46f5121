"""What came back for the parts of a job, in the order of its circuits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from qdock.results.circuit_result import CircuitResult
from qdock.results.count_columns import ALIKE, OWN, CountColumns

__all__ = ["in_order"]


def in_order(
    parts: Sequence[tuple[Sequence[int], CountColumns | Sequence[CircuitResult]]],
) -> CountColumns | Sequence[CircuitResult]:
    """Return the entries of a job, or columns of all of them if that is what its parts are.

    Parameters
    ----------
    parts : sequence of (numbers, entries or columns)
        Each with the numbers of its circuits in the job.
    """
    if len(parts) == 1:
        only, found = parts[0]
        if len(only) == 1 or list(only) == sorted(only):
            return found
    numbers = list(chain.from_iterable(part for part, _ in parts))
    order = np.argsort(numbers, kind="stable")
    columns = [found for _, found in parts if isinstance(found, CountColumns)]
    if columns and len(columns) == len(parts) and all(_is_like(item, columns[0]) for item in columns):
        return _merged(columns, order)
    entries = list(chain.from_iterable(found for _, found in parts))
    return [entries[place] for place in order.tolist()]


def _is_like(columns: CountColumns, other: CountColumns) -> bool:
    return all(columns.common[name] == other.common[name] for name in ALIKE)


def _merged(parts: Sequence[CountColumns], order: NDArray[np.intp]) -> CountColumns:
    """Return the columns of the circuits of all parts, in an order."""
    listed = {name: list(chain.from_iterable(part.of_each(name) for part in parts)) for name in OWN}
    own = {name: [values[place] for place in order.tolist()] for name, values in listed.items()}
    sizes = np.concatenate([np.diff(part.starts) for part in parts])
    begins, starts = np.cumsum(sizes) - sizes, np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes[order], out=starts[1:])
    # For each outcome where it stands in the parts, one behind the other.
    moves = np.repeat(begins[order] - starts[:-1], sizes[order]) + np.arange(starts[-1])
    outcomes = np.concatenate([part.outcomes for part in parts])[moves]
    counts = np.concatenate([part.counts for part in parts])[moves]
    return CountColumns.made(parts[0].common, own, outcomes, counts, starts)
