"""The plugins that are installed: what each is called, whether it may be imported, and what became of it.

Finding imports nothing. A plugin is ``found`` until it is asked for, then ``loaded`` or ``broken``; one that must
not be imported is ``blocked``, ``incompatible`` or in ``conflict``, and says why.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any

from qdock.config import Config
from qdock.discovery.entrypoints import EntryPoint, normalized
from qdock.discovery.future import find_group, in_future
from qdock.discovery.timelimit import Hung
from qdock.errors import PluginError
from qdock.spec import ENTRY_POINT_GROUP

__all__ = ["STATES", "Plugin", "PluginInfo", "describe", "find_plugins", "import_entry", "import_object"]

#: What a plugin can be.
STATES: dict[str, str] = {
    "found": "installed, not asked for yet",
    "loaded": "imported; its hooks fit",
    "broken": "failed to import, has a hook that does not fit, or raised; none of it is used",
    "blocked": "left out by the settings, not imported",
    "incompatible": "made for another version of the interface, not imported",
    "conflict": "one of two distributions with a plugin of this name, not imported",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_REASON_LENGTH = 1000


@dataclass(frozen=True)
class PluginInfo:
    """A plugin as it stands now.

    Parameters
    ----------
    name : str
        Name of its entry point: the namespace of its backends.
    distribution, version : str
        Who brings it.
    module : str
        What the entry point names.
    state : str
        One of `STATES`.
    reason : str
        Why it is in that state, where that is not plain.
    traceback : str
        Of the error that broke it, or of where it hung.
    """

    name: str
    distribution: str
    version: str
    module: str
    state: str
    reason: str = ""
    traceback: str = ""


class Plugin:
    """A plugin and its state in one registry."""

    __slots__ = ("entry", "lost", "name", "reason", "state", "traceback")

    def __init__(self, entry: EntryPoint) -> None:
        self.entry = entry
        self.name = entry.name
        self.state = "found"
        self.reason = ""
        self.traceback = ""
        #: Names of specs it had given when it broke.
        self.lost: tuple[str, ...] = ()

    def info(self) -> PluginInfo:
        """Return what is known of it now."""
        entry = self.entry
        return PluginInfo(
            self.name, entry.distribution, entry.version, entry.value, self.state, self.reason, self.traceback
        )

    def put(self, state: str, reason: str) -> None:
        """Move it to `state`."""
        self.state = state
        self.reason = reason

    def breaks(self, part: str, error: BaseException, seconds: float) -> None:
        """Note that it is broken: `part` of it, its import or a hook, ended in `error`."""
        self.put("broken", _reason(part, error, seconds))
        self.traceback = _traceback(error)


# --- finding


def find_plugins(entries: Iterable[EntryPoint], config: Config) -> list[Plugin]:
    """Return a plugin for each entry point, sorted by name, those that must not be imported marked so."""
    plugins = sorted(map(Plugin, _without_repeats(entries)), key=lambda plugin: plugin.name)
    for plugin in plugins:
        _mark(plugin, config)
    for name in {plugin.name for plugin in plugins}:
        rivals = [plugin for plugin in plugins if plugin.name == name and plugin.state == "found"]
        if len(rivals) > 1:
            _settle(rivals, config)
    return plugins


def _without_repeats(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Drop entry points given twice, and those for other versions of a plugin that has one for this version."""
    entries = list(entries)
    kept: dict[tuple[str, ...], EntryPoint] = {}
    current: dict[str, list[EntryPoint]] = {}
    for entry in entries:
        if entry.group == ENTRY_POINT_GROUP:
            current.setdefault(entry.name, []).append(entry)
    for entry in entries:
        same = current.get(entry.name, [])
        if entry.group == ENTRY_POINT_GROUP:
            # Asking for the distribution reads a file; most names come once.
            kept[entry.name, entry.value, entry.distribution if len(same) > 1 else ""] = entry
        elif entry.distribution not in {other.distribution for other in same}:
            kept[entry.name, entry.value, entry.distribution, entry.group] = entry
    return list(kept.values())


