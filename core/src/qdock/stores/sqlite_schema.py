"""The tables of the durable store, and how a file of an earlier version gets those of this one.

`user_version` counts the versions. A later minor version only adds tables, columns and kinds of documents that may be
missing, so that an earlier one still reads and writes the file; ``about.reader`` says which version that takes at
least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdock.errors import StoreError

if TYPE_CHECKING:
    import apsw

__all__ = ["APPLICATION_ID", "MIGRATIONS", "VERSION", "migrate", "version_of"]

#: "qdok": what tells a store from any other SQLite file.
APPLICATION_ID = 0x71646F6B

_VERSION_1 = """
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO about VALUES ('reader', 1);

-- What is looked for stands in columns; `state` is what changes of a record, as JSON, `digest` its sha256.
CREATE TABLE job (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    backend TEXT NOT NULL,
    backend_short TEXT NOT NULL,
    owner TEXT NOT NULL,
    created REAL NOT NULL,
    ended REAL,
    cancel_requested INTEGER NOT NULL,
    state BLOB NOT NULL,
    digest BLOB NOT NULL
);
CREATE INDEX job_status ON job (status);
CREATE INDEX job_backend ON job (backend);
CREATE INDEX job_backend_short ON job (backend_short);
CREATE INDEX job_created ON job (created);
CREATE INDEX job_open ON job (owner) WHERE ended IS NULL;
CREATE INDEX job_cancel ON job (owner) WHERE ended IS NULL AND cancel_requested;

-- The rest of a record, its program and its result: here, or if they are large in a file of that name.
CREATE TABLE document (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content BLOB,
    file TEXT,
    digest BLOB NOT NULL,
    PRIMARY KEY (job, kind)
) WITHOUT ROWID;

CREATE TABLE tag (tag TEXT NOT NULL, job INTEGER NOT NULL, PRIMARY KEY (tag, job)) WITHOUT ROWID;

CREATE TABLE log (job INTEGER NOT NULL, line INTEGER NOT NULL, time REAL NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (job, line)) WITHOUT ROWID;
CREATE TABLE log_size (job INTEGER PRIMARY KEY, lines INTEGER NOT NULL, characters INTEGER NOT NULL,
    dropped INTEGER NOT NULL);
"""

_VERSION_2 = """
-- How often an owner has shown that it lives: only for hosts that share a store, on one a lock says it.
CREATE TABLE owner (name TEXT PRIMARY KEY, beat INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE log_digest (job INTEGER NOT NULL, line INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (job, line)) WITHOUT ROWID;
"""

_VERSION_3 = """
-- Circuits of a program that are many or long are packed, as a document of the kind 'packed program'. That of the
-- kind 'program' then says to an earlier version why it has none.
"""

_VERSION_4 = """
-- A result of many circuits that are alike is in columns, as a document of the kind 'packed result'. That of the kind
-- 'no result' then says to an earlier version why it has none.
"""

#: What makes version 1 of an empty file, version 2 of version 1, and so on. What stands here never changes.
MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)
VERSION = len(MIGRATIONS)

#: What a file that was empty has otherwise: the table that grows most, with rows that are quicker to append. Any
#: version reads and writes either in the same way, and to change the table of an older file would copy all of it.
_NEW_FILE = """
DROP TABLE document;
CREATE TABLE document (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content BLOB,
    file TEXT,
    digest BLOB NOT NULL,
    PRIMARY KEY (job, kind)
);
"""


def version_of(db: apsw.Connection) -> int:
    """Return the version of an open file, 0 for an empty one.

    Raises
    ------
    StoreError
        If it is no store, or takes a newer qdock to be read.
    """
    version = _value(db, "PRAGMA user_version")
    if _value(db, "PRAGMA application_id") != APPLICATION_ID:
        if version or _value(db, "SELECT count(*) FROM sqlite_schema"):
            if _value(db, "PRAGMA application_id") == APPLICATION_ID:
                # Somebody made it a store since the first look, tables and all in one transaction.
                return version_of(db)
            raise StoreError(
                f"{db.filename} is an SQLite file of another program, not a store of qdock. Name another file."
            )
        return 0
    if version > VERSION:
        reader = _value(db, "SELECT value FROM about WHERE name = 'reader'")
        if not isinstance(reader, int) or reader > VERSION:
            raise StoreError(
                f"The store {db.filename} is of version {version}, but this qdock reads up to {VERSION}. Update qdock, "
                "or name another file."
            )
    return version  # type: ignore[no-any-return]  # the pragma is an integer


def migrate(db: apsw.Connection) -> None:
    """Give an open file the tables of this version, if it has those of an earlier one; somebody else may be at it."""
    if version_of(db) >= VERSION:
        return
    with _exclusively(db):
        # Whoever waited for another's migration finds nothing left to do.
        version = version_of(db)
        missing = MIGRATIONS[version:]
        for script in missing if version else (*missing, _NEW_FILE):
            db.execute(script)
        if missing:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}")


class _exclusively:  # noqa: N801  # it reads as a statement
    """A transaction in which nobody else can write."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _value(db: apsw.Connection, query: str) -> Any:
    row = db.execute(query).fetchone()
    return None if row is None else row[0]
