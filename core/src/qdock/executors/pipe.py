"""Messages over a pipe, between an owner and a worker process of its own: how they are cut, sent and read."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

import msgspec

from qdock.tracking.record import Failure

__all__ = [
    "Answer",
    "Frame",
    "FrameReader",
    "Kind",
    "Task",
    "TooLarge",
    "frame",
    "split_head",
    "with_head",
    "write_all",
]

_HEAD = struct.Struct("<BQ")
_CHUNK_BYTES = 1 << 16

Frame = tuple[int, bytearray]
Buffer = bytes | bytearray | memoryview
Head = TypeVar("Head", bound=msgspec.Struct)


class Kind(IntEnum):
    """What a message is about: the first to a worker, the others from it."""

    JOB = 1
    HELLO = 2
    BEGUN = 3
    PROGRESS = 4
    LOG = 5
    FINISHED = 6
    EVENT = 7


class Task(msgspec.Struct):
    """What a worker is told about a job, before the packed call."""

    job_id: str
    result_limit: int


class Answer(msgspec.Struct):
    """How a job ended, before the mark and the bytes of its value."""

    failure: Failure | None = None
    stopped: bool = False
    #: Whether the worker is as it was, so that another job may follow.
    clean: bool = True


class TooLarge(Exception):
    """A message says that it is larger than may be."""


def frame(kind: Kind, *parts: Buffer) -> list[Buffer]:
    """Return a message as buffers to be written one after the other; nothing large is copied."""
    return [_HEAD.pack(kind, sum(len(part) for part in parts)), *parts]


def with_head(head: msgspec.Struct, *parts: Buffer) -> tuple[Buffer, ...]:
    """Return the parts of a message that begins with a struct; `split_head` is the inverse."""
    data = msgspec.msgpack.encode(head)
    return len(data).to_bytes(4, "little"), data, *parts


def split_head(body: bytearray, kind: type[Head]) -> tuple[Head, memoryview]:
    """Return the struct at the beginning of a message, and the rest."""
    view = memoryview(body)
    end = 4 + int.from_bytes(view[:4], "little")
    return msgspec.msgpack.decode(view[4:end], type=kind), view[end:]


def write_all(fd: int, parts: Sequence[Buffer]) -> None:
    """Write buffers to a pipe, waiting for the reader where need be."""
    for part in parts:
        view = memoryview(part).cast("B")
        while view:
            view = view[os.write(fd, view) :]


class FrameReader:
    """Cuts what comes out of a pipe into messages.

    Parameters
    ----------
    fd : int
        The pipe; where it is not blocking, `read` returns what there is.
    limit : int
        Bytes of the largest message to accept: room for it is made when its head says how large it is.
    """

    def __init__(self, fd: int, limit: int) -> None:
        self._fd, self._limit = fd, limit
        self._rest = bytearray()
        self._body: bytearray | None = None
        self._kind = self._filled = 0

    def read(self) -> list[Frame] | None:
        """Read once and return the messages that are whole by that; None at the pipe's end.

        Raises
        ------
        BlockingIOError
            If there is nothing to read now.
        TooLarge
            If the next message is larger than the limit.
        """
        if self._body is not None and len(self._body) - self._filled > _CHUNK_BYTES:
            # A large one is read where it is to stand.
            count = os.readv(self._fd, [memoryview(self._body)[self._filled :]])
            self._filled += count
            return self._cut() if count else None
        data = os.read(self._fd, _CHUNK_BYTES)
        self._rest += data
        return self._cut() if data else None

    def _cut(self) -> list[Frame]:
        frames = []
        while (body := self._next()) is not None:
            frames.append((self._kind, body))
            self._body = None
        return frames

    def _next(self) -> bytearray | None:
        """Return the body of a message that is whole."""
        if self._body is None:
            if len(self._rest) < _HEAD.size:
                return None
            self._kind, size = _HEAD.unpack_from(self._rest)
            if size > self._limit:
                raise TooLarge(f"a message of {size:,} bytes, over the limit of {self._limit:,}")
            del self._rest[: _HEAD.size]
            self._body, self._filled = bytearray(size), 0
        piece = self._rest[: len(self._body) - self._filled]
        self._body[self._filled : self._filled + len(piece)] = piece
        self._filled += len(piece)
        del self._rest[: len(piece)]
        return self._body if self._filled == len(self._body) else None
