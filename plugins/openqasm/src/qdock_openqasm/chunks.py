"""Where the top-level statements of a program begin and end, found without parsing them.

The parser then sees one statement at a time: memory stays small, errors come in the order of the text, and
runs of plain statements never reach it (`qdock_openqasm.fast`).
"""

from __future__ import annotations

import re

__all__ = ["Chunker"]

#: What matters for where a statement ends; everything else is skipped by the search.
_TOKEN = re.compile(
    r"""
      (?P<skip> //[^\n]* | /\*.*?\*/ )
    | (?P<string> "[^"\r\n]*" | '[^'\r\n]*' )
    | (?P<line> (?: \#pragma | pragma(?!\w) | @[^\W\d] )[^\n]* )
    | (?P<word> [^\W\d]\w* )
    | (?P<open> /\*.* )  # a comment without end is looked for once
    | (?P<mark> [()\[\]{};] )
    | (?P<other> [^\s\w()\[\]{};"'/#@]+ | \d\w* | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANK = re.compile(r"\s+", re.ASCII)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_HEADED = frozenset({"gate", "def", "box", "defcal", "cal"})
_OPERATOR = re.compile(r"\+\+|\*\*|<<|>>|[-+*/%&|^]")
_BRACES = re.compile(r"[{}]")


class Chunker:
    """Finds statements in a text, each in time proportional to its length."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._position = 0

    def next(self, start: int) -> tuple[int, int] | None:
        """Return begin and end of the first statement from `start` on, or None at the end of the text."""
        self._position = start
        kind, word = self._peek()
        if not kind:
            return None
        begin = self._position
        self._statement(kind, word)
        return begin, self._position

    # --- tokens

    def _peek(self) -> tuple[str, str]:
        """Skip blanks and comments; return kind and text of the next token, both empty at the end."""
        text, position = self.text, self._position
        while True:
            blank = _BLANK.match(text, position)
            if blank:
                position = blank.end()
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup != "skip":
                break
            position = match.end()
        self._position = position
        return (str(match.lastgroup), match.group()) if match else ("", "")

    def _take(self) -> tuple[str, str]:
        kind, word = self._peek()
        self._position += len(word)
        return kind, word

    # --- statements

    def _statement(self, kind: str, word: str) -> None:
        """Move behind one statement, with the statements that are its bodies."""
        branches = False
        while True:
            branches = branches or word == "if"
            ended = not self._head(kind, word)
            end = self._position
            kind, word = self._peek()
            if not kind or (ended and not (branches and word == "else")):
                self._position = end
                return
            if word == "else":
                self._take()
                kind, word = self._peek()

    def _head(self, kind: str, word: str) -> bool:
        """Move behind a head whose body follows and return True, or behind a whole statement."""
        if kind == "line":
            self._take()
            return word.startswith("@")
        if word == "{":
            self._group()
            return False
        if kind == "word":
            if word in ("if", "while", "switch", "for"):
                return self._control(word)
            if word == "else":
                return True
            if word in _HEADED:
                self._take()
                self._until_block(raw=word in ("cal", "defcal"))
                return False
        self._until_semicolon()
        return False

    def _control(self, word: str) -> bool:
        self._take()
        if word == "for":
            return self._for()
        if self._peek()[1] != "(":
            self._until_semicolon()
            return False
        self._group()
        if word == "switch":
            if self._peek()[1] == "{":
                self._group()
            else:
                self._until_semicolon()
            return False
        return True

    def _for(self) -> bool:
        """Move from behind ``for`` to the loop's body."""
        while True:
            kind, word = self._peek()
            if not kind or word in (";", "{"):
                self._until_semicolon()
                return False
            if word in ("(", "["):
                self._group()
            else:
                self._take()
            if word == "in":
                break
        while True:
            kind, word = self._peek()
            if word in _OPENING:
                self._group()
            elif word != ";":
                self._take()
            while self._peek()[1] in ("[", "("):
                self._group()
            if not _OPERATOR.fullmatch(self._peek()[1]):
                return True
            self._take()

    # --- runs of tokens

    def _group(self) -> None:
        """Move behind a bracketed group; a semicolon that can't stand in it ends it."""
        stack: list[str] = []
        while True:
            kind, word = self._take()
            if not kind:
                return
            if word in _OPENING:
                stack.append(word)
            elif word in _CLOSING:
                if stack and _OPENING[stack[-1]] == word:
                    stack.pop()
                if not stack:
                    return
            elif word == ";" and stack[-1] != "{":
                return

    def _until_semicolon(self) -> None:
        while True:
            kind, word = self._peek()
            if word in _OPENING:
                before = self._position
                self._group()
                if self.text[self._position - 1] == ";" and self._position > before:
                    return
                continue
            self._take()
            if not kind or word == ";":
                return

    def _until_block(self, raw: bool) -> None:
        """Move behind the block that ends a definition. The body of a calibration is any text with paired braces."""
        while True:
            kind, word = self._peek()
            if word == "{":
                self._raw_group() if raw else self._group()
                return
            if word in _OPENING:
                self._group()
                continue
            self._take()
            if not kind or word == ";":
                return

    def _raw_group(self) -> None:
        depth = 0
        for match in _BRACES.finditer(self.text, self._position):
            depth += 1 if match.group() == "{" else -1
            if depth == 0:
                self._position = match.end()
                return
        self._position = len(self.text)
