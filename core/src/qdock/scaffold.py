"""A complete provider package from a template: what ``qdock new`` writes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from qdock.errors import PluginError
from qdock.spec import ENTRY_POINT_GROUP

__all__ = ["KINDS", "Scaffold", "make_package"]

#: Kind -> (its summary, what `qdock check` is told, from the package's name).
KINDS = {
    "backend": ("A small exact simulator, to be replaced.", "{0}/{0}"),
    "executor": ("A pool of threads, to be replaced.", "{0}/{0}"),
    "converter": ("Reads and writes a small format, to be replaced.", "{0}-to-circuit"),
}
#: The oldest qdock that has what the templates use.
_QDOCK = "0.1"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: Where a file of the template goes, where its name does not say so.
_PLACES = {
    "gitignore": ".gitignore",
    "py.typed": "src/{package}/py.typed",
    "LICENSE": "LICENSE",
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    ".github/workflows/ci.yml": ".github/workflows/ci.yml",
    "test.py": "tests/test_{package}.py",
}


class Scaffold:
    """The names of a new provider package.

    Parameters
    ----------
    name : str
        As its users write it: ``coin``; ``qdock-coin`` is the same.
    kind : str
        One of `KINDS`.

    Raises
    ------
    PluginError
        If the name can't be that of a package and a plugin.
    """

    def __init__(self, name: str, kind: str = "backend") -> None:
        self.name = name.removeprefix("qdock-")
        if not _NAME.fullmatch(self.name) or len(self.name) > 50:
            raise PluginError(
                f"{name!r} is no name for a provider. Use up to 50 small letters, digits and '-', a letter first."
            )
        self.kind = kind
        self.distribution = f"qdock-{self.name}"
        self.package = self.distribution.replace("-", "_")
        self.check = KINDS[kind][1].format(self.name)

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield path and text of every file."""
        values = {
            "name": self.name,
            "distribution": self.distribution,
            "package": self.package,
            "Class": "".join(part.capitalize() for part in self.name.split("-")),
            "check": self.check,
            "summary": KINDS[self.kind][0],
            "group": ENTRY_POINT_GROUP,
            "qdock": _QDOCK,
            "year": time.strftime("%Y"),
        }
        root = files("qdock") / "templates"
        for folder in ("common", self.kind):
            for path, text in _texts(root / folder):
                place = _PLACES.get(path, "src/{package}/" + path)
                yield place.format(package=self.package), Template(text).substitute(values)


def _texts(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of the files in a folder; each has ``.txt`` at its end, so that no tool takes it for code."""
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.is_dir():
            yield from _texts(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name.removesuffix(".txt"), item.read_text(encoding="utf-8")


def make_package(scaffold: Scaffold, parent: Path) -> list[Path]:
    """Write a package into a new folder of its own below `parent`, and return its files.

    Raises
    ------
    PluginError
        If the folder exists: nothing is overwritten.
    """
    folder = parent / scaffold.distribution
    if folder.exists():
        raise PluginError(f"{folder} exists, and nothing there is overwritten. Choose another name or remove it.")
    written = []
    for path, text in scaffold.files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written
