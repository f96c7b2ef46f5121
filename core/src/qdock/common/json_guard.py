"""A look at JSON text before it is decoded: how deep it is nested."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate

from qdock.errors import LimitExceeded

__all__ = ["MAX_JSON_DEPTH", "check_depth", "json_depth"]

MAX_JSON_DEPTH = 128

# A string is taken out whole, so that brackets in it don't count; an unclosed one runs to the end. Possessive, so
# that no text makes it try a character twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?+', re.DOTALL)
# What is left of the rest are brackets: a byte of +1 for each that opens, of -1 for each that closes.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))
_NO_MARKS = bytes(set(range(256)) - set(b'[{]}"'))


def json_depth(text: bytes) -> int:
    """Return how deep the brackets of a JSON text nest; those inside strings don't count."""
    brackets = _outside(text).translate(_STEPS, _OTHERS)
    return max(accumulate(array("b", brackets), initial=0))


def _outside(text: bytes) -> bytes:
    """Return the brackets of a text that stand in no string, perhaps with others between them."""
    if b"\\" in text:
        return _STRING.sub(b"", text)
    # Without escapes a string is what stands between two quotes. Two with no bracket between them change nothing.
    marks = text.translate(None, _NO_MARKS).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2])


def check_depth(text: str, what: str, limit: int = MAX_JSON_DEPTH) -> None:
    """Raise `LimitExceeded` if `text` nests deeper than `limit`; a decoder would run out of stack on it."""
    depth = json_depth(text.encode("utf-8", "replace"))
    if depth > limit:
        raise LimitExceeded(f"{what} is nested {depth} deep in JSON; the limit is {limit}.")
