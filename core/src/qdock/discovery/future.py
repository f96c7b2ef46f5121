"""What plugins may still use and will lose: the table of deprecations, their warnings, and ``QDOCK_FUTURE=1``.

A hook's argument, a spec's field, a version of the interface: each is one row. A plugin that uses it is told when it
is loaded; under ``QDOCK_FUTURE=1``, which is for the CI of plugins, it is refused as the later qdock would.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from typing import Any, NamedTuple

from qdock.errors import PluginError

__all__ = ["DEPRECATED", "Deprecation", "deprecate", "find_arguments", "find_fields", "find_group", "in_future"]


class Deprecation(NamedTuple):
    """One row: since which version of qdock, in which it will be gone, and what to do."""

    since: str
    gone: str
    remedy: str


#: ("argument", hook, name), ("field", spec's type, name) or ("group", name of the entry points' group) -> its row.
DEPRECATED: dict[tuple[str, ...], Deprecation] = {}


def in_future() -> bool:
    """Whether what is deprecated is an error: ``QDOCK_FUTURE`` is set, to neither nothing nor 0."""
    return os.environ.get("QDOCK_FUTURE", "").strip() not in ("", "0")


def find_arguments(impls: Iterable[Any]) -> list[str]:
    """Return a sentence for each deprecated argument that hooks of a plugin, as pluggy has them, are written with."""
    found = []
    for impl in impls:
        hook = impl.function.__name__
        for name in (*impl.argnames, *impl.kwargnames):
            row = DEPRECATED.get(("argument", hook, name))
            if row is not None:
                found.append(_sentence(f"Argument `{name}` of hook {hook!r}", row))
    return found


def find_fields(specs: Sequence[Any]) -> list[str]:
    """Return a sentence for each deprecated field that specs of a plugin set."""
    found: dict[str, None] = {}
    for spec in specs:
        for item in fields(spec):
            row = DEPRECATED.get(("field", type(spec).__name__, item.name))
            if row is not None and getattr(spec, item.name) != _default(item):
                found[_sentence(f"Field `{item.name}` of {type(spec).__name__}", row)] = None
    return list(found)


def _default(item: Any) -> Any:
    return item.default if item.default is not MISSING else item.default_factory()


def find_group(group: str) -> str | None:
    """Return a sentence if a group of entry points is deprecated, and None if it is not, or is none of ours."""
    row = DEPRECATED.get(("group", group))
    return None if row is None else _sentence(f"The interface {group!r}", row)


def _sentence(what: str, row: Deprecation) -> str:
    return f"{what} is deprecated since qdock {row.since} and will be gone in {row.gone}: {row.remedy}"


def deprecate(text: str) -> None:
    """Warn of a deprecated thing that is used, in the name of the first caller outside of qdock.

    Raises
    ------
    PluginError
        If ``QDOCK_FUTURE`` is set.
    """
    if in_future():
        raise PluginError(f"{text} QDOCK_FUTURE is set, so this is an error.")
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "qdock":
        level, frame = level + 1, frame.f_back
    warnings.warn(text, DeprecationWarning, stacklevel=level)
