"""The ``qdock`` command: which subcommands there are, and how an error becomes a message and an exit status.

A command's module is imported when the command is used, and everything heavy inside the command: what is imported
here is paid for by every call.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from qdock.cli.options import DEBUG, debug_option
from qdock.errors import JobError, JobNotFoundError, QdockError

__all__ = ["cli", "main"]

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130

#: The commands of the core, each in a module of its name, and what they are for.
COMMANDS = {
    "run": "Run programs and show what comes back.",
    "backends": "List the backends of the installed plugins.",
    "plugins": "List the installed plugins and, with --load, what became of each.",
    "executors": "List the places where local jobs can run.",
    "config": "Show the settings in force and where each came from.",
}

# The first that fits decides. An error that is none of these is a fault in a program, not in what it was given.
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (click.Abort, INTERRUPTED),
    (click.ClickException, WRONG_INPUT),
    (JobNotFoundError, WRONG_INPUT),
    (JobError, FAILED),
    (QdockError, WRONG_INPUT),
    (OSError, WRONG_INPUT),
)


class Commands(click.Group):
    """The commands of the core and of plugins, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the core's commands; no plugin is loaded to print a help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, from the core or else from a plugin."""
        if cmd_name.startswith("-"):
            return None
        if cmd_name in COMMANDS:
            command: click.Command = import_module(f"qdock.cli.{cmd_name}").command
            return command
        from qdock.cli.foreign import get_command

        return get_command(cmd_name, COMMANDS, ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, so that a help page imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error becomes its message, and its exit status the value returned."""
        try:
            return super().invoke(ctx)
        except (click.Abort, click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, people get a paragraph
            return _report(error, ctx.meta.get(DEBUG, False))

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit with the documented status."""
        from qdock.cli.output import flush, forgive_encoding

        forgive_encoding()
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False}) or DONE
        except (click.Abort, click.ClickException) as error:
            status = _report(error)
        flush()
        sys.exit(status)


def _report(error: Exception, debug: bool = False) -> int:
    """Print `error` to standard error and return the exit status it stands for."""
    from qdock.cli.output import write_error

    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if debug:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    write_error(_fault(error, debug) if status is None else _paragraph(error))
    return FAILED if status is None else status


def _paragraph(error: Exception) -> str:
    if isinstance(error, click.Abort):
        return "Interrupted."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    if not isinstance(error, click.ClickException):
        return str(error) or type(error).__name__
    message = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        message += f" See `{error.ctx.command_path} --help`."
    return message


def _fault(error: Exception, debug: bool) -> str:
    hint = "" if debug else " Run it again with --debug to see where."
    return f"{type(error).__name__}: {error}. This is a fault of qdock or of a plugin, not of what you asked.{hint}"


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"qdock {version('qdock')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
@debug_option
def cli() -> None:
    """Run quantum programs on any installed backend in one way.

    Backends come as plugins: `qdock backends` lists them, `qdock run FILE` runs a program on one. A plugin may bring
    commands of its own.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the ``qdock`` command and exit."""
    cli.main(arguments, prog_name="qdock")
