"""The durable store: job records in one SQLite file, and what is large in files beside it.

What it writes survives the death of any process at any moment. Every read is checked against a sha256, as SQLite
itself notices no change of a stored value.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import msgspec

from qdock.errors import JobError, JobNotFoundError, LimitExceeded, ResultNotStored, StoreError
from qdock.results.result_io import json_bytes
from qdock.store import array_bytes, leave_alone, may_move, not_found
from qdock.stores.documents import UNREADABLE, Document, Documents, damaged, digest, from_json, pack, unpack
from qdock.stores.leases import BEAT_SECONDS, Leases, is_of_this_host
from qdock.stores.owner_lock import OwnerLocks
from qdock.stores.sqlite_files import Connections
from qdock.stores.sqlite_logs import add_lines, read_lines
from qdock.stores.sqlite_queries import find_ids, id_range, selection
from qdock.stores.stored import STATE, given_to_dict, record_from_dict, state_to_dict
from qdock.stores.stored_programs import PROGRAM_KINDS, program_contents, program_from_content
from qdock.tracking.record import Deferred, LogLine, Record, changed, fate, moved
from qdock.tracking.status import JOB_FINAL_STATES, JobStatus, check_transition

if TYPE_CHECKING:
    from qdock.result import Result

__all__ = ["SqliteStore"]

_log = logging.getLogger(__name__)

_UNFINISHED = tuple(status for status in JobStatus if status not in JOB_FINAL_STATES)
#: Where else a job's number stands.
_PARTS = ("document", "tag", "log", "log_size", "log_digest")
_OPEN = "SELECT id FROM job WHERE owner = ? AND ended IS NULL"
_RECORD = """
    SELECT seq, id, status, state, job.digest, content, file, document.digest
    FROM job CROSS JOIN document ON document.job = seq AND kind = 'given'
