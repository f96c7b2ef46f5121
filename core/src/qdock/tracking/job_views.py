"""How jobs show themselves: a table of text on a terminal, and HTML in a notebook, in which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from qdock.tracking.status import JobStatus

if TYPE_CHECKING:
    from qdock.job import RecordedJob

__all__ = ["job_html", "jobs_html", "jobs_text"]

#: Jobs that a list shows; what it holds more is counted.
_ROWS = 100
_COLUMNS = ("Job", "Status", "Backend", "Submitted", "Tags")
#: Colours that can be read on white and on black.
_COLOURS = {
    JobStatus.DONE: "#2da44e",
    JobStatus.ERROR: "#e5534b",
    JobStatus.CANCELLED: "#8b949e",
    JobStatus.RUNNING: "#388bfd",
}
_WAITING = "#bf8700"
_CELL = "text-align:left;padding:2px 12px 2px 0"
#: What a terminal obeys rather than shows.
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "�")


def jobs_text(jobs: Sequence[RecordedJob]) -> str:
    """Return a table of jobs as lines of text."""
    if not jobs:
        return "No jobs."
    rows = [_COLUMNS, *(tuple(cell.translate(_CONTROL) for cell in _cells(job)) for job in jobs[:_ROWS])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *_rest(jobs)])


def jobs_html(jobs: Sequence[RecordedJob]) -> str:
    """Return a table of jobs as HTML."""
    if not jobs:
        return "<p>No jobs.</p>"
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in _COLUMNS)
    body = "".join(f"<tr>{_row(job)}</tr>" for job in jobs[:_ROWS])
    rest = "".join(f"<p>{line}</p>" for line in _rest(jobs))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def job_html(job: RecordedJob) -> str:
    """Return what is known of a job as HTML."""
    rows = "".join(
        f'<tr><th style="{_CELL};vertical-align:top">{escape(name)}</th><td style="{_CELL}">{value}</td></tr>'
        for name, value in _facts(job)
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _rest(jobs: Sequence[RecordedJob]) -> list[str]:
    return [f"... and {len(jobs) - _ROWS:,} more"] if len(jobs) > _ROWS else []


def _cells(job: RecordedJob) -> tuple[str, ...]:
    record = job.record
    return record.id, record.status.name, record.backend, _when(record.created), " ".join(record.tags)


def _row(job: RecordedJob) -> str:
    job_id, _, *rest = _cells(job)
    cells = (_code(job_id), _badge(job.record.status), *map(escape, rest))
    return "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)


def _facts(job: RecordedJob) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of a job: a name, and HTML."""
    record = job.record
    yield "Job", _code(record.id)
    yield "Status", _badge(record.status)
    if record.backend:
        yield "Backend", escape(record.backend)
    if any(record.progress) and not record.is_final:
        yield "Progress", _bar(record.progress.fraction, record.progress.text)
    if record.error is not None:
        yield "Error", f'<span style="white-space:pre-wrap">{escape(record.error.message)}</span>'
    for name, value in _rarer(job):
        if value:
            yield name, escape(str(value))
    yield "Submitted", escape(_when(record.created))


def _rarer(job: RecordedJob) -> Iterator[tuple[str, object]]:
    record = job.record
    yield "Own id", record.native_id
    yield "Options", ", ".join(f"{name}={_short(value)}" for name, value in record.options.items() if value is not None)
    yield "Seed", record.seed
    yield "Tags", ", ".join(record.tags)
    yield "Attempt", f"{record.attempt} of up to {record.retries + 1}" if record.retries else None
    yield "Repeats", record.rerun_of
    yield "Took", f"{record.metrics['run']:.3g} s" if "run" in record.metrics else None


def _short(value: object) -> str:
    text = f"array of {value.shape}" if hasattr(value, "shape") else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _badge(status: JobStatus) -> str:
    colour = _COLOURS.get(status, _WAITING)
    return f'<span style="color:{colour};font-weight:600">{status.name}</span>'


def _bar(fraction: float, text: str) -> str:
    return f'<progress value="{fraction:.3f}" max="1"></progress> {fraction:.0%} {escape(text)}'


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
