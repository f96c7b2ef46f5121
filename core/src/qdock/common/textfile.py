"""Text from a file that may be anything: regular files only, of bounded size, as UTF-8, and no content in an error."""

from __future__ import annotations

import os
import stat

__all__ = ["TooLarge", "Unreadable", "read_text"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Unreadable(Exception):
    """A file can't be read; its text ends a sentence that begins with the file's name."""


class TooLarge(Unreadable):
    """A file is larger than it may be."""


def read_text(path: str, limit: int, private: bool = False) -> str:
    """Return the text of a file without a byte order mark.

    Parameters
    ----------
    path : str
        A regular file, or a link to one.
    limit : int
        Bytes that it may have; no more are read.
    private : bool
        Whether a file that others than its owner may read is refused.

    Raises
    ------
    Unreadable
        If it is missing, no regular file, too large, open to others, or not UTF-8.
    """
    try:
        content = _read(path, limit, private)
    except FileNotFoundError:
        raise Unreadable("does not exist") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"can't be read: {getattr(error, 'strerror', None) or error}") from error
    _check_size(len(content), limit)
    return _decode(content)


def _read(path: str, limit: int, private: bool) -> bytes:
    # Without O_NONBLOCK opening a named pipe waits for a writer, maybe for ever.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        status = os.fstat(handle)
        _check(status, private)
        _check_size(status.st_size, limit)
        with open(handle, "rb", closefd=False) as file:
            return file.read(limit + 1)
    finally:
        os.close(handle)


def _check(status: os.stat_result, private: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((kind for test, kind in _KINDS if test(status.st_mode)), "something else")
        raise Unreadable(f"is {kind}, not a regular file")
    # Windows keeps elsewhere who may read a file; its mode says nothing.
    if private and os.name == "posix" and status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise Unreadable(
            f"may be read by others (mode {mode:04o}): close it with `chmod 600`, and change what it holds"
        )


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(f"has more than {limit} bytes")


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = error.start
    # Not raised above: that error holds the content, and would be shown together with this one.
    raise Unreadable(f"is not UTF-8 text: the byte at offset {position} does not fit")