def _mark(plugin: Plugin, config: Config) -> None:
    group = plugin.entry.group
    if reason := _blocked(plugin.name, config):
        plugin.put("blocked", reason)
    elif group != ENTRY_POINT_GROUP and (text := find_group(group)) is not None and not in_future():
        plugin.put("found", text)
    elif group != ENTRY_POINT_GROUP:
        plugin.put(
            "incompatible", f"It is made for {group}; this qdock has {ENTRY_POINT_GROUP}. {_other_version(group)}"
        )
    elif not _NAME.fullmatch(plugin.name):
        plugin.put("broken", "Its name may have up to 64 letters, digits, '_', '-' and '.', a letter or digit first.")


def _other_version(group: str) -> str:
    newer = int(group.rpartition("v")[2]) > int(ENTRY_POINT_GROUP.rpartition("v")[2])
    return "Install a newer qdock." if newer else "Install a newer release of the plugin."


def _blocked(name: str, config: Config) -> str:
    for pattern in config.block:
        if fnmatchcase(name, pattern):
            return f"{pattern!r} blocks it ({_origin('plugins.block', config)})."
    if config.only and not any(fnmatchcase(name, pattern) for pattern in config.only):
        return f"Only {' '.join(config.only)!r} may be loaded ({_origin('plugins.only', config)})."
    return ""


def _origin(key: str, config: Config) -> str:
    source = config.source(key)
    return source if source.startswith("QDOCK_") else f"`{key}`, {source}"


def _settle(rivals: Sequence[Plugin], config: Config) -> None:
    """Leave the one of several plugins of a name that the settings prefer, or none."""
    name = rivals[0].name
    prefer = config.prefer
    wanted = [prefer.get(name, "")] if isinstance(prefer, dict) else prefer
    wanted = [normalized(distribution) for distribution in wanted if distribution]
    chosen = [plugin for plugin in rivals if normalized(plugin.entry.distribution) in wanted]
    for plugin in rivals:
        if len(chosen) != 1:
            plugin.put("conflict", _conflict(name, rivals, wanted))
        elif plugin is not chosen[0]:
            plugin.put("blocked", f"`[plugins] prefer` takes {name!r} from {chosen[0].entry.distribution}.")


def _conflict(name: str, rivals: Sequence[Plugin], wanted: Sequence[str]) -> str:
    origins = [plugin.entry.distribution or plugin.entry.value for plugin in rivals]
    choice = f'Choose one with `[plugins] prefer = {{{name} = "{origins[0]}"}}`, or uninstall the others.'
    missed = f" `prefer` names {', '.join(wanted)}, which does not choose one of them." if wanted else ""
    return f"Several distributions bring a plugin {name!r}: {', '.join(origins)}.{missed} {choice}"


# --- importing


def import_entry(entry: EntryPoint) -> Any:
    """Import what an entry point names, ``package.module`` or ``package.module:object``."""
    module, _, attributes = entry.value.partition("[")[0].strip().partition(":")
    return _get(import_module(module.strip()), attributes.strip())


def import_object(path: str, owner: str, hint: str | None = None) -> Any:
    """Import the object that a spec names as ``"package.module:Name"``.

    Raises
    ------
    PluginError
        If that fails; the message names `owner` and ends with `hint`, what to install.
    """
    module, _, attributes = path.partition(":")
    try:
        return _get(import_module(module), attributes)
    except (Exception, SystemExit) as error:
        advice = f" Install what it needs: `{hint}`." if hint else ""
        raise PluginError(f"{owner} can't be used: importing {path!r} failed: {describe(error)}.{advice}") from error


def _get(value: Any, attributes: str) -> Any:
    for name in filter(None, attributes.split(".")):
        value = getattr(value, name)
    return value


# --- what went wrong


def _reason(part: str, error: BaseException, seconds: float) -> str:
    if isinstance(error, Hung):
        return f"{part} did not end within {seconds:g} s."
    if isinstance(error, SystemExit):
        return f"{part} called sys.exit({'' if error.code is None else repr(error.code)})."
    if isinstance(error, PluginError):
        return str(error)
    return f"{part} failed: {describe(error)}."


def describe(error: BaseException) -> str:
    """Return an error's type and text in a line that is not too long."""
    text = " ".join(str(error).split())[:_REASON_LENGTH].removesuffix(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _traceback(error: BaseException) -> str:
    """Return the traceback's text from the first frame that is neither ours nor the import system's."""
    if isinstance(error, Hung):
        return str(error)
    from traceback import format_exception

    trace = error.__traceback__
    while trace and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return "".join(format_exception(type(error), error, trace))


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OURS, "<frozen importlib")) or filename == import_module.__code__.co_filename
