"""The ``qdock`` command: which subcommands there are, and how an error becomes a message and an exit status.

A command's module is imported when the command is used, and everything heavy inside the command: what is imported
here is paid for by every call.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from qdock.cli.options import DEBUG, debug_option

__all__ = ["cli", "main"]

#: The commands of the core, each in a module of its name, and what they are for.
COMMANDS = {
    "run": "Run programs and show what comes back.",
    "jobs": "List jobs, the last submitted first.",
    "show": "Show what is known of a job.",
    "result": "Show the result of a job.",
    "logs": "Print what a job has logged.",
    "wait": "Wait for the end of a job.",
    "cancel": "Ask for the end of a job.",
    "rerun": "Run the program of a job again.",
    "backends": "List the backends of the installed plugins.",
    "plugins": "List the installed plugins and, with --load, what became of each.",
    "executors": "List the places where local jobs can run.",
    "config": "Show the settings in force and where each came from.",
    "check": "Check that a backend or an executor keeps its promises.",
    "new": "Make a provider package to begin with.",
}

#: New objects before the interpreter looks for garbage; importing all makes about as many.
_OBJECTS = 100_000


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
        from qdock.cli.output import warnings_as_notes

        try:
            with warnings_as_notes():
                return super().invoke(ctx)
        except (click.Abort, click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, people get a paragraph
            from qdock.cli.failures import report

            return report(error, debug=ctx.meta.get(DEBUG, False))

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit with the documented status."""
        from qdock.cli.output import flush, forgive_encoding

        forgive_encoding()
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False}) or 0
        except click.Abort:
            status = _interrupted()
        except click.ClickException as error:
            from qdock.cli.failures import report

            status = report(error)
        flush()
        sys.exit(status)


def _interrupted() -> int:
    """Say that Ctrl-C ended the command, as `qdock run` says it, and return the exit status."""
    from qdock.cli.failures import INTERRUPTED
    from qdock.cli.output import write_note

    write_note("Interrupted.")
    return INTERRUPTED


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from qdock.common.version import __version__

        click.echo(f"qdock {__version__}")
        ctx.exit()


@click.group(
    "qdock",
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
@debug_option
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Run quantum programs on any installed backend in one way.

    Backends come as plugins: `qdock backends` lists them, `qdock run FILE` runs a program on one. A plugin may bring
    commands of its own.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the ``qdock`` command and exit."""
    # Nothing of what is imported is garbage: looking for some, time and again and once more at exit, would take a
    # sixth of the time of a short command.
    gc.set_threshold(_OBJECTS)
    try:
        cli.main(arguments, prog_name="qdock")
    finally:
        gc.freeze()
