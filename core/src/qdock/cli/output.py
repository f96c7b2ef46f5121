"""Where output goes: tables for people on a terminal, plain lines for a pipe, one JSON document for programs."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

__all__ = [
    "flush",
    "forgive_encoding",
    "harmless",
    "is_terminal",
    "warnings_as_notes",
    "is_watched",
    "keep_stdout",
    "write",
    "write_error",
    "write_json",
    "write_note",
    "write_rich",
    "write_table",
]


# Where the context of a command line keeps standard output while nobody else may print there.
_STDOUT = "qdock.stdout"

# What a terminal obeys rather than shows, but for the ends of lines and tabs.
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def harmless(text: str) -> str:
    """Return `text`, which a file or a plugin may have made up, without what a terminal would obey."""
    return text.translate(_CONTROL)


def is_terminal() -> bool:
    """Whether a person reads standard output; where it is closed there is none."""
    return sys.stdout is not None and sys.stdout.isatty()


def is_watched() -> bool:
    """Whether a person reads standard error, and so wants to see progress; where it is closed there is none."""
    return sys.stderr is not None and sys.stderr.isatty()


def forgive_encoding() -> None:
    """Print a question mark for what the terminal can't show, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def keep_stdout(ctx: click.Context) -> None:
    """Keep standard output for `write`: until the command ends what others print goes to standard error."""
    stream = ctx.meta.setdefault(_STDOUT, sys.stdout)
    sys.stdout = sys.stderr
    ctx.call_on_close(lambda: setattr(sys, "stdout", stream))


def _stdout() -> Any:
    ctx = click.get_current_context(silent=True)
    return sys.stdout if ctx is None else ctx.meta.get(_STDOUT, sys.stdout)


def write(text: str) -> None:
    """Print `text` and a line end. A reader that has left (``| head``) wants no more; that is no error."""
    stream = _stdout()
    if stream is None:
        return
    try:
        click.echo(text, file=stream)
    except BrokenPipeError:
        _leave_the_pipe(stream)


def flush() -> None:
    """Hand over what is still buffered."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_the_pipe(sys.stdout)


def _leave_the_pipe(stream: Any) -> None:
    # The interpreter flushes standard output once more at exit; what is left must have a place to go.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_note(text: str) -> None:
    """Tell the person what is not the output."""
    click.echo(harmless(text), err=True)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Show warnings, of those that Python shows, as notes: where in the code they come from is nobody's concern."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: write_note(f"Warning: {message}")
        yield


def write_error(text: str) -> None:
    """Say in one paragraph what went wrong."""
    color = False if os.environ.get("NO_COLOR") else None
    click.echo(click.style("Error: ", fg="red", bold=True) + harmless(text), err=True, color=color)


def write_json(document: Any) -> None:
    """Print one JSON document, on one line; what the stream's encoding may lack is escaped, not lost."""
    import json

    encoding = getattr(_stdout(), "encoding", None) or "utf-8"
    escape = encoding.lower().replace("-", "") != "utf8"
    write(json.dumps(document, ensure_ascii=escape, allow_nan=False))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table on a terminal, and else as lines with a tab between cells and no heading."""
    cells = [["" if cell is None else harmless(" ".join(str(cell).split())) for cell in row] for row in rows]
    if is_terminal():
        _write_rich_table(columns, cells)
        return
    for row in cells:
        write("\t".join(row))


def _write_rich_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        # The first column is what a person copies: never wrapped.
        table.add_column(column, no_wrap=index == 0, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    write_rich(table)


def write_rich(*renderables: Any) -> None:
    """Print what rich can render."""
    from rich.console import Console

    try:
        Console(highlight=False, markup=False).print(*renderables)
    except BrokenPipeError:
        _leave_the_pipe(sys.stdout)
