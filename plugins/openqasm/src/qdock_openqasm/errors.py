"""One form for all errors in a program: file, line, column, the line with a caret, what was declared where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from qdock.errors import LimitExceeded, ProgramError
from qdock_openqasm.sources import Origin

__all__ = [
    "Fault",
    "GivenUp",
    "OpenQasmError",
    "Position",
    "Problem",
    "RepeatedQubit",
    "Suppressed",
    "as_error",
    "from_core",
    "locate",
    "problem_of",
]


@dataclass(frozen=True)
class Position:
    """A place in a source: line and column begin at 1; `width` is how many characters the caret marks."""

    origin: Origin
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.origin.source.name}:{self.line}:{self.column}"


class Fault(Exception):
    """Something wrong in a program, on its way to the reader; it never leaves this package.

    Parameters
    ----------
    message : str
        What happened, what was given, what to do; a sentence without its full stop.
    span : optional
        A span of the parser or a `Position`. None: filled in by whoever knows which node it was.
    notes : tuple of str
        Further lines: what was declared where, what to do.
    is_limit : bool
        Whether it is a limit that was reached rather than an error of the program.
    """

    def __init__(self, message: str, span: Any = None, notes: tuple[str, ...] = (), is_limit: bool = False) -> None:
        super().__init__(message, span, notes, is_limit)
        self.message = message
        self.span = span
        self.notes = notes
        self.is_limit = is_limit

    def at(self, span: Any, notes: tuple[str, ...] = ()) -> Fault:
        """Return the same fault at another place."""
        return Fault(self.message, span, notes, self.is_limit)


class RepeatedQubit(Fault):
    """A gate was given one qubit twice."""


class Suppressed(Fault):
    """A consequence of an error that has been reported already; never shown."""


class GivenUp(Suppressed):
    """The search for further errors has become too long."""


def from_core(error: Exception, span: Any) -> Fault:
    """Return an error of the core's as one of the program."""
    return Fault(str(error).rstrip("."), span, is_limit=isinstance(error, LimitExceeded))


@dataclass(frozen=True)
class Problem:
    """One error of a program, ready to be shown.

    Parameters
    ----------
    message : str
        What is wrong.
    path : str
        The file, or ``<program>`` for a text.
    line, column : int
        Where, from 1 on.
    text : str, optional
        The line itself. None: it is in an included file, whose content is never shown.
    width : int
        How many characters the caret marks.
    notes : tuple of str
        Further lines.
    """

    message: str
    path: str
    line: int
    column: int
    text: str | None = None
    width: int = 1
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.path}:{self.line}:{self.column}: {_ended(self.message)}"]
        if self.text is not None:
            number = f"{self.line:>5}"
            lines += [f"{number} | {self.text}", f"{'':>5} | {' ' * (self.column - 1)}{'^' * self.width}"]
        lines += [f"        {_ended(note)}" for note in self.notes]
        return "\n".join(lines)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("?", ";", "!", ".")) else f"{sentence}."


class OpenQasmError(ProgramError):
    """A program that is not valid OpenQASM, or that asks for what no circuit can hold.

    Parameters
    ----------
    message : str
        All problems, as text.
    problems : tuple of Problem
        The same, as data; the first one's place is also in `path`, `line` and `column`.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message, problems)
        self.problems = problems

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def path(self) -> str:
        """The file of the first problem."""
        return self.problems[0].path if self.problems else ""

    @property
    def line(self) -> int:
        """The line of the first problem, from 1 on."""
        return self.problems[0].line if self.problems else 0

    @property
    def column(self) -> int:
        """The column of the first problem, from 1 on."""
        return self.problems[0].column if self.problems else 0


def locate(span: Any) -> Position | None:
    """Return the place in its file of a span that the parser counted from the start of a chunk."""
    if span is None or isinstance(span, Position):
        return span
    origin = span.file
    column = span.start_column + (origin.column if span.start_line == origin.first_line else 0)
    width = span.end_column - span.start_column if span.end_line == span.start_line else 10_000
    return Position(origin, span.start_line - origin.first_line + origin.line, column + 1, max(width, 1))


_QUOTED = re.compile(r"'[^']*'")
_TAB_WIDTH = 1
_WIDEST = 200


def problem_of(fault: Fault, fallback: Position) -> Problem:
    """Return a fault with the line it is about; of an included file neither the line nor a word is shown."""
    place = locate(fault.span) or fallback
    source = place.origin.source
    if not source.quotable:
        message = _QUOTED.sub("'…'", fault.message.partition(", found ")[0])
        return Problem(message, source.name, place.line, place.column, notes=())
    text, column = _excerpt(source.line(place.line), place.column)
    width = max(1, min(place.width, len(text) - column + 1))
    shown = Problem(fault.message, source.name, place.line, column, text, width, fault.notes)
    return (
        shown
        if column == place.column
        else Problem(fault.message, source.name, place.line, place.column, None, 1, fault.notes)
    )


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """A line as it can be shown: printable, and not without end."""
    line = line.expandtabs(_TAB_WIDTH)
    line = "".join(char if char.isprintable() else " " for char in line[: _WIDEST + 1])
    if len(line) > _WIDEST:
        line = line[:_WIDEST] + "…"
    return line, column if column <= len(line) + 1 else 0


def as_error(problems: list[Problem], limit: bool, stopped: bool = False) -> ProgramError | LimitExceeded:
    """Return the exception for the problems of a program."""
    text = "\n".join(str(problem) for problem in problems)
    if stopped:
        text += "\nThe rest of the program was not looked at."
    return LimitExceeded(text) if limit else OpenQasmError(text, tuple(problems))
