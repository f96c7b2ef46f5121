"""Run every benchmark of this folder with the options given: ``python tests/benchmarks/run_all.py [--check]``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    failed = []
    # No benchmark leaves its jobs with those of the user.
    os.environ["QDOCK_STORE"] = "memory:"
    folder = Path(__file__).parent
    for path in sorted([*folder.glob("*.py"), *(found.parent for found in folder.glob("*/__main__.py"))]):
        if path.name == Path(__file__).name:
            continue
        print(f"\n== {path.stem}", flush=True)
        if subprocess.run([sys.executable, str(path), *sys.argv[1:]], check=False).returncode:
            failed.append(path.stem)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
