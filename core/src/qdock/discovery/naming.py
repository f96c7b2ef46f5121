"""Which spec a name means, and what to say when there is none.

A full name, ``plugin/backend``, always means one spec. A short name or an alias works while it is unambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from qdock.common.suggest import closest, did_you_mean
from qdock.discovery.plugins import Plugin
from qdock.errors import BackendNotFoundError, ExecutorNotFoundError, QdockError
from qdock.spec import BackendSpec, ExecutorSpec

__all__ = ["find_spec", "not_found", "short_names"]

_Spec = TypeVar("_Spec", BackendSpec, ExecutorSpec)

_ERRORS: dict[str, type[QdockError]] = {"backend": BackendNotFoundError, "executor": ExecutorNotFoundError}
_LISTED = 30


def short_names(spec: BackendSpec | ExecutorSpec) -> tuple[str, ...]:
    """Return a spec's own name and its aliases."""
    return (spec.name, *getattr(spec, "aliases", ()))


def find_spec(kind: str, name: str, specs: Sequence[_Spec]) -> _Spec | None:
    """Return the spec that `name` means, or None.

    Raises
    ------
    BackendNotFoundError or ExecutorNotFoundError
        If it is the short name of several; the message has their full names.
    """
    plugin, slash, short = name.rpartition("/")
    found = [spec for spec in specs if spec.full_name == name]
    found = found or [spec for spec in specs if short in short_names(spec) and (not slash or spec.plugin == plugin)]
    if len(found) > 1:
        full = ", ".join(spec.full_name for spec in found)
        raise _ERRORS[kind](
            f"{name!r} is the name of several {kind}s: {full}. Use a full name{_or_alias(kind, name, found[0])}."
        )
    return found[0] if found else None


def _or_alias(kind: str, name: str, spec: BackendSpec | ExecutorSpec) -> str:
    return f', or choose one in the settings: `[aliases] {name} = "{spec.full_name}"`' if kind == "backend" else ""


def not_found(
    kind: str, name: str, specs: Sequence[_Spec], plugins: Iterable[Plugin], aliases: Iterable[str] = ()
) -> QdockError:
    """Return the error that says that no spec has that name, which there are, and which plugin may have had it."""
    installed = _listed(specs)
    text = f"Installed: {', '.join(installed[:_LISTED])}" if installed else "None is installed"
    more = f" and {len(installed) - _LISTED} more" if len(installed) > _LISTED else ""
    known = {*aliases, *(known for spec in specs for known in (spec.full_name, *short_names(spec)))}
    owned = ", ".join(spec.full_name for spec in specs if spec.plugin == name)
    hint = f" {name!r} is a plugin, which has {owned}." if owned else did_you_mean(name, sorted(known))
    problems = _problems(name, plugins)
    if kind == "backend" and not (installed or problems):
        problems = " `pip install qdock-basic` brings a simulator."
    return _ERRORS[kind](f"No {kind} named {name!r}. {text}{more}.{hint}{problems}")


def _listed(specs: Sequence[_Spec]) -> list[str]:
    """Return each spec's short name, or its full name where the short one would be ambiguous."""
    count: dict[str, int] = {}
    for spec in specs:
        count[spec.name] = count.get(spec.name, 0) + 1
    return sorted(spec.name if count[spec.name] == 1 else spec.full_name for spec in specs)


def _problems(name: str, plugins: Iterable[Plugin]) -> str:
    unusable = [plugin for plugin in plugins if plugin.state not in ("found", "loaded")]
    suspects = [plugin for plugin in unusable if _may_have(plugin, name)]
    text = "".join(f" Plugin {p.name!r}, which may have it, is {_state(p)}: {p.reason}" for p in suspects)
    others = dict.fromkeys(f"{p.name} ({p.state})" for p in unusable if p.state != "blocked" and p not in suspects)
    if others:
        text += f" Plugins that can't be used: {', '.join(others)}; `qdock plugins --load` says why."
    return text


def _state(plugin: Plugin) -> str:
    return "in conflict" if plugin.state == "conflict" else plugin.state


def _may_have(plugin: Plugin, name: str) -> bool:
    owner, slash, short = name.rpartition("/")
    if slash:
        return owner == plugin.name
    stem = plugin.name.lower()
    return short in plugin.lost or short.lower().startswith(stem) or closest(short.lower(), [stem]) is not None
