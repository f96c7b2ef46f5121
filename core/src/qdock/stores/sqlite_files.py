"""Connections to the durable store's file: one a thread and a process, and what their errors mean for people."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

import apsw

from qdock.errors import StoreError
from qdock.stores.sqlite_schema import migrate, version_of

__all__ = ["Connections"]

#: Seconds to wait for others who write.
BUSY_SECONDS = 30.0
#: Connections of the parent that a forked child must neither use nor close.
_LEFT_BEHIND: list[object] = []

#: The pages of the log beside the file are moved into it when there are so many: each time costs its writer some
#: milliseconds, and with SQLite's own 1,000 that would be one job in sixty or so.
CHECKPOINT_PAGES = 8000
#: Of a new file: a commit writes whole pages, a dozen of them for a job, and hardly fills those of SQLite's own size.
PAGE_BYTES = 2048

_SETTINGS = f"""
PRAGMA page_size = {PAGE_BYTES};
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
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
_FAILURES = (apsw.Error, OSError, UnicodeDecodeError)


class _Connection:
    """One thread's connection, and a lock that is held while it is used."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.busy = str(path), threading.RLock(), False
        self.thread = threading.current_thread()
        self.db: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def ready(self) -> apsw.Connection:
        """Return the open connection."""
        # A file that was deleted or replaced meanwhile would swallow whatever is written.
        if self.db is None or _identity(self.path) != self._identity:
            self.db = _open(self.path)
            self._identity = _identity(self.path)
        return self.db

    def close(self) -> None:
        db, self.db = self.db, None
        if db is not None:
            with suppress(apsw.Error):
                db.close()


class _Use:
    """A thread's connection while it is used; where it writes, in a transaction that is done whole or not at all."""

    __slots__ = ("_db", "_files", "_mine", "_writes")

    def __init__(self, files: Connections, writes: bool) -> None:
        self._files, self._writes = files, writes

    def __enter__(self) -> apsw.Connection:
        mine = self._mine = self._files.connection()
        mine.lock.acquire()
        mine.busy = True
        try:
            db = self._db = mine.ready()
            if self._writes:
                db.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._leave()
            if isinstance(error, _FAILURES):
                raise self._files.failure(error) from error
            raise
        return db

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if self._writes:
                self._end(error is None)
            if isinstance(error, _FAILURES):
                raise self._files.failure(error) from error
        except _FAILURES as failure:
            raise self._files.failure(failure) from failure
        finally:
            self._leave()

    def _end(self, commit: bool) -> None:
        try:
            if commit:
                self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                with suppress(apsw.Error):
                    self._db.execute("ROLLBACK")

    def _leave(self) -> None:
        self._mine.busy = False
        self._mine.lock.release()


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
        _FORKS.add(self)

    def _begin(self) -> None:
        self._local, self._lock = threading.local(), threading.Lock()
        self._all: list[_Connection] = []
        self._torn = False

    def read(self) -> _Use:
        """Give this thread's connection; every error becomes a `StoreError`."""
        return _Use(self, writes=False)

    def write(self) -> _Use:
        """Give this thread's connection in a transaction, in which nobody else can write."""
        return _Use(self, writes=True)

    def connection(self) -> _Connection:
        """Return this thread's connection, which may be closed."""
        if self._torn:
            raise StoreError(
                f"The store {self.path} can't be used in this process: it was forked off while another thread had been "
                "writing for too long. Start processes by 'spawn' or 'forkserver'."
            )
        mine: _Connection | None = getattr(self._local, "mine", None)
        if mine is None:
            mine = self._local.mine = _Connection(self.path)
            with self._lock:
                for old in [item for item in self._all if not item.thread.is_alive()]:
                    self._all.remove(old)
                    old.close()
                self._all.append(mine)
        return mine

    def failure(self, error: Exception) -> StoreError:
        """Return what an error of the driver or the system means for people."""
        happened, advice = next(texts for kinds, *texts in _MEANINGS if isinstance(error, kinds))
        return StoreError(f"The store {self.path} {happened} ({error}). {advice}")

    def close(self) -> None:
        """Close all connections; one that is used later is opened again."""
        with self._lock:
            for mine in self._all:
                with mine.lock:
                    mine.close()

    # --- forks: SQLite's locks and what it knows of them would be wrong in a child, so it gets nothing of them

    def before_fork(self) -> None:
        """Close all connections, once nobody is in the midst of something, and keep everybody out."""
        deadline = time.monotonic() + BUSY_SECONDS
        self._lock.acquire()
        self._held = [mine for mine in self._all if mine.lock.acquire(timeout=max(deadline - time.monotonic(), 0))]
        for mine in self._held:
            if not mine.busy:
                mine.close()

    def after_fork_in_parent(self) -> None:
        """Let everybody in again."""
        for mine in self._held:
            mine.lock.release()
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew; if there was somebody in the midst of something, nothing is possible."""
        # Closing these here would take away the parent's locks.
        open_still = [mine for mine in self._all if mine.db is not None]
        _LEFT_BEHIND.extend(open_still)
        self._begin()
        self._torn = bool(open_still)


class _Forks:
    """Tells all connections of a fork, before and after."""

    def __init__(self) -> None:
        self._known: weakref.WeakSet[Connections] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._told: list[Connections] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child)

    def add(self, connections: Connections) -> None:
        with self._lock:
            self._known.add(connections)

    def _before(self) -> None:
        self._lock.acquire()
        self._told = list(self._known)
        for connections in self._told:
            connections.before_fork()

    def _in_parent(self) -> None:
        for connections in self._told:
            connections.after_fork_in_parent()
        self._lock.release()

    def _in_child(self) -> None:
        for connections in self._told:
            connections.after_fork_in_child()
        self._lock = threading.Lock()


_FORKS = _Forks()


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _open(path: str) -> apsw.Connection:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    db = apsw.Connection(path)
    db.set_busy_timeout(int(1000 * BUSY_SECONDS))
    # The driver goes on with the next statement only when what the last one said has been fetched.
    db.execute(_SETTINGS).fetchall()
    # A file that is not ours is refused before anything in it is changed.
    version_of(db)
    _turn_on_wal(db)
    migrate(db)
    return db


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
