"""Plain values: those that JSON holds as they are, and how others become such."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import numpy as np

from qdock.common.json_guard import MAX_JSON_DEPTH

__all__ = ["ALWAYS_PLAIN", "MAX_INT_BITS", "is_plain", "plain_value"]

#: Bits of an integer that JSON holds here.
MAX_INT_BITS = 4096
#: Types of which all values are JSON.
ALWAYS_PLAIN = frozenset((str, bool, type(None)))
#: Integers between this and its negative are JSON too.
_USUAL = 1 << 64


def plain_value(name: str, value: Any, levels: int = MAX_JSON_DEPTH - 8) -> Any:
    """Return a copy of `value` made of JSON's own types, so that it is equal after a trip through JSON.

    Raises
    ------
    TypeError, ValueError
        If a part of it is no JSON value: an object, a key that is no string, a NaN. The message says which part.
    """
    kind = type(value)
    if kind is not dict and is_plain(value):
        return value
    if levels == 0:
        raise ValueError(f"{name[:60]}... is nested over {MAX_JSON_DEPTH - 8} levels deep, which JSON here may not be.")
    # Looking for an abstract class takes as long as all else.
    if kind is dict:
        return _plain_dict(name, value, levels - 1)
    for kinds, convert in _PLAIN.items():
        if isinstance(value, kinds):
            return convert(name, value, levels - 1)
    raise TypeError(
        f"{name} is of type {kind.__name__}, which JSON can't hold. Arrays can be values of a result's `data`."
    )


def is_plain(value: Any) -> bool:
    """Whether a value is of JSON's own types and holds no others, as nearly all are."""
    kind = type(value)
    if kind in ALWAYS_PLAIN:
        return True
    return math.isfinite(value) if kind is float else kind is int and value.bit_length() <= MAX_INT_BITS


def _plain_int(name: str, value: Any, _: int) -> int:
    number = int(value)
    if number.bit_length() > MAX_INT_BITS:
        raise ValueError(f"{name} is an integer of {number.bit_length()} bits; up to {MAX_INT_BITS} can be stored.")
    return number


def _plain_float(name: str, value: Any, _: int) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}, which JSON can't hold; an array can.")
    return number


def _plain_dict(name: str, value: Any, levels: int) -> dict[str, Any]:
    plain = {}
    for key, part in value.items():
        text = key if type(key) is str else _plain_key(name, key)
        kind = type(part)
        # What `is_plain` says of most, without a call.
        is_number = (kind is float and -inf < part < inf) or (kind is int and -_USUAL < part < _USUAL)
        is_leaf = is_number or kind in ALWAYS_PLAIN or is_plain(part)
        plain[text] = part if is_leaf else plain_value(f"{name}[{key!r}]", part, levels)
    return plain


def _plain_key(name: str, key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{name} has the key {key!r}, but the keys of JSON objects are strings.")
    return str(key)


def _plain_list(name: str, value: Any, levels: int) -> list[Any]:
    return [
        part if is_plain(part) else plain_value(f"{name}[{index}]", part, levels) for index, part in enumerate(value)
    ]


_PLAIN: dict[tuple[type, ...], Callable[[str, Any, int], Any]] = {
    (str,): lambda _name, value, _levels: str(value),
    (int, np.integer): _plain_int,
    (float, np.floating): _plain_float,
    (np.bool_,): lambda _name, value, _levels: bool(value),
    (Mapping,): _plain_dict,
    (list, tuple): _plain_list,
}
