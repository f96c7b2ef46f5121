"""Histograms drawn with matplotlib, which is the extra ``qdock[plot]`` and is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qdock.results.histogram import LIMIT, bar_lengths, percent, rows, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_histogram"]

# Told apart by people who don't see every colour, and on paper without any: each is lighter than the one before.
_COLORS = ("#2a78b8", "#f0a04b", "#8fd3c1", "#c9b7e0", "#d9d9d9")
_INK, _FAINT = "#1f2933", "#6b7785"
_LABEL_CHARACTERS = 40


def plot_histogram(values: Mapping[str, Any], *, limit: int = LIMIT, title: str = "", ax: Axes | None = None) -> Figure:
    """Return a figure with a bar for each of the likeliest outcomes, and the rest summed.

    Parameters
    ----------
    values : mapping of str to number, or mapping of str to such mappings
        Counts or probabilities; or several of them by a name for the legend, to compare, as parts of their sums.
    limit : int
        How many outcomes get a bar.
    title : str
        A line above the bars.
    ax : matplotlib Axes, optional
        Where to draw. Default: a new figure, which pyplot does not keep.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If more than five are to be compared, or numbers stand beside mappings.

    Examples
    --------
    ``plot_histogram(result.get_counts()).savefig("bell.png")``, or
    ``plot_histogram({"ideal": probabilities, "measured": counts})``.
    """
    series = {name: part for name, part in values.items() if isinstance(part, Mapping)}
    if series and len(series) < len(values):
        raise ValueError("Give one histogram, or several by name; some of the values given are numbers, others not.")
    if len(series) > len(_COLORS):
        raise ValueError(f"At most {len(_COLORS)} histograms can be compared in one, but {len(series)} were given.")
    height = _height(series or {"": values}, limit, title)
    ax = _new_axes(height) if ax is None else ax
    if series:
        _draw_several(ax, series, limit)
    else:
        _draw_one(ax, values, limit)
    _finish(ax, title)
    figure: Any = ax.figure
    return figure  # type: ignore[no-any-return]  # a SubFigure if the axes are in one, which saves as well


def _new_axes(height: float) -> Axes:
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError as error:
        raise ImportError(
            f"Drawing with matplotlib needs the extra `plot`: pip install 'qdock[plot]' ({error}). Without it, "
            f"print(counts.histogram()) draws with text."
        ) from error
    layout = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.12)
    return Figure(figsize=(7.2, height), layout=layout, dpi=110).add_subplot()


def _height(series: Mapping[str, Mapping[str, float]], limit: int, title: str) -> float:
    bars = max(min(max(map(len, series.values()), default=0), limit + 1), 1)
    return 0.5 + 0.3 * bool(title) + bars * (0.3 if len(series) == 1 else 0.16 + 0.15 * len(series))


def _draw_one(ax: Axes, values: Mapping[str, float], limit: int) -> None:
    bars = rows(values, limit)
    lengths = bar_lengths(bars)
    drawn = ax.barh(range(len(bars)), lengths, height=0.72, color=_COLORS[0])
    texts = ax.bar_label(drawn, [f"{bar.value}   {percent(bar.share)}" for bar in bars], padding=5, fontsize=9)
    for text, bar in zip(texts, bars, strict=True):
        text.set_color(_FAINT if bar.rest else _INK)
    _label(ax, [bar.label for bar in bars] or ["no outcomes"], [bar.rest for bar in bars] or [True])
    # The numbers stand outside of the axes, which leave room for them.
    ax.set_xlim(0, 1)


def _draw_several(ax: Axes, series: Mapping[str, Mapping[str, float]], limit: int) -> None:
    """Draw the outcomes that are likeliest in any of the series, a bar of each series for every one."""
    shares = {name: _shares(part) for name, part in series.items()}
    outcomes = dict.fromkeys(key for part in shares.values() for key in part)
    likeliest = {key: float(max(part.get(key, 0) for part in shares.values())) for key in outcomes}
    bars = rows(likeliest, limit)
    shown = [bar.label for bar in bars if not bar.rest]
    thick = 0.8 / len(series)
    for index, (name, part) in enumerate(shares.items()):
        lengths = [part.get(label, 0.0) for label in shown]
        rest = [max(sum(part.values()) - sum(lengths), 0.0)] * (len(bars) - len(shown))
        places = [place + (index - (len(series) - 1) / 2) * thick for place in range(len(bars))]
        widths = lengths + [0.0] * len(rest)
        drawn = ax.barh(places, widths, height=0.9 * thick, color=_COLORS[index], label=shorten(name, 40))
        ax.bar_label(drawn, [percent(share) for share in lengths + rest], padding=4, color=_FAINT, fontsize=8)
    _label(ax, [bar.label for bar in bars], [bar.rest for bar in bars])
    ax.set_xlim(0, max(likeliest.values(), default=0) or 1)
    for text in ax.legend(frameon=False, loc="lower right", labelcolor=_INK).get_texts():
        text.set_parse_math(False)


def _shares(values: Mapping[str, float]) -> dict[str, float]:
    total = sum(values.values()) or 1
    return {key: value / total for key, value in values.items()}


def _label(ax: Axes, labels: list[str], rests: list[bool]) -> None:
    """Write the outcomes beside the bars; a `$` is a `$`, not the beginning of a formula."""
    ax.set_yticks(range(len(labels)), [shorten(label, _LABEL_CHARACTERS) for label in labels])
    for text, rest in zip(ax.get_yticklabels(), rests, strict=True):
        text.set(parse_math=False, family="sans-serif" if rest else "monospace", color=_FAINT if rest else _INK)
    ax.set_ylim(max(len(labels), 1) - 0.4, -0.6)


def _finish(ax: Axes, title: str) -> None:
    """Leave out what says nothing: the frame, and an axis whose numbers stand beside the bars."""
    ax.spines[:].set_visible(False)
    ax.tick_params(left=False)
    ax.set_xticks([])
    if title:
        ax.set_title(title, loc="left", fontsize=11, fontweight="bold", color=_INK).set_parse_math(False)
