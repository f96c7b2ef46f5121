"""How many of something, as a text."""

from __future__ import annotations

__all__ = ["count_of"]


def count_of(number: int, noun: str) -> str:
    """Return ``"1 job"``, ``"2 jobs"``, ``"1,000 jobs"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
