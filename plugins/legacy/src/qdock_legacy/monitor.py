"""job_monitor: a line that shows a job's status until it is final."""

from __future__ import annotations

import sys
from typing import Any, TextIO

__all__ = ["job_monitor"]


def job_monitor(
    job: Any,
    interval: float | None = None,
    quiet: bool = False,
    output: TextIO | None = None,
    line_discipline: str = "\r",
) -> None:
    """Wait for a job, and show each new status in one line.

    Parameters
    ----------
    job : Job
        Of any provider.
    interval : float, optional
        Seconds between two queries at most; 5 unless given.
    quiet : bool
        Only wait.
    output : text file, optional
        Standard output unless given.
    line_discipline : str
        What a new status begins with: by default it overwrites the one before.
    """
    line = _Line(sys.stdout if output is None else output, line_discipline)
    job.wait_for_final_state(wait=5 if interval is None else interval, callback=None if quiet else line.show)
    if not quiet:
        line.end()


class _Line:
    """One line of a terminal that is written again and again."""

    def __init__(self, output: TextIO, start: str) -> None:
        self._output, self._start = output, start
        self._shown, self._width = "", 0

    def show(self, _: str, status: Any, job: Any, *more: Any) -> None:
        """Write a status if it is new."""
        text = status.value + _position(status, job)
        if text != self._shown:
            self._shown = text
            self._width = max(self._width, len(text))
            # What was longer must not shine through.
            self._output.write(f"{self._start}Job Status: {text:{self._width}}")
            self._output.flush()

    def end(self) -> None:
        """End the line."""
        self._output.write("\n")


def _position(status: Any, job: Any) -> str:
    """Return the place in the queue, of jobs that know theirs."""
    ask = getattr(job, "queue_position", None)
    position = ask() if status.name == "QUEUED" and callable(ask) else None
    return "" if position is None else f" ({position})"
