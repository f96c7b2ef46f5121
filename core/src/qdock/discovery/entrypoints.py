"""The entry points of installed distributions in the groups ``qdock.vN``, read without importing anything of theirs.

`importlib.metadata` reads them where it is loaded already, where a path entry is an archive, and where a finder of
its own knows of distributions. Otherwise the folders of `sys.path` are read here by the same rules: importing it
costs 25 ms, most of it for parsing mail, which is more than a quarter of what ``qdock backends`` may take.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.machinery import PathFinder
from typing import Any

__all__ = ["EntryPoint", "normalized", "read_entry_points"]

#: Groups of plugins; the number is the version of the interface.
GROUP = re.compile(r"qdock\.v[0-9]+")

_HEAD = 4096

_Identity = tuple[str, str]


class EntryPoint:
    """One line of a distribution's ``entry_points.txt``; the distribution's name and version are read when asked for.

    Parameters
    ----------
    name, value, group : str
        ``coin``, ``qdock_coin.plugin`` and ``qdock.v1``.
    identify : callable
        Returns the name and the version of the distribution, both empty where there is none.
    """

    __slots__ = ("_identify", "_identity", "group", "name", "value")

    def __init__(self, name: str, value: str, group: str, identify: Callable[[], _Identity]) -> None:
        self.name = name
        self.value = value
        self.group = group
        self._identify = identify
        self._identity: _Identity | None = None

    @classmethod
    def adopt(cls, entry: Any) -> EntryPoint:
        """Return one like `entry`, an `importlib.metadata.EntryPoint`."""
        return entry if isinstance(entry, cls) else cls(entry.name, entry.value, entry.group, partial(_ask, entry))

    @property
    def distribution(self) -> str:
        """Name of the distribution that brings it."""
        return self._identified()[0]

    @property
    def version(self) -> str:
        """Version of that distribution."""
        return self._identified()[1]

    def _identified(self) -> _Identity:
        if self._identity is None:
            self._identity = self._identify()
        return self._identity

    def __repr__(self) -> str:
        return f"EntryPoint({self.name!r}, {self.value!r}, {self.group!r})"


def normalized(distribution: str) -> str:
    """Return a distribution's name as package indexes compare names: ``Qdock_Coin`` is ``qdock-coin``."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def read_entry_points() -> list[EntryPoint]:
    """Return every entry point in a group ``qdock.vN``; of two distributions of one name the first on the path wins."""
    if "importlib.metadata" in sys.modules or not _is_plain():
        try:
            return list(_read_with_importlib())
        except (ValueError, TypeError):
            # It stops at the first file, of whatever distribution, that is not UTF-8 or has a line it can't read.
            return list(_read_folders(sys.path))
    return list(_read_folders(sys.path))


def _is_plain() -> bool:
    """Whether every distribution there is lies in a folder of `sys.path`."""
    foreign = (finder for finder in sys.meta_path if finder is not PathFinder)
    return not any(hasattr(finder, "find_distributions") for finder in foreign) and not any(map(_is_archive, sys.path))


def _is_archive(entry: str) -> bool:
    return entry.endswith(".egg") or os.path.isfile(entry or ".")


def _read_with_importlib() -> Iterator[EntryPoint]:
    from importlib.metadata import entry_points

    found = entry_points()
    for group in sorted(filter(GROUP.fullmatch, found.groups)):
        yield from map(EntryPoint.adopt, found.select(group=group))


def _ask(entry: Any) -> _Identity:
    dist = getattr(entry, "dist", None)
    try:
        return ("", "") if dist is None else (dist.name or "", dist.version or "")
    except (KeyError, TypeError):
        return "", ""  # Its METADATA is missing or has no such line; the plugin still works.


# --- the same from folders


def _read_folders(path: Iterable[str]) -> Iterator[EntryPoint]:
    seen: set[str] = set()
    for folder, info in _find_metadata(path):
        if (key := normalized(info.rpartition(".")[0].partition("-")[0])) not in seen:
            seen.add(key)
            yield from _read_distribution(os.path.join(folder, info))


def _find_metadata(path: Iterable[str]) -> Iterator[tuple[str, str]]:
    for folder in path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue  # A path entry that is not there, as the interpreter's own archive often is, has no packages.
        for name in names:
            if name.lower().endswith((".dist-info", ".egg-info")):
                yield folder, name


def _read_distribution(folder: str) -> Iterator[EntryPoint]:
    try:
        with open(os.path.join(folder, "entry_points.txt"), encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return  # Most distributions have no entry points.
    if "qdock.v" in text:
        for group, name, value in _parse(text):
            if GROUP.fullmatch(group):
                yield EntryPoint(name, value, group, partial(_read_metadata, folder))


def _parse(text: str) -> Iterator[tuple[str, str, str]]:
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield group, name.strip(), value.strip()


def _read_metadata(folder: str) -> _Identity:
    """Return name and version from a distribution's METADATA, else from its folder's name."""
    name, _, version = os.path.basename(folder).rpartition(".")[0].partition("-")
    headers = {"name": name, "version": version}
    for file in ("PKG-INFO", "METADATA"):
        headers.update(_read_headers(os.path.join(folder, file)))
    return headers["name"], headers["version"]


def _read_headers(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            # Both stand among the first lines; the description that follows may be long.
            head = file.read(_HEAD).partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in head.splitlines())
    return {key.lower(): value.strip() for key, _, value in pairs if key.lower() in ("name", "version")}
