"""``qdock qobj``: validate, show, run and write Qobj files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

__all__ = ["command"]

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
_OUTPUT = click.option("-o", "target", metavar="FILE", type=click.Path(dir_okay=False), help="Write it there.")


@click.group("qobj")
def command() -> None:
    """Validate, show, run and write Qobj files, the job files of Qiskit before 1.0.

    FILE is `-` for standard input.
    """


def _load(file: str, strict: bool = False) -> Any:
    from qdock_legacy.qobj import Qobj

    return Qobj.loads(sys.stdin.buffer.read(), strict) if file == "-" else Qobj.load(file, strict)


@command.command("validate")
@_FILE
@click.option("--strict", is_flag=True, help="By the published schema, not by what old simulators ran.")
@click.option("--backend", metavar="NAME", help="The simulator that is to run it. Default: the one its header names.")
def validate(file: str, strict: bool, backend: str | None) -> int:
    """Say whether FILE is a Qobj that can be run, or else where it is wrong; exit status 2 then."""
    from qdock_legacy.simulators import SIMULATORS, check_qobj

    qobj = _load(file, strict)
    if backend is not None and backend not in SIMULATORS:
        raise click.UsageError(f"--backend takes one of {', '.join(SIMULATORS)}, but {backend!r} was given.")
    header = qobj.header or {}
    name = backend or header.get("backend_name")
    if not strict and name in SIMULATORS:
        check_qobj(qobj, name)
    click.echo(f"{file}: valid, {_count(len(qobj.experiments), 'experiment')}")
    return 0


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@command.command("show")
@_FILE
@click.option("--draw", is_flag=True, help="Draw the circuits.")
def show(file: str, draw: bool) -> int:
    """Show what is in FILE."""
    qobj = _load(file)
    for line in _summary(qobj):
        click.echo(line)
    if draw:
        from qdock_legacy.convert_read import to_circuits

        for circuit in to_circuits(qobj):
            click.echo(f"\n{_line(circuit.name)}\n{circuit.draw()}")
    return 0


def _summary(qobj: Any) -> Iterator[str]:
    header, config = qobj.header or {}, qobj.config
    seed = config.get("seed_simulator", config.get("seed"))
    yield f"Qobj {_line(qobj.qobj_id)} for {_line(header.get('backend_name', 'any backend'))}"
    seeded = "" if seed is None else f", seed {seed}"
    yield f"{_count(len(qobj.experiments), 'experiment')}, {_count(config['shots'], 'shot')}{seeded}"
    for index, experiment in enumerate(qobj.experiments):
        title = _line((experiment.header or {}).get("name", f"circuit-{index}"))
        qubits, slots = experiment.config["n_qubits"], experiment.config["memory_slots"]
        size = f"{_count(qubits, 'qubit')}, {_count(slots, 'memory slot')}"
        yield f"  {index}  {title}: {size}, {_count(len(experiment.instructions), 'instruction')}"


def _line(text: Any) -> str:
    """Return a text of a file as one that a terminal shows and does not obey."""
    return "".join(char if char.isprintable() else "?" for char in str(text))


@command.command("run")
@_FILE
@click.option("--backend", metavar="NAME", help="What runs it. Default: the simulator that its header names.")
@click.option("--shots", metavar="N", type=int, help="In place of the file's.")
@click.option("--seed", metavar="S", type=int, help="In place of the file's.")
@click.option("--memory", is_flag=True, default=None, help="Keep the outcome of every shot.")
@click.option(
    "--generator",
    type=click.Choice(["RandomState", "default_rng"]),
    help="Whose draws the seed repeats: BasicAer's (the default) or BasicSimulator's.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result in the historical wire format.")
@_OUTPUT
def run(file: str, backend: str | None, as_json: bool, target: str | None, **options: Any) -> int:
    """Run FILE and print its counts, or with --json its result in the historical wire format.

    On one of the three historical simulators the counts are those of then; any other backend runs its circuits. Exit
    status 2 for a file that can't be run, 1 for a run that failed.
    """
    from qdock_legacy.wire import run_file, to_text

    qobj = _load(file)
    result = run_file(qobj, backend, {name: value for name, value in options.items() if value is not None})
    if target is not None:
        Path(target).write_text(to_text(result) + "\n", encoding="utf-8")
        click.echo(f"Saved in {target}.", err=True)
    if as_json:
        click.echo(to_text(result))
    elif target is None:
        _show_result(result)
    return 0


def _show_result(result: dict[str, Any]) -> None:
    for entry in result["results"]:
        seed = f", seed {entry['seed_simulator']}" if "seed_simulator" in entry else ""
        click.echo(f"{_line(entry['name'])}: {_count(entry['shots'], 'shot')}{seed}")
        for outcome, number in entry["data"].get("counts", {}).items():
            click.echo(f"  {outcome}  {number}")
        for name in ("statevector", "unitary"):
            if name in entry["data"]:
                click.echo(f"  {name}: an array of shape {entry['data'][name].shape}; --json prints it")


@command.command("dump")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--shots", metavar="N", type=click.IntRange(min=1), help="1024 if neither this nor a Qobj says it.")
@click.option("--seed", metavar="S", type=click.IntRange(min=0), help="For its seed_simulator.")
@click.option("--memory", is_flag=True, default=None, help="Ask for the outcome of every shot.")
@click.option("--backend", metavar="NAME", default="qasm_simulator", show_default=True, help="For its header.")
@_OUTPUT
def dump(files: tuple[str, ...], target: str | None, **options: Any) -> int:
    """Write the circuits of each FILE, in any format that is installed, as one Qobj."""
    import qdock
    from qdock_legacy.convert_write import circuits_to_qobj

    found = [qdock.convert(Path(file)) for file in files]
    circuits = [circuit for each in found for circuit in (each if isinstance(each, list) else [each])]
    qobj = circuits_to_qobj(circuits, **{name: value for name, value in options.items() if value is not None})
    if target is None:
        click.echo(qobj.dumps())
    else:
        qobj.save(target)
        click.echo(f"Saved in {target}.", err=True)
    return 0
