"""Connections to the durable store's file: one a thread and a process, and what their errors mean for people."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from qdock.errors import StoreError
from qdock.sqlite_schema import migrate, version_of

__all__ = ["Connections"]

#: Seconds to wait for others who write.
BUSY_SECONDS = 30.0
#: Connections that a forked child must neither use nor close.
_LEFT_BEHIND: list[object] = []

_SETTINGS = """
PRAGMA synchronous = NORMAL;
PRAGMA mmap_size = 0;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
"""

#: What the driver raises -> what happened, and what to do. The first that fits decides.
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (apsw.CorruptError, apsw.NotADBError),
        "is damaged or no store",
        "Move it away together with its -wal and -shm files, or set QDOCK_STORE to another file.",
    ),
    ((apsw.FullError,), "can't be written: the disk is full", "Make room, and what comes next is recorded again."),
    (
        (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError, apsw.AuthError),
        "can't be opened or written",
        "Check that the folder exists and may be written to, or set QDOCK_STORE to another file, or to memory:.",
    ),
    ((apsw.BusyError, apsw.LockedError), "is busy", "Another process has been writing to it for too long."),
    ((apsw.IOError, OSError), "can't be read or written", "Check the disk and the limits of this process."),
    (
        (apsw.Error, UnicodeDecodeError),
        "is damaged or fails",
        "Check it with `PRAGMA integrity_check`, or set QDOCK_STORE to another file.",
    ),
)


class Connections:
    """The connections to one file.

    Parameters
    ----------
    path : Path
        The file; it is made with the first connection.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin()

    def _begin(self) -> None:
        self._local, self._lock, self._pid = threading.local(), threading.Lock(), os.getpid()
        self._all: list[tuple[threading.Thread, apsw.Connection]] = []

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """Give this thread's connection; every error becomes a `StoreError`."""
        with self._translated():
            yield self._connection()

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """Give this thread's connection in a transaction, in which nobody else can write."""
        with self._translated():
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    with suppress(apsw.Error):
                        db.execute("ROLLBACK")
                raise

    def _connection(self) -> apsw.Connection:
        if self._pid != os.getpid():
            self.after_fork()
        db: apsw.Connection | None = getattr(self._local, "db", None)
        # A file that was deleted or replaced meanwhile would swallow whatever is written.
        if db is None or self._identity() != self._local.identity:
            db = self._local.db = self._open()
            self._local.identity = self._identity()
        return db

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> apsw.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = apsw.Connection(str(self.path))
        db.set_busy_timeout(int(1000 * BUSY_SECONDS))
        db.execute(_SETTINGS)
        # A file that is not ours is refused before anything in it is changed.
        version_of(db)
        _turn_on_wal(db)
        migrate(db)
        with self._lock:
            for thread, old in list(self._all):
                if not thread.is_alive():
                    self._all.remove((thread, old))
                    old.close()
            self._all.append((threading.current_thread(), db))
        return db

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, OSError, UnicodeDecodeError) as error:
            happened, advice = next(texts for kinds, *texts in _MEANINGS if isinstance(error, kinds))
            raise StoreError(f"The store {self.path} {happened} ({error}). {advice}") from error

    def after_fork(self) -> None:
        """Forget the parent's connections: closing them here would take away its locks."""
        _LEFT_BEHIND.extend((self._all, self._local))
        self._begin()

    def close(self) -> None:
        """Close all connections; one that is used later is opened again."""
        if self._pid != os.getpid():
            self.after_fork()
        with self._lock:
            for _, db in self._all:
                with suppress(apsw.Error):
                    db.close()
            self._all = []
        self._local = threading.local()


def _turn_on_wal(db: apsw.Connection) -> None:
    deadline = time.monotonic() + BUSY_SECONDS
    while _journal_mode(db, "") != "wal":
        try:
            if _journal_mode(db, " = wal") != "wal":
                raise StoreError(f"The store {db.filename} can't be shared: its file system does not support that.")
        # Who changes the mode does not wait for others who do, whatever the timeout.
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _journal_mode(db: apsw.Connection, change: str) -> str:
    row = db.execute(f"PRAGMA journal_mode{change}").fetchone()
    return str(row[0]) if row else ""
