"""``qdock plugins``: what is installed and, on request, what became of it when it was loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

import qdock
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import is_watched, write_json, write_table

if TYPE_CHECKING:
    from qdock.discovery.plugins import PluginInfo
    from qdock.loading import LoadReport

__all__ = ["command"]


@click.command("plugins")
@click.option("--load", is_flag=True, help="Load each in a process of its own and say what became of it.")
@json_option
@debug_option
def command(load: bool, as_json: bool) -> None:
    """List the installed plugins; none is imported unless --load is given.

    On a pipe: one line a plugin, with tabs between name, state, distribution, version and reason; with --load the
    seconds that loading took and what else was imported stand before the reason.
    """
    plugins = qdock.plugins()
    reports = _load(plugins) if load else []
    if as_json:
        write_json([dataclasses.asdict(item) for item in reports or plugins])
    elif load:
        rows = [(*_facts(report), *_cost(report), report.reason) for report in reports]
        write_table((*_COLUMNS, "Seconds", "Imported", "Reason"), rows)
    else:
        write_table((*_COLUMNS, "Reason"), [(*_facts(plugin), plugin.reason) for plugin in plugins])


_COLUMNS = ("Plugin", "State", "Package", "Version")


def _facts(plugin: PluginInfo) -> tuple[object, ...]:
    return plugin.name, plugin.state, plugin.distribution, plugin.version


def _cost(report: LoadReport) -> tuple[object, ...]:
    return None if report.seconds is None else f"{report.seconds:.3f}", ", ".join(report.imported)


def _load(plugins: Sequence[PluginInfo]) -> list[LoadReport]:
    """Load every plugin in a process of its own, one after the other, so that the seconds mean something."""
    from qdock.loading import load_in_subprocess

    seconds = qdock.default_dock().config.get("plugins.load_seconds")
    return [load_in_subprocess(plugin, seconds) for plugin in _watched(plugins)]


def _watched(plugins: Sequence[PluginInfo]) -> Iterable[PluginInfo]:
    """Return the plugins, with a progress bar where a person waits: one of them may hang."""
    if not is_watched():
        return plugins
    from rich.console import Console
    from rich.progress import track

    return track(plugins, "Loading", console=Console(stderr=True), transient=True)
