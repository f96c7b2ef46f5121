"""A small SVG histogram for notebooks: no script, no style sheet, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping

from qdock.results.histogram import LIMIT, Row, bar_lengths, percent, rows, shorten

__all__ = ["escape", "svg_histogram"]

WIDTH = 560
_ROW, _PAD, _GAP, _TITLE = 24, 14, 12, 26
_LABEL_CHARACTERS = 36
# Widths of a character at font size 13: fixed-width labels, and digits of a proportional font.
_MONO, _DIGIT = 8.3, 7.6
_BAR, _TRACK, _CARD, _INK = "#2a78b8", "#7f8fa6", "#ffffff", "#1f2933"
_FONTS = "font-family=\"ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\" font-size=\"13\""
_MONO_FONT = "font-family=\"ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace\""


def escape(text: str) -> str:
    """Return `text` as it is written in HTML and SVG."""
    # It brings a table of all named characters, and most processes show no notebook anything.
    import html

    return html.escape(text)


def svg_histogram(
    values: Mapping[str, float], *, limit: int = LIMIT, title: str = "", width: int = WIDTH, card: bool = True
) -> str:
    """Return a histogram as one ``<svg>`` element.

    Parameters
    ----------
    values : mapping of str to number
        Counts, or probabilities.
    limit : int
        How many outcomes get a bar of their own; the rest are summed.
    title : str
        A line above the bars.
    width : int
        In pixels.
    card : bool
        On a white card, which is readable anywhere. Otherwise without a background and in the colour of the
        text around it, for embedding in HTML.
    """
    bars = rows(values, limit) or [Row("no outcomes", "", 0.0, rest=True)]
    labels = [shorten(bar.label, _LABEL_CHARACTERS) for bar in bars]
    left = _PAD + max(map(len, labels)) * _MONO + _GAP
    right = width - _PAD - max(len(bar.value) for bar in bars) * _DIGIT - 7 * _DIGIT - _GAP
    top = _PAD + (_TITLE if title else 0)
    parts = [_heading(title)] if title else []
    for index, (label, bar, length) in enumerate(zip(labels, bars, bar_lengths(bars), strict=True)):
        parts.append(_row(label, bar, length, top + index * _ROW, left, max(right - left, 20), width))
    return _frame("".join(parts), values, title, width, top + len(bars) * _ROW + _PAD, card)


def _heading(title: str) -> str:
    return f'<text x="{_PAD}" y="{_PAD + 11}" font-weight="600">{escape(shorten(title, 70))}</text>'


def _row(label: str, bar: Row, length: float, y: float, left: float, room: float, width: int) -> str:
    """Return the label, the bar on its track, the value and the percentage of one outcome."""
    baseline, faint = y + 16.5, ' opacity="0.6"' if bar.rest else ""
    drawn = "" if bar.rest else _bar(left, y + 4, room, 1.0, _TRACK, 0.14) + _bar(left, y + 4, room, length, _BAR, 1)
    percentage = percent(bar.share) if bar.value else ""
    return (
        f"<g{faint}><title>{escape(f'{bar.label}: {bar.value} ({percentage})' if bar.value else bar.label)}</title>"
        f'<text x="{left - _GAP:.1f}" y="{baseline}" text-anchor="end" {_MONO_FONT} xml:space="preserve">'
        f"{escape(label)}</text>{drawn}"
        f'<text x="{width - _PAD - 7 * _DIGIT:.1f}" y="{baseline}" text-anchor="end">{escape(bar.value)}</text>'
        f'<text x="{width - _PAD}" y="{baseline}" text-anchor="end" opacity="0.65">{escape(percentage)}</text></g>'
    )


def _bar(x: float, y: float, room: float, length: float, color: str, opacity: float) -> str:
    pixels = max(room * length, 1.5) if length else 0
    return (
        f'<rect x="{x:.1f}" y="{y}" width="{pixels:.1f}" height="16" rx="{min(3, pixels / 2):.2g}" '
        f'fill="{color}" opacity="{opacity:g}"/>'
    )


def _frame(content: str, values: Mapping[str, float], title: str, width: int, height: float, card: bool) -> str:
    about = escape(title or f"Histogram of {len(values):,} outcomes")
    ground = f'<rect width="{width}" height="{height}" rx="6" fill="{_CARD}"/>' if card else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{about}" {_FONTS} fill="{_INK if card else "currentColor"}">{ground}{content}</svg>'
    )
