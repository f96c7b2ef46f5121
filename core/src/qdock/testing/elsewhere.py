"""A backend used in another process: what it prints, logs, stores and leaves behind, and what is found afterwards."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qdock.call import Call
from qdock.circuit import Circuit
from qdock.common.fresh import command_of, task_of
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import QdockError
from qdock.job import RecordedJob
from qdock.spec import BackendSpec

__all__ = ["Visit", "visit"]

#: Seconds after which what the process does is taken to hang.
_PATIENCE = 120.0


@dataclass(frozen=True)
class Visit:
    """What was seen of a process that ran one job, and what it left.

    Parameters
    ----------
    folder : Path
        Has the store, ``store.db``, the temporary files, ``tmp``, and the working folder, ``here``.
    report : dict
        What the process itself says: the job's id, texts of all kinds, threads and processes at its end.
    stdout, stderr : str
        What it printed.
    status : int
        Its exit status.
    """

    folder: Path
    report: dict[str, Any] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    status: int = 0

    def left_files(self) -> list[str]:
        """Return the files that are left in the temporary and the working folder."""
        folders = (self.folder / "tmp", self.folder / "here")
        return sorted(str(path.relative_to(self.folder)) for place in folders for path in place.rglob("*"))

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of every file of the store."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


def visit(
    folder: Path,
    backend: str | BackendSpec,
    program: Circuit | Call,
    options: Mapping[str, Any],
    environ: Mapping[str, str],
) -> Visit:
    """Run a program on a backend in another process, which ends afterwards.

    Parameters
    ----------
    folder : Path
        An empty one.
    backend : str or BackendSpec
        By name, or a spec whose factory can be imported there.
    program : Circuit or Call
        A call of a function by its name, with JSON values.
    options : mapping
        Of the run; JSON values.
    environ : mapping
        Set in that process beside what is set here.
    """
    for name in ("tmp", "here"):
        (folder / name).mkdir()
    task = task_of(
        backend=backend if isinstance(backend, str) else backend.to_dict(),
        program=program.to_json() if isinstance(program, Circuit) else [program.name, *program.args],
        options=dict(options),
        store=_url(folder),
        report=str(folder / "report.json"),
        result=str(folder / "result.qdock"),
    )
    (folder / "report.json").touch()
    process = subprocess.Popen(
        command_of(_work), cwd=folder / "here", env={**os.environ, **environ, **_places(folder)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
    )  # fmt: skip
    try:
        stdout, stderr = process.communicate(task, _PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        stderr += f"\nThe process had not ended after {_PATIENCE:g} s."
    text = (folder / "report.json").read_text() or "{}"
    return Visit(folder, json.loads(text), stdout, stderr, process.returncode)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/store.db"


def _places(folder: Path) -> dict[str, str]:
    temporary = str(folder / "tmp")
    return {"TMPDIR": temporary, "TEMP": temporary, "TMP": temporary, "PYTHONDONTWRITEBYTECODE": "1"}


# --- in the other process


class _Keep(logging.Handler):
    """Keeps every log record as the text that a file would have."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its traceback and all of its attributes."""
        self.texts += [self.format(record), repr(vars(record))]


def _work(task: dict[str, Any]) -> None:
    """Run the job and write what is to be seen of it."""
    keep = _Keep()
    logging.getLogger().addHandler(keep)
    logging.getLogger().setLevel(logging.DEBUG)
    report: dict[str, Any] = {}
    dock = Dock(Config.load(store=task["store"]))
    try:
        report["texts"] = list(_use(dock, task, report))
    except Exception:  # noqa: BLE001  # the asking process says what it means
        report["failure"] = traceback.format_exc()
    dock.close()
    report["threads"] = _left_threads()
    report["processes"] = _children()
    report["logged"] = keep.texts
    Path(task["report"]).write_text(json.dumps(report))


def _use(dock: Dock, task: dict[str, Any], report: dict[str, Any]) -> Iterator[str]:
    name = task["backend"]
    if isinstance(name, dict):
        spec = BackendSpec.from_dict(name)
        dock.register(spec)
        name = spec.full_name
    backend = dock.get_backend(name)
    given = task["program"]
    program = Circuit.from_json(given) if isinstance(given, str) else Call(given[0], given[1:])
    job = backend.run(program, **task["options"])
    result = job.result(timeout=_PATIENCE)
    Path(task["result"]).write_bytes(result.to_bytes())
    report["job_id"] = job.job_id()
    yield from map(repr, (backend, backend.spec, vars(backend).get("spec"), dock.config, job, result))
    yield from map(str, (backend, job, result.to_dict(), dock.config.explain()))
    yield from _told(job)
    yield from _errors(backend, program)


def _told(job: Any) -> Iterator[str]:
    if isinstance(job, RecordedJob):
        yield from map(repr, (job.logs(), job.metadata, job.options, job.history, job.progress, job.record, job.error))


def _errors(backend: Any, program: Any) -> Iterator[str]:
    """Yield the errors that users see when they ask for what can't be."""
    for programs, options in (([], {}), (program, {"no_such_option": 1}), (program, {"shots": -1}), (object(), {})):
        try:
            backend.run(programs, **options)
        except (QdockError, ValueError, TypeError) as error:
            yield "".join(traceback.format_exception(error))


def _left_threads() -> list[str]:
    """Return the threads that are neither ours nor ending."""
    deadline = time.monotonic() + 2
    while True:
        left = [thread.name for thread in threading.enumerate() if _is_foreign(thread)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


def _is_foreign(thread: threading.Thread) -> bool:
    return thread is not threading.main_thread() and not thread.name.startswith("qdock")


def _children() -> list[str]:
    """Return the command lines of the processes that this one started and that are still there; Linux tells."""
    found = []
    for file in Path("/proc/self/task").glob("*/children"):
        for number in file.read_text().split():
            with suppress(OSError):
                found.append(Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
