"""Counts, and counts over some clbits only, as the old result module had them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdock_legacy.errors import QiskitError

__all__ = ["Counts", "format_bits", "format_marginal", "marginal_bits", "marginal_distribution", "marginal_memory"]

_BITS = re.compile(r"[01\s_]+")
_GAPS = re.compile(r"[\s_]")

#: How the first key begins -> what all keys are as integers.
_INTEGERS: dict[str, int] = {"0x": 16, "0X": 16, "0b": 2, "0B": 2}


def format_bits(outcome: str, creg_sizes: Sequence[Any] | None = None, memory_slots: int | None = None) -> str:
    """Return an outcome as the bit string that people see.

    Parameters
    ----------
    outcome : str
        Hexadecimal (``"0x6"``) or bits.
    creg_sizes : sequence of (name, size), optional
        Registers, first declared first: the last is printed leftmost, with a space between.
    memory_slots : int, optional
        How many characters there are at least. Without it the bits are neither padded nor split.
    """
    bits = f"{int(outcome, 16):b}" if outcome[:2] in ("0x", "0X") else outcome
    if not memory_slots:
        return bits
    bits = f"{int(_GAPS.sub('', bits), 2):0{memory_slots}b}"
    return _split(bits, [size for _, size in creg_sizes]) if creg_sizes else bits


def _split(bits: str, sizes: Sequence[int]) -> str:
    """Return bits with a space between registers; what the header counts wrongly is empty or left out."""
    parts, start = [], 0
    for size in reversed(sizes):
        parts.append(bits[start : start + size])
        start += size
    return " ".join(parts)


class Counts(dict[str, Any]):
    """How often each outcome was seen, by formatted bit string, in the order in which they were first seen.

    Parameters
    ----------
    data : mapping
        From an outcome to its number. The first key says what all keys are: integers, hexadecimal (``"0x3"``),
        binary (``"0b11"``), or bit strings with or without spaces; digits above 1 are kept as they are.
    time_taken : float, optional
        Seconds.
    creg_sizes : sequence of (name, size), optional
        Registers, first declared first.
    memory_slots : int, optional
        How many clbits there are.

    Raises
    ------
    TypeError
        If a key is neither an integer nor a text.
    QiskitError
        If outcomes of digits above 1 are to be formatted.

    Examples
    --------
    >>> Counts({"0x0": 3, "0x3": 5}, creg_sizes=[["a", 1], ["b", 1]], memory_slots=2)
    {'0 0': 3, '1 1': 5}
    """

    def __init__(
        self,
        data: Mapping[Any, Any],
        time_taken: float | None = None,
        creg_sizes: Sequence[Any] | None = None,
        memory_slots: int | None = None,
    ) -> None:
        self.time_taken, self.creg_sizes, self.memory_slots = time_taken, creg_sizes, memory_slots
        self.hex_raw: dict[str, Any] | None = None
        self.int_raw: dict[int, Any] | None = None
        if not self._is_formatted(data):
            self.int_raw = {_integer(key, self._base(data)): value for key, value in data.items()}
            self.hex_raw = {hex(key): value for key, value in self.int_raw.items()}
            data = {format_bits(key, creg_sizes, memory_slots): value for key, value in self.hex_raw.items()}
        super().__init__(data)

    def _is_formatted(self, data: Mapping[Any, Any]) -> bool:
        """Whether the keys stay what they are: bit strings or digits, and no word about a format."""
        first = next(iter(data), "")
        if not isinstance(first, (str, int)):
            raise TypeError(
                f"An outcome is an integer, or a text that is hexadecimal or a bit string, but {first!r} of type "
                f"{type(first).__name__} was given."
            )
        plain = isinstance(first, str) and first[:2] not in _INTEGERS
        return not data or (plain and not self.creg_sizes and not self.memory_slots)

    @staticmethod
    def _base(data: Mapping[Any, Any]) -> int:
        first = next(iter(data))
        return 0 if isinstance(first, int) else _INTEGERS.get(first[:2], 2)

    def most_frequent(self) -> str:
        """Return the outcome that was seen most often.

        Raises
        ------
        QiskitError
            If there is none, or several were seen equally often.
        """
        if not self:
            raise QiskitError("Can not return a most frequent count on an empty object")
        most = max(self.values())
        winners = [key for key, value in self.items() if value == most]
        if len(winners) > 1:
            raise QiskitError(f"Multiple values have the same maximum counts: {','.join(winners)}")
        return winners[0]

    def hex_outcomes(self) -> dict[str, Any]:
        """Return the counts by hexadecimal outcome, or raise `QiskitError` for digits above 1."""
        return {hex(key): value for key, value in self._integers("hexadecimal").items()}

    def int_outcomes(self) -> dict[int, Any]:
        """Return the counts by outcome as an integer, or raise `QiskitError` for digits above 1."""
        return dict(self._integers("integer"))

    def _integers(self, kind: str) -> dict[int, Any]:
        if self.int_raw is not None:
            return self.int_raw
        if not all(map(_BITS.fullmatch, self)):
            raise QiskitError(f"Counts objects with dit strings do not currently support conversion to {kind}")
        return {int(_GAPS.sub("", key), 2): value for key, value in self.items()}

    def shots(self) -> Any:
        """Return how many outcomes were seen in all."""
        return sum(self.values())

    def __reduce__(self) -> tuple[Any, ...]:
        data = dict(self) if self.int_raw is None else self.int_raw
        return type(self), (data, self.time_taken, self.creg_sizes, self.memory_slots)


def _integer(key: Any, base: int) -> int:
    if isinstance(key, int):
        return int(key)
    if base == 2 and not _BITS.fullmatch(key.removeprefix("0b")):
        raise QiskitError(
            "Counts objects with dit strings do not currently support dit string formatting parameters "
            "creg_sizes or memory_slots"
        )
    return int(_GAPS.sub("", key), base)


# --- some clbits only


def marginal_bits(counts: Mapping[str, Any], indices: Iterable[int] | None = None) -> dict[str, Any]:
    """Return counts over some clbits, the highest index leftmost whatever order they are listed in.

    Parameters
    ----------
    counts : mapping of str to number
        By bit string, with or without spaces.
    indices : iterable of int, optional
        Clbits, 0 the rightmost. None, or all of them: the same counts without spaces.

    Raises
    ------
    QiskitError
        If there are no indices, or one of them does not exist.
    """
    chosen = None if indices is None else sorted(indices)
    length = _length(counts)
    if chosen is not None and set(chosen) == set(range(length)):
        chosen = None
    return _select(counts, _checked(chosen, length))


def marginal_distribution(
    counts: Mapping[str, Any], indices: Sequence[int] | None = None, format_marginal: bool = False
) -> dict[str, Any]:
    """Return counts or probabilities over some clbits in the order they are listed in, the first rightmost.

    Parameters
    ----------
    counts : mapping of str to number
        By bit string, with or without spaces.
    indices : sequence of int, optional
        Clbits, 0 the rightmost. None: all.
    format_marginal : bool
        Put the bits where they were, with spaces between registers and ``_`` for clbits that are left out.

    Raises
    ------
    QiskitError
        If there are no indices, or one of them does not exist.
    """
    length = _length(counts)
    selected = _select(counts, _checked(indices, length))
    return _placed(counts, selected, indices) if format_marginal and indices is not None else selected


def format_marginal(counts: Mapping[str, Any], marginal: Mapping[str, Any], indices: Iterable[int]) -> dict[str, Any]:
    """Return what `marginal_bits` made of `counts`, each bit where it was, and ``_`` for clbits left out."""
    return _placed(counts, marginal, sorted(indices))


def _placed(counts: Mapping[str, Any], marginal: Mapping[str, Any], indices: Sequence[int]) -> dict[str, Any]:
    template = next(iter(counts), "")
    return {_place(template, dict(zip(indices, reversed(key), strict=True))): n for key, n in marginal.items()}


def _place(template: str, bits: Mapping[int, str]) -> str:
    characters, index = [], 0
    for character in reversed(template):
        characters.append(" " if character == " " else bits.get(index, "_"))
        index += character != " "
    return "".join(reversed(characters))


def _length(counts: Mapping[str, Any]) -> int:
    return len(_GAPS.sub("", next(iter(counts), "")))


def _checked(indices: Sequence[int] | None, length: int) -> Sequence[int] | None:
    if indices is not None and length and not (indices and set(indices) <= set(range(length))):
        raise QiskitError(f"indices must be in range [0, {length - 1}].")
    return indices


def _select(counts: Mapping[str, Any], indices: Sequence[int] | None) -> dict[str, Any]:
    selected: dict[str, Any] = {}
    for key, value in counts.items():
        bits = _GAPS.sub("", key)
        if indices is not None:
            bits = "".join(bits[-1 - index] for index in reversed(indices))
        selected[bits] = selected.get(bits, 0) + value
    return selected


# --- memory

#: (int_return, hex_return) -> how a shot is written, from its bits.
_WRITE: dict[tuple[bool, bool], Callable[[str], Any]] = {
    (False, False): str,
    (True, False): lambda bits: int(bits, 2),
    (False, True): lambda bits: hex(int(bits, 2)),
}


def marginal_memory(
    memory: Sequence[str] | NDArray[Any],
    indices: Sequence[int] | None = None,
    int_return: bool = False,
    hex_return: bool = False,
    avg_data: bool = False,
) -> list[Any] | NDArray[Any]:
    """Return the outcome of each shot over some clbits, in the order they are listed in, the first rightmost.

    Parameters
    ----------
    memory : sequence of str, or array
        Hexadecimal outcomes or bit strings, one a shot; clbits beyond a text are 0. Or complex memory of
        measurement level 1, ``(shots, clbits)``, or 0, ``(shots, clbits, samples)``.
    indices : sequence of int, optional
        Clbits, 0 the rightmost. None: all.
    int_return, hex_return : bool
        Write integers or hexadecimal texts rather than bit strings.
    avg_data : bool
        Whether an array is an average, without an axis for the shots.

    Raises
    ------
    ValueError
        If both forms are asked for.
    """
    if int_return and hex_return:
        raise ValueError("Either `int_return` or `hex_return` can be chosen, but not both.")
    if isinstance(memory, np.ndarray):
        return memory if indices is None else np.take(memory, indices, axis=0 if avg_data else 1)
    write = _WRITE[bool(int_return), bool(hex_return)]
    return [write(_bits_at(format_bits(_GAPS.sub("", shot)), indices)) for shot in memory]


def _bits_at(bits: str, indices: Sequence[int] | None) -> str:
    if indices is None:
        return bits
    return "".join(bits[-1 - index] if index < len(bits) else "0" for index in reversed(indices))
