"""The text of a program, of bounded size."""

from __future__ import annotations

import os

from qdock.common.textfile import TooLarge, Unreadable, read_text
from qdock.errors import LimitExceeded, ProgramError

__all__ = ["SOURCE_LIMIT", "check_length", "read_program"]

#: Bytes that the text of a program may have.
SOURCE_LIMIT = 64 * 2**20


def read_program(path: str | os.PathLike[str], limit: int = SOURCE_LIMIT) -> str:
    """Return the text of a program's file, without a byte order mark.

    Raises
    ------
    ProgramError
        If it is missing, no regular file, or not UTF-8; the message shows none of its content.
    LimitExceeded
        If it is larger than `limit`; no more than that is read.
    """
    name = os.fspath(path)
    try:
        return read_text(name, limit)
    except TooLarge as error:
        raise LimitExceeded(f"The program's file {name} {error}, the limit of a program's source.") from None
    except Unreadable as error:
        raise ProgramError(f"The program's file {name} {error}.") from None


def check_length(text: str, limit: int = SOURCE_LIMIT) -> None:
    """Raise `LimitExceeded` if a text is longer than a file of it may be."""
    if len(text) > limit:
        raise LimitExceeded(f"The program has {len(text)} characters; the limit of a program's source is {limit}.")
