"""Entries of many circuits that were counted together, and their counts: what can be done once for all of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdock.results import result_checks as checks
from qdock.results.circuit_result import CircuitResult, HasRegisters
from qdock.results.counts import Counts
from qdock.results.outcomes import FEW_BITS, few_bit_strings

__all__ = ["counted_entries", "counts_of_each"]

_MAX_CLBITS = 64


def counted_entries(
    circuits: Sequence[HasRegisters],
    outcomes: ArrayLike,
    counts: ArrayLike,
    starts: ArrayLike,
    *,
    shots: int,
    seed: int | None = None,
    seconds: float | None = None,
    headers: Sequence[Mapping[str, Any]] = (),
) -> list[CircuitResult]:
    """Return entries with counts for circuits that have the same classical registers, from arrays of all of them.

    Many times as quick as `CircuitResult.from_outcomes` for each, and equal to that.

    Parameters
    ----------
    circuits : sequence of m Circuit
        Give the names; the first one gives the registers of all, of at most 64 clbits.
    outcomes : (k,) uint64 array
        What was seen, circuit by circuit, each circuit's ascending. Like the counts, taken over and made read-only.
    counts : (k,) int64 array
        How often: at least once.
    starts : (m + 1,) int64 array
        Where each circuit's outcomes begin, and the end.
    shots : int
        Of each circuit.
    seed : int, optional
        Of the job.
    seconds : float, optional
        That each circuit took.
    headers : sequence of m mappings, optional
        JSON values that came with the circuits.

    Raises
    ------
    TypeError, ValueError
        If a value is of a wrong type or shape, or does not fit the others.
    """
    if not len(circuits):
        return []
    first = CircuitResult.from_circuit(circuits[0], shots=shots, seed=seed, seconds=seconds)
    words, numbers, places = np.asarray(outcomes), np.asarray(counts), np.asarray(starts)
    _check_shapes(words, numbers, places, len(circuits), len(headers))
    _check_values(words, numbers, places, first)
    for array in (words, numbers):
        checks.freeze(array)
    rows, common, edges = words.reshape(-1, 1), vars(first), places.tolist()
    entries = [
        _entry(common, checks.check_text("name", circuit.name), rows[start:stop], numbers[start:stop])
        for circuit, start, stop in zip(circuits, edges, edges[1:], strict=False)
    ]
    for entry, header in zip(entries, headers, strict=False):
        if header:
            entry.header.update(checks.check_header("header", header))
    return entries


def _entry(common: dict[str, Any], name: str, outcomes: NDArray[Any], counts: NDArray[Any]) -> CircuitResult:
    """Return an entry of all its fields, which have been checked; its arrays are read-only."""
    values = common.copy()
    values["name"], values["outcomes"], values["counts"] = name, outcomes, counts
    values["header"], values["data"] = {}, {}
    return CircuitResult._of_checked(values)


def _check_shapes(
    words: NDArray[Any], numbers: NDArray[Any], places: NDArray[Any], circuits: int, headers: int
) -> None:
    if headers not in (0, circuits):
        raise ValueError(f"`headers` has a mapping for each of {circuits} circuits, or none, but {headers} were given.")
    if words.dtype != np.uint64 or numbers.dtype != np.int64 or words.ndim != 1 or words.shape != numbers.shape:
        raise ValueError(
            f"`outcomes` and `counts` of many circuits are (k,) arrays of uint64 and int64, but arrays of shapes "
            f"{words.shape} and {numbers.shape} and types {words.dtype} and {numbers.dtype} were given."
        )
    if places.shape != (circuits + 1,) or places.dtype.kind not in "iu":
        raise ValueError(
            f"`starts` of {circuits} circuits is a ({circuits + 1},) array of integers, but an array of shape "
            f"{places.shape} and type {places.dtype} was given."
        )
    if places[0] != 0 or places[-1] != len(words) or (places[1:] < places[:-1]).any():
        raise ValueError(f"`starts` go up from 0 to the number of outcomes, {len(words)}, but these do not: {places}.")


def _check_values(words: NDArray[Any], numbers: NDArray[Any], places: NDArray[Any], first: CircuitResult) -> None:
    num_clbits = first.num_clbits
    if not 0 < num_clbits <= _MAX_CLBITS:
        raise ValueError(f"Circuits that are counted together show 1 to {_MAX_CLBITS} clbits, but here {num_clbits}.")
    if num_clbits < _MAX_CLBITS and (words >> np.uint64(num_clbits)).any():
        raise ValueError(f"`outcomes` has values that don't fit in {num_clbits} clbits.")
    begins = np.zeros(len(words) + 1, bool)
    begins[places] = True
    if not (begins[1:-1] | (words[1:] > words[:-1])).all():
        raise ValueError("`outcomes` of each circuit are ascending, but some are not.")
    if len(numbers) and (numbers.min() < 1 or numbers.max() > first.shots):
        raise ValueError(f"`counts` are from 1 to the {first.shots} shots, but one of them is not.")
    # A sum of hostile integers might wrap around to a small one; Python's own do not.
    exact = np.int64 if first.shots * len(numbers) < 1 << 63 else object
    sums = np.zeros(len(numbers) + 1, exact)
    np.cumsum(numbers, dtype=exact, out=sums[1:])
    if (sums[places[1:]] - sums[places[:-1]] > first.shots).any():
        raise ValueError(f"`counts` of a circuit add up to at most its {first.shots} shots, but some add up to more.")


def counts_of_each(entries: Sequence[CircuitResult]) -> list[Counts]:
    """Return what `CircuitResult.get_counts` does of each entry; many of the same few clbits take a third of its time.

    Raises
    ------
    ResultError
        If one has no counts.
    """
    if not entries or not all(_is_like(entry, entries[0]) for entry in entries):
        return [entry.get_counts() for entry in entries]
    registers, num_clbits = entries[0].registers, entries[0].num_clbits
    words = np.concatenate([entry.outcomes for entry in entries if entry.outcomes is not None])[:, 0]
    arrays = [entry.counts for entry in entries if entry.counts is not None]
    numbers: list[int] = np.concatenate(arrays).tolist()
    pairs = zip(few_bit_strings(words, num_clbits, registers), numbers, strict=True)
    return [Counts._from_pairs(islice(pairs, len(counts)), registers, num_clbits) for counts in arrays]


def _is_like(entry: CircuitResult, first: CircuitResult) -> bool:
    """Whether an entry has counts over the same few clbits as the first one."""
    values = vars(entry)
    return (
        values["counts"] is not None
        and 0 < values["num_clbits"] <= FEW_BITS
        and values["num_clbits"] == first.num_clbits
        and values["registers"] == first.registers
    )
