"""What listing costs: ``qdock backends``, piped, in a fresh process, with 40 light plugins installed.

``python tests/benchmarks/discovery.py [--check] [--rounds N]`` prints the medians of that and of ``python -c pass``,
measured in turn, and their difference; with ``--check`` a difference above the bound, or an import of numpy, fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

PLUGINS = 40
BOUND_MS = 90.0
HEAVY = ("numpy", "rich", "msgspec", "asyncio")

PLUGIN = '''"""Backends of light{number}."""

from qdock.spec import BackendSpec, Option, hookimpl


@hookimpl
def qdock_backends():
    yield BackendSpec(
        name="light{number}",
        factory="qdock_light{number}.backend:Backend",
        summary="Light enough to be listed quickly.",
        options={{"bias": Option(float, default=0.5, minimum=0, maximum=1, doc="Probability of 1.")}},
    )
'''


def install(site: Path) -> None:
    """Put the plugins into a folder, each a distribution as an installer leaves it."""
    for number in range(PLUGINS):
        package, info = site / f"qdock_light{number}", site / f"qdock_light{number}-1.0.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "plugin.py").write_text(PLUGIN.format(number=number))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: qdock-light{number}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[qdock.v1]\nlight{number} = qdock_light{number}.plugin\n")


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the plugins are found and, as where a package is installed, bytecode is kept."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QDOCK_")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    path = os.pathsep.join(filter(None, (str(folder / "site"), environ.get("PYTHONPATH"))))
    return {**environ, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "HOME": str(folder)}


def command() -> list[str]:
    """Return the installed command, else the module that is the same."""
    script = Path(sys.executable).with_name("qdock")
    return [str(script)] if script.exists() else [sys.executable, "-m", "qdock"]


def seconds(line: list[str], environ: dict[str, str]) -> float:
    """Return how long a command takes, its output piped."""
    start = perf_counter()
    subprocess.run(line, env=environ, capture_output=True, check=True)
    return perf_counter() - start


def heavy_imports(environ: dict[str, str]) -> list[str]:
    """List once, see that every plugin is there, and return what was imported that should not be."""
    line = [sys.executable, "-X", "importtime", "-m", "qdock", "backends"]
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=True)
    listed = sum(name.startswith("light") for name in done.stdout.splitlines())
    if listed != PLUGINS:
        sys.exit(f"{listed} of {PLUGINS} plugins were listed:\n{done.stdout}")
    modules = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    return [name for name in HEAVY if name in modules]


def main() -> None:
    """Measure, print, and with ``--check`` fail above the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail above {BOUND_MS:g} ms")
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install(folder / "site")
        environ = environment(folder)
        heavy = heavy_imports(environ)
        lines = {"python -c pass": [sys.executable, "-c", "pass"], "qdock backends": [*command(), "backends"]}
        times = {title: [seconds(line, environ)] for title, line in lines.items()}
        for _ in range(arguments.rounds):
            for title, line in lines.items():
                times[title].append(seconds(line, environ))
    medians = {title: 1000 * statistics.median(values[1:]) for title, values in times.items()}
    difference = medians["qdock backends"] - medians["python -c pass"]
    for title, value in medians.items():
        print(f"{title:15} {value:6.1f} ms")
    print(f"{'difference':15} {difference:6.1f} ms  (bound {BOUND_MS:g}, {PLUGINS} plugins, {arguments.rounds} rounds)")
    print(f"heavy imports   {', '.join(heavy) or 'none'}")
    if arguments.check and (difference > BOUND_MS or heavy):
        sys.exit(1)


if __name__ == "__main__":
    main()
