"""``qdock check``: whether a backend, an executor or a converter keeps every promise."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qdock.cli.failures import DONE, FAILED
from qdock.cli.options import debug_option, json_option
from qdock.cli.output import is_terminal, is_watched, write, write_json, write_table
from qdock.common.counting import count_of

if TYPE_CHECKING:
    from qdock.testing.checks import Check
    from qdock.testing.runner import Outcome, Report

__all__ = ["command"]


@click.command("check")
@click.argument("name")
@click.option("--only", metavar="GROUP", multiple=True, help="Only this group or check; may be repeated.")
@click.option("--suite", "version", metavar="VERSION", help="Only the checks of this version of the suite.")
@click.option(
    "--with", "own", metavar="MODULE:CLASS", help="A plugin's own subclass of the suite, with checks of its own."
)
@json_option
@debug_option
def command(name: str, only: Sequence[str], version: str | None, own: str | None, as_json: bool) -> int:
    """Check that a backend, an executor or a converter keeps every promise that it makes.

    NAME is a backend, plugin/backend; an executor; or a converter, source-to-target. Which checks run follows from
    what it declares. The exit status is 1 if a promise was broken, or something declared was not tested.

    On a pipe: one line a check, with tabs between group, check, outcome and what was seen.
    """
    from qdock.testing.find import find_suite
    from qdock.testing.runner import run_suite

    suite = find_suite(name, version=version, own=own)
    with _progress():
        report = run_suite(suite, name, only, _watch)
    if as_json:
        write_json(report.to_dict())
    else:
        _show(report)
    return DONE if report.ok else FAILED


@contextmanager
def _progress() -> Iterator[None]:
    """Give a person a line for the check that runs now; it is wiped off for what is logged, and at the end."""
    handler = _Wiping(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        _say("")


def _watch(about: Check) -> None:
    _say(f"{about.group}: {about.name}")


def _say(text: str) -> None:
    """Show a person a text in place of the last one."""
    if is_watched():
        click.echo(f"\r\x1b[2K{text}", nl=False, err=True)


class _Wiping(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _say("")
        click.echo(self.format(record), err=True)


def _show(report: Report) -> None:
    if not is_terminal():
        rows = [(item.group, item.name, item.outcome, item.seen) for item in report.outcomes]
        write_table((), [*rows, *(("feature", name, state, "") for name, state in report.features.items())])
        return
    write_table(("Group", "Kept", "Broken", "Skipped", "Seconds"), _groups(report))
    for reason, names in _skipped(report).items():
        write(f"\nSkipped, as {reason}:\n{_wrapped(', '.join(names))}")
    if report.features:
        tested = [name for name, state in report.features.items() if state == "tested"]
        write(f"\nFeatures declared and tested:\n{_wrapped(', '.join(tested) or 'none')}")
        for name, state in report.features.items():
            if state != "tested":
                write(f"Feature {name!r}: {state}.")
    for items in _alike(report.broken):
        _show_broken(items)
    write(f"\n{_summary(report)}")


def _groups(report: Report) -> list[tuple[object, ...]]:
    """Return a row for each group, in order."""
    rows = []
    for group in dict.fromkeys(item.group for item in report.outcomes):
        items = [item for item in report.outcomes if item.group == group]
        counts = [sum(item.outcome == outcome for item in items) for outcome in ("kept", "broken", "skipped")]
        rows.append((group, *counts, f"{sum(item.seconds for item in items):.1f}"))
    return rows


def _skipped(report: Report) -> dict[str, list[str]]:
    """Return the checks that were skipped, by reason."""
    found: dict[str, list[str]] = {}
    for item in report.outcomes:
        if item.outcome == "skipped":
            found.setdefault(item.seen, []).append(item.name)
    return found


def _alike(broken: Sequence[Outcome]) -> list[list[Outcome]]:
    """Return the checks in which the same was seen together: a backend that can't be made fails in nearly all."""
    found: dict[str, list[Outcome]] = {}
    for item in broken:
        found.setdefault(item.seen, []).append(item)
    return list(found.values())


def _show_broken(items: Sequence[Outcome]) -> None:
    first, *others = items
    write(f"\nBroken promise: {first.name} ({first.group})")
    for title, text in (("promised", first.promise), ("seen", first.seen), ("written", first.written)):
        write(_wrapped(text, f"  {title:<10}"))
    if others:
        write(_wrapped(", ".join(item.name for item in others), f"  {'also in':<10}"))


def _wrapped(text: str, first: str = "  ") -> str:
    import shutil
    from textwrap import fill

    width = max(40, shutil.get_terminal_size().columns)
    lines = [fill(line, width, initial_indent=" " * len(first), subsequent_indent=" " * len(first),
                  break_on_hyphens=False) for line in text.splitlines()]  # fmt: skip
    return first + "\n".join(lines)[len(first) :]


def _summary(report: Report) -> str:
    """Return the last line: all that matters."""
    parts = [f"{report.count(outcome)} {outcome}" for outcome in ("kept", "broken", "skipped")]
    number = count_of(len(report.features), "feature")
    declared = f"; {number} declared, {len(report.untested)} untested" if report.features else ""
    return f"{report.name}: {', '.join(parts)}{declared}."
