"""``qdock backends``: what the installed plugins bring."""

from __future__ import annotations

import click

import qdock
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import is_terminal, write_json, write_note, write_table
from qdock.spec import BackendSpec

__all__ = ["command"]

_FAILED = {
    "broken": "does not work",
    "conflict": "has the name of another",
    "incompatible": "is made for another version of qdock",
}


@click.command("backends")
@json_option
@debug_option
def command(as_json: bool) -> None:
    """List the backends of the installed plugins.

    On a pipe: one line a backend, with tabs between name, kind, qubits and summary.
    """
    specs = qdock.backends()
    if as_json:
        write_json([spec.to_dict() for spec in specs])
    else:
        write_table(("Backend", "Kind", "Qubits", "Summary"), map(_row, specs))
        if not specs and is_terminal():
            write_note("No backend is installed. `pip install qdock-basic` brings a simulator.")
    for plugin in qdock.plugins():
        if plugin.state in _FAILED:
            write_note(f"Left out: plugin {plugin.name!r} {_FAILED[plugin.state]}. `qdock plugins --load` says why.")


def _row(spec: BackendSpec) -> tuple[object, ...]:
    if "circuit" not in spec.accepts:
        return spec.full_name, "functions", "", spec.summary
    kind = "simulator" if spec.simulator else "device"
    return spec.full_name, kind, "any" if spec.num_qubits is None else spec.num_qubits, spec.summary
