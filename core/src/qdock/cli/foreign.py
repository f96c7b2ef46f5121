"""Commands that plugins bring; they are asked for only when a command is not one of the core's."""

from __future__ import annotations

from collections.abc import Iterable

import click

import qdock
from qdock.common.suggest import did_you_mean
from qdock.discovery.plugins import import_object
from qdock.errors import PluginError

__all__ = ["get_command"]


def get_command(name: str, own: Iterable[str], ctx: click.Context) -> click.Command:
    """Return the plugin command called `name`, or raise with the closest name there is."""
    specs = {spec.name: spec for spec in qdock.default_dock().commands()}
    if name not in specs:
        names = [*own, *specs]
        raise click.UsageError(f"No command {name!r}. Commands: {', '.join(names)}.{did_you_mean(name, names)}", ctx)
    spec = specs[name]
    command = import_object(spec.factory, f"Command {name!r} of plugin {spec.plugin!r}")
    if not isinstance(command, click.Command):
        raise PluginError(
            f"Command {name!r} of plugin {spec.plugin!r} can't be used: {spec.factory!r} is no click command but "
            f"{type(command).__name__}."
        )
    return command