"""
_Row = tuple[Any, ...]
#: Results with larger arrays are written to their files without a copy of them in memory.
_IN_MEMORY_BYTES = 4 << 20
#: Kinds of documents: a result in columns, another one, or why there is none.
PACKED, PLAIN, NONE = "packed result", "result", "no result"
#: What a qdock that reads stores up to version 3 finds in the place of a result in columns.
FOR_EARLIER = b"it is packed as only a later version of qdock can read it: update qdock"
#: Begins the kind of a document that is a result of an attempt that was given up.
_LATE = "late-"


class SqliteStore:
    """Job records in a file that any number of processes on one host may use at once.

    Nothing is opened, and no file made, before it is needed.

    Parameters
    ----------
    path : path
        The file. Beside it stand the folder ``PATH.files`` and, while it is open, SQLite's ``-wal`` and ``-shm``.
    """

    shared = True

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        folder = self.path.with_name(self.path.name + ".files")
        self._files = Connections(self.path)
        self._documents = Documents(folder / "data")
        self._owners = OwnerLocks(folder / "owners")
        self._leases, self._next_beat = Leases(), 0.0
        #: Programs of unfinished jobs of this process, which may be none that can be stored.
        self._programs: dict[str, Any] = {}
        #: The files of large checkpoints and options that others have taken the place of.
        self._replaced: dict[str, str] = {}
        #: Without a Dock, nobody is there to see to a job of a dead owner that is not lost yet.
        self.revive: Callable[[Record], bool] = leave_alone

    def __repr__(self) -> str:
        return f"<SqliteStore {self.path}>"

    def open(self) -> None:
        """Make or open the file now, to know whether it can be used; `StoreError` if not."""
        with self._files.read():
            pass

    # --- records

    def create(self, record: Record, result: Result | None = None, logs: Sequence[LogLine] = ()) -> None:
        """See `Store`."""
        documents = {"given": self._documents.keep(record.id, "given", *pack(*given_to_dict(record)))}
        for kind, content in program_contents(record.program).items():
            documents[kind] = self._documents.keep(record.id, kind, *content)
        if record.is_final:
            documents.update(self._result_documents(record.id, result))
        else:
            self._programs[record.id] = record.program
            if record.owner:
                self._owners.hold(record.owner)
        with _Kept(self._documents, documents), self._files.write() as db:
            seq = self._insert(db, record)
            _put_documents(db, seq, documents)
            if record.tags:
                db.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?)", [(tag, seq) for tag in record.tags])
            add_lines(db, seq, logs)

    def _insert(self, db: apsw.Connection, record: Record) -> int:
        short = record.backend.rpartition("/")[2]
        values = (record.id, record.backend, short, record.created, *_columns(record))
        try:
            db.execute(
                "INSERT INTO job (id, backend, backend_short, created, status, owner, ended, cancel_requested, state, "
                "digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        except apsw.ConstraintError:
            raise JobError(f"There is a job {record.id!r} already. Give each job an id of its own.") from None
        return db.last_insert_rowid()

    def get(self, job_id: str) -> Record:
        """See `Store`."""
        with self._files.read() as db:
            record = self._fetch(db, job_id)[1]
        return self._see(record)

    def find(self, text: str) -> Record:
        """See `Store`."""
        with self._files.read() as db:
            ids = find_ids(db, text)
            if len(ids) != 1:
                count = db.execute("SELECT count(*) FROM job WHERE id >= ? AND id < ?", id_range(text)).fetchone()
                raise not_found(text, ids, count[0] if count else 0)
        return self.get(ids[0])

    def select(
        self,
        *,
        status: Collection[JobStatus] | None = None,
        backend: str | None = None,
        tag: str | None = None,
        since: float | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """See `Store`; a record that is damaged is left out, which is logged."""
        self._look_for_the_dead()
        query, values = selection(status, backend, tag, since)
        with self._files.read() as db:
            found = f"{_RECORD} WHERE seq IN (SELECT * FROM ({query} LIMIT ?)) ORDER BY seq DESC"
            rows = list(db.execute(found, (*values, -1 if limit is None else limit)))
        return list(self._readable(rows))

    def _readable(self, rows: Sequence[_Row]) -> Iterator[Record]:
        for row in rows:
            try:
                yield self._record(row)
            except StoreError as error:
                _log.warning("Job %s is left out: %s", row[1], error)

    # --- changes

    def transition(
        self,
        job_id: str,
        expected: Collection[JobStatus],
        status: JobStatus,
        *,
        result: Result | None = None,
        at: float | None = None,
        by: str | None = None,
        **changes: Any,
    ) -> Record | None:
        """See `Store`."""
        for previous in expected:
            check_transition(previous, status)
        documents = self._result_documents(job_id, result) if status in JOB_FINAL_STATES else {}
        with _Kept(self._documents, documents) as kept, self._files.write() as db:
            seq, record = self._fetch(db, job_id)
            if not may_move(record, expected, status, by):
                kept.lost = True
                return None
            record = moved(record, status, time.time() if at is None else at, **changes)
            self._put(db, seq, record, changes)
            _put_documents(db, seq, documents)
        if record.is_final:
            self._programs.pop(job_id, None)
        return record

    def update(self, job_id: str, *, by: str | None = None, **changes: Any) -> Record | None:
        """See `Store`."""
        with self._files.write() as db:
            seq, record = self._fetch(db, job_id)
            if record.is_final or by not in (None, record.owner):
                return None
            record = changed(record, **changes)
            self._put(db, seq, record, changes)
            return record

    def _put(self, db: apsw.Connection, seq: int, record: Record, changes: Mapping[str, Any]) -> None:
        if "owner" in changes and record.owner:
            self._owners.hold(record.owner)
        db.execute(
            "UPDATE job SET status = ?, owner = ?, ended = ?, cancel_requested = ?, state = ?, digest = ? "
            "WHERE seq = ?",
            (*_columns(record), seq),
        )
        if changes.keys() - STATE:
            given = pack(*given_to_dict(record))
            self._let_go(record.id, _get_document(db, seq, "given"))
            _put_documents(db, seq, {"given": self._documents.keep(record.id, "given", *given)})

    def _let_go(self, job_id: str, replaced: Document | None) -> None:
        """Remove the file that was replaced before this one, which somebody may be about to read."""
        file, before = None if replaced is None else replaced.file, self._replaced.pop(job_id, None)
        if before != file:
            self._documents.remove(before)
        if file is not None:
            self._replaced[job_id] = file

    def cancel_requests(self, owner: str) -> list[str]:
        """See `Store`."""
        with self._files.read() as db:
            return [job_id for (job_id,) in db.execute(f"{_OPEN} AND cancel_requested", (owner,))]

    def prune(self, before: float) -> int:
        """See `Store`."""
        with self._files.write() as db:
            old = list(db.execute("SELECT seq FROM job WHERE ended < ?", (before,)))
            query = "SELECT file FROM document WHERE job = ? AND file IS NOT NULL"
            names = [name for row in old for (name,) in db.execute(query, row)]
            for part in _PARTS:
                db.executemany(f"DELETE FROM {part} WHERE job = ?", old)
            db.executemany("DELETE FROM job WHERE seq = ?", old)
            kept = {name for (name,) in db.execute("SELECT file FROM document WHERE file IS NOT NULL")}
        for name in (*names, *self._documents.abandoned(kept)):
            self._documents.remove(name)
        return len(old)

    # --- logs and results

    def add_logs(self, job_id: str, lines: Sequence[LogLine]) -> None:
        """See `Store`."""
        with self._files.write() as db:
            add_lines(db, _seq(db, job_id), lines)

    def logs(self, job_id: str) -> list[LogLine]:
        """See `Store`."""
        with self._files.read() as db:
            return read_lines(db, _seq(db, job_id))

    def result(self, job_id: str) -> Result:
        """See `Store`; `StoreError` if it is damaged."""
        with self._files.read() as db:
            seq = _seq(db, job_id)
            packed, plain, reason = (_get_document(db, seq, kind) for kind in (PACKED, PLAIN, NONE))
        if packed is not None:
            return self._read_result(job_id, PACKED, packed)
        if plain is not None:
            return self._read_result(job_id, PLAIN, plain)
        why = b"it has none" if reason is None else self._documents.read(job_id, NONE, reason)
        if why == FOR_EARLIER:
            raise damaged(job_id, PACKED, "it is not there")
        raise ResultNotStored(
            f"The result of job {job_id} is not in the store: {why.decode()}. Run it again with `job.rerun()`."
        )

    def _read_result(self, job_id: str, kind: str, kept: Document) -> Result:
        from qdock.result import Result

        with self._documents.open(job_id, kind, kept) as file:
            try:
                return Result._read(file, result_limit(file))
            except UNREADABLE as error:
                raise damaged(job_id, kind, str(error)) from error

    def add_late(self, job_id: str, attempt: int, result: Result) -> None:
        """See `Store`."""
        kind = f"{_LATE}{attempt}"
        documents = {kind: self._documents.write(job_id, kind, result._write)}
        with _Kept(self._documents, documents), self._files.write() as db:
            _put_documents(db, _seq(db, job_id), documents)

    def late_results(self, job_id: str) -> dict[int, Result]:
        """See `Store`."""
        query = "SELECT kind, content, file, digest FROM document WHERE job = ? AND kind GLOB ?"
        with self._files.read() as db:
            rows = list(db.execute(query, (_seq(db, job_id), f"{_LATE}[0-9]*")))
        return {int(kind.removeprefix(_LATE)): self._read_result(job_id, kind, Document(*kept)) for kind, *kept in rows}

    def _result_documents(self, job_id: str, result: Result | None) -> dict[str, Document]:
        """Return a result as a document, or the reason why it can't be one."""
        if result is None:
            return {}
        try:
            kind = PACKED if result._is_packed else PLAIN
            if array_bytes(result) > _IN_MEMORY_BYTES:
                kept = self._documents.write(job_id, kind, result._write)
            else:
                kept = self._documents.keep(job_id, kind, result.to_bytes())
        # What somebody else's result may raise when it can't be written.
        except (TypeError, ValueError, AttributeError, LimitExceeded, RecursionError) as error:
            _log.warning("The result of job %s can't be stored (%s); this process alone has it.", job_id, error)
            text = f"it could not be stored ({str(error)[:1000]}), and its owner has ended or let it go"
            return {NONE: self._documents.keep(job_id, NONE, text.encode("utf-8", "replace"))}
        return {kind: kept} if kind == PLAIN else {kind: kept, NONE: self._documents.keep(job_id, NONE, FOR_EARLIER)}

    # --- owners

    def _see(self, record: Record) -> Record:
        """Return a record that was looked at; if its owner has died it is known from now on."""
        if record.is_final or not self._has_died(record.owner):
            return record
        if self.revive(record):
            return self._read_again(record.id)
        status, failure = fate(record)
        try:
            found = self.transition(record.id, _UNFINISHED, status, by=record.owner, error=failure)
            return self._read_again(record.id) if found is None else found
        except StoreError:
            # It can't be written down, but it is true.
            return moved(record, status, time.time(), error=failure)

    def _read_again(self, job_id: str) -> Record:
        with self._files.read() as db:
            return self._fetch(db, job_id)[1]

    def watch_over(self, owner: str) -> None:
        """See `Store`."""
        if time.monotonic() >= self._next_beat:
            with self._files.write() as db:
                db.execute("DELETE FROM owner WHERE name NOT IN (SELECT owner FROM job WHERE ended IS NULL)")
                db.execute("INSERT INTO owner VALUES (?, 1) ON CONFLICT DO UPDATE SET beat = beat + 1", (owner,))
            self._next_beat = time.monotonic() + BEAT_SECONDS
        self._look_for_the_dead()

    def _has_died(self, owner: str) -> bool:
        if not owner or self._owners.is_alive(owner):
            return False
        return is_of_this_host(owner) or self._leases.is_over(owner, self._beat(owner))

    def _beat(self, owner: str) -> int:
        with self._files.read() as db:
            row = db.execute("SELECT beat FROM owner WHERE name = ?", (owner,)).fetchone()
        return 0 if row is None else int(row[0])

    def _look_for_the_dead(self) -> None:
        with self._files.read() as db:
            owners = [owner for (owner,) in db.execute("SELECT DISTINCT owner FROM job WHERE ended IS NULL")]
        for owner in filter(self._has_died, owners):
            with self._files.read() as db:
                ids = [job_id for (job_id,) in db.execute(_OPEN, (owner,))]
            for job_id in ids:
                # A damaged record hides no other; who asks for it hears of it.
                with suppress(StoreError):
                    self.get(job_id)
            self._owners.forget(owner)
            self._leases.forget(owner)

    # --- the end

    def after_fork(self) -> None:
        """See `Store`: connections have been closed before the fork."""
        self._owners.after_fork()
        self._programs, self._replaced = {}, {}

    def close(self) -> None:
        """See `Store`; the locks of owners that are done are let go, too."""
        for owner in self._owners.holds():
            # A store that can't be read keeps its locks, and closes all the same.
            with suppress(StoreError), self._files.read() as db:
                if not db.execute(_OPEN, (owner,)).fetchone():
                    self._owners.release(owner)
        self._files.close()

    # --- rows

    def _fetch(self, db: apsw.Connection, job_id: str) -> tuple[int, Record]:
        row = db.execute(f"{_RECORD} WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise JobNotFoundError(f"There is no job {job_id!r} in this store.")
        return row[0], self._record(row)

    def _record(self, row: _Row) -> Record:
        _, job_id, status, state, found, *given = row
        if digest(job_id, f"state {status}", state).digest() != found:
            raise damaged(job_id, "record", "its sha256 is not the one recorded")
        try:
            more, arrays = unpack(self._documents.read(job_id, "given", Document(*given)))
            record = record_from_dict({**more, **from_json(state), "program": None}, arrays)
        except JobError:
            raise
        except UNREADABLE as error:
            raise damaged(job_id, "record", str(error)) from error
        return msgspec.structs.replace(record, program=self._program(job_id))

    def _program(self, job_id: str) -> Any:
        return self._programs[job_id] if job_id in self._programs else Deferred(lambda: self._load_program(job_id))

    def _load_program(self, job_id: str) -> Any:
        with self._files.read() as db:
            seq = _seq(db, job_id)
            found = [(kind, kept) for kind in PROGRAM_KINDS if (kept := _get_document(db, seq, kind)) is not None]
        if not found:
            return None
        kind, kept = found[0]
        content = self._documents.read(job_id, kind, kept)
        try:
            return program_from_content(kind, content)
        except UNREADABLE as error:
            raise damaged(job_id, kind, str(error)) from error


class _Kept:
    """Removes the files of documents if no record comes to refer to them."""

    def __init__(self, files: Documents, documents: Mapping[str, Document]) -> None:
        self._files, self._documents = files, documents
        self.lost = False

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.lost or kind is not None:
            for document in self._documents.values():
                self._files.remove(document.file)


def result_limit(file: Any) -> int:
    """Return the largest array that a file can hold, all of it: it was written here, whatever limit held then."""
    size = file.seek(0, 2)
    file.seek(0)
    return int(size)


def _columns(record: Record) -> _Row:
    state, ended = json_bytes(state_to_dict(record)), None
    if record.is_final:
        ended = record.history[-1].time if record.history else record.created
    status = record.status._name_
    found = digest(record.id, f"state {status}", state).digest()
    return status, record.owner, ended, record.cancel_requested, state, found


def _put_documents(db: apsw.Connection, seq: int, documents: Mapping[str, Document]) -> None:
    rows = [(seq, kind, item.content, item.file, item.digest) for kind, item in documents.items()]
    db.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)", rows)


def _get_document(db: apsw.Connection, seq: int, kind: str) -> Document | None:
    query = "SELECT content, file, digest FROM document WHERE job = ? AND kind = ?"
    row = db.execute(query, (seq, kind)).fetchone()
    return None if row is None else Document(*row)


def _seq(db: apsw.Connection, job_id: str) -> int:
    row = db.execute("SELECT seq FROM job WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise JobNotFoundError(f"There is no job {job_id!r} in this store.")
    return int(row[0])
