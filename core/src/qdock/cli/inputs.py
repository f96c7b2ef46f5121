"""Where programs come from: files, and standard input under the name ``-``."""

from __future__ import annotations

import sys

from qdock.errors import ProgramError

__all__ = ["STANDARD_INPUT", "read_standard_input"]

STANDARD_INPUT = "-"


def read_standard_input() -> str:
    """Return the program on standard input, with a line's end: so it is never taken for the name of a file.

    Raises
    ------
    ProgramError
        If it is not UTF-8 text.
    """
    try:
        return sys.stdin.buffer.read().decode() + "\n"
    except UnicodeDecodeError as error:
        raise ProgramError(
            f"The program on standard input is not UTF-8 text: {error.reason} at byte {error.start}."
        ) from None
