"""What the values of a result must be: checked once, where a result is made, and nowhere after."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import lt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdock.results.outcomes import Words, as_words, merge_outcomes, num_words, parse_outcome, words_from_ints
from qdock.results.plain import plain_value
from qdock.results.result_io import check_array

#: Of so few outcomes each is looked at as a Python integer.
_FEW = 16

Arrays = tuple[Words | None, NDArray[Any] | None, NDArray[Any] | None]


def check_text(name: str, value: Any) -> str:
    """Return a `str`."""
    if type(value) is str:
        return value
    if not isinstance(value, str):
        raise TypeError(f"`{name}` of a result is a text, but {value!r} was given.")
    return str(value)


def check_integer(name: str, value: Any, bits: int) -> int:
    """Return an integer of at least 0 and at most `bits` bits."""
    if type(value) is int:
        number = value
    elif isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"`{name}` of a result is a whole number, but {value!r} was given.")
    else:
        number = int(value.__index__())
    if not 0 <= number < 1 << bits:
        raise ValueError(f"`{name}` of a result is at least 0 and below 2**{bits}, but is {number}.")
    return number


def check_seconds(value: Any) -> float | None:
    """Return a duration, or None if there is none."""
    if value is None:
        return None
    if type(value) is float and 0.0 <= value < math.inf:
        return value
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise TypeError(f"`seconds` of a result is a number, but {value!r} was given.")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not 0 <= seconds < math.inf:
        raise ValueError(f"`seconds` of a result is finite and at least 0, but is {seconds}.")
    return seconds


def check_data(data: Any) -> dict[str, Any]:
    """Return a copy of the open data: JSON values and numeric arrays by name."""
    if type(data) is dict and not data:
        return {}
    if not isinstance(data, Mapping):
        raise TypeError(f"`data` of a result is a mapping from name to value, but {data!r} was given.")
    arrays = {key: check_array(f"data[{key!r}]", value) for key, value in data.items() if isinstance(value, np.ndarray)}
    plain = plain_value("data", {key: value for key, value in data.items() if key not in arrays})
    return {check_text("data", key): arrays[key] if key in arrays else plain[key] for key in data}


def check_header(name: str, header: Any) -> dict[str, Any]:
    """Return a copy of a mapping of JSON values."""
    if type(header) is dict and not header:
        return {}
    if type(header) is not dict and not isinstance(header, Mapping):
        raise TypeError(f"`{name}` of a result is a mapping, but {header!r} was given.")
    values: dict[str, Any] = plain_value(name, header)
    return values


# --- counts


def check_counts(num_clbits: int, shots: int, outcomes: Any, counts: Any, memory: Any) -> Arrays:
    """Return outcomes distinct and ascending, their counts, and the memory as small indices, or raise."""
    if outcomes is None and counts is None and memory is None:
        return None, None, None
    if outcomes is None or counts is None:
        raise ValueError("`outcomes` and `counts` of a result go together, and `memory` only with them.")
    if memory is None and _are_few_and_right(num_clbits, shots, outcomes, counts):
        return outcomes, counts, None
    words = as_words(outcomes, num_clbits)
    numbers = _as_counts(counts, len(words))
    indices = None if memory is None else _as_memory(memory, numbers)
    if num_clbits == 0:
        return words[:0], numbers[:0], None if indices is None else indices[:0]
    _check_total(numbers, shots)
    words, numbers, indices = merge_outcomes(words, numbers, indices)
    if indices is not None:
        indices = indices.astype(np.min_scalar_type(max(len(words) - 1, 0)), copy=False)
    return words, numbers, indices


def _are_few_and_right(num_clbits: int, shots: int, outcomes: Any, counts: Any) -> bool:
    """Whether these are arrays as they are to be, of so few outcomes that looking at each is quickest."""
    if not (0 < num_clbits <= 64 and _are_few(outcomes, np.uint64) and _are_few(counts, np.int64)):
        return False
    if outcomes.shape != (len(counts), 1) or counts.ndim != 1:
        return False
    values, numbers = outcomes[:, 0].tolist(), counts.tolist()
    is_ascending = all(map(lt, values, values[1:]))
    return is_ascending and values[-1] >> num_clbits == 0 and min(numbers) > 0 and sum(numbers) <= shots


def _are_few(array: Any, dtype: Any) -> bool:
    return type(array) is np.ndarray and array.dtype == dtype and 0 < len(array) <= _FEW


def count_rows(rows: int, memory: ArrayLike | None) -> NDArray[np.int64]:
    """Return how often each outcome was seen if only the memory, or one row a shot, says so."""
    if memory is None:
        return np.ones(rows, np.int64)
    indices = np.asarray(memory)
    if indices.ndim != 1 or (indices.dtype.kind not in "iu" and indices.size) or (indices < 0).any():
        raise ValueError(f"`memory` is a (shots,) array of indices of the {rows} outcomes, but {memory!r} was given.")
    return np.bincount(indices.astype(np.intp), minlength=rows).astype(np.int64)


def _as_counts(counts: Any, length: int) -> NDArray[np.int64]:
    array = np.asarray(counts)
    if array.shape != (length,) or (array.dtype.kind not in "iu" and length):
        raise ValueError(
            f"`counts` of {length} outcomes is a ({length},) array of integers, but an array of shape {array.shape} "
            f"and type {array.dtype} was given."
        )
    numbers = array.astype(np.int64, copy=False)
    if length and numbers.min() < 0:
        raise ValueError("`counts` of a result are at least 0 and below 2**63, but one of them is not.")
    return numbers


def _check_total(counts: NDArray[np.int64], shots: int) -> None:
    # Summed as floats first: a sum of hostile integers might wrap around to a small one.
    if counts.sum(dtype=np.float64) > 2.0**62 or int(counts.sum()) > shots:
        total = sum(counts.tolist())
        raise ValueError(f"`counts` of a result add up to at most its shots, but to {total} of {shots} shots.")


def _as_memory(memory: Any, counts: NDArray[np.int64]) -> NDArray[Any]:
    """Return the index of every shot's outcome, once it is known that they say the same as the counts."""
    array = np.asarray(memory)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise ValueError(
            f"`memory` of a result is a (shots,) array of indices of outcomes, but an array of shape {array.shape} "
            f"and type {array.dtype} was given."
        )
    if array.size and (int(array.min()) < 0 or int(array.max()) >= len(counts)):
        raise ValueError(f"`memory` of a result has indices of its {len(counts)} outcomes, but one is out of range.")
    indices = array.astype(np.intp, copy=False)
    if not np.array_equal(np.bincount(indices, minlength=len(counts)), counts):
        raise ValueError("`memory` and `counts` of a result disagree about how often an outcome was seen.")
    return array if array.size else indices


