"""The name that somebody may have meant who wrote one that there is not."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["closest", "did_you_mean"]


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of the known names that is most like `name`, or None if none is."""
    try:
        # Imported for an error only.
        from difflib import get_close_matches
    # A process that may open no file any more is to say what happened, which a failing hint would hide.
    except (ImportError, OSError):
        return None
    return next(iter(get_close_matches(name, list(known), n=1)), None)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return ``" Did you mean 'x'?"`` with the space, or `otherwise` if no known name is like `name`."""
    found = closest(name, known)
    return otherwise if found is None else f" Did you mean {found!r}?"
