"""Writes the pages that are made from the code: `python docs/generate.py`, and a test compares them."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path

from qdock import hookspecs
from qdock.discovery.hookcheck import HOOKS
from qdock.testing import BackendSuite, ConverterSuite, ExecutorSuite
from qdock.testing.checks import GROUPS, Check, find_checks

HERE = Path(__file__).parent
ROOT = HERE.parent
SUITES = {"Backends": BackendSuite, "Executors": ExecutorSuite, "Converters": ConverterSuite}

PROMISES = """\
# Promises

What every backend, executor and converter promises. Each promise is a check of the suites that plugins subclass and \
that [`qdock check`](../how-to/check-a-provider.md) runs; a check that fails names its place here. This page is made \
from the suites by `docs/generate.py`.
"""

HOOKS_PAGE = """\
# Hooks and specs

A plugin is a module with functions marked `@hookimpl`. There are six hooks and no more; a plugin implements those it \
has something to say in, and may leave out arguments that it does not need. A hook with another name or other \
arguments is refused when the plugin is loaded, with the signature that it must have. \
[Write a backend](../how-to/write-a-provider.md) shows a whole plugin. The hooks below are made from their docstrings \
by `docs/generate.py`.

## Hooks
"""

SPECS = """
## Specs

```{eval-rst}
.. automodule:: qdock.spec
   :members:
   :exclude-members: hookimpl
```
"""

LAYOUT = """\
# Where things are

For whoever reads or changes the code. Imports run one way, downwards in the tables below; modules of one line may \
import each other, and what nobody outside needs lies in a room, a package of its own. `tox run -e layers` checks it. \
This page is made from the contracts in `pyproject.toml` and the first lines of the modules by `docs/generate.py`.
"""
#: The contracts that are shown, and where the sources of what they hold lie.
LAYERS = {
    "core": "core/src/qdock",
    "basic": "plugins/basic/src/qdock_basic",
    "fast-engine": "plugins/basic/src/qdock_basic/fast",
}


def promises() -> str:
    """Return the page of promises: a heading for each check, under its group."""
    found: dict[tuple[str, str], list[tuple[str, Check]]] = {}
    for kind, suite in SUITES.items():
        for about in find_checks(suite).values():
            found.setdefault((about.group, about.name), []).append((kind, about))
    parts = [PROMISES]
    for group, meaning in GROUPS.items():
        parts.append(f"\n## {group.capitalize()}\n\n{meaning}\n")
        parts += [section(name, rows) for (of, name), rows in found.items() if of == group]
    return "".join(parts)


def section(name: str, rows: list[tuple[str, Check]]) -> str:
    """Return the section of a check, with what each kind of thing promises."""
    lines = [f"- {kind}: {about.promise}{details(about)}\n" for kind, about in rows]
    return f"\n### {name.replace('_', ' ')}\n\n{''.join(lines)}"


def details(about: Check) -> str:
    """Return which features a check tests, and since when it is there."""
    features = ", ".join(f"`{feature}`" for feature in about.features)
    return f" *{f'Tests {features}. ' if features else ''}Since {about.since}.*"


def hooks() -> str:
    """Return the page of hooks: each with its signature, what it is for, and a complete plugin."""
    return HOOKS_PAGE + "".join(map(hook, HOOKS)) + SPECS


def hook(name: str) -> str:
    """Return the section of a hook, from its signature and docstring."""
    function = getattr(hookspecs, name)
    text = inspect.getdoc(function) or ""
    about, _, example = text.partition("\nExamples\n--------\n::\n")
    signature = inspect.signature(function)
    title = f"{name}({', '.join(signature.parameters)})"
    return (
        f"\n### {name}\n\n`{title}` returns `{signature.return_annotation}`\n\n{about.strip()}\n\n"
        f"```python\n{inspect.cleandoc(example)}\n```\n"
    )


def layout() -> str:
    """Return the page of modules: for each contract its layers, and then what is in each room."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    parts = [LAYOUT]
    for contract in contracts:
        if contract["id"] in LAYERS:
            parts += section_of_layers(contract, ROOT / LAYERS[contract["id"]])
    return "".join(parts)


def section_of_layers(contract: dict[str, list[str]], folder: Path) -> Iterator[str]:
    """Yield a table of layers, and a list of modules for each room in them."""
    package = contract["containers"][0]
    lines = [line.split(" : ") for line in contract["layers"]]
    yield f"\n## {package}\n\n| | |\n| --- | --- |\n"
    yield from (f"| `{package}.{name}` | {first_line(folder, name)} |\n" for line in lines for name in line)
    for room in (name for line in lines for name in line if (folder / name).is_dir()):
        modules = sorted(file.stem for file in (folder / room).glob("*.py") if file.stem != "__init__")
        yield f"\n### {package}.{room}\n\n"
        yield from (f"* `{name}`: {first_line(folder / room, name)}\n" for name in modules)


def first_line(folder: Path, name: str) -> str:
    """Return the first line of what a module or package says about itself, without importing it."""
    file = folder / name / "__init__.py" if (folder / name).is_dir() else folder / f"{name}.py"
    about = ast.get_docstring(ast.parse(file.read_text()))
    assert about is not None, file
    return about.partition("\n")[0]


PAGES = {
    "reference/promises.md": promises,
    "reference/hooks.md": hooks,
    "explanation/layout.md": layout,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (HERE / page).write_text(make())
