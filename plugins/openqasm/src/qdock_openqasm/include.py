"""Included files: regular ones below the program's folder, a few of them, never shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from qdock_openqasm.errors import Fault
from qdock_openqasm.limits import Limits
from qdock_openqasm.sources import Source

__all__ = ["Includes"]


class Includes:
    """Finds and reads the files that a program includes.

    Parameters
    ----------
    path : Path, optional
        The program's own file. None: it is a text, and can include nothing but the libraries.
    limits : Limits
        Depth, number and size of files.
    """

    def __init__(self, path: Path | None, limits: Limits) -> None:
        self.limits = limits
        self._root = None if path is None else path.resolve().parent
        self._stack: list[Path] = [] if path is None else [path.resolve()]
        self._count = 0
        self._bytes = 0

    def enter(self, name: str, span: Any) -> Source:
        """Return an included file's text; `leave` must follow."""
        path = self._resolved(name, span)
        if path in self._stack:
            raise Fault(f"'{name}' includes itself", span)
        self._count += 1
        self.limits.check("include_files", self._count, span)
        self.limits.check("include_depth", len(self._stack), span)
        source = Source(self._read(path, name, span), self._shown(path), path, quotable=False)
        self._stack.append(path)
        return source

    def leave(self) -> None:
        """Go back to the file that included the one at hand."""
        self._stack.pop()

    def _shown(self, path: Path) -> str:
        assert self._root is not None
        return path.relative_to(self._root).as_posix()

    def _resolved(self, name: str, span: Any) -> Path:
        if self._root is None:
            raise Fault(f"'{name}' can't be included: the program is a text without a file, so it has no folder", span)
        parts = PurePosixPath(name).parts
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or ".." in parts or "\\" in name:
            raise Fault(f"'{name}' can't be included: only files below the program's own folder can be", span)
        for folder in dict.fromkeys((self._stack[-1].parent, self._root)):
            path = self._below(folder / name, name, span)
            if path is not None:
                return path
        raise Fault(f"the included file '{name}' does not exist below the program's folder", span)

    def _below(self, candidate: Path, name: str, span: Any) -> Path | None:
        """The file itself if it exists; no link may lead out of the program's folder."""
        try:
            path = candidate.resolve(strict=True)
        except FileNotFoundError:
            return None
        except (OSError, RuntimeError, ValueError):
            raise Fault(f"'{name}' can't be included: it can't be opened", span) from None
        if self._root is None or not path.is_relative_to(self._root):
            raise Fault(f"'{name}' can't be included: it lies outside of the program's folder", span)
        return path

    def _read(self, path: Path, name: str, span: Any) -> str:
        try:
            # Opening must not wait, as it would for a pipe; what was opened is then looked at, not what was named.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise Fault(f"'{name}' can't be included: {error.strerror}", span) from None
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise Fault(f"'{name}' can't be included: it is no regular file", span)
        with os.fdopen(handle, "rb") as file:
            self.limits.check("include_bytes", self._bytes + status.st_size, span)
            data = file.read(self.limits.include_bytes - self._bytes + 1)
        self._bytes += len(data)
        self.limits.check("include_bytes", self._bytes, span)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Fault(f"'{name}' can't be included: byte {error.start} is not UTF-8", span) from None
