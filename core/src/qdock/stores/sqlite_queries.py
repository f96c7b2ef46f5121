"""What is asked of the durable store: which ids a text means, and which jobs a filter does."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from qdock.tracking.status import JobStatus

if TYPE_CHECKING:
    import apsw

__all__ = ["find_ids", "id_range", "selection"]


def find_ids(db: apsw.Connection, text: str) -> list[str]:
    """Return the id that is meant, or the first of several."""
    for query, values in (
        ("SELECT id FROM job WHERE id = ?", (text,)),
        ("SELECT id FROM job WHERE ? = 'last' ORDER BY seq DESC LIMIT 1", (text,)),
        ("SELECT id FROM job WHERE ? <> '' AND id >= ? AND id < ? ORDER BY seq LIMIT 3", (text, *id_range(text))),
    ):
        ids = [job_id for (job_id,) in db.execute(query, values)]
        if ids:
            return ids
    return []


def id_range(text: str) -> tuple[str, str]:
    """Return the first and the end of the texts that begin with `text`."""
    return text, text + "\U0010ffff"


def selection(
    status: Collection[JobStatus] | None, backend: str | None, tag: str | None, since: float | None
) -> tuple[str, tuple[Any, ...]]:
    """Return the query for the numbers of the records that are wanted, all but its limit, and its values.

    Each part reads an index and nothing else, so it is quick however large the records are.
    """
    parts: list[str] = []
    values: list[Any] = []
    if status is not None:
        parts.append(f"SELECT seq FROM job INDEXED BY job_status WHERE status IN ({', '.join('?' * len(status))})")
        values += [item.name for item in status]
    if backend is not None:
        column = "backend" if "/" in backend else "backend_short"
        parts.append(f"SELECT seq FROM job INDEXED BY job_{column} WHERE {column} = ?")
        values.append(backend)
    if tag is not None:
        parts.append("SELECT job FROM tag WHERE tag = ?")
        values.append(tag)
    if since is not None:
        parts.append("SELECT seq FROM job INDEXED BY job_created WHERE created >= ?")
        values.append(since)
    return f"{' INTERSECT '.join(parts) or 'SELECT seq FROM job'} ORDER BY 1 DESC", tuple(values)
