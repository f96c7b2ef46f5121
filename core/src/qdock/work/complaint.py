"""What goes wrong where nobody waits for it: a line in the log, and the traceback for who looks for the fault."""

from __future__ import annotations

import logging

from qdock.work.worker import describe

__all__ = ["complain"]


def complain(log: logging.Logger, what: str, error: BaseException, level: int = logging.WARNING) -> None:
    """Log in a line what went wrong and of which error; its traceback follows at the level DEBUG."""
    log.log(level, "%s: %s", what, describe(error))
    log.debug("That is: %s", what, exc_info=error)
