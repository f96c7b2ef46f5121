"""What columns of counts must be: checked once for all of their circuits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdock.results import result_checks as checks

__all__ = ["check_columns", "check_own"]

_MAX_CLBITS = 64


def _check_seed(value: Any) -> int | None:
    return None if value is None else checks.check_integer("seed", value, 64)


#: Fields that may be each circuit's own, and what checks a value.
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": partial(checks.check_text, "name"),
    "shots": lambda value: checks.check_integer("shots", value, 63),
    "seed": _check_seed,
    "seconds": checks.check_seconds,
    "header": partial(checks.check_header, "header"),
    "error": partial(checks.check_text, "error"),
}


def check_own(own: Mapping[str, Sequence[Any]], circuits: int) -> dict[str, list[Any]]:
    """Return fields of which each circuit has its own as checked lists, or raise."""
    for name, values in own.items():
        if name not in _CHECKS or len(values) != circuits:
            raise ValueError(
                f"Of {circuits} circuits each may have its own {', '.join(_CHECKS)}, but {len(values)} of "
                f"{name[:60]!r} were given."
            )
    return {name: list(map(_CHECKS[name], values)) for name, values in own.items()}


def check_columns(
    words: NDArray[Any],
    numbers: NDArray[Any],
    places: NDArray[Any],
    circuits: int,
    num_clbits: int,
    shots: int | list[int],
) -> None:
    """Raise `ValueError` unless these are outcomes, counts and starts of circuits of so many clbits and shots."""
    _check_shapes(words, numbers, places, circuits)
    _check_outcomes(words, places, num_clbits)
    _check_counts(numbers, places, shots)


def _check_shapes(words: NDArray[Any], numbers: NDArray[Any], places: NDArray[Any], circuits: int) -> None:
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


def _check_outcomes(words: NDArray[Any], places: NDArray[Any], num_clbits: int) -> None:
    if not 0 < num_clbits <= _MAX_CLBITS:
        raise ValueError(f"Circuits that are counted together show 1 to {_MAX_CLBITS} clbits, but here {num_clbits}.")
    if num_clbits < _MAX_CLBITS and (words >> np.uint64(num_clbits)).any():
        raise ValueError(f"`outcomes` has values that don't fit in {num_clbits} clbits.")
    begins = np.zeros(len(words) + 1, bool)
    begins[places] = True
    if not (begins[1:-1] | (words[1:] > words[:-1])).all():
        raise ValueError("`outcomes` of each circuit are ascending, but some are not.")


def _check_counts(numbers: NDArray[Any], places: NDArray[Any], shots: int | list[int]) -> None:
    most = np.array(shots, np.int64)
    limit = int(most.max(initial=0))
    if len(numbers) and (numbers.min() < 1 or numbers.max() > limit):
        raise ValueError(f"`counts` are from 1 to the {limit} shots, but one of them is not.")
    # A sum of hostile integers might wrap around to a small one; Python's own do not.
    exact = np.int64 if limit * len(numbers) < 1 << 63 else object
    sums = np.zeros(len(numbers) + 1, exact)
    np.cumsum(numbers, dtype=exact, out=sums[1:])
    if (sums[places[1:]] - sums[places[:-1]] > most).any():
        raise ValueError(f"`counts` of a circuit add up to at most its shots, {limit}, but some add up to more.")
