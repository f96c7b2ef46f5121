"""Run every benchmark of this folder: ``python tests/benchmarks/run_all.py [--install] [--check] [--only REGEX]``."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from simulators.environments import ENVIRONMENTS, FOLDER, make, python_of

#: How a benchmark is told of its peers, and in which environments these are.
PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "circuit_building": ("--peers", ("main",)),
    "jobs": ("--peers", ("main",)),
    "legacy": ("--old", ("terra",)),
    "openqasm_outcomes": ("--peer", ("readers",)),
    "openqasm_reading": ("--peers", ("readers",)),
    "primitives": ("--peers", ("lightning", "main")),
}


def benchmarks(only: str) -> Iterator[Path]:
    """Yield the files and folders of the benchmarks in whose name a regular expression is found."""
    folder = Path(__file__).parent
    for path in sorted([*folder.glob("*.py"), *(found.parent for found in folder.glob("*/__main__.py"))]):
        if path != Path(__file__) and re.search(only, path.stem):
            yield path


def options_of(name: str, folder: Path) -> list[str]:
    """Return how a benchmark is told of its peers that are there."""
    if name == "simulators":
        return ["--environments", str(folder)]
    option, environments = PEERS.get(name, ("", ()))
    there = [str(python_of(folder, each)) for each in environments if python_of(folder, each).exists()]
    if len(there) < len(environments):
        print(f"not all peers of {name} are there: --install makes environments for them")
    return [option, *there] if there else []


def main() -> int:
    """Run them one by one; fail if one does."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--check", action="store_true", help="fail where a bound is missed")
    parser.add_argument("--install", action="store_true", help="make the environments of peers that are not there")
    parser.add_argument("--environments", type=Path, default=FOLDER, help=f"where they are: {FOLDER}")
    parser.add_argument("--only", default="", help="benchmarks in whose name this regular expression is found")
    arguments = parser.parse_args()
    if arguments.install:
        make(arguments.environments, ENVIRONMENTS)
    # No benchmark leaves its jobs with those of the user.
    os.environ["QDOCK_STORE"] = "memory:"
    failed = []
    for path in benchmarks(arguments.only):
        print(f"\n== {path.stem}", flush=True)
        options = ["--check"] * arguments.check + options_of(path.stem, arguments.environments)
        if subprocess.run([sys.executable, str(path), *options], check=False).returncode:
            failed.append(path.stem)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
