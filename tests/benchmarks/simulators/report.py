"""What was measured, as JSON, as a table and as a plot."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from single import GROWTH_BOUND, Growth

__all__ = ["Line", "write_plot", "write_table"]

POINT, AIM = "#1f5a99", "#c0392b"


@dataclass(frozen=True)
class Line:
    """A cell with the seconds of every round, by library."""

    row: str
    cell: str
    facts: dict[str, Any]
    times: dict[str, list[float]]
    errors: dict[str, str]
    aim: float
    infidelity: float | None = None
    medians: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "medians", {name: statistics.median(t) for name, t in self.times.items() if t})

    @property
    def best(self) -> str | None:
        """The fastest peer."""
        peers = {name: taken for name, taken in self.medians.items() if name != "qdock"}
        return min(peers, key=lambda name: peers[name]) if peers else None

    @property
    def ratio(self) -> float:
        """The time of the best peer divided by ours; 0 where there is no such figure."""
        if self.best is None or "qdock" not in self.medians:
            return 0.0
        return self.medians[self.best] / self.medians["qdock"]

    @property
    def is_missed(self) -> bool:
        """Whether it is below its aim, or has nothing to be compared with."""
        return self.ratio < self.aim

    def as_json(self) -> dict[str, Any]:
        """Return the line as JSON values."""
        spread = {name: [min(taken), max(taken)] for name, taken in self.times.items() if taken}
        return {
            "row": self.row,
            "cell": self.facts,
            "median_seconds": self.medians,
            "spread": spread,
            "errors": self.errors,
            "best_peer": self.best,
            "ratio": self.ratio,
            "aim": self.aim,
            "infidelity": self.infidelity,
        }


def _milliseconds(line: Line, name: str) -> str:
    if name not in line.medians:
        return "failed" if name in line.errors else ""
    low, high = (1e3 * value for value in (min(line.times[name]), max(line.times[name])))
    return f"{1e3 * line.medians[name]:.3g} ({low:.3g} to {high:.3g})"


def write_table(lines: list[Line], own: list[Any], versions: dict[str, str], threads: int) -> str:
    """Return a table in Markdown: milliseconds of ours and of the best peer, and their ratio."""
    rows = ["| task | qdock, ms | best peer, ms | | ratio | aim |", "|---|---|---|---|---|---|"]
    for line in lines:
        best = line.best or ""
        ratio = f"**{line.ratio:.2f}**" if line.is_missed else f"{line.ratio:.2f}"
        figures = [
            _milliseconds(line, "qdock"),
            _milliseconds(line, best) if best else "",
            best,
            ratio,
            f"{line.aim:g}",
        ]
        rows.append(f"| {line.row}: {line.cell} | {' | '.join(figures)} |")
    rows += ["", "| what | figure | bound |", "|---|---|---|"] if own else []
    rows += [f"| {item.name} | {item.value:.3g} {item.unit} | {item.bound:.3g} |" for item in own]
    used = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return "\n".join([*rows, "", f"{_machine()}; {threads} threads. {used}.", ""])


def _machine() -> str:
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def write_plot(lines: list[Line], growth: Growth | None, path: Path) -> None:
    """Write the ratios as a picture, a point a cell and its aim as a line; below them, the growth with the qubits."""
    import matplotlib.pyplot as plt

    # Text stays text, which is a tenth of its outlines.
    plt.rcParams["svg.fonttype"] = "none"
    shown = [line for line in lines if line.ratio]
    heights = [1.2 + 0.19 * len(shown), *([3.0] if growth else [])]
    figure, panels = plt.subplots(
        len(heights), figsize=(8, sum(heights)), height_ratios=heights, layout="constrained", squeeze=False
    )
    _draw_ratios(panels[0, 0], shown)
    if growth:
        _draw_growth(panels[1, 0], growth)
    figure.savefig(path)


def _draw_ratios(axes: Any, shown: list[Line]) -> None:
    places = range(len(shown))
    axes.hlines(places, 1, [line.ratio for line in shown], color="#c8d3e0", linewidth=3)
    axes.scatter([line.ratio for line in shown], places, color=POINT, s=16, zorder=3, label="measured")
    axes.scatter([line.aim or 1 for line in shown], places, color=AIM, s=40, marker="|", zorder=4, label="aim")
    names = [f"{line.cell}{' single' if line.facts.get('precision') else ''}  ({line.best})" for line in shown]
    axes.set_yticks(list(places), names, fontsize=6.5)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1, color="#555555", linewidth=0.8)
    axes.set_xlabel("time of the best peer / time of qdock")
    axes.margins(y=0.01)
    axes.legend(fontsize=7, loc="lower right")


def _draw_growth(axes: Any, growth: Growth) -> None:
    """Draw the time of an amplitude, which stays the same where that of a gate doubles with a qubit."""
    each = [1e12 * taken / 2**size for size, taken in zip(growth.sizes, growth.seconds, strict=True)]
    bounds = [GROWTH_BOUND * taken for taken in each[:-1]]
    axes.plot(growth.sizes, each, color=POINT, marker="o", markersize=4, label="measured")
    axes.scatter(growth.sizes[1:], bounds, color=AIM, s=40, marker="_", zorder=4, label="15 % above a qubit less")
    axes.set_xticks(list(growth.sizes))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("qubits")
    axes.set_ylabel("ps a gate and amplitude")
    axes.legend(fontsize=7, loc="lower right")
