"""Adding up results of the same circuits: exact, associative, and the order of the shots is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from qdock.errors import ResultError
from qdock.results.circuit_result import CircuitResult
from qdock.results.result_checks import is_same

__all__ = ["add_entries", "shared"]


def add_entries(left: CircuitResult, right: CircuitResult) -> CircuitResult:
    """Return one entry with the shots of both.

    Counts add up, memory is that of `left` and then that of `right`. What is not sampled (seed, statevector,
    unitary, probabilities, each item of `header` and `data`) is kept if both agree about it, and left out if not.

    Raises
    ------
    ResultError
        If they are of different circuits, only one has counts, or one of them failed.
    """
    _check_addable(left, right)
    seconds = None if left.seconds is None or right.seconds is None else left.seconds + right.seconds
    return replace(
        left,
        shots=left.shots + right.shots,
        seconds=seconds,
        header=shared(left.header, right.header),
        data=shared(left.data, right.data),
        **_added_counts(left, right),
        **_kept(left, right, "seed"),
        **_kept(left, right, "statevector"),
        **_kept(left, right, "unitary"),
        **_kept(left, right, "probabilities", "probability_outcomes"),
    )


def _check_addable(left: CircuitResult, right: CircuitResult) -> None:
    for entry in (left, right):
        if entry.error:
            raise ResultError(f"Circuit {entry.name!r} failed, so its result can't be added to another: {entry.error}")
    for what, get in _MUST_AGREE.items():
        here, there = get(left), get(right)
        if here != there:
            raise ResultError(
                f"Only results of the same circuit can be added, but the {what} differ: {here!r} of {left.name!r} "
                f"and {there!r} of {right.name!r}."
            )


_MUST_AGREE: dict[str, Callable[[CircuitResult], Any]] = {
    "names": lambda entry: entry.name,
    "registers": lambda entry: entry.registers,
    "numbers of clbits": lambda entry: entry.num_clbits,
    "contents": lambda entry: "counts" if entry.counts is not None else "no counts",
}


def _added_counts(left: CircuitResult, right: CircuitResult) -> dict[str, Any]:
    """Return the outcomes, counts and memory of both, one after the other: the constructor merges equal ones."""
    if left.outcomes is None or left.counts is None or right.outcomes is None or right.counts is None:
        return {}
    memory = None
    if left.memory is not None and right.memory is not None:
        memory = np.concatenate([left.memory.astype(np.intp), right.memory.astype(np.intp) + len(left.outcomes)])
    outcomes = np.concatenate([left.outcomes, right.outcomes])
    return {"outcomes": outcomes, "counts": np.concatenate([left.counts, right.counts]), "memory": memory}


def _kept(left: CircuitResult, right: CircuitResult, *names: str) -> dict[str, Any]:
    """Return fields that say something together if they are equal in both, or else None for each."""
    same = all(is_same(getattr(left, name), getattr(right, name)) for name in names)
    return {name: getattr(left, name) if same else None for name in names}


def shared(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two mappings agree about."""
    return {key: value for key, value in left.items() if key in right and is_same(value, right[key])}
