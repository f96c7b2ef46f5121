"""How an error becomes a paragraph for people and an exit status for scripts."""

from __future__ import annotations

import click

from qdock.cli.output import write_error
from qdock.errors import JobError, JobNotFoundError, QdockError

__all__ = ["DONE", "FAILED", "INTERRUPTED", "TERMINATED", "WRONG_INPUT", "report"]

DONE, FAILED, WRONG_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

# The first that fits decides. An error that is none of these is a fault in a program, not in what it was given.
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (click.ClickException, WRONG_INPUT),
    (JobNotFoundError, WRONG_INPUT),
    (JobError, FAILED),
    (QdockError, WRONG_INPUT),
    (OSError, WRONG_INPUT),
)


def report(error: Exception, *, debug: bool = False, about: str = "") -> int:
    """Print `error` to standard error and return the exit status that it stands for.

    Parameters
    ----------
    error : Exception
        Whatever was raised.
    debug : bool
        Whether to print its traceback too.
    about : str
        What it is about, where there are several: a file's name.
    """
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if debug:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    text = _fault(error, debug) if status is None else _paragraph(error)
    write_error(text if not about or text.startswith(about) else f"{about}: {text}")
    return FAILED if status is None else status


def _paragraph(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The output'}: {error.strerror}."
    if not isinstance(error, click.ClickException):
        return str(error) or type(error).__name__
    message = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        message += f" See `{error.ctx.command_path} --help`."
    return message


def _fault(error: Exception, debug: bool) -> str:
    hint = "" if debug else " Run it again with --debug to see where."
    return f"{type(error).__name__}: {error}. This is a fault of qdock or of a plugin, not of what you asked.{hint}"
