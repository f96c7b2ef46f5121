"""Commands that plugins bring; they are asked for only when a command is not one of the core's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import click

import qdock
from qdock.errors import PluginError
from qdock.spec import CommandSpec

__all__ = ["get_command"]


def get_command(name: str, own: Iterable[str], ctx: click.Context) -> click.Command:
    """Return the plugin command called `name`, or raise with the closest name there is."""
    specs = {spec.name: spec for spec in qdock.default_dock().commands()}
    if name in specs:
        return _load(specs[name])
    names = [*own, *specs]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise click.UsageError(f"No command {name!r}. Commands: {', '.join(names)}.{hint}", ctx)


def _load(spec: CommandSpec) -> click.Command:
    try:
        command = _import(spec.factory)
    except Exception as error:
        raise PluginError(
            f"Plugin {spec.plugin!r} has a command {spec.name!r}, but {spec.factory!r} can't be imported: "
            f"{type(error).__name__}: {error}."
        ) from error
    if not isinstance(command, click.Command):
        raise PluginError(f"Plugin {spec.plugin!r}: {spec.factory!r} is no click command but {type(command).__name__}.")
    return command


def _import(factory: str) -> Any:
    module, _, attributes = factory.partition(":")
    value: Any = import_module(module)
    for name in attributes.split("."):
        value = getattr(value, name)
    return value