# --- arrays that are exact


def check_state(name: str, value: Any) -> NDArray[Any] | None:
    """Return a statevector or a unitary as a complex array of a size that a number of qubits has."""
    if value is None:
        return None
    array = np.asarray(value)
    shape = array.shape[:1] * (2 if name == "unitary" else 1)
    if array.shape != shape or not shape or not _is_power_of_two(shape[0]):
        wanted = "(2**n, 2**n)" if name == "unitary" else "(2**n,)"
        raise ValueError(f"`{name}` of n qubits has the shape {wanted}, but an array of shape {array.shape} was given.")
    if array.dtype.kind not in "biufc":
        raise TypeError(f"`{name}` is an array of complex numbers, but one of type {array.dtype} was given.")
    return array.astype(np.complex64 if array.dtype == np.complex64 else np.complex128, copy=False)


def check_probabilities(num_clbits: int, values: Any, outcomes: Any) -> tuple[NDArray[np.float64] | None, Words | None]:
    """Return probabilities and, unless there is one for each possible outcome, what they are of."""
    if values is None:
        if outcomes is not None:
            raise ValueError("`probability_outcomes` of a result go with `probabilities`, which are missing.")
        return None, None
    if isinstance(values, Mapping):
        outcomes = words_from_ints([parse_outcome(key, num_clbits) for key in values], num_clbits)
        values = np.array(list(values.values()), np.float64)
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"`probabilities` is an array of shape (2**n,), but one of shape {array.shape} was given.")
    array = array.astype(np.float64, copy=False)
    if outcomes is None:
        return _check_dense(array), None
    words = as_words(outcomes, num_clbits)
    if len(words) != len(array):
        raise ValueError(f"There are {len(array)} `probabilities`, but {len(words)} `probability_outcomes`.")
    words, array, _ = merge_outcomes(words, array)
    return array, words


def _check_dense(array: NDArray[np.float64]) -> NDArray[np.float64]:
    if not _is_power_of_two(len(array)):
        raise ValueError(f"`probabilities` of n bits has the shape (2**n,), but one of shape {array.shape} was given.")
    return array


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def likely_outcomes(values: NDArray[np.float64], outcomes: Words | None) -> tuple[NDArray[np.float64], Words]:
    """Return probabilities that are not zero, and the outcomes that they are of."""
    if outcomes is not None:
        return values, outcomes
    likely = np.flatnonzero(values)
    return values[likely], likely.astype(np.uint64).reshape(-1, 1)[:, : num_words(bit_length(values))]


def bit_length(values: NDArray[np.float64]) -> int:
    """Return of how many bits the outcomes are that a dense array of probabilities is over."""
    return len(values).bit_length() - 1


def freeze(array: Any) -> None:
    """Make an array read-only, and the arrays that it is a view of."""
    while array is not None and isinstance(array, np.ndarray):
        # With its name, as numpy's stubs want the argument, it takes five times as long; so does `flags`.
        array.setflags(False)  # type: ignore[call-arg]
        array = array.base


def is_same(left: Any, right: Any) -> bool:
    """Return whether two values are equal; arrays are if type, shape and numbers are, NaN equal to NaN."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind in "fc")
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return False
    if isinstance(left, (list, tuple)) and type(left) is type(right):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    return bool(left == right)


def check_finite(name: str, array: NDArray[Any] | None) -> None:
    """Raise if an array from a file has a NaN or an infinity where none can come from a backend."""
    if array is not None and not np.isfinite(array).all():
        raise ValueError(f"`{name}` has a number that is not finite.")
