"""Where programs come from: files, and standard input under the name ``-``."""

from __future__ import annotations

import sys

from qdock.conversion.source import SOURCE_LIMIT
from qdock.errors import LimitExceeded, ProgramError

__all__ = ["STANDARD_INPUT", "read_standard_input"]

STANDARD_INPUT = "-"


def read_standard_input(limit: int = SOURCE_LIMIT) -> str:
    """Return the program on standard input, with a line's end: so it is never taken for the name of a file.

    Raises
    ------
    ProgramError
        If it is closed, empty or not UTF-8 text.
    LimitExceeded
        If it has more than `limit` bytes; no more than that is read.
    """
    if sys.stdin is None:
        raise ProgramError("Standard input is closed, so there is no program on it. Pipe one in, or name its file.")
    content = sys.stdin.buffer.read(limit + 1)
    if len(content) > limit:
        raise LimitExceeded(
            f"The program on standard input has more than {limit} bytes, the limit of a program's source."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProgramError(
            f"The program on standard input is not UTF-8 text: {error.reason} at byte {error.start}."
        ) from None
    if not text.strip():
        raise ProgramError("The program on standard input is empty. Pipe one in, or name its file.")
    return text + "\n"
