"""``qdock run``: each file is a job; what comes back is shown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import qdock
from qdock.cli.functions import Program, is_function, read_call
from qdock.cli.inputs import STANDARD_INPUT, read_standard_input
from qdock.cli.options import DEBUG, debug_option, json_option, retries_option, time_limit_option
from qdock.cli.output import write_note

if TYPE_CHECKING:
    from qdock.backend import Backend
    from qdock.job import RecordedJob

__all__ = ["command"]


def _pairs(ctx: click.Context, parameter: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Return texts ``name=value`` as a dict."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"Write it as {parameter.metavar}, not as {text!r}.", ctx, parameter)
        pairs[name.strip()] = value.strip()
    return pairs


def _bindings(ctx: click.Context, parameter: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Return texts ``name=value`` as a dict; of circuits the values are numbers."""
    pairs = _pairs(ctx, parameter, texts)
    if all(map(is_function, ctx.params.get("files", ()))):
        return pairs
    for name, value in pairs.items():
        try:
            float(value)
        except ValueError:
            raise click.BadParameter(
                f"{value!r}, the value of {name!r}, is no number; write pi/2 as 1.5707963.", ctx, parameter
            ) from None
    return pairs


@click.command("run")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=Program(), is_eager=True)
@click.option("--backend", metavar="NAME", help="Where to run; `qdock backends` shows the names.")
@click.option("--shots", metavar="N", type=int, help="How often to run each program.")
@click.option("--seed", metavar="S", type=int, help="The same seed gives the same counts.")
@click.option(
    "--output",
    type=click.Choice(["counts", "statevector", "unitary", "probabilities"]),
    help="What to compute, where the backend offers a choice.",
)
@click.option("--memory", is_flag=True, help="Keep the outcome of every shot, in order.")
@click.option("--executor", metavar="NAME", help="Where local work is done; `qdock executors` shows the names.")
@click.option(
    "--set",
    "settings",
    metavar="OPTION=VALUE",
    multiple=True,
    callback=_pairs,
    help="Any other option of the backend; may be repeated.",
)
@click.option(
    "--bind",
    "values",
    metavar="PARAMETER=VALUE",
    multiple=True,
    callback=_bindings,
    help="A number for a parameter of a circuit, or an argument of a function; may be repeated.",
)
@time_limit_option
@retries_option
@click.option("--tag", "tags", metavar="T", multiple=True, help="A label for the jobs; may be repeated.")
@click.option("--detach", is_flag=True, help="Print the ids of the jobs, which go on when this terminal is closed.")
@click.option("-o", "target", metavar="FILE", type=click.Path(dir_okay=False), help="Save the result there as well.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: Sequence[str],
    backend: str | None,
    executor: str | None,
    settings: Mapping[str, str],
    values: Mapping[str, str],
    tags: Sequence[str],
    time_limit: float | None,
    retries: int | None,
    detach: bool,
    target: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Run programs and show what comes back.

    Each FILE is a job of its own; `-` is a program on standard input, and `package.module:function` a function for a
    backend that runs functions. Ctrl-C cancels the jobs that have not ended,
    but not those that were detached.
    """
    # First of all, while few calls are open: Python keeps their frames in pieces of memory, and where a loop's calls
    # lie across the end of one a new piece is asked for in each round, which can double numpy's time.
    import numpy as np  # noqa: F401  # all that follows needs it

    from qdock.cli.outcomes import show_all, show_ids
    from qdock.cli.submissions import Submission, run_all, submit_all

    _check_files(files, target)
    if detach and target is not None:
        raise click.UsageError("A detached job has no result yet that -o could save. `qdock result JOB -o FILE` will.")
    device = _get_backend(backend)
    # Not `in (None, False)`: 0 shots, which are refused, equal False.
    options = {name: value for name, value in given.items() if value is not None and value is not False}
    _refuse_doubles(options, settings)
    options |= _parse(settings, device)
    # What no file can change is refused once rather than for each.
    device.resolve_options(options, qdock.default_dock().config)
    about: dict[str, Any] = {"executor": executor, "tags": tags, "time_limit": time_limit, "retries": retries or 0}
    submissions = [Submission(file) for file in files]

    def submit(file: str, job_id: str) -> RecordedJob:
        return qdock.run(_read(file, values), device, job_id=job_id, **about, **options)

    if detach:
        about["detach"] = True
        submit_all(submissions, submit)
        return show_ids(submissions, as_json=as_json, debug=ctx.meta[DEBUG])
    interrupted = run_all(submissions, submit)
    return show_all(submissions, target=target, as_json=as_json, debug=ctx.meta[DEBUG], interrupted=interrupted)


def _refuse_doubles(options: Mapping[str, Any], settings: Mapping[str, str]) -> None:
    for name in options.keys() & settings.keys():
        raise click.UsageError(
            f"The option {name!r} is given twice, as --{name} {options[name]} and as --set {name}={settings[name]}. "
            f"Leave out one of them."
        )


def _check_files(files: Sequence[str], target: str | None) -> None:
    """Refuse what can't work before anything is run."""
    if files.count(STANDARD_INPUT) > 1:
        raise click.UsageError("`-` stands for standard input, which can be read only once.")
    if target is None:
        return
    if len(files) > 1:
        raise click.UsageError(f"-o takes the result of one program, but {len(files)} files were given.")
    path = Path(target).absolute()
    if path.exists() and not path.is_file():
        raise click.UsageError(f"The result can't be saved in {target!r}, which is not a regular file.")
    folder = path.parent
    if not os.access(folder, os.W_OK):
        raise click.UsageError(f"The result can't be saved in {target!r}: there is no folder {folder} to write to.")


def _get_backend(name: str | None) -> Backend:
    with warnings.catch_warnings():
        # Python hides this warning from people; the note does not.
        warnings.simplefilter("ignore", DeprecationWarning)
        device = qdock.get_backend(name)
    if device.spec.deprecated:
        write_note(f"Backend {device.spec.full_name!r} is deprecated: {device.spec.deprecated}")
    return device


def _parse(settings: Mapping[str, str], device: Backend) -> dict[str, Any]:
    """Return the values that the texts of ``--set`` stand for, as the backend declares its options."""
    if not settings:
        return {}
    from qdock.work.options import declared_options

    declared = declared_options(device.spec)
    # What is not declared goes on as it is, and is refused with the options that there are.
    return {name: declared[name].parse(name, text) if name in declared else text for name, text in settings.items()}


def _read(file: str, texts: Mapping[str, str]) -> Any:
    """Return the program in `file`, its parameters bound, or the call of the function that it names."""
    if is_function(file):
        return read_call(file, texts)
    values = {name: float(text) for name, text in texts.items()}
    program = read_standard_input() if file == STANDARD_INPUT else Path(file)
    if not values:
        return program
    converted = qdock.convert(program)
    return [item.bind(values) for item in converted] if isinstance(converted, list) else converted.bind(values)
