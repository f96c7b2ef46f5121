"""A look at JSON text before it is decoded: how deep it is nested."""

from __future__ import annotations

import re

from qdock.errors import LimitExceeded

__all__ = ["MAX_JSON_DEPTH", "check_depth"]

MAX_JSON_DEPTH = 128

# A string is skipped whole, so that brackets in it don't count; an unclosed one runs to the end.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def check_depth(text: str, what: str, limit: int = MAX_JSON_DEPTH) -> None:
    """Raise `LimitExceeded` if `text` nests deeper than `limit`; a decoder would run out of stack on it."""
    depth = 0
    for match in _TOKEN.finditer(text):
        first = match[0][0]
        depth += (first in "[{") - (first in "]}")
        if depth > limit:
            raise LimitExceeded(f"{what} is nested deeper than {limit} in JSON, which is the limit.")
