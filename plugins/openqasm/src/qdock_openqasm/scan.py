"""What is checked in a statement before the parser sees it: nesting, length of names, of integers."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from qdock_openqasm.errors import Position
from qdock_openqasm.limits import Limits
from qdock_openqasm.sources import Origin

__all__ = ["deep_stack", "scan"]

_MARK = re.compile(
    r"""//[^\n]*|/\*.*?\*/|/\*.*|"[^"\r\n]*"|'[^'\r\n]*'|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<durationof>\bdurationof\b)""",
    re.DOTALL,
)
_NUMBER = re.compile(r"(?<![\w.\x22])(?:0[bB][01_]+|0o[0-7_]+|0[xX][0-9a-fA-F_]+|\d[\d_]*)")
#: Chains without brackets, each link of which the parser nests: signs, powers, heads without braces. No part of a
#: pattern is tried twice: each repetition keeps what it has.
_CHAINS = re.compile(
    r"(?:[-~!]\s*+){200}+|(?:\*\*\s*+[\w.]++\s*+){200}+|(?:\b(?:if|while)\s*+\([^(){};]*+\)\s*+){200}+"
    r"|(?:\bfor\b(?:(?!\bfor\b)[^(){};])*+){200}+"
)
_RADIX_BITS = {"b": 1, "o": 3, "x": 4}
_SHORT = 20
#: Where one construct makes the parser read a piece of text twice: that often it may stand in itself.
_DURATIONS = 8


def scan(text: str, limits: Limits, origin: Origin) -> None:
    """Raise a limit `Fault` if a statement is nested too deep or holds a name or an integer that is too long."""
    if len(text) > _SHORT:
        _check_nesting(text, limits, origin)
        _check_names(text, limits, origin)
        _check_integers(text, limits, origin)


def _at(text: str, origin: Origin, offset: int, width: int = 1) -> Position:
    line = text.count("\n", 0, offset)
    start = text.rfind("\n", 0, offset) + 1
    column = offset - start + (origin.column if not line else 0)
    return Position(origin, origin.line + line, column + 1, width)


def _check_nesting(text: str, limits: Limits, origin: Origin) -> None:
    depth = durations = 0
    for match in _CHAINS.finditer(text):
        limits.check("nesting", limits.nesting + 1, _at(text, origin, match.start()))
    for match in _MARK.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
            limits.check("nesting", depth, _at(text, origin, match.start()) if depth > limits.nesting else None)
        elif kind == "close":
            depth -= 1
        elif kind == "durationof":
            durations += 1
            if durations > _DURATIONS:
                limits.check("nesting", limits.nesting + durations, _at(text, origin, match.start()))


def _check_names(text: str, limits: Limits, origin: Origin) -> None:
    for match in re.finditer(rf"(?<!\w)[^\W\d]\w{{{limits.identifier},}}", text):
        limits.check("identifier", len(match.group()), _at(text, origin, match.start()))


def _check_integers(text: str, limits: Limits, origin: Origin) -> None:
    for match in _NUMBER.finditer(text):
        digits = match.group()
        if len(digits) <= limits.integer_digits:
            continue
        bits = _RADIX_BITS.get(digits[1:2].lower()) if digits[0] == "0" else None
        if bits:
            limits.check("constant_bits", bits * len(digits[2:].replace("_", "")), _at(text, origin, match.start()))
        elif text[match.end() : match.end() + 1] not in (".", "e", "E"):
            limits.check("integer_digits", len(digits.replace("_", "")), _at(text, origin, match.start()))
        else:
            # A float's digits cost nothing but their own length; Python refuses integers of more than 4,300.
            limits.check("constant_bits", len(digits), _at(text, origin, match.start()))


_DEEP = 6_000
_lock = threading.Lock()
_users = 0
_usual = 0


@contextmanager
def deep_stack() -> Iterator[None]:
    """Let Python's functions call each other deep enough for what `Limits.nesting` allows, then restore the limit.

    Calls between Python functions take no space on the C stack, so the higher limit is safe; it holds for the
    process, hence the count of those who need it.
    """
    global _users, _usual  # noqa: PLW0603 - the limit itself is global
    with _lock:
        if not _users:
            _usual = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_usual, _DEEP))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                sys.setrecursionlimit(_usual)
