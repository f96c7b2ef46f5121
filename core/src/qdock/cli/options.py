"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from qdock.cli.output import keep_stdout

__all__ = ["DEBUG", "debug_option", "json_option", "retries_option", "time_limit_option"]

#: Where the context of a command line keeps whether tracebacks are wanted.
DEBUG = "qdock.debug"

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _keep(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    # Contexts of one command line share `meta`, so the option may stand before or after the command's name.
    ctx.meta[DEBUG] = value or ctx.meta.get(DEBUG, False)


def _alone(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    # A plugin that prints when it is imported, or a backend that prints at work, must not spoil the document.
    if value:
        keep_stdout(ctx)
    return value


debug_option: Decorator = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_keep, help="Show the traceback of an error."
)
json_option: Decorator = click.option(
    "--json", "as_json", is_flag=True, callback=_alone, help="Print one JSON document and nothing else."
)
time_limit_option: Decorator = click.option(
    "--time-limit",
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds after which the work is ended; it runs in a process of its own.",
)
retries_option: Decorator = click.option(
    "--retries",
    metavar="N",
    type=click.IntRange(min=0),
    help="How often to try again after a lost worker or a passing error.",
)
