"""``qdock convert`` and ``qdock check-program``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import qdock
from qdock.cli.failures import DONE, WRONG_INPUT, report
from qdock.cli.options import DEBUG, debug_option, json_option
from qdock.cli.output import write, write_json
from qdock.errors import ProgramError, QdockError

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["check_program", "convert"]

_STANDARD = "-"
#: A circuit as JSON says so, wherever in the document, and however it is indented.
_IS_JSON = re.compile(r'"format"\s*:\s*"qdock\.circuit"')
#: What the name of the output says about its format.
_SUFFIXES = {".qasm": "openqasm3", ".qasm3": "openqasm3", ".qasm2": "openqasm2", ".json": "json"}
_FORMATS = ("openqasm3", "openqasm2", "json")


def _read(name: str) -> Circuit:
    """Return the circuit of a file, or of standard input."""
    from qdock.circuit import Circuit

    if name == _STANDARD:
        try:
            text = sys.stdin.buffer.read().decode() + "\n"
        except UnicodeDecodeError as error:
            raise ProgramError(f"Standard input is not UTF-8 text: {error.reason} at byte {error.start}.") from None
    else:
        from qdock.conversion.source import read_program

        text = read_program(name)
    if text.lstrip().startswith("{") and _IS_JSON.search(text):
        return Circuit.from_json(text)
    found: Circuit = qdock.convert(text if name == _STANDARD else Path(name))
    return found


def _written(circuit: Circuit, kind: str) -> str:
    from qdock_openqasm.api import dumps

    if kind == "json":
        return circuit.to_json() + "\n"
    return dumps(circuit, version=2 if kind == "openqasm2" else 3)


@click.command("convert")
@click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--to", "kind", type=click.Choice(_FORMATS), help="The format of OUT; else its suffix says it.")
@debug_option
def convert(source: str, target: str, kind: str | None) -> int:
    """Write the program in IN as OUT: OpenQASM 3 (.qasm), OpenQASM 2 (.qasm2) or a circuit in JSON (.json).

    `-` is standard input or output. Whatever qdock can read can be converted, and nothing is written if it fails.
    """
    chosen = kind or _SUFFIXES.get(Path(target).suffix.lower(), "" if target != _STANDARD else "openqasm3")
    if not chosen:
        known = ", ".join(_SUFFIXES)
        raise click.UsageError(f"The suffix of {target!r} is none of {known}; say the format with --to.")
    text = _written(_read(source), chosen)
    if target == _STANDARD:
        write(text.rstrip("\n"))
    else:
        Path(target).write_text(text, encoding="utf-8", newline="\n")
    return DONE


@click.command("check-program")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)
@json_option
@debug_option
@click.pass_context
def check_program(ctx: click.Context, files: Sequence[str], as_json: bool) -> int:
    """Read programs and say what they need: qubits, features, and which installed backends can run them.

    `-` is standard input. The exit status is 2 if one of the programs is invalid.
    """
    reports = [_checked(file, debug=ctx.meta[DEBUG], quiet=as_json) for file in files]
    if as_json:
        write_json(reports[0] if len(reports) == 1 else reports)
    else:
        for found in reports:
            if found["valid"]:
                _show(found)
    return DONE if all(found["valid"] for found in reports) else WRONG_INPUT


def _checked(file: str, *, debug: bool, quiet: bool) -> dict[str, Any]:
    try:
        return _facts(file, _read(file))
    except (QdockError, OSError) as error:
        if not quiet:
            report(error, debug=debug, about=file)
        return {"file": file, "valid": False, "error": str(error), "problems": _problems(error)}


def _problems(error: Exception) -> list[dict[str, Any]]:
    return [
        {"path": item.path, "line": item.line, "column": item.column, "message": item.message}
        for item in getattr(error, "problems", ())
    ]


def _facts(file: str, circuit: Circuit) -> dict[str, Any]:
    able, unable = _backends(circuit)
    return {
        "file": file,
        "valid": True,
        "qubits": circuit.num_qubits,
        "clbits": len(circuit.output_clbits),
        "operations": len(circuit),
        "depth": circuit.depth(),
        "gates": circuit.count_ops(),
        "parameters": sorted(parameter.name for parameter in circuit.parameters),
        "features": sorted(circuit.features()),
        "notes": circuit.metadata.get("openqasm_notes", []),
        "backends": able,
        "not": unable,
    }


def _backends(circuit: Circuit) -> tuple[list[str], dict[str, str]]:
    """The backends that can run a circuit once its parameters are bound, and what keeps the others from it."""
    from qdock.dispatch.checks import check_circuit

    bound = circuit.bind(dict.fromkeys(circuit.parameters, 0.0)) if circuit.parameters else circuit
    able, unable = [], {}
    for spec in qdock.backends(accepts="circuit"):
        try:
            check_circuit(spec, bound)
            able.append(spec.full_name)
        except QdockError as error:
            unable[spec.full_name] = str(error)
    return able, unable


def _show(found: dict[str, Any]) -> None:
    lines: list[tuple[str, Callable[[], str]]] = [
        ("qubits", lambda: str(found["qubits"])),
        ("clbits", lambda: str(found["clbits"])),
        ("operations", lambda: f"{found['operations']} ({', '.join(f'{v} {k}' for k, v in found['gates'].items())})"),
        ("depth", lambda: str(found["depth"])),
        ("parameters", lambda: ", ".join(found["parameters"])),
        ("features", lambda: ", ".join(found["features"])),
        ("backends", lambda: ", ".join(found["backends"]) or "none of those installed"),
    ]
    write(f"{found['file']}: valid")
    for name, text in lines:
        if text():
            write(f"  {name:<11} {text()}")
    for name, reason in found["not"].items():
        write(f"  not on      {name}: {reason}")
    for note in found["notes"]:
        write(f"  note        {note}")
