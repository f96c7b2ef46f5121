"""``qdock config``: which settings are in force, and where each came from."""

from __future__ import annotations

import click

import qdock
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import is_terminal, write_json, write_table

__all__ = ["command"]


@click.command("config")
@json_option
@debug_option
def command(as_json: bool) -> None:
    """Show the settings in force and where each came from.

    On a pipe: one line a setting, with tabs between key, value (as JSON) and source.
    """
    rows = qdock.default_dock().config.explain()
    if as_json:
        write_json([{"key": key, "value": value, "source": source} for key, value, source in rows])
        return
    write_table(("Setting", "Value", "From"), [(key, _shown(value), source) for key, value, source in rows])


def _shown(value: object) -> str:
    import json

    return "not set" if value is None and is_terminal() else json.dumps(value, ensure_ascii=False)
