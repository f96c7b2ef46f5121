"""What the fault tests of the store share: how often each is done, and the processes that do it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw

FULL = os.environ.get("QDOCK_TEST_FAULTS") == "full"
WORKER = Path(__file__).with_name("store_worker.py")


def count(ci, full):
    return full if FULL else ci


def start(deed, path, *rest):
    command = [sys.executable, str(WORKER), deed, str(path), *map(str, rest)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Return what a process has still written, once it has ended."""
    with process:
        # Not `communicate`, which would lose what `readline` has read ahead.
        return process.stdout.read(), process.stderr.read()


def check(path):
    """Return what SQLite says of a file."""
    db = apsw.Connection(str(path))
    try:
        return db.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        db.close()
