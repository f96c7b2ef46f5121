"""Documents of the durable store: JSON values and arrays as bytes, with a sha256, the large ones in files beside."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from qdock.errors import LimitExceeded, ResultFormatError, StoreError
from qdock.results import result_io
from qdock.results.result_io import Piece

__all__ = ["INLINE_BYTES", "Document", "Documents", "digest", "from_json", "pack", "unpack"]

Arrays = Mapping[str, np.ndarray[Any, Any]]

#: What is larger goes into a file of its own, which is written to the disk before it is recorded: that takes a
#: millisecond and more, and as part of the store's file 100 KB take a tenth of it.
INLINE_BYTES = 1 << 17
#: What is younger may be about to be recorded.
ABANDONED_SECONDS = 86400.0
_CHUNK_BYTES = 1 << 20


class Document(msgspec.Struct, frozen=True):
    """Content, or the name of the file that has it, and the sha256 of whose it is, what it is, and the content."""

    content: bytes | None
    file: str | None
    digest: bytes


def digest(owner: str, kind: str, *content: Piece) -> Any:
    """Return the sha256 that belongs to a content: of another job or of another kind it would be another."""
    found = hashlib.sha256(f"{owner}/{kind}\n".encode())
    for piece in content:
        found.update(piece)
    return found


def pack(value: Any, arrays: Arrays) -> list[Piece]:
    """Return JSON values and the arrays they refer to as bytes, in pieces.

    Raises
    ------
    TypeError, ValueError
        If an array is of a type that can't be stored, or a value is none of JSON.
    """
    if not arrays:
        return [result_io.json_bytes(value)]
    writer = result_io.ArrayWriter()
    names = [[name, writer.add(result_io.check_array(name, array))] for name, array in arrays.items()]
    return result_io.archive_pieces({"value": value, "names": names}, writer)


def unpack(content: bytes) -> tuple[Any, dict[str, np.ndarray[Any, Any]]]:
    """Return what `pack` was given."""
    if not content.startswith(b"PK"):
        return from_json(content), {}
    document, reader = result_io.read_archive(io.BytesIO(content))
    return document["value"], {name: reader.take(code) for name, code in document["names"]}


def from_json(content: bytes) -> Any:
    """Return the JSON values in a text."""
    try:
        return msgspec.json.decode(content)
    # Half of a surrogate pair, as it stands there or, in what earlier versions wrote, as bytes.
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(content.decode("utf-8", "surrogatepass"))


class Documents:
    """The files beside a store.

    Parameters
    ----------
    folder : Path
        Made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, job_id: str, kind: str, *content: Piece) -> Document:
        """Return the document of a content, which may be in pieces; in a file if it is large."""
        found = digest(job_id, kind, *content).digest()
        if sum(map(len, content)) <= INLINE_BYTES:
            return Document(b"".join(content), None, found)
        return Document(None, self._save(kind, lambda file: file.writelines(content)), found)

    def write(self, job_id: str, kind: str, write: Callable[[BinaryIO], None]) -> Document:
        """Have the content of a file written."""
        name = self._save(kind, write)
        with self._failing(name):
            return Document(None, name, self._digest(job_id, kind, name))

    def _save(self, kind: str, write: Callable[[BinaryIO], None]) -> str:
        """Write a file, to the disk; nothing refers to it yet, so it has its name from the beginning."""
        name = f"{kind.replace(' ', '-')}-{secrets.token_hex(12)}.npz"
        with self._failing(name):
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / name).open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
        return name

    @contextmanager
    def _failing(self, name: str) -> Iterator[None]:
        """Remove a file that could not be written, and say so."""
        try:
            yield
        except BaseException as error:
            self.remove(name)
            if not isinstance(error, OSError):
                raise
            raise StoreError(
                f"The store's folder {self.folder} can't be written ({error.strerror or error}). Make room, or check "
                "that it may be written to."
            ) from error

    def read(self, job_id: str, kind: str, document: Document) -> bytes:
        """Return the content of a document, once its sha256 is known to be the one recorded."""
        content = document.content
        if content is None:
            with self.open(job_id, kind, document) as file:
                content = file.read()
        if digest(job_id, kind, content).digest() != document.digest:
            raise damaged(job_id, kind, "its sha256 is not the one recorded")
        return content

    def open(self, job_id: str, kind: str, document: Document) -> BinaryIO:
        """Return the open file of a document, or its content as one, checked as `read` does."""
        if document.content is not None:
            return io.BytesIO(self.read(job_id, kind, document))
        # A name is a name in this folder, whatever a damaged store says.
        path = self.folder / os.path.basename(str(document.file))
        try:
            found = self._digest(job_id, kind, path.name)
            file = path.open("rb")
        except OSError as error:
            raise damaged(job_id, kind, f"its file {path} can't be read ({error.strerror})") from error
        if found != document.digest:
            file.close()
            raise damaged(job_id, kind, f"the sha256 of its file {path} is not the one recorded")
        return file

    def remove(self, name: str | None) -> None:
        """Remove a file that nothing refers to any more."""
        if name:
            with suppress(OSError):
                (self.folder / os.path.basename(name)).unlink()

    def abandoned(self, kept: Collection[str]) -> list[str]:
        """Return the files that nothing refers to: what was killed between writing one and recording it left it."""
        old = time.time() - ABANDONED_SECONDS
        with suppress(OSError):
            return [
                file.name for file in os.scandir(self.folder) if file.name not in kept and file.stat().st_mtime < old
            ]
        return []

    def _digest(self, job_id: str, kind: str, name: str) -> bytes:
        found = digest(job_id, kind)
        with result_io.open_file(self.folder / name) as file:
            while chunk := file.read(_CHUNK_BYTES):
                found.update(chunk)
        return bytes(found.digest())


def damaged(job_id: str, kind: str, reason: str) -> StoreError:
    """Return the error about a document that is not what was stored."""
    return StoreError(f"The {kind} of job {job_id} is damaged in the store: {reason}. What else is there can be read.")


#: What reading a damaged document may raise; its sha256 makes that unlikely.
UNREADABLE = (ResultFormatError, LimitExceeded, KeyError, TypeError, ValueError, AttributeError, RecursionError)
