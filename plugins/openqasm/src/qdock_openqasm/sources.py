"""The texts a program is made of, and where a piece of one comes from."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Origin", "Source"]

_NEWLINE = ord("\n")


class Source:
    """One text: the program itself or an included file.

    Parameters
    ----------
    text : str
        Without byte-order mark.
    name : str
        How errors call it.
    path : Path, optional
        The file it was read from.
    quotable : bool
        Whether errors may show its lines. Those of included files are never shown.
    """

    def __init__(self, text: str, name: str = "<program>", path: Path | None = None, quotable: bool = True) -> None:
        self.text = text.removeprefix("\ufeff")
        self.name = name
        self.path = path
        self.quotable = quotable

    @cached_property
    def _starts(self) -> np.ndarray[Any, Any]:
        """Where each line begins: an array, as a text may have millions of lines."""
        kind, encoding = (np.uint8, "ascii") if self.text.isascii() else (np.uint32, "utf-32-le")
        characters = np.frombuffer(self.text.encode(encoding, errors="surrogatepass"), dtype=kind)
        return np.concatenate(([0], np.flatnonzero(characters == _NEWLINE) + 1))

    def place(self, offset: int) -> tuple[int, int]:
        """Return line, from 1 on, and column, from 0 on, of a character."""
        line = int(np.searchsorted(self._starts, offset, side="right"))
        return line, offset - int(self._starts[line - 1])

    def line(self, number: int) -> str:
        """Return a line without its end."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = int(self._starts[number - 1])
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


class Origin(str):
    """The file name that the parser puts into every span: it also knows where the parsed chunk stands.

    Parameters
    ----------
    source : Source
        What the chunk is a part of.
    offset : int
        Where it begins there.
    first_line : int
        The parser's number for the chunk's first line.
    """

    source: Source
    line: int
    column: int
    first_line: int

    def __new__(cls, source: Source, offset: int = 0, first_line: int = 1) -> Origin:
        """Return the name of `source`, with the place of `offset` in it."""
        self = super().__new__(cls, source.name)
        self.source = source
        self.line, self.column = source.place(offset)
        self.first_line = first_line
        return self
