"""The logs of the durable store: the newest lines of each job's, within the same bounds as in memory.

Each line has a sha256 of its own, so that one that was damaged hides no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qdock.store import LOG_CHARACTERS, LOG_LINES, dropped_note
from qdock.stores.documents import digest
from qdock.tracking.record import LogLine

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
    db.executemany("INSERT OR REPLACE INTO log_digest VALUES (?, ?, ?)", [(*row[:2], _digest(*row)) for row in rows])
    count, characters = count + len(lines), characters + sum(map(len, texts))
    if count > LOG_LINES or (characters > LOG_CHARACTERS and count > 1):
        count, characters, dropped = _drop(db, job, count, characters, dropped)
    db.execute("INSERT OR REPLACE INTO log_size VALUES (?, ?, ?, ?)", (job, count, characters, dropped))


def _drop(db: apsw.Connection, job: int, count: int, characters: int, dropped: int) -> tuple[int, int, int]:
    for (length,) in db.execute("SELECT length(text) FROM log WHERE job = ? ORDER BY line", (job,)):
        if count <= LOG_LINES and (characters <= LOG_CHARACTERS or count == 1):
            break
        count, characters, dropped = count - 1, characters - length, dropped + 1
    for table in ("log", "log_digest"):
        db.execute(f"DELETE FROM {table} WHERE job = ? AND line < ?", (job, dropped))
    return count, characters, dropped


def read_lines(db: apsw.Connection, job: int) -> list[LogLine]:
    """Return what is kept, after a line that says what is not; in place of a damaged line stands that it is."""
    with db:
        count, _, dropped = _size(db, job)
        found = list(db.execute(_LINES, (job,)))
    lines = [_checked(job, *row) for row in found]
    if [row[0] for row in found] != _numbers(count, dropped):
        lines.append(LogLine(lines[-1].time if lines else 0.0, f"[damaged: {len(lines)} lines are there, not all]"))
    elif dropped:
        lines.insert(0, LogLine(lines[0].time, dropped_note(dropped)))
    return lines


def _numbers(count: Any, dropped: Any) -> list[int] | None:
    """Return the numbers of the lines that are kept; None if a damaged file says nonsense."""
    sound = isinstance(count, int) and isinstance(dropped, int) and 0 <= count <= LOG_LINES
    return list(range(dropped, dropped + count)) if sound else None


_LINES = """
    SELECT line, time, text, digest FROM log LEFT JOIN log_digest USING (job, line) WHERE job = ? ORDER BY line
"""


def _checked(job: int, line: int, time: Any, text: Any, found: Any) -> LogLine:
    sound = isinstance(time, float) and isinstance(text, str)
    # A line that an earlier version wrote has no digest.
    if sound and (found is None or found == _digest(job, line, time, text)):
        return LogLine(time, text)
    return LogLine(
        time if isinstance(time, float) else 0.0, f"[damaged: the sha256 of line {line} is not the one recorded]"
    )


def _digest(job: int, line: int, time: float, text: str) -> bytes:
    return bytes(digest(str(job), f"log {line} {time!r}", text.encode("utf-8", "replace")).digest())


def _size(db: apsw.Connection, job: int) -> tuple[int, int, int]:
    row = db.execute("SELECT lines, characters, dropped FROM log_size WHERE job = ?", (job,)).fetchone()
    return row or (0, 0, 0)
