"""``qdock new``: a complete provider package to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from qdock.cli.options import debug_option, json_option
from qdock.cli.output import write, write_json

__all__ = ["command"]


@click.command("new")
@click.argument("name")
@click.option("--executor", "kind", flag_value="executor", help="A place where jobs run.")
@click.option("--converter", "kind", flag_value="converter", help="A format of programs.")
@json_option
@debug_option
def command(name: str, kind: str | None, as_json: bool) -> None:
    """Make a provider package, qdock-NAME, in a new folder of that name.

    It works as it stands: install it, and `qdock check` is content. It is a backend unless an option says otherwise.
    """
    from qdock.scaffold import Scaffold, make_package

    scaffold = Scaffold(name, kind or "backend")
    made = sorted(str(path.relative_to(Path.cwd())) for path in make_package(scaffold, Path.cwd()))
    if as_json:
        write_json({"folder": scaffold.distribution, "check": scaffold.check, "files": made})
        return
    write("\n".join(made))
    write(f"\nNext:\n  pip install -e ./{scaffold.distribution}\n  qdock check {scaffold.check}")
