"""The logs of the durable store: the newest lines of each job's, within the same bounds as in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qdock.record import LogLine
from qdock.store import LOG_CHARACTERS, LOG_LINES, dropped_note

if TYPE_CHECKING:
    import apsw

__all__ = ["add_lines", "read_lines"]


def add_lines(db: apsw.Connection, job: int, lines: Sequence[LogLine]) -> None:
    """Append lines, and let the oldest go that are too much; of a line that is too long its beginning is kept."""
    if not lines:
        return
    count, characters, dropped = _size(db, job)
    texts = [text if len(text) <= LOG_CHARACTERS else text[:LOG_CHARACTERS] + "..." for _, text in lines]
    # Half of a surrogate pair is no text that a file can hold.
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    first = count + dropped
    rows = [(job, first + i, line.time, text) for i, (line, text) in enumerate(zip(lines, texts, strict=True))]
    db.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", rows)
    count, characters = count + len(lines), characters + sum(map(len, texts))
    if count > LOG_LINES or (characters > LOG_CHARACTERS and count > 1):
        count, characters, dropped = _drop(db, job, count, characters, dropped)
    db.execute("INSERT OR REPLACE INTO log_size VALUES (?, ?, ?, ?)", (job, count, characters, dropped))


def _drop(db: apsw.Connection, job: int, count: int, characters: int, dropped: int) -> tuple[int, int, int]:
    for (length,) in db.execute("SELECT length(text) FROM log WHERE job = ? ORDER BY line", (job,)):
        if count <= LOG_LINES and (characters <= LOG_CHARACTERS or count == 1):
            break
        count, characters, dropped = count - 1, characters - length, dropped + 1
    db.execute("DELETE FROM log WHERE job = ? AND line < ?", (job, dropped))
    return count, characters, dropped


def read_lines(db: apsw.Connection, job: int) -> list[LogLine]:
    """Return what is kept, after a line that says what is not."""
    with db:
        dropped = _size(db, job)[2]
        lines = [LogLine(*row) for row in db.execute("SELECT time, text FROM log WHERE job = ? ORDER BY line", (job,))]
    if dropped and lines:
        lines.insert(0, LogLine(lines[0].time, dropped_note(dropped)))
    return lines


def _size(db: apsw.Connection, job: int) -> tuple[int, int, int]:
    row = db.execute("SELECT lines, characters, dropped FROM log_size WHERE job = ?", (job,)).fetchone()
    return row or (0, 0, 0)
