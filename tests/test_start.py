"""What a short command imports: a person waits for all of it, and nothing but a list keeps it short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'
PROGRAM = """
import sys
from qdock.cli import main
try:
    main(["run", "bell.qasm"])
finally:
    print(*sys.modules, file=sys.stderr)
"""
#: What takes milliseconds to import and does nothing for a circuit that is read from a file and done on the spot.
NEEDLESS = {
    "asyncio", "difflib", "email", "html", "http", "importlib.metadata", "matplotlib", "multiprocessing", "numba",
    "numpy.testing", "openqasm", "rich", "scipy", "socket", "sqlite3", "subprocess", "tempfile", "unittest", "zipfile",
    "qdock.circuits.drawing", "qdock.dispatch.adoption", "qdock.dispatch.again", "qdock.dispatch.detach",
    "qdock.executors.process", "qdock.lower", "qdock.tracking.job_views", "qdock_openqasm.grammar",
    "qdock_openqasm.statements",
}  # fmt: skip


def imported_by_running_a_file(folder: Path) -> list[str]:
    (folder / "bell.qasm").write_text(BELL)
    environment = {**os.environ, "QDOCK_STORE": f"sqlite://{folder}/jobs.db"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment)
    assert "00" in done.stdout
    return done.stderr.split()


def brought_by(module: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_running_a_file_imports_nothing_that_it_does_not_need(tmp_path):
    imported = set(imported_by_running_a_file(tmp_path))
    assert {"numpy", "apsw", "qdock_basic.backend", "qdock_openqasm.reader"} <= imported
    # Where the user's folders are is asked of platformdirs, some versions of which import tempfile.
    assert NEEDLESS & imported <= brought_by("platformdirs") & {"tempfile"}


def test_numpy_is_imported_while_few_calls_are_open(tmp_path):
    # Below many open calls its import can take twice the time: see `qdock.cli.run`.
    imported = imported_by_running_a_file(tmp_path)
    assert imported.index("numpy") < imported.index("qdock.cli.outcomes") < imported.index("qdock.dock")
