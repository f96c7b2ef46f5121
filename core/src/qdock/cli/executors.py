"""``qdock executors``: where local jobs can run."""

from __future__ import annotations

import dataclasses

import click

import qdock
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import write_json, write_table

__all__ = ["command"]


@click.command("executors")
@json_option
@debug_option
def command(as_json: bool) -> None:
    """List the places where local jobs can run.

    On a pipe: one line an executor, with a tab between name and summary.
    """
    specs = qdock.executors()
    if as_json:
        write_json([dataclasses.asdict(spec) for spec in specs])
    else:
        write_table(("Executor", "Summary"), [(spec.full_name, spec.summary) for spec in specs])
