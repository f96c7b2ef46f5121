"""A look at JSON text before it is decoded: how deep it is nested."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate

from qdock.errors import LimitExceeded

__all__ = ["MAX_JSON_DEPTH", "check_depth"]

MAX_JSON_DEPTH = 128

# A string is taken out whole, so that brackets in it don't count; an unclosed one runs to the end.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
# What is left of the rest are brackets: a byte of +1 for each that opens, of -1 for each that closes.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))


def check_depth(text: str, what: str, limit: int = MAX_JSON_DEPTH) -> None:
    """Raise `LimitExceeded` if `text` nests deeper than `limit`; a decoder would run out of stack on it."""
    brackets = _STRING.sub("", text).encode("utf-8", "replace").translate(_STEPS, _OTHERS)
    depth = max(accumulate(array("b", brackets)), default=0)
    if depth > limit:
        raise LimitExceeded(f"{what} is nested {depth} deep in JSON; the limit is {limit}.")
