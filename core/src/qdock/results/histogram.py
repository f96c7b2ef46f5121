"""Histograms of counts and probabilities: as plain text anywhere, with colour on a terminal.

The most likely outcomes come first, each in a row of its own; all others are summed in a last row. That row
has numbers only: a bar for thousands of outcomes would leave no room for those of single ones.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["Row", "plain_histogram", "rich_histogram", "rows", "show_histogram"]

LIMIT = 16
WIDTH = 80

# Eighths of a character, from the left.
_BLOCKS = " ▏▎▍▌▋▊▉"


class Row(NamedTuple):
    """One bar: what it stands for, its value as text, its part of the whole, and whether it sums the rest."""

    label: str
    value: str
    share: float
    rest: bool = False


def rows(values: Mapping[str, float], limit: int = LIMIT) -> list[Row]:
    """Return the `limit` largest `values` as rows, largest first, and one more for the sum of the rest.

    Equal values keep the order of their labels. A rest of a single outcome is shown as itself.
    """
    if limit < 1:
        raise ValueError(f"`limit` must be at least 1 bar, but is {limit}.")
    shown = len(values) if len(values) <= limit + 1 else limit
    top = heapq.nsmallest(shown, values.items(), key=lambda item: (-item[1], item[0]))
    total = sum(values.values())
    exact = any(isinstance(value, float) for value in values.values())
    bars = [Row(label, _number(value, exact), _share(value, total)) for label, value in top]
    if len(values) > shown:
        rest = max(total - sum(value for _, value in top), 0)
        bars.append(Row(f"{len(values) - shown:,} others", _number(rest, exact), _share(rest, total), rest=True))
    return bars


def _share(value: float, total: float) -> float:
    return value / total if total else 0.0


def _number(value: float, exact: bool) -> str:
    return f"{value:.4f}" if exact else f"{value:,}"


def bar_lengths(bars: Sequence[Row]) -> list[float]:
    """Return how long each bar is, from 0 to 1 for the likeliest outcome; the sum of the rest has no bar."""
    longest = max((bar.share for bar in bars if not bar.rest), default=0.0) or 1.0
    return [0.0 if bar.rest else bar.share / longest for bar in bars]


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal that never rounds something to nothing."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def shorten(label: str, width: int) -> str:
    """Return `label` in at most `width` characters, its middle left out if need be."""
    if len(label) <= width:
        return label
    left = (width - 1) // 2
    return f"{label[:left]}…{label[len(label) - (width - 1 - left) :]}"


# --- plain text


def plain_histogram(
    values: Mapping[str, float], *, limit: int = LIMIT, width: int = WIDTH, ascii_only: bool = False, title: str = ""
) -> str:
    """Return a histogram as lines of text without escape codes.

    Parameters
    ----------
    values : mapping of str to number
        Counts, or probabilities.
    limit : int
        How many outcomes get a row of their own.
    width : int
        Characters a line, at least 40.
    ascii_only : bool
        Draw bars with ``#`` instead of block characters.
    title : str
        A first line.

    Returns
    -------
    str
        Lines without trailing spaces, and no newline at the end.
    """
    bars = rows(values, limit)
    if not bars:
        return "\n".join(filter(None, (title, "no outcomes")))
    value_width = max(len(bar.value) for bar in bars)
    room = max(width, 40) - value_width - len("  " * 3 + "100.0 %")
    labels = [shorten(bar.label, max(min(width // 2, room - 5), 5)) for bar in bars]
    label_width = max(map(len, labels))
    lines = [title] if title else []
    for label, bar, length in zip(labels, bars, bar_lengths(bars), strict=True):
        drawn = _bar(length * max(room - label_width, 5), ascii_only)
        lines.append(f"{label:>{label_width}}  {bar.value:>{value_width}}  {percent(bar.share):>7}  {drawn}".rstrip())
    text = "\n".join(lines)
    return text.replace("…", "~") if ascii_only else text


def _bar(length: float, ascii_only: bool) -> str:
    """Return a bar that is `length` characters long; what is not zero shows."""
    if ascii_only:
        return "#" * (max(round(length), 1) if length else 0)
    eighths = max(round(8 * length), 1) if length else 0
    return "█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()


# --- on a terminal


def rich_histogram(values: Mapping[str, float], *, limit: int = LIMIT, title: str = "") -> Table:
    """Return a histogram as a `rich.table.Table`; importing this function imports no rich, calling it does."""
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    bars = rows(values, limit)
    exact = any("." in bar.value for bar in bars)
    table = Table(box=None, pad_edge=False, expand=True, title=Text(title, style="bold") if title else None)
    table.title_justify = "left"
    table.add_column("outcome", justify="right", header_style="dim", no_wrap=True, overflow="ellipsis", max_width=40)
    table.add_column("probability" if exact else "counts", justify="right", header_style="dim", no_wrap=True)
    table.add_column("", justify="right", header_style="dim", no_wrap=True)
    table.add_column("", ratio=1, min_width=10)
    for bar, length in zip(bars, bar_lengths(bars), strict=True):
        table.add_row(
            Text(shorten(bar.label, 40), style="dim" if bar.rest else "bold"),
            Text(bar.value, style="dim" if bar.rest else ""),
            Text(percent(bar.share), style="dim"),
            Bar(1.0, 0, max(length, 0.004) if length else 0, color="cyan"),
        )
    return table


def show_histogram(
    values: Mapping[str, float], *, limit: int = LIMIT, title: str = "", file: TextIO | None = None
) -> None:
    """Print a histogram: in colour on a terminal, plain text in a pipe or a file."""
    stream = sys.stdout if file is None else file
    if values and stream.isatty():
        from rich.console import Console

        console = Console(file=stream)
        if not console.options.ascii_only:
            _print_rich(console, values, limit, title)
            return
    print(plain_histogram(values, limit=limit, ascii_only=not _can_draw(stream), title=title), file=stream)


def _print_rich(console: Console, values: Mapping[str, float], limit: int, title: str) -> None:
    console.print(rich_histogram(values, limit=limit, title=title))


def _can_draw(stream: TextIO) -> bool:
    """Return whether the stream's encoding has the characters that bars are made of."""
    try:
        f"█…{_BLOCKS}".encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
