"""Outcomes as rows of 64-bit words: packed, sorted and merged, picked apart, and written as bit strings.

An outcome is the value of all clbits at once. ``(k, words) uint64`` arrays hold `k` of them, 64 clbits a
word, word 0 the least significant; clbit `i` is bit ``i % 64`` of word ``i // 64``. Nothing here is limited to
64 clbits, and nothing makes a string or a Python integer for an outcome unless that is what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint64]
Registers = tuple[tuple[str, int], ...]

_BINARY = re.compile(r"[01][01 _]*")
_HEX = re.compile(r"0[xX][0-9a-fA-F]+")
_PREFIXED_BINARY = re.compile(r"0[bB][01]+")
# Text is made in pieces of about this many bytes: the arrays in between then stay in the cache.
_CHUNK_BYTES = 1 << 22
#: Of so few clbits the texts of all outcomes are made once, as the circuits of a batch share them.
FEW_BITS = 8
_SHORT_TEXT = 128


def num_words(num_bits: int) -> int:
    """Return how many 64-bit words hold `num_bits` bits."""
    return (num_bits + 63) // 64


def check_registers(registers: Iterable[Sequence[Any]], num_bits: int | None) -> tuple[Registers, int]:
    """Return the registers as (name, size) pairs and how many clbits there are: all theirs if not said."""
    pairs = tuple([(name, size) for name, size in registers])
    for name, size in pairs:
        if not isinstance(name, str) or isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise ValueError(f"A register is a name and a size of at least 0, but {(name, size)!r} was given.")
    total = sum(size for _, size in pairs)
    if num_bits is None:
        return pairs, total
    if isinstance(num_bits, bool) or not isinstance(num_bits, int) or num_bits < total:
        raise ValueError(f"`num_clbits` is at least the {total} clbits of the registers, but is {num_bits!r}.")
    return pairs, num_bits


# --- in


def as_words(outcomes: ArrayLike, num_bits: int) -> Words:
    """Return `outcomes`, ``(k, words)`` or, for up to 64 bits, ``(k,)`` integers, as checked rows of words.

    Raises
    ------
    ValueError
        If the shape does not fit `num_bits`, an outcome is negative, or it has a bit beyond `num_bits`.
    """
    array = np.asarray(outcomes)
    if array.ndim == 1 and (array.size == 0 or num_bits <= 64):
        array = array.reshape(len(array), -1) if array.size else array.reshape(0, num_words(num_bits))
    if array.ndim != 2 or array.shape[1] != num_words(num_bits):
        if not (num_bits == 0 and array.ndim == 2):
            raise ValueError(
                f"`outcomes` of {num_bits} clbits has the shape (k, {num_words(num_bits)}), 64 clbits a word, "
                f"but the array given has the shape {array.shape}."
            )
        array = array[:, :0]
    return _as_uint64(array, num_bits)


def _as_uint64(array: NDArray[Any], num_bits: int) -> Words:
    if array.dtype.kind not in "bui" and array.size:
        raise ValueError(f"`outcomes` are integers, but an array of type {array.dtype} was given.")
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        raise ValueError(f"`outcomes` are not negative, but {array.min()} was given.")
    words = array.astype(np.uint64, copy=False)
    if num_bits % 64 and words.size and (words[:, -1] >> np.uint64(num_bits % 64)).any():
        raise ValueError(f"`outcomes` has values that don't fit in {num_bits} clbits.")
    return words


def words_from_ints(values: Iterable[int], num_bits: int) -> Words:
    """Return Python integers, each below ``2**num_bits``, as rows of words."""
    numbers = list(values)
    size = 8 * num_words(num_bits)
    data = b"".join(number.to_bytes(size, "little") for number in numbers)
    words = np.frombuffer(data, dtype="<u8").astype(np.uint64, copy=False)
    return words.reshape(len(numbers), size // 8)


def parse_outcome(key: str | int, num_bits: int | None = None) -> int:
    """Return the integer that a key of counts stands for.

    Parameters
    ----------
    key : str or int
        ``3``, ``"0x3"``, ``"0b11"``, ``"11"``, or ``"1 1"`` with a space between registers.
    num_bits : int, optional
        How many clbits there are. A bit string must have exactly so many.

    Raises
    ------
    TypeError, ValueError
        If the key is of another kind or does not fit.
    """
    if isinstance(key, str):
        value, width = _parse_text(key)
    else:
        value, width = _parse_int(key), None
    # Without clbits there is one outcome, which backends write as "", "0" or "0x0".
    fits = num_bits is None or (value.bit_length() <= num_bits and (width in (None, num_bits) or not num_bits))
    if not fits:
        size = f"needs {value.bit_length()}" if width is None else f"has {width}"
        raise ValueError(f"The outcome {_shorten(key)} {size} bits, but there are {num_bits} clbits.")
    return value


def _parse_int(key: Any) -> int:
    if isinstance(key, bool) or not hasattr(key, "__index__"):
        raise TypeError(f"An outcome is a bit string, a hex string or an integer, but {key!r} was given.")
    value = int(key.__index__())
    if value < 0:
        raise ValueError(f"An outcome is not negative, but {value} was given.")
    return value


def _parse_text(key: str) -> tuple[int, int | None]:
    """Return the value and, of a bit string, how many bits it has."""
    if not key or _BINARY.fullmatch(key):
        bits = key.replace(" ", "").replace("_", "")
        return int(bits or "0", 2), len(bits)
    if _HEX.fullmatch(key):
        return int(key, 16), None
    if _PREFIXED_BINARY.fullmatch(key):
        return int(key, 2), None
    raise ValueError(f"{_shorten(key)} is no outcome. Write it as '011', '0 11', '0x3', '0b11' or 3.")


def _shorten(key: str | int) -> str:
    text = repr(key) if isinstance(key, str) else hex(key)
    return text if len(text) <= 60 else f"{text[:40]}...{text[-15:]}"


# --- one canonical form


def merge_outcomes(
    words: Words, counts: NDArray[Any], memory: NDArray[Any] | None = None
) -> tuple[Words, NDArray[Any], NDArray[Any] | None]:
    """Return the outcomes distinct and ascending, those never seen left out, counts and memory to match.

    Equal data then are equal arrays, whatever order they were found or added in. Probabilities may stand for
    the counts.
    """
    if is_ascending(words) and (counts > 0).all():
        return words, counts, memory
    order, starts, group = _groups(words)
    merged = np.add.reduceat(counts[order], starts) if len(starts) else counts[:0]
    seen = merged > 0
    if memory is not None:
        place = np.empty(len(words), np.int64)
        place[order] = (np.cumsum(seen) - 1)[group]
        memory = place[memory]
    return words[order[starts]][seen], merged[seen], memory


def is_ascending(words: Words) -> bool:
    """Return whether every row is greater than the one before."""
    if words.shape[1] == 1:
        return bool((words[1:, 0] > words[:-1, 0]).all())
    keys = _sort_keys(words)
    return bool((keys[1:] > keys[:-1]).all())


def _groups(words: Words) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return a sorting order, where each run of equal rows starts in it, and the run of every sorted row."""
    keys = _sort_keys(words)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.ones(len(words), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return order, np.flatnonzero(first), np.cumsum(first) - 1


def _sort_keys(words: Words) -> NDArray[Any]:
    """Return a one-dimensional array that compares as the rows do as numbers."""
    if words.shape[1] == 1:
        return words[:, 0]
    if words.shape[1] == 0:
        return np.zeros(len(words), np.uint8)
    # Fixed-width bytes compare from the left, as big-endian numbers of one width do.
    return big_endian(words).view(f"S{8 * words.shape[1]}").reshape(-1)


def big_endian(words: Words) -> NDArray[np.uint8]:
    """Return the bytes of every row, ``(k, 8 * words)``, the most significant first."""
    return np.ascontiguousarray(words[:, ::-1]).astype(">u8").view(np.uint8)


# --- picking bits


def select_bits(words: Words, bits: Sequence[int]) -> Words:
    """Return the outcomes of some clbits only; the first listed becomes clbit 0. Rows may then repeat."""
    selected = np.zeros((len(words), num_words(len(bits))), np.uint64)
    for new, old in enumerate(bits):
        bit = (words[:, old // 64] >> np.uint64(old % 64)) & np.uint64(1)
        selected[:, new // 64] |= bit << np.uint64(new % 64)
    return selected


def resolve_bits(which: Sequence[str | int], num_bits: int, registers: Registers) -> tuple[list[int], Registers]:
    """Return the clbits that names of registers, or indices, stand for, and the registers they then form.

    Raises
    ------
    ValueError
        If a register or an index is unknown or named twice, or names and indices are mixed.
    """
    if all(isinstance(item, str) for item in which):
        return _resolve_names([str(item) for item in which], registers)
    bits = [_check_index(item, num_bits) for item in which]
    if len(set(bits)) != len(bits):
        raise ValueError(f"Each clbit may be listed once, but {list(which)} lists one of them again.")
    return bits, (("marginal", len(bits)),)


def _resolve_names(names: list[str], registers: Registers) -> tuple[list[int], Registers]:
    ends = np.cumsum([size for _, size in registers]).tolist()
    ranges = {name: range(end - size, end) for (name, size), end in zip(registers, ends, strict=True)}
    for name in names:
        if name not in ranges:
            known = ", ".join(ranges) or "none"
            raise ValueError(f"There is no register {name!r}. The registers of this result: {known}.")
    if len(set(names)) != len(names):
        raise ValueError(f"Each register may be listed once, but {names} lists one of them again.")
    return [bit for name in names for bit in ranges[name]], tuple((name, len(ranges[name])) for name in names)


def _check_index(item: str | int, num_bits: int) -> int:
    if isinstance(item, (str, bool)) or not hasattr(item, "__index__"):
        raise ValueError(f"List names of registers or indices of clbits, not both; {item!r} was given.")
    index = int(item.__index__())
    if not 0 <= index < num_bits:
        raise ValueError(f"The clbits of this result are 0 to {num_bits - 1}, but {index} was given.")
    return index


# --- out


def ints_from_words(words: Words) -> list[int]:
    """Return every row as a Python integer."""
    if words.shape[1] == 1:
        ints: list[int] = words[:, 0].tolist()
        return ints
    return [int.from_bytes(row.tobytes(), "big") for row in big_endian(words)]


def group_sizes(num_bits: int, registers: Registers) -> list[int]:
    """Return the sizes of the groups that a bit string is written in, first declared first.

    Registers without bits write nothing; clbits beyond the last register are a group of their own.
    """
    sizes = [size for _, size in registers if size]
    loose = num_bits - sum(sizes)
    return [*sizes, loose] if loose else sizes


def bit_strings(words: Words, num_bits: int, registers: Registers = ()) -> list[str]:
    """Return every row as text: clbit 0 rightmost, the last register first, a space between registers."""
    if 0 < num_bits <= FEW_BITS:
        table = _all_bit_strings(num_bits, registers)
        return list(map(table.__getitem__, words[:, 0].tolist()))
    groups = group_sizes(num_bits, registers)
    if not groups:
        return [""] * len(words)
    rows = max(1, _CHUNK_BYTES // (num_bits + len(groups)))
    texts: list[str] = []
    for start in range(0, len(words), rows):
        texts += _chunk_of_bit_strings(words[start : start + rows], num_bits, groups)
    return texts


def many_bit_strings(values: NDArray[np.uint64], num_bits: int, registers: Registers) -> list[str]:
    """Return many words of 1 to 64 bits as text; see `bit_strings`, which takes less time for a few."""
    if num_bits > FEW_BITS:
        return bit_strings(values.reshape(-1, 1), num_bits, registers)
    strings: list[str] = _array_of_bit_strings(num_bits, registers).take(values.astype(np.intp)).tolist()
    return strings


@lru_cache(maxsize=64)
def _all_bit_strings(num_bits: int, registers: Registers) -> list[str]:
    words = np.arange(1 << num_bits, dtype=np.uint64).reshape(-1, 1)
    return _chunk_of_bit_strings(words, num_bits, group_sizes(num_bits, registers))


@lru_cache(maxsize=64)
def _array_of_bit_strings(num_bits: int, registers: Registers) -> NDArray[np.object_]:
    return np.array(_all_bit_strings(num_bits, registers), dtype=object)


def _chunk_of_bit_strings(words: Words, num_bits: int, groups: list[int]) -> list[str]:
    text = np.unpackbits(big_endian(words)[:, -((num_bits + 7) // 8) :], axis=1)
    text |= ord("0")
    if len(groups) > 1:
        text = _with_spaces(text, num_bits, groups)
    width = num_bits + len(groups) - 1
    # Numpy makes short strings quicker from code points, and long ones from bytes.
    if width <= _SHORT_TEXT:
        points: list[str] = text.astype(np.uint32)[:, -width:].view(f"U{width}")[:, 0].tolist()
        return points
    return list(map(bytes.decode, np.ascontiguousarray(text[:, -width:]).view(f"S{width}")[:, 0].tolist()))


def _with_spaces(digits: NDArray[np.uint8], num_bits: int, groups: list[int]) -> NDArray[np.uint8]:
    """Return rows of text with spaces between groups of digits, the first group rightmost."""
    text = np.full((len(digits), num_bits + len(groups) - 1), ord(" "), np.uint8)
    source, target = digits.shape[1], text.shape[1]
    for size in groups:
        text[:, target - size : target] = digits[:, source - size : source]
        source, target = source - size, target - size - 1
    return text
